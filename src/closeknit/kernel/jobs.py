"""Background work: ids in, one action out. Queue, retries and timers are procrastinate's; the rules are ours.

A job is enqueued in the transaction that wants it, runs with no transaction of ours open (long computations
must not hold one), and is idempotent: its action recognises work already done. Five failed tries leave the job
`failed`, with the reason of every try in `kernel_job_failure`.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection, transaction
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from closeknit.kernel import events, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.analysis import keep_to_one_core, step_back
from closeknit.kernel.errors import CloseknitError, Conflict, Denied
from closeknit.kernel.models import JobFailure
from closeknit.kernel.scope import acting_as, seeing_everything

log = logging.getLogger(__name__)

MAX_TRIES = 5
FIRST_RETRY_SECONDS = 2
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
KEEP_SETTLED_DAYS = 30
KEEP_DONE_HOURS = 7 * 24
WORKER_OPTIONS: dict[str, Any] = {
    "update_heartbeat_interval": HEARTBEAT_SECONDS,
    "stalled_worker_timeout": STALLED_SECONDS,
    "install_signal_handlers": False,
}


ORPHANED = (
    "status = 'doing' and not exists (select 1 from procrastinate_workers w where w.id = worker_id"
    f" and w.last_heartbeat > clock_timestamp() - interval '{STALLED_SECONDS} seconds')"
)
FAILED_SINCE = """
    select j.task_name, coalesce(
        (select f.error from kernel_job_failure f where f.job_id = j.id order by f.id desc limit 1),
        'No reason was kept.')
      from procrastinate_jobs j
     where j.status = 'failed' and j.task_name <> %(rescue)s
       and exists (select 1 from procrastinate_events e
                    where e.job_id = j.id and e.type = 'failed' and e.at >= %(since)s)
    union all
    select d.listener, d.last_error from kernel_delivery d
     where d.state = 'dead' and d.settled_at >= %(since)s
    limit 1
"""


@dataclass(frozen=True, slots=True)
class _Upkeep:
    function: Callable[[], None]
    every_seconds: float


_upkeep: dict[str, _Upkeep] = {}


def keep_up(function: Callable[[], None], *, every_seconds: float) -> None:
    """Have the worker call a function again and again, on a thread and connection of its own.

    For what is due several times a second and is cheap when there is nothing to do. Wired in `web/wiring.py`.
    """
    _upkeep[f"{function.__module__}:{function.__qualname__}"] = _Upkeep(function, every_seconds)


NOBODY = Actor(key="nobody", name="Nobody")


class _Patience(BaseRetryStrategy):
    """Five tries, waiting 2, 4, 8, 16 seconds; none where trying again cannot help."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
        if job.attempts + 1 >= MAX_TRIES or is_refusal(exception):
            return None
        return RetryDecision(retry_in={"seconds": FIRST_RETRY_SECONDS * 2**job.attempts})


def job(function: Callable[..., None]) -> Any:
    """Register a function of ids as a background job named by its module and name, with up to five tries.

    It sees the accounts of the actor whose key is its argument `by`, with that actor's rights of the moment; without
    such an argument it sees no customer's rows.
    """

    def run(context: JobContext, /, **arguments: Any) -> None:
        close_old_connections()
        try:
            keep_to_one_core()
            _forget_once_key(context)
            with acting_as(events.actor_of(arguments["by"]) if "by" in arguments else NOBODY):
                function(**arguments)
        except Exception as failure:
            _record_failure(context, arguments, failure)
            raise
        finally:
            # The worker's threads come and go: a connection kept for the next job would only leak.
            connection.close()

    # Not functools.wraps: procrastinate reads the signature to decide how to call, and ours is (context, **ids).
    run.__module__, run.__qualname__, run.__doc__ = function.__module__, function.__qualname__, function.__doc__
    name = f"{function.__module__}:{function.__name__}"
    return app.task(name=name, pass_context=True, retry=_Patience())(run)


