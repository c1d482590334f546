"""Once a week, have forecasts and what people changed held against what came, though nothing new was loaded."""

from datetime import datetime, timedelta

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts import LookBackDue
from closeknit.rooms.demand.models import LookBack
from closeknit.rooms.demand.reads.runs import list_forecast_operations
from closeknit.rooms.org.contracts import Permission

EVERY = timedelta(days=7)


def call_look_backs(*, by: Actor, at: datetime) -> int:
    """Say of each operation that a week has passed since the last such call; return of how many.

    An operation that is forecast for the first time is due a week later. However many workers ask, each is called once.
    """
    by.require(Permission.RUN_PLAN)
    operations = list_forecast_operations(by=by)
    known = set(LookBack.objects.filter(operation__in=operations).values_list("operation", flat=True))
    LookBack.objects.bulk_create(
        [LookBack(operation=name, called_at=at) for name in operations if name not in known], ignore_conflicts=True
    )
    with transaction.atomic():
        due = list(
            LookBack.objects.select_for_update(skip_locked=True)
            .filter(operation__in=operations, called_at__lte=at - EVERY)
            .order_by("operation")
        )
        for row in due:
            _call(row, by, at)
    return len(due)


def _call(row: LookBack, by: Actor, at: datetime) -> None:
    thread_id, since_at = ids.new_id(), row.called_at
    row.called_at = at
    row.save(update_fields=["called_at"])
    record_entry(
        Entry(
            thread_id=thread_id,
            kind="forecast.look-back-called",
            subject=f"operation:{row.operation}",
            sentence=f"A week has passed: forecasts of {row.operation} are held against what came.",
            evidence={"operation": row.operation, "since_at": since_at},
        ),
        by=by,
    )
    publish(LookBackDue(thread_id, row.operation), by=by)
