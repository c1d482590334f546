"""The outbox under kill -9: worker processes die at random moments; nothing is lost, nothing happens twice.

Every event does two things that don't forgive repetition: one row for the delivery, guarded by nothing but
the outbox, and one row for its business key, guarded by an inbox row in the same transaction. One event in
ten is published a second time under the same key.
"""

import os
import random
import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
from django.db import connection, connections, transaction

from closeknit.kernel import events, ids
from closeknit.kernel.events import Context
from closeknit.kernel.models import Delivery, EventRow
from closeknit.kernel.news import Event
from closeknit.kernel.tests.conftest import SOMEBODY

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork the worker processes"),
]

WORKERS = 3
SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS = 0.005, 0.12
MOST_PATIENT_LIFE_SECONDS = 10.0
PATIENCE_SECONDS = 1_200
MORE_PARTS = 1_000


@dataclass(frozen=True, slots=True)
class PartShipped(Event):
    """An event of the tests; `part` is its business key."""

    part: int


def book(event: PartShipped, context: Context) -> None:
    """Count the delivery, and the part if its key is new: all in the transaction of the done-mark."""
    with connection.cursor() as cursor:
        cursor.execute("insert into test_tally values (%s)", [str(context.event_uid)])
        cursor.execute("insert into test_inbox values (%s) on conflict do nothing", [event.part])
        if cursor.rowcount:
            cursor.execute("insert into test_shipment values (%s)", [event.part])


def book_apart(event: PartShipped, context: Context) -> None:
    """The mistake that the outbox is there to prevent: the effect commits on its own, the mark later."""
    with _apart(os.getpid()).cursor() as cursor:
        cursor.execute("insert into test_tally values (%s)", [str(context.event_uid)])


@lru_cache(maxsize=1)
def _apart(process: int) -> Any:
    return connections["default"].copy("apart")


@pytest.fixture
def tables(sql, tally):
    """The inbox and the shipments beside the tally."""
    sql("create table test_inbox (part int primary key)")
    sql("create table test_shipment (part int not null)")
    yield
    sql("drop table test_inbox, test_shipment")


def test_two_hundred_kills_lose_nothing_and_double_nothing(wire, tables, sql):
    wire({PartShipped: (book,)})
    press = Press()
    press.publish(20_000)
    kill_workers(200, press)
    assert press.parts >= 20_000
    assert sql("select state, count(*) from kernel_delivery group by state") == [("done", press.events)]
    assert lost_and_doubled(sql, "test_tally", press.events) == (0, 0)
    assert lost_and_doubled(sql, "test_shipment", press.parts) == (0, 0)


def test_red_twin_an_effect_apart_from_its_mark_doubles(wire, tables, sql):
    wire({PartShipped: (book_apart,)})
    press = Press()
    doubled, longest = 0, LONGEST_LIFE_SECONDS
    # A slow machine's workers die before they come to work: they are let live longer until one dies at it.
    while not doubled and longest < MOST_PATIENT_LIFE_SECONDS:
        press.publish(MORE_PARTS)
        kill_workers(20, press, longest)
        lost, doubled = lost_and_doubled(sql, "test_tally", press.events)
        assert lost == 0
        longest *= 1.5
    assert doubled > 0


class Press:
    """Publishes one event per part, and every tenth part a second time; counts both."""

    def __init__(self) -> None:
        self.parts = 0
        self.events = 0

    def publish(self, count: int) -> None:
        """Publish about the next `count` parts."""
        parts = [*range(self.parts, self.parts + count), *range(self.parts, self.parts + count, 10)]
        listener = events.path_of(*events._wiring.listeners[PartShipped])
        with transaction.atomic():
            rows = EventRow.objects.bulk_create(_row(part) for part in parts)
            Delivery.objects.bulk_create(Delivery(event=row, listener=listener) for row in rows)
        self.parts += count
        self.events += len(parts)


def _row(part: int) -> EventRow:
    event = PartShipped(ids.new_id(), part)
    return EventRow(
        uid=ids.new_id(),
        name="PartShipped",
        thread_id=event.thread_id,
        actor_key=SOMEBODY.key,
        body=events._body(event),
    )


def kill_workers(kills: int, press: Press, longest_life_seconds: float = LONGEST_LIFE_SECONDS) -> None:
    """Keep WORKERS processes delivering, kill one at a time at random moments, then let them end.

    Where the machine delivers faster than we kill, more is published: every kill hits a worker at work.
    """
    seed = int(os.environ.get("CLOSEKNIT_SEED", random.SystemRandom().randrange(2**32)))
    print(f"CLOSEKNIT_SEED={seed}")
    rng = random.Random(seed)
    connections.close_all()
    workers = [_start_worker() for _ in range(WORKERS)]
    try:
        while kills:
            time.sleep(rng.uniform(SHORTEST_LIFE_SECONDS, longest_life_seconds))
            doomed = workers.pop(rng.randrange(WORKERS))
            os.kill(doomed, signal.SIGKILL)
            _, status = os.waitpid(doomed, 0)
            if os.WIFSIGNALED(status):
                kills -= 1
            else:
                press.publish(MORE_PARTS)
                connections.close_all()
            workers.append(_start_worker())
        _wait_for(workers)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _start_worker() -> int:
    pid = os.fork()
    if pid == 0:
        try:
            while events.deliver() or events.count_waiting():
                pass
        finally:
            os._exit(0)
    return pid


def _wait_for(workers: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while workers:
        assert time.monotonic() < deadline, "the workers did not come to an end"
        pid, _ = os.waitpid(workers[-1], os.WNOHANG)
        if pid:
            workers.pop()
        else:
            time.sleep(0.02)


def lost_and_doubled(sql, table: str, expected: int) -> tuple[int, int]:
    """How many of the expected things have no row in the table, and how many rows are too many."""
    column = "key" if table == "test_tally" else "part"
    ((rows, distinct),) = sql(f"select count(*), count(distinct {column}) from {table}")
    return expected - distinct, rows - distinct
