"""Two workers move escalations on and die by kill -9 in the middle of steps: none is lost, no step happens twice."""

import os
import random
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.db import connection, connections
from django.db.models import F
from tests.cast import enter, open_account

from closeknit.kernel import ids
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions.actions import take_step
from closeknit.rooms.decisions.actions.move_escalations import move_due_escalations
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.models import Escalation, EscalationStepRow, LedgerEntry
from closeknit.rooms.org.reads import system_actor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork the worker processes"),
]
SLOW = os.environ.get("CLOSEKNIT_SLOW") == "1"
# With it each of the first two workers dies within its first seven calls: no run passes without a death.
USUAL_SEED = 5
COUNT, WORKERS, DEATHS_PER_CALL = (1000 if SLOW else 40), 2, 0.06
PATIENCE_SECONDS = 1_200


@pytest.fixture
def due():
    """Escalations whose first timer has run out."""
    open_account("ACME", "strategic", "North")
    alice = enter("alice")
    enter("carol")
    for number in range(COUNT):
        about = {"title": f"Short {number}", "summary": "", "account_number": "ACME", "thread_id": ids.new_id()}
        raise_escalation(path="shortfall", cause=f"c{number}", **about, by=alice, at=datetime.now(UTC))
    Escalation.objects.update(next_level_at=F("next_level_at") - timedelta(days=30))


def is_owed() -> bool:
    return Escalation.objects.filter(level=0).exists()


def mortal(function, rng):
    """The same function, after which the process sometimes dies."""

    def act(*args, **words):
        done = function(*args, **words)
        if rng.random() < DEATHS_PER_CALL:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return act


def commit_apart(entry, *, by):
    """The mistake that one transaction prevents: the line commits on its own, before the step."""
    apart = connections["default"].copy("apart")
    with apart.cursor() as cursor:
        cursor.execute(
            "insert into kernel_job_failure (job_id, task, arguments, attempt, error) values (1, %s, '{}', 1, '')",
            [entry.subject],
        )
    apart.close()
    return 0


def work(seed: int, record) -> None:
    rng = random.Random(seed)
    points = {"record_entry": record, "publish": take_step.publish, "notify_people": take_step.notify_people}
    with mock.patch.multiple(take_step, **{name: mortal(function, rng) for name, function in points.items()}):
        while is_owed():
            move_due_escalations(by=system_actor(), limit=7)
            time.sleep(0.005)


def start(seed: int, record) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work(seed, record)
        finally:
            os._exit(0)
    return pid


def kill_until_done(record) -> int:
    """Keep two workers at it until nothing is owed; return how many died."""
    seed = int(os.environ.get("CLOSEKNIT_SEED", USUAL_SEED))
    print(f"CLOSEKNIT_SEED={seed}")
    connections.close_all()
    deadline, deaths, started = time.monotonic() + PATIENCE_SECONDS, 0, WORKERS
    workers = [start(seed + number, record) for number in range(WORKERS)]
    try:
        while workers:
            pid, status = first_to_end(workers)
            workers.remove(pid)
            if os.WIFSIGNALED(status):
                assert time.monotonic() < deadline, "the workers did not come to an end"
                deaths, started = deaths + 1, started + 1
                workers.append(start(seed + started, record))
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return deaths


def first_to_end(workers: list[int]) -> tuple[int, int]:
    """The first of these workers to end and how; another child of this process is not ours to wait for."""
    while True:
        for pid in workers:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return ended, status
        time.sleep(0.005)


def test_killed_workers_lose_nothing_and_double_nothing(due):
    deaths = kill_until_done(take_step.record_entry)
    assert deaths > 0
    steps = Counter(EscalationStepRow.objects.values_list("escalation_id", "kind"))
    assert set(steps.values()) == {1}
    assert Counter(kind for _, kind in steps) == {"raised": COUNT, "moved": COUNT}
    assert set(Escalation.objects.values_list("level", "steps")) == {(1, 2)}
    assert LedgerEntry.objects.filter(kind="escalation.moved").count() == COUNT
    assert EventRow.objects.filter(name="EscalationMoved").count() == COUNT


def test_red_twin_a_line_that_commits_apart_is_doubled(due):
    kill_until_done(commit_apart)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from kernel_job_failure where task like 'escalation:%'")
        (lines,) = cursor.fetchone()
    assert lines > COUNT