def defer(task: Any, *, once_key: str | None = None, **arguments: Any) -> None:
    """Enqueue a job in the caller's transaction.

    `once_key` names the work: while a job with that key is waiting, a second request adds nothing. The waiting
    job then starts only after the caller's transaction, so it sees what the caller changed.
    """
    if once_key is None:
        task.defer(**arguments)
        return
    with transaction.atomic():
        if _hold_waiting(once_key):
            return
    try:
        with transaction.atomic():
            task.configure(queueing_lock=once_key).defer(**arguments)
    except AlreadyEnqueued:
        # Another transaction enqueued it since we looked and has committed: hold that one instead.
        with transaction.atomic():
            if not _hold_waiting(once_key):
                task.defer(**arguments)


def run_until_idle(timeout_seconds: float = 600.0) -> None:
    """Deliver events and run jobs in this process until none is owed; used by the command line and by tests.

    Raises:
        Conflict: when work is still owed at the end of the time, or a job has failed for good meanwhile.
    """
    deadline = time.monotonic() + timeout_seconds
    started_at = _database_clock()
    while True:
        while events.deliver():
            pass
        if _jobs_due():
            _run_due_jobs()
            continue
        _raise_final_failure(started_at)
        if not _owed_soon():
            return
        if time.monotonic() > deadline:
            raise Conflict("Background work is still waiting.", todo="See the page Work, or start ./run worker.")
        if _count(ORPHANED):
            asyncio.run(_rescue_once())
            continue
        time.sleep(0.05)


def run_forever(stop: threading.Event, poll_seconds: float = 1.0) -> None:
    """Run the dispatcher and the job worker until `stop` is set. Returns after both have come to rest."""
    threads = [threading.Thread(target=_dispatch, args=(stop, poll_seconds), name="dispatcher")]
    threads += [threading.Thread(target=_repeat, args=(stop, u), name=name) for name, u in _upkeep.items()]
    for thread in threads:
        thread.start()
    try:
        asyncio.run(_work(stop))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@app.periodic(cron="* * * * * */15")
@app.task(name="closeknit.kernel.jobs:rescue_stalled", pass_context=True, queueing_lock="kernel:rescue")
async def rescue_stalled(context: JobContext, timestamp: int) -> None:
    """Give jobs of workers that died (no heartbeat) back to the queue, and clear away what is long done."""
    await _rescue(context.app)
    if timestamp % 3600 < 15:
        await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_HOURS)


@app.periodic(cron="23 3 * * *")
@app.task(name="closeknit.kernel.jobs:purge_outbox", queueing_lock="kernel:purge")
def purge_outbox(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the time of the tick over
    """Clear the outbox of what was taken long ago, and sign-in of sessions and tries that are over."""
    from closeknit.kernel.sessions import SessionStore
    from closeknit.kernel.throttle import purge_tries

    close_old_connections()
    events.purge_settled(KEEP_SETTLED_DAYS)
    SessionStore.clear_expired()
    purge_tries()
    close_old_connections()


async def _rescue(worker_app: Any) -> None:
    manager = worker_app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await manager.connector.execute_query_async(
            "insert into kernel_job_failure (job_id, task, arguments, attempt, error)"
            " values (%(id)s, %(task)s, '{}', %(attempt)s, 'The worker died in the middle of it.')",
            id=stalled.id,
            task=stalled.task_name,
            attempt=stalled.attempts + 1,
        )
        # Its key may meanwhile belong to a newer job that waits.
        await manager.connector.execute_query_async(
            "update procrastinate_jobs set queueing_lock = null where id = %(id)s", id=stalled.id
        )
        if stalled.attempts + 1 >= MAX_TRIES:
            await manager.finish_job(stalled, status=Status.FAILED, delete_job=False)
        else:
            await manager.retry_job(stalled)


async def _rescue_once() -> None:
    worker_app = _worker_app()
    async with worker_app.open_async():
        await _rescue(worker_app)


def _worker_app() -> Any:
    return app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]


async def _work(stop: threading.Event) -> None:
    # Jobs compute long; what is due several times a second runs in threads of its own, before them.
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(thread_name_prefix="jobs", initializer=step_back)
    )
    stopped = asyncio.create_task(sync_to_async(stop.wait, thread_sensitive=False)())
    try:
        while not stop.is_set():
            try:
                await _work_until(stopped)
            except Exception:
                log.exception("the job worker lost its connection; trying again")
            await asyncio.wait({stopped}, timeout=1.0)
    finally:
        stop.set()


