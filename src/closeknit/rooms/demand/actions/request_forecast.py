"""Ask for a fresh forecast, and by it for a fresh plan."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts import ForecastRequested
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OperationSpan

MOST_WEEKS = 26


def request_forecast(operation: str, *, weeks: int, as_of: datetime | None = None, by: Actor) -> UUID:
    """Ask in a new thread and return its id. Refuses an operation, or a time, that nothing is known of."""
    by.require(Permission.RUN_PLAN)
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(f"{weeks} weeks cannot be planned.", where="weeks", todo=f"Ask for 1 to {MOST_WEEKS}.")
    span = sensing.get_operation(operation, by=by)
    if as_of is not None:
        _check_instant(as_of, span)
    thread_id = ids.new_id()
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="plan.requested",
                subject=f"operation:{operation}",
                sentence=f"{{actor}}{by.behalf(Permission.RUN_PLAN)} asked for a plan of {operation}, {weeks} weeks.",
                evidence={"operation": operation, "weeks": weeks, "as_of": as_of},
            ),
            by=by,
        )
        publish(ForecastRequested(thread_id, operation, weeks, as_of.isoformat() if as_of else ""), by=by)
    return thread_id


def _check_instant(as_of: datetime, span: OperationSpan) -> None:
    if as_of.tzinfo is None:
        raise Invalid("This time has no offset.", where="as_of", todo="Write it as 2026-03-02T09:00:00+01:00.")
    if as_of <= span.first_at:
        raise Invalid(
            f"Nothing of {span.operation} was observed before {as_of.isoformat()}.",
            where="as_of",
            todo=f"Ask for a time after {span.first_at.isoformat()}.",
        )
