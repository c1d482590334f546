"""Tables as CSV files to take away; what a cell holds: `cells`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from closeknit.kernel.cells import csv_line


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Answer with a CSV file, row by row: UTF-8 with a mark, so that spreadsheets read its letters."""
    iterator = iter(rows)
    # The first row is read now: a refusal must be an answer of its own, not break off a file already begun.
    first = list(islice(iterator, 1))
    response = StreamingHttpResponse(_lines(header, chain(first, iterator)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or ""
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield "\ufeff" + ",".join(header) + "\r\n"
    for row in rows:
        yield csv_line(row)
