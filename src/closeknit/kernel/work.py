"""What background work is owed and what failed, read for a person who may see feeds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.models import Delivery

SEE_WORK = "feeds.read"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a listener failed to take five times, and why."""

    delivery_id: int
    event: str
    listener: str
    tries: int
    reason: str
    thread_id: UUID
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A background job that failed for good, with the reason of its last try."""

    job_id: int
    task: str
    attempts: int
    reason: str
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How much is owed: events to deliver, jobs waiting and running."""

    deliveries: int
    waiting: int
    running: int


def list_dead_letters(*, by: Actor, limit: int = 50) -> list[DeadLetter]:
    """Return dead letters, newest first."""
    by.require(SEE_WORK)
    rows = Delivery.objects.filter(state=Delivery.State.DEAD).select_related("event").order_by("-id")[:limit]
    return [
        DeadLetter(r.pk, r.event.name, r.listener, r.tries, r.last_error, r.event.thread_id, r.settled_at) for r in rows
    ]


def list_failed_jobs(*, by: Actor, limit: int = 50) -> list[FailedJob]:
    """Return jobs that failed for good, newest first."""
    by.require(SEE_WORK)
    with connection.cursor() as cursor:
        cursor.execute(
            "select j.id, j.task_name, j.attempts, coalesce(f.error, 'No reason was kept.'), f.failed_at"
            " from procrastinate_jobs j left join lateral"
            " (select error, failed_at from kernel_job_failure where job_id = j.id order by id desc limit 1)"
            " f on true"
            " where j.status = 'failed' order by j.id desc limit %s",
            [limit],
        )
        return [FailedJob(*row) for row in cursor.fetchall()]


def count_work(*, by: Actor) -> WorkCounts:
    """Return how much background work is owed right now."""
    by.require(SEE_WORK)
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from kernel_delivery where state = 'pending'),"
            " count(*) filter (where status = 'todo' and (scheduled_at is null or scheduled_at <= now())),"
            " count(*) filter (where status = 'doing')"
            " from procrastinate_jobs where status in ('todo', 'doing')"
        )
        return WorkCounts(*cursor.fetchone())


def find_failure_of_thread(thread_id: UUID, *, by: Actor) -> str | None:
    """Return why a thread came to rest: the reason of a job or event of it that failed for good, or None.

    A reason may quote any row: who may not see feeds hears only that it failed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce("
            "(select error from kernel_job_failure where job_id = j.id order by id desc limit 1), '')"
            " from procrastinate_jobs j where j.status = 'failed' and j.args->>'thread_id' = %s"
            " union all select d.last_error from kernel_delivery d join kernel_event e on e.id = d.event_id"
            " where d.state = 'dead' and e.thread_id = %s limit 1",
            [str(thread_id), thread_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return str(row[0]) if by.may(SEE_WORK) else "A step failed; who looks after feeds can see why on the page Work."
