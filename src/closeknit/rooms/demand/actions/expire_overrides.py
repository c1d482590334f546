"""End overrides that have outlived their day: from now on no forecast may use them."""

from datetime import date, datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import OverrideEnded, OverrideState, place_words
from closeknit.rooms.demand.models import Override
from closeknit.rooms.org.contracts import Permission

AT_ONCE = 100


def expire_overrides(*, by: Actor, at: datetime) -> int:
    """Mark what has expired and record it; return how many. Each expires once, whoever else runs this meanwhile.

    An operation's day is the first that is not observed: forecasts begin there, however late its data come.
    """
    by.require(Permission.RUN_PLAN)
    standing = Override.objects.filter(state=OverrideState.STANDING.value)
    operations = standing.order_by().values_list("operation", flat=True).distinct()
    return sum(_expire(operation, reads.get_operation_day(operation, by=by), by, at) for operation in operations)


def _expire(operation: str, today: date, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        rows = list(
            Override.objects.select_for_update(skip_locked=True)
            .filter(operation=operation, state=OverrideState.STANDING.value, expires_on__lt=today)
            .order_by("expires_on", "id")[:AT_ONCE]
        )
        for row in rows:
            row.state, row.ended_at = OverrideState.EXPIRED.value, at
            row.ended_by_key, row.ended_by_name = by.key, by.name
            row.save(update_fields=["state", "ended_at", "ended_by_key", "ended_by_name"])
            record_entry(_entry(row, today), by=by)
            publish(OverrideEnded(row.thread_id, row.pk, row.operation, row.state), by=by)
    return len(rows)


def _entry(row: Override, today: date) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="override.expired",
        subject=f"override:{row.pk}",
        sentence=f"The change to the forecast of {row.operation}, {place_words(row.place)}, has expired.",
        account_number=row.account_number,
        evidence={"override_id": row.pk, "expires_on": row.expires_on, "first_forecast_day": today},
    )