async def _work_until(stopped: asyncio.Task[Any]) -> None:
    worker_app = _worker_app()
    async with worker_app.open_async():
        await _rescue(worker_app)
        worker = asyncio.create_task(worker_app.run_worker_async(concurrency=1, **WORKER_OPTIONS))
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()
        outcomes = await asyncio.gather(worker, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


def _repeat(stop: threading.Event, upkeep: _Upkeep) -> None:
    wait_seconds = upkeep.every_seconds
    while not stop.is_set():
        try:
            with seeing_everything():
                upkeep.function()
            wait_seconds = upkeep.every_seconds
        except Exception:
            wait_seconds = min(30.0, wait_seconds * 2)
            log.exception("%s failed; trying again in %.1f s", upkeep.function.__name__, wait_seconds)
            connection.close()
        stop.wait(wait_seconds)
    connection.close()


def _dispatch(stop: threading.Event, poll_seconds: float) -> None:
    while not stop.is_set():
        try:
            _dispatch_on_one_connection(stop, poll_seconds)
        except Exception:
            log.exception("dispatcher lost its connection; trying again")
            stop.wait(1.0)
        finally:
            connection.close()


def _dispatch_on_one_connection(stop: threading.Event, poll_seconds: float) -> None:
    settings = {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}
    with psycopg.connect(**settings, autocommit=True) as ear:
        ear.execute(f"listen {events.CHANNEL}")
        while not stop.is_set():
            while events.deliver() and not stop.is_set():
                pass
            for _ in ear.notifies(timeout=poll_seconds, stop_after=1):
                break


def _run_due_jobs() -> None:
    asyncio.run(_run_once(_worker_app()))


async def _run_once(worker_app: Any) -> None:
    async with worker_app.open_async():
        await worker_app.run_worker_async(wait=False, concurrency=1, listen_notify=False, **WORKER_OPTIONS)


def _jobs_due() -> bool:
    return bool(_count("status = 'todo' and (scheduled_at is null or scheduled_at <= now())"))


def _owed_soon() -> bool:
    return bool(_count("status in ('todo', 'doing')")) or events.count_waiting() > 0


def _count(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select count(*) from procrastinate_jobs where task_name <> all(%s) and {condition}",
            [[rescue_stalled.name, purge_outbox.name]],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _hold_waiting(once_key: str) -> bool:
    # The row lock keeps workers (they skip locked rows) from starting the job before our transaction ends.
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from procrastinate_jobs where queueing_lock = %s and status = 'todo' for share",
            [once_key],
        )
        return cursor.fetchone() is not None


def _forget_once_key(context: JobContext) -> None:
    # A running job no longer stands for later requests; keeping the key, it could not go back to waiting
    # beside a newer one.
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set queueing_lock = null where id = %s", [context.job.id])


def _record_failure(context: JobContext, arguments: dict[str, Any], failure: Exception) -> None:
    connection.close()
    current = context.job
    assert current.id is not None, "a job that runs is stored"
    JobFailure.objects.create(
        job_id=current.id,
        task=current.task_name,
        arguments=arguments,
        attempt=current.attempts + 1,
        error=events.reason_of(failure)[:4000],
    )
    if isinstance(failure, Denied):
        thread_id = UUID(arguments["thread_id"]) if "thread_id" in arguments else ids.new_id()
        with transaction.atomic():
            events.tell_refusal(failure, current.task_name, arguments.get("by", NOBODY.key), thread_id)


def _database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def _raise_final_failure(since: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FAILED_SINCE, {"since": since, "rescue": rescue_stalled.name})
        row = cursor.fetchone()
    if row:
        raise Conflict(
            f"A background step failed for good: {row[1]}",
            where=row[0],
            todo="Mend the cause, then run it again.",
        )


def is_refusal(failure: BaseException) -> bool:
    """Tell whether trying again cannot help, because the input itself was refused."""
    return isinstance(failure, CloseknitError) and failure.status in (403, 404, 422)
