"""Many series through the room: read from the database, forecast, made to agree, stored with all they were made from.

A scratch database holds accounts of top tiers, each with work on so many days of two years, so that each is a series of
its own. What is measured is the whole action, `refresh_forecast`, ledger line and event with it. The places where its
parts are made are what CLOSEKNIT_SPREAD says, else as many processes as there are cores.
"""

import argparse
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks._report import show
from benchmarks._scratch import scratch

SIZES = (25_000, 50_000, 100_000)
DAYS_OF_WORK, HISTORY_DAYS, WEEKS_AHEAD = 52, 728, 8
AIM_SECONDS, AIM_GIGABYTES = 300.0, 4.0
WARMING = 300
SETTINGS = "work_mem = '64MB'\nmax_wal_size = '4GB'\nsynchronous_commit = off\n"
_FEED = """
insert into sensing_feed (name, title, recipe, recipe_text, recipe_version, time_zone, assumptions, created_at)
values (%(operation)s, 'Many series', 'many', '', '1', 'UTC', '[]', now()) returning id
"""
_BATCH = """
insert into sensing_batch (feed_id, source_name, source_sha256, recipe_version, state, files, read, accepted,
       quarantined, duplicate, superseded, file_number, file_rows, thread_id, started_at, finished_at)
values (%(feed)s, 'many', '', '1', 'done', '[]', %(rows)s, %(rows)s, 0, 0, 0, 0, 0, gen_random_uuid(), now(), now())
returning id
"""
_SPAN = """
insert into sensing_batch_operation (batch_id, operation, rows, first_at, last_at, content_sum)
select %(batch)s, %(operation)s, count(*), min(occurred_at), max(occurred_at), 1 from sensing_work
 where operation = %(operation)s
"""
_ACCOUNTS = """
insert into customers_account (account_number, name, tier, tier_reason, region, time_zone, jurisdiction, source_feed,
       is_stated, merged_into, golden_fields)
select %(operation)s || lpad(n::text, 7, '0'), 'Account ' || n, case when n %% 10 = 0 then 'strategic' else 'key' end,
       'made up', '', '', '', 'many', true, '', '[]'
  from generate_series(1, %(series)s) n
"""
# An account's days lie evenly over two years, moved by chance; sizes from 1 to some ten, by account.
_WORK = """
insert into sensing_work (feed_id, batch_id, file_number, line, key, key_hash, content_hash, operation, service,
       work_class, region, channel, product, account_number, occurred_at, quantity, currency, is_return)
select %(feed)s, %(batch)s, 0, n, n || '-' || d, decode(md5(n || '-' || d), 'hex'), decode(md5(n || '-' || d), 'hex'),
       %(operation)s, 'pick', '', 'R' || n %% 100, '', '',
       %(operation)s || lpad(n::text, 7, '0'),
       timestamptz '2024-01-01 10:00+00' + make_interval(
           days => least((d * %(days)s + (hashtext(n || '/' || d) & 1023) * %(days)s / 1024) / %(times)s,
                         %(days)s - 1)),
       1 + (hashtext(n || ':' || d) & 7) %% (1 + n %% 8), '', false
  from generate_series(1, %(series)s) n, generate_series(0, %(times)s - 1) d
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """How long it took and how much of it our processors, how much memory all had at most, and what came out."""

    seconds: float
    processor_seconds: float
    gigabytes: float
    series: int
    wape_share: float | None


def fill(operation: str, series: int) -> None:
    """Write accounts and their work straight into the tables."""
    from django.db import connection

    about = {"series": series, "times": DAYS_OF_WORK, "days": HISTORY_DAYS, "operation": operation}
    with connection.cursor() as cursor:
        cursor.execute(_FEED, about)
        about["feed"] = cursor.fetchone()[0]
        cursor.execute(_BATCH, {**about, "rows": series * DAYS_OF_WORK})
        about["batch"] = cursor.fetchone()[0]
        for statement in (_ACCOUNTS, _WORK, _SPAN):
            cursor.execute(statement, about)


def measure(operation: str) -> Measured:
    """Forecast an operation once and look at what was stored."""
    from closeknit.kernel import clock, ids
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.org.reads import console_actor

    by = console_actor()
    with watched() as most:
        started, spent = time.perf_counter(), _spent()
        run_id = refresh_forecast(
            operation, as_of=None, weeks=WEEKS_AHEAD, thread_id=ids.new_id(), by=by, at=clock.now()
        )
        took, worked = time.perf_counter() - started, _spent() - spent
    card = reads.get_run(run_id, by=by)
    return Measured(took, worked, most[0] / 1e6, card.series, card.wape_share)


def _spent() -> float:
    """Seconds of processors of this process and those it started and saw end; the database's are not in it."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Note the largest resident memory of this process and its children together, in kilobytes, ten times a second."""
    most, stop = [0.0], threading.Event()

    def look() -> None:
        while not stop.wait(0.1):
            most[0] = max(most[0], sum(_resident(pid) for pid in (os.getpid(), *_children(os.getpid()))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        stop.set()
        thread.join()


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listed:
            return [int(child) for child in listed.read().split()]
    except OSError:
        return []


def _resident(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/statm") as pages:
            return int(pages.read().split()[1]) * resource.getpagesize() / 1024.0
    except (OSError, IndexError):
        return 0.0


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure each size in a database of its own and print the table."""
    os.environ.setdefault("CLOSEKNIT_SPREAD", f"processes:{os.cpu_count() or 1}")
    rows = []
    with scratch(SETTINGS):
        # Compiled code is kept by the first run of a machine; it is not what is measured.
        fill("warming", WARMING)
        measure("warming")
        for size in sizes:
            fill(f"many{size}", size)
            rows.append(_row(size, measure(f"many{size}")))
    headings = ("series", "seconds", "of processors", "ms of them a series", "GB at most", "error", "met")
    show(f"Through the room, {HISTORY_DAYS} days, spread over {os.environ['CLOSEKNIT_SPREAD']}", headings, rows)
    print(f"\nAim: 100,000 series in {AIM_SECONDS:.0f} s and {AIM_GIGABYTES:.0f} GB, fewer in proportion.")


def _row(size: int, found: Measured) -> tuple[str, ...]:
    met = found.seconds <= AIM_SECONDS * size / 100_000 and found.gigabytes <= AIM_GIGABYTES
    error = "none" if found.wape_share is None else f"{found.wape_share:.3f}"
    times = (f"{found.seconds:.1f}", f"{found.processor_seconds:.1f}", f"{1e3 * found.processor_seconds / size:.2f}")
    return (f"{found.series:,}", *times, f"{found.gigabytes:.2f}", error, "yes" if met else "MISSED")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    main(tuple(parser.parse_args().sizes))
