"""What does the front door cost beside the plainest loaders, on the same rows of work in the same run?

The plain ones take the same accepted rows of the same files and neither check, deduplicate, keep lineage, nor balance.
"""

import csv
import json
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks._report import show
from benchmarks._scratch import scratch, write_company

ACCOUNTS, WEEKS = 80, 104
BULK_ROWS = 500
STREAMS: dict[str, dict[str, str]] = {
    "order_lines.csv": {"at": "ordered_at", "end": "shipped_at", "promised": "promised_minutes", "service": "picking"},
    "contacts.csv": {"at": "contacted_at", "handle": "handle_minutes", "service": "phone"},
    "incidents.csv": {"at": "opened_at", "end": "resolved_at", "handle": "visit_minutes", "service": "repair"},
}
DETAILS = ("order_number", "units", "topic", "wait_minutes", "abandoned", "equipment", "reopened")


def main() -> None:
    """Load by the front door, then the same rows by the ORM and by COPY, each into an empty table."""
    with scratch() as home:
        from closeknit.kernel import roles

        folder = write_company(home, accounts=ACCOUNTS, weeks=WEEKS)
        read, front = _by_front_door(folder)
        accepted = _accepted_lines()
        work = sum(len(lines) for lines in accepted.values())
        again = _by_front_door(folder)[1]
        orm = _timed(lambda: _by_orm(folder, accepted))
        with roles.as_owner():  # COPY into a table with row security is for its owner only
            copy = _timed(lambda: _by_copy(folder, accepted))
    plain = work / orm
    rows = [
        (name, f"{count:,}", f"{took:.1f}", f"{count / took:,.0f}", f"{count / took / plain:.2f}")
        for name, count, took in (
            ("front door, first load (all files)", read, front),
            ("front door, the same again", read, again),
            ("csv.DictReader + bulk_create, no checks", work, orm),
            ("csv.DictReader + COPY, no checks", work, copy),
        )
    ]
    show(
        f"Ingestion, sample company of {ACCOUNTS} accounts, {WEEKS} weeks",
        ("how", "rows", "seconds", "rows/s", "of bulk_create"),
        rows,
    )


def _timed(call: Any) -> float:
    from closeknit.rooms.sensing.models import WorkRow

    WorkRow.objects.all()._raw_delete("default")
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _by_front_door(folder: Path) -> tuple[int, float]:
    from closeknit.kernel import clock
    from closeknit.rooms.org.reads import console_actor
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    started = time.perf_counter()
    card = load_recipe("sample-company", folder, by=console_actor(), at=clock.now())
    return card.counts.read, time.perf_counter() - started


def _accepted_lines() -> dict[str, set[int]]:
    from closeknit.rooms.sensing.models import Batch, WorkRow

    files = Batch.objects.order_by("id")[0].files
    lines: dict[str, set[int]] = {}
    for number, line in WorkRow.objects.values_list("file_number", "line"):
        lines.setdefault(Path(files[number]["name"]).name, set()).add(line)
    return lines


def _rows(folder: Path, accepted: dict[str, set[int]]) -> Iterator[dict[str, Any]]:
    from closeknit.rooms.sensing.models import Batch

    batch = Batch.objects.order_by("id")[0]
    for number, (name, lines) in enumerate(accepted.items()):
        with (folder / name).open(newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if reader.line_num not in lines:
                    continue
                yield _plain(row, number, reader.line_num, STREAMS[name]) | {
                    "feed_id": batch.feed_id,
                    "batch_id": batch.pk,
                }


def _plain(row: dict[str, str], number: int, line: int, stream: dict[str, str]) -> dict[str, Any]:
    mark = f"{number}:{line}".encode()
    return {
        "file_number": number,
        "line": line,
        "key": f"{number}:{line}",
        "key_hash": mark,
        "content_hash": mark,
        "operation": stream["service"],
        "service": stream["service"],
        "work_class": row.get("priority", ""),
        "region": row["region"],
        "channel": row.get("channel", ""),
        "product": row.get("item", ""),
        "account_number": row["account_number"],
        "occurred_at": row[stream["at"]],
        "quantity": 1.0,
        "handle_minutes": row.get(stream.get("handle", "")) or None,
        "amount": row.get("amount") or None,
        "currency": row.get("currency", ""),
        "promised_minutes": row.get(stream.get("promised", "")) or None,
        "finished_at": row.get(stream.get("end", "")) or None,
        "is_return": False,
        "details": {name: row[name] for name in DETAILS if name in row},
    }


def _by_orm(folder: Path, accepted: dict[str, set[int]]) -> None:
    from django.db import transaction

    from closeknit.rooms.sensing.models import WorkRow

    with transaction.atomic():
        WorkRow.objects.bulk_create((WorkRow(**row) for row in _rows(folder, accepted)), batch_size=BULK_ROWS)


def _by_copy(folder: Path, accepted: dict[str, set[int]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        rows = _rows(folder, accepted)
        first = next(rows)
        with cursor.copy(f"copy sensing_work ({', '.join(first)}) from stdin") as copy:
            for row in chain((first,), rows):
                copy.write_row((*(row | {"details": json.dumps(row["details"])}).values(),))


if __name__ == "__main__":
    main()
