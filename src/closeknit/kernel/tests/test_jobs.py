"""Background jobs: enqueued with their change, rescued from workers that die, never failing in silence."""

import asyncio
import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.utils import utcnow

from closeknit.kernel import events, ids, jobs
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import Context
from closeknit.kernel.models import JobFailure
from closeknit.kernel.news import Event
from closeknit.kernel.tests.conftest import SOMEBODY

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class BasketFilled(Event):
    """An event of the tests; `key` is its business key."""

    key: str


def execute(statement: str, *values: str) -> int:
    """Run one statement on this thread's connection and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def book_once(key: str) -> None:
    """An idempotent action: it recognises work already done."""
    with transaction.atomic():
        if execute("insert into test_done values (%s) on conflict do nothing", key):
            execute("insert into test_tally values (%s)", key)


@jobs.job
def book(key: str) -> None:
    book_once(key)


@jobs.job
def die_before(key: str) -> None:
    _die_the_first_time(key)
    book_once(key)


@jobs.job
def die_after(key: str) -> None:
    book_once(key)
    _die_the_first_time(key)


@jobs.job
def always_die(key: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.job
def always_fail(key: str) -> None:
    raise RuntimeError(f"no more \x00 {key}")


@jobs.job
def refuse(key: str) -> None:
    raise Invalid(f"{key} cannot be taken.")


@jobs.job
def ask_again_then_fail(key: str) -> None:
    """Ask for the same work again while running, then fail: the retry must live beside the new request."""
    with transaction.atomic():
        jobs.defer(ask_again_then_fail, once_key=key, key=key)
    if execute("insert into test_done values (%s) on conflict do nothing", key):
        raise RuntimeError("the first try fails")
    execute("delete from procrastinate_jobs where status = 'todo' and queueing_lock = %s", key)


def book_on_basket_filled(event: BasketFilled, context: Context) -> None:
    jobs.defer(book, once_key=f"book:{event.key}", key=event.key)


def fail_on_basket_filled(event: BasketFilled, context: Context) -> None:
    raise Invalid("This basket has no bottom.")


def _die_the_first_time(key: str) -> None:
    if execute("insert into test_died values (%s) on conflict do nothing", key):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def tables(sql, tally):
    sql("create table test_done (key text primary key)")
    sql("create table test_died (key text primary key)")
    yield
    sql("drop table test_done, test_died")


def request(task, key="k", **options):
    """Enqueue a job in a transaction of its own."""
    with transaction.atomic():
        jobs.defer(task, key=key, **options)


def run_worker_until_it_dies() -> None:
    """Run due jobs in a child process and see it killed."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            jobs._run_due_jobs()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the worker was expected to be killed"
    assert os.WTERMSIG(status) == signal.SIGKILL


def states_of(task) -> list[str]:
    """The states of all jobs of a task, in the order they were asked for."""
    with connection.cursor() as cursor:
        cursor.execute("select status::text from procrastinate_jobs where task_name = %s order by id", [task.name])
        return [state for (state,) in cursor.fetchall()]


def rescue() -> None:
    """Do what workers do about dead workers."""
    asyncio.run(jobs._rescue_once())


def silence_dead_workers() -> None:
    """Let the heartbeat of every registered worker be long ago."""
    execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")


def test_a_job_rolled_back_with_its_change_never_runs(tally):
    with transaction.atomic():
        jobs.defer(book, key="k")
        transaction.set_rollback(True)
    jobs.run_until_idle()
    assert tally() == 0


def test_an_event_becomes_a_job_becomes_an_effect(wire, tally):
    wire({BasketFilled: (book_on_basket_filled,)})
    with transaction.atomic():
        events.publish(BasketFilled(ids.new_id(), "pears"), by=SOMEBODY)
    jobs.run_until_idle()
    assert tally() == 1
    assert events.count_waiting() == 0


@pytest.mark.parametrize("task", [die_before, die_after], ids=["before its effect", "after its effect"])
def test_a_job_whose_worker_is_killed_is_rescued_and_takes_effect_once(task, tally, sql):
    request(task)
    run_worker_until_it_dies()
    assert states_of(task) == ["doing"]
    silence_dead_workers()
    jobs.run_until_idle()
    assert tally() == 1
    assert sql("select status::text, attempts from procrastinate_jobs where task_name = %s", task.name) == [
        ("succeeded", 2)
    ]
    assert JobFailure.objects.get().error == "The worker died in the middle of it."


def test_a_worker_that_only_pauses_keeps_its_job(sql):
    request(die_before)
    run_worker_until_it_dies()
    rescue()
    assert states_of(die_before) == ["doing"]


def test_a_job_that_kills_every_worker_is_given_up(sql):
    request(always_die)
    for _ in range(jobs.MAX_TRIES - 1):
        run_worker_until_it_dies()
        silence_dead_workers()
        rescue()
    run_worker_until_it_dies()
    silence_dead_workers()
    with pytest.raises(Conflict, match="The worker died"):
        jobs.run_until_idle()
    assert JobFailure.objects.count() == jobs.MAX_TRIES


