"""What does the front door cost beside the plainest loaders, on the same rows of work in the same run?

Events over HTTP: the product's server takes them in requests, checks, deduplicates, keeps lineage and balances; the
plain ones take the same rows, in this process, into the same table with the same constraints. Files: the plain ones
take the rows that the front door accepted. Then what a heavy read beside it costs ingestion and a page.
"""

import argparse
import csv
import json
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks import _events
from benchmarks._report import percentile, show
from benchmarks._scratch import scratch, write_company
from benchmarks._server import ask, database_process, post_all, processor_seconds, served

ACCOUNTS, WEEKS = 80, 104
BULK_ROWS = 500
EVENTS, IN_ONE_REQUEST, BROKEN_EVERY = 400_000, 50_000, 10_000
BESIDE_EVENTS, PLAIN_EVENTS = 200_000, 80_000
EVENTS_PATH = "/api/v1/feeds/events/batches?stream="
OTHER_PATH = EVENTS_PATH.replace("events", "other-events")
STREAMS: dict[str, dict[str, str]] = {
    "order_lines.csv": {"at": "ordered_at", "end": "shipped_at", "promised": "promised_minutes", "service": "picking"},
    "contacts.csv": {"at": "contacted_at", "handle": "handle_minutes", "service": "phone"},
    "incidents.csv": {"at": "opened_at", "end": "resolved_at", "handle": "visit_minutes", "service": "repair"},
}
DETAILS = ("order_number", "units", "topic", "wait_minutes", "abandoned", "equipment", "reopened")


