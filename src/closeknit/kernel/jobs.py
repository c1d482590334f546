"""Background work: ids in, one action out. Queue, retries and timers are procrastinate's; the rules are ours.

A job is enqueued in the transaction that wants it, runs with no transaction of ours open (long computations must
not hold one), and is idempotent: its action recognises work already done. Five failed tries leave the job
`failed`, with the reason of every try in `kernel_job_failure`.
"""

import asyncio
import functools
import inspect
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app

from closeknit.kernel import events
from closeknit.kernel.errors import CloseknitError, Conflict
from closeknit.kernel.models import JobFailure

log = logging.getLogger(__name__)

MAX_TRIES = 5
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
WORKER_OPTIONS: dict[str, Any] = {
    "update_heartbeat_interval": HEARTBEAT_SECONDS,
    "stalled_worker_timeout": STALLED_SECONDS,
    "install_signal_handlers": False,
}


class _Patience(BaseRetryStrategy):
    """Five tries, waiting 2, 4, 8, 16 seconds; none where trying again cannot help."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
        if job.attempts + 1 >= MAX_TRIES or is_refusal(exception):
            return None
        return RetryDecision(retry_in={"seconds": 2 ** (job.attempts + 1)})


def job(function: Callable[..., None]) -> Any:
    """Register a function of ids as a background job named by its module and name, with up to five tries."""

    @functools.wraps(function)
    def run(context: JobContext, **arguments: Any) -> None:
        close_old_connections()
        try:
            function(**arguments)
        except Exception as failure:
            _record_failure(context, arguments, failure)
            raise
        finally:
            close_old_connections()

    # procrastinate reads the signature to decide how to call; ours is (context, **ids), not the wrapped one.
    del run.__wrapped__  # type: ignore[attr-defined]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            inspect.Parameter("arguments", inspect.Parameter.VAR_KEYWORD),
        ]
    )
    name = f"{function.__module__}:{function.__name__}"
    return app.task(
        name=name,
        pass_context=True,
        retry=_Patience(),
    )(run)


def defer(task: Any, *, once_key: str | None = None, **arguments: Any) -> None:
    """Enqueue a job in the caller's transaction.

    `once_key` names the work: while a job with that key is waiting, a second request adds nothing.
    """
    if once_key is None:
        task.defer(**arguments)
        return
    if _is_waiting(once_key):
        return
    task.configure(queueing_lock=once_key).defer(**arguments)


def run_until_idle(timeout_seconds: float = 600.0) -> None:
    """Deliver events and run jobs in this process until none is owed; used by the command line and by tests.

    Raises:
        Conflict: when work is still owed at the end of the time, or a job has failed for good meanwhile.
    """
    deadline = time.monotonic() + timeout_seconds
    last_failure = _last_failure_id()
    while True:
        while events.deliver():
            pass
        if _jobs_due():
            _run_due_jobs()
            continue
        _raise_final_failure(last_failure)
        if not _owed_soon():
            return
        if time.monotonic() > deadline:
            raise Conflict("Background work is still waiting.", todo="See the page Work, or start ./run worker.")
        time.sleep(0.05)


def run_forever(stop: threading.Event, poll_seconds: float = 1.0) -> None:
    """Run the dispatcher and the job worker until `stop` is set. Returns after both have come to rest."""
    dispatcher = threading.Thread(target=_dispatch, args=(stop, poll_seconds), name="dispatcher")
    dispatcher.start()
    try:
        asyncio.run(_work(stop))
    finally:
        stop.set()
        dispatcher.join()


@app.periodic(cron="* * * * * */15")
@app.task(name="closeknit.kernel.jobs:rescue_stalled", pass_context=True, queueing_lock="kernel:rescue")
async def rescue_stalled(context: JobContext, timestamp: int) -> None:
    """Give jobs of workers that died (no heartbeat) back to the queue."""
    await _rescue(context.app)


async def _rescue(worker_app: Any) -> None:
    for stalled in await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await worker_app.job_manager.retry_job(stalled)


async def _work(stop: threading.Event) -> None:
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with worker_app.open_async():
        await _rescue(worker_app)
        worker = asyncio.create_task(worker_app.run_worker_async(concurrency=1, **WORKER_OPTIONS))
        stopped = asyncio.create_task(sync_to_async(stop.wait, thread_sensitive=False)())
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        stop.set()


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
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    asyncio.run(_run_once(worker_app))


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
            f"select count(*) from procrastinate_jobs where task_name <> %s and {condition}", [rescue_stalled.name]
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _is_waiting(once_key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from procrastinate_jobs where queueing_lock = %s and status = 'todo'", [once_key]
        )
        return cursor.fetchone() is not None


def _record_failure(context: JobContext, arguments: dict[str, Any], failure: Exception) -> None:
    connection.close()
    current = context.job
    JobFailure.objects.create(
        job_id=current.id,
        task=current.task_name,
        arguments=arguments,
        attempt=current.attempts + 1,
        error=f"{type(failure).__name__}: {failure}"[:4000],
    )


def _last_failure_id() -> int:
    return JobFailure.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _raise_final_failure(after_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select f.task, f.error from kernel_job_failure f join procrastinate_jobs j on j.id = f.job_id"
            " where f.id > %s and j.status = 'failed' order by f.id desc limit 1",
            [after_id],
        )
        row = cursor.fetchone()
    if row:
        raise Conflict(f"A background step failed for good: {row[1]}", where=row[0], todo="Mend the cause, then run it again.")


def is_refusal(failure: BaseException) -> bool:
    """Tell whether trying again cannot help, because the input itself was refused."""
    return isinstance(failure, CloseknitError) and failure.status in (403, 404, 422)