def test_a_failing_job_is_tried_five_times_and_every_reason_is_kept(monkeypatch, sql):
    monkeypatch.setattr(jobs, "FIRST_RETRY_SECONDS", 0)
    request(always_fail)
    with pytest.raises(Conflict, match="RuntimeError: no more \N{SYMBOL FOR NULL} k") as failure:
        jobs.run_until_idle()
    assert failure.value.where == always_fail.name
    assert [f.attempt for f in JobFailure.objects.order_by("id")] == [1, 2, 3, 4, 5]
    assert set(JobFailure.objects.values_list("error", "task")) == {
        ("RuntimeError: no more \N{SYMBOL FOR NULL} k", always_fail.name)
    }
    assert states_of(always_fail) == ["failed"]
    jobs.run_until_idle()


def test_waits_between_tries_double(sql):
    decide = jobs._Patience().get_retry_decision
    waits = []
    for attempts in range(jobs.MAX_TRIES):
        earliest = utcnow()
        decision = decide(exception=RuntimeError(), job=type("Job", (), {"attempts": attempts}))
        waits.append((earliest, decision.retry_at, utcnow()) if decision else None)
    for seconds, (earliest, at, latest) in zip((2, 4, 8, 16), waits[:-1], strict=True):
        assert earliest <= at - timedelta(seconds=seconds) <= latest
    assert waits[-1] is None


def test_a_refused_job_is_not_tried_again():
    request(refuse)
    with pytest.raises(Conflict, match="k cannot be taken"):
        jobs.run_until_idle()
    assert JobFailure.objects.count() == 1


def test_a_job_that_no_code_knows_fails_aloud(sql):
    request(book)
    sql("update procrastinate_jobs set task_name = 'closeknit.gone:task' where task_name = %s", book.name)
    with pytest.raises(Conflict, match="No reason was kept"):
        jobs.run_until_idle()


def test_a_dead_letter_fails_aloud(wire):
    wire({BasketFilled: (fail_on_basket_filled,)})
    with transaction.atomic():
        events.publish(BasketFilled(ids.new_id(), "pears"), by=SOMEBODY)
    with pytest.raises(Conflict, match="no bottom"):
        jobs.run_until_idle()


def test_work_that_waits_is_asked_for_once(sql):
    request(book, once_key="same")
    request(book, once_key="same")
    request(book, once_key="other")
    assert len(states_of(book)) == 2
    jobs.run_until_idle()
    request(book, once_key="same")
    assert sql("select status::text from procrastinate_jobs where queueing_lock = 'same'") == [("todo",)]


def test_two_transactions_asking_at_once_leave_one_job_and_no_error(sql):
    asked = threading.Event()

    def ask() -> None:
        try:
            asked.set()
            request(book, once_key="same")
        finally:
            connection.close()

    second = threading.Thread(target=ask)
    with transaction.atomic():
        jobs.defer(book, once_key="same", key="k")
        second.start()
        asked.wait()
        _until(lambda: sql("select 1 from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))") != [])
    second.join()
    assert len(states_of(book)) == 1


def test_red_twin_the_bare_queue_refuses_the_second_request():
    book.configure(queueing_lock="same").defer(key="k")
    with pytest.raises(AlreadyEnqueued), transaction.atomic():
        book.configure(queueing_lock="same").defer(key="k")


def test_a_waiting_job_starts_only_after_the_transaction_that_counts_on_it(sql, tally):
    request(book, once_key="same")
    with transaction.atomic():
        jobs.defer(book, once_key="same", key="k")
        worker = threading.Thread(target=jobs._run_due_jobs)
        worker.start()
        worker.join()
        assert states_of(book) == ["todo"]
    jobs.run_until_idle()
    assert tally() == 1


def test_a_retry_lives_beside_a_newer_request_of_the_same_work(monkeypatch, sql):
    monkeypatch.setattr(jobs, "FIRST_RETRY_SECONDS", 0)
    request(ask_again_then_fail, once_key="k")
    jobs.run_until_idle()
    ended = "select status::text, attempts from procrastinate_jobs where task_name = %s order by attempts"
    assert sql(ended, ask_again_then_fail.name)[-1] == ("succeeded", 2)
    assert {status for status, _ in sql(ended, ask_again_then_fail.name)} == {"succeeded"}


def test_the_worker_comes_back_after_its_connections_are_cut(wire, tally, sql):
    wire({BasketFilled: (book_on_basket_filled,)})
    stop = threading.Event()
    worker = threading.Thread(target=jobs.run_forever, args=(stop, 0.1))
    worker.start()
    try:
        for number, key in enumerate(["pears", "plums"], start=1):
            with transaction.atomic():
                events.publish(BasketFilled(ids.new_id(), key), by=SOMEBODY)
            _until(lambda count=number: tally() == count)
            sql(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
    finally:
        stop.set()
        worker.join()
    assert tally() == 2


def _until(holds, patience_seconds: float = 240.0) -> None:
    deadline = time.monotonic() + patience_seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_upkeep_goes_on_after_a_failure_and_ends_with_the_worker(monkeypatch, caplog):
    calls = []
    stop = threading.Event()

    def tend():
        calls.append(connection.in_atomic_block)
        if len(calls) == 2:
            raise RuntimeError("once only")
        if len(calls) == 4:
            stop.set()

    monkeypatch.setattr(jobs, "_upkeep", {})
    jobs.keep_up(tend, every_seconds=0.01)
    worker = threading.Thread(target=jobs.run_forever, args=(stop, 0.05))
    worker.start()
    worker.join(30)
    assert not worker.is_alive()
    assert calls == [False] * 4
    assert "tend failed" in caplog.text