def main() -> None:
    """Take events over HTTP, with and without a heavy read beside, then load files; each beside the plain loaders."""
    parser = argparse.ArgumentParser(prog="run bench ingest", description="Measure the front door.")
    parser.add_argument("--quick", action="store_true", help="an eighth of the events, and no files")
    parser.add_argument("--only", choices=("events", "files"), help="one part of it")
    args = parser.parse_args()
    if args.only == "files":
        _files()
    elif args.quick or args.only:
        _events_over_http(*((EVENTS // 8, BESIDE_EVENTS // 4) if args.quick else (EVENTS, BESIDE_EVENTS)))
    else:
        # A process speaks with one database as long as it lives, and each part brings its own.
        for part in ("events", "files"):
            subprocess.run([sys.executable, "-m", "benchmarks.ingest", "--only", part], check=True)


def _events_over_http(count: int, beside: int) -> None:
    with scratch() as home:
        from closeknit.kernel import clock
        from closeknit.rooms.org.reads import console_actor
        from closeknit.rooms.sensing.actions.register_feed import register_feed

        for recipe in (_events.RECIPE, _events.RECIPE.replace("recipe: events", "recipe: other-events")):
            register_feed(recipe, place="events.yaml", by=console_actor(), at=clock.now())
        with served() as (port, headers, server):
            for path in (EVENTS_PATH, OTHER_PATH):
                ask(port, headers, f"{path}accounts", b"\n".join(_events.accounts()))
            post_all(port, headers, f"{EVENTS_PATH}contacts", [_events.lines(IN_ONE_REQUEST, 10**8)])
            parts = [
                _events.lines(IN_ONE_REQUEST, start, broken_every=BROKEN_EVERY)
                for start in range(0, count, IN_ONE_REQUEST)
            ]
            used = processor_seconds(server), processor_seconds(database_process(home))
            front = post_all(port, headers, f"{EVENTS_PATH}contacts", parts)
            used = processor_seconds(server) - used[0], processor_seconds(database_process(home)) - used[1]
            again = post_all(port, headers, f"{EVENTS_PATH}contacts", parts[:1])
            quarantined = _quarantined(len(parts) + 1)
            both = _two_at_once(port, headers, count)
            whole = beside // IN_ONE_REQUEST
            alone = _page_and_rate(port, headers, 10**7, whole)
            heavy = _beside_a_heavy_read(lambda: _page_and_rate(port, headers, 2 * 10**7, whole))
            idle = _page_times(port, headers, seconds=3)
        good = [_events.lines(PLAIN_EVENTS if count == EVENTS else PLAIN_EVENTS // 4, 0)]
        orm = _timed(lambda: _plainly(good, _events.plain_rows))
        pydantic = _timed(lambda: _plainly(good, _events.checked_rows))
    plain = sum(map(len, good)) / orm
    _show_rates(
        f"Events over HTTP, {IN_ONE_REQUEST:,} in a request, {quarantined} broken ones in quarantine",
        plain,
        ("front door over HTTP, checked", count, front),
        ("front door over HTTP, two feeds at once", 2 * count, both),
        ("front door over HTTP, the same again", IN_ONE_REQUEST, again),
        ("json + bulk_create, no checks, no HTTP", sum(map(len, good)), orm),
        ("pydantic + bulk_create, no HTTP", sum(map(len, good)), pydantic),
    )
    print(
        f"  The front door used {1e6 * used[0] / count:.1f} µs of processor a row in the server and"
        f" {1e6 * used[1] / count:.1f} µs in the database, each on a core of its own."
    )
    show(
        "A page of feeds and ingestion beside a heavy read of all work",
        ("while", "page p50 ms", "page p95 ms", "events/s"),
        [
            ("nothing else", *_shown(idle), "-"),
            ("events come in", *_shown(alone[0]), f"{alone[1]:,.0f}"),
            ("events come in, and all work is read", *_shown(heavy[0]), f"{heavy[1]:,.0f}"),
        ],
    )


def _two_at_once(port: int, headers: dict[str, str], count: int) -> float:
    """Return the seconds of two feeds that are sent as many events each, side by side."""
    parts = [_events.lines(IN_ONE_REQUEST, 5 * 10**7 + start) for start in range(0, count, IN_ONE_REQUEST)]
    sending = [
        threading.Thread(target=post_all, args=(port, headers, f"{path}contacts", parts))
        for path in (EVENTS_PATH, OTHER_PATH)
    ]
    started = time.perf_counter()
    for one in sending:
        one.start()
    for one in sending:
        one.join()
    return time.perf_counter() - started


def _shown(times: list[float]) -> tuple[str, str]:
    return f"{1000 * percentile(times, 0.5):.1f}", f"{1000 * percentile(times, 0.95):.1f}"


def _show_rates(title: str, plain: float, *measured: tuple[str, int, float]) -> None:
    rows = [
        (name, f"{count:,}", f"{took:.1f}", f"{count / took:,.0f}", f"{count / took / plain:.2f}")
        for name, count, took in measured
    ]
    show(title, ("how", "rows", "seconds", "rows/s", "of bulk_create"), rows)


def _quarantined(batches: int) -> int:
    from closeknit.rooms.sensing.models import Batch

    counts = list(Batch.objects.order_by("-id").values_list("quarantined", flat=True)[:batches])
    return sum(counts)


def _page_and_rate(port: int, headers: dict[str, str], start: int, requests: int) -> tuple[list[float], float]:
    """Return the page's times while events come in, and their rate."""
    parts = [_events.lines(IN_ONE_REQUEST, start + n * IN_ONE_REQUEST) for n in range(requests)]
    took: list[float] = []
    posting = threading.Thread(
        target=lambda: took.append(post_all(port, headers, f"{EVENTS_PATH}contacts", parts)), daemon=True
    )
    posting.start()
    times = _page_times(port, headers, while_alive=posting)
    posting.join()
    return times, requests * IN_ONE_REQUEST / took[0]


def _page_times(
    port: int, headers: dict[str, str], *, seconds: float = 0, while_alive: threading.Thread | None = None
) -> list[float]:
    times: list[float] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or (while_alive is not None and while_alive.is_alive()):
        started = time.perf_counter()
        ask(port, headers, "/feeds/")
        times.append(time.perf_counter() - started)
        time.sleep(0.05)
    return times


def _beside_a_heavy_read(call: Any) -> Any:
    """Make a call while another process reads all work as series, again and again."""
    started = multiprocessing.get_context("spawn").Event()
    reader = multiprocessing.get_context("spawn").Process(target=_read_on, args=(started,), daemon=True)
    reader.start()
    while not started.wait(1):
        if not reader.is_alive():
            raise SystemExit("The heavy reader did not start.")
    try:
        return call()
    finally:
        reader.terminate()
        reader.join()


def _read_on(started: Any) -> None:
    from closeknit.web import boot

    boot.prepare()
    from closeknit.kernel import clock
    from closeknit.kernel.scope import acting_as
    from closeknit.rooms.org.reads import console_actor
    from closeknit.rooms.sensing import reads

    started.set()
    with acting_as(console_actor()):
        while True:
            list(reads.daily_quantities("service-desk", until_at=clock.now(), by=console_actor()))


def _plainly(parts: list[list[bytes]], rows: Any) -> None:
    from django.db import transaction

    from closeknit.rooms.sensing.models import Batch, WorkRow

    batch = Batch.objects.order_by("id")[0]
    for part in parts:
        with transaction.atomic():
            made = (WorkRow(**row) for row in rows(part, batch.feed_id, batch.pk))
            WorkRow.objects.bulk_create(made, batch_size=BULK_ROWS, ignore_conflicts=True)


def _files() -> None:
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
    _show_rates(
        f"Files of the sample company, {ACCOUNTS} accounts, {WEEKS} weeks",
        work / orm,
        ("front door, first load (all files)", read, front),
        ("front door, the same again", read, again),
        ("csv.DictReader + bulk_create, no checks", work, orm),
        ("csv.DictReader + COPY, no checks", work, copy),
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
