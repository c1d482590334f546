"""The same rows in any format are the same work: equal digests; again, they are known."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import transaction

from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import Counts
from closeknit.rooms.sensing.tests.books import row, text, write_book
from closeknit.rooms.sensing.tests.small import HEADER, RECIPE, call, load

pytestmark = pytest.mark.django_db
ANY = RECIPE.replace('from: "calls*.csv"', 'from: "calls*"')
LINES = HEADER + "".join(call(n, topic="é;=1+1" if n % 2 else "", calls="x" if n == 7 else "1") for n in range(25))


def table():
    header, *rows = list(csv.reader(io.StringIO(LINES)))
    return header[:-1], [row[:-1] for row in rows]


def as_json_lines():
    header, rows = table()
    return "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows).encode()


def write(folder, how):
    """Write the rows in one format; return path and recipe."""
    header, rows = table()
    path = folder / f"calls.{how}"
    recipe = ANY
    if how == "csv":
        path.write_text(LINES, encoding="utf-8")
    elif how == "tsv":
        recipe = ANY.replace("into: work", 'into: work\n    delimiter: "\\t"\n    encoding: utf-16')
        path.write_bytes("\r".join("\t".join(row) for row in [header, *rows]).encode("utf-16"))
    elif how == "csv.gz":
        path.write_bytes(gzip.compress(LINES.encode()))
    elif how == "ndjson":
        path.write_bytes(as_json_lines())
    elif how == "jsonl.gz":
        path.write_bytes(gzip.compress(as_json_lines()))
    elif how == "parquet":
        pq.write_table(pa.table(dict(zip(header, zip(*rows, strict=True), strict=True))), path, row_group_size=7)
    else:
        cells = [
            row(line, *(text(f"{'ABCDEFGH'[at]}{line}", value) for at, value in enumerate(values) if value))
            for line, values in enumerate([header, *rows], start=1)
        ]
        write_book(path, {"Calls": "".join(cells)})
    return path, recipe


def loaded(folder, how, by):
    path, recipe = write(folder, how)
    first, again = load(path, by, recipe=recipe), load(path, by, recipe=recipe)
    assert first.counts == Counts(read=25, accepted=24, quarantined=1, duplicate=0)
    assert again.counts == Counts(read=25, accepted=0, quarantined=0, duplicate=25)
    return reads.get_operation("desk", by=by).digest


def test_every_format_gives_the_same_work(tmp_path, alice):
    digests = {}
    for how in ("csv", "tsv", "csv.gz", "ndjson", "jsonl.gz", "parquet", "xlsx"):
        with transaction.atomic():
            digests[how] = loaded(tmp_path, how, alice)
            transaction.set_rollback(True)
    assert len(set(digests.values())) == 1, digests
