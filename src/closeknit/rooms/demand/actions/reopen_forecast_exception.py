"""Open a closed forecast exception again: the finding was not right."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts.exceptions import EXCEPTION_DUE_HOURS
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.demand.reads.exceptions import find_exception_row, require_may_close
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def reopen_forecast_exception(exception_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Open it again with a reason and a new time to answer; the finding that stood is in its steps and the ledger.

    Raises:
        NotFound: where there is none that the actor may see.
        Invalid: without a reason.
        Conflict: when it is open.
    """
    row = find_exception_row(exception_id, by)
    require_may_close(row, by)
    words = reason.strip()
    if not words:
        raise Invalid("Opening an exception again needs a reason.", where="reason", todo="Say what was not right.")
    where = {"region": row.region, "tier": row.tier, "account_number": row.account_number}
    hours = org.get_setting(EXCEPTION_DUE_HOURS, **where, at=at, by=by).value
    place = org.place_of(row.account_number) if row.account_number else None
    with transaction.atomic():
        changed = ForecastException.objects.filter(pk=row.pk, state="closed").update(
            state="open",
            finding="",
            finding_text="",
            follow_up="",
            follow_up_id="",
            closed_at=None,
            closed_by_key="",
            closed_by_name="",
            agrees=None,
            escalated_at=None,
            due_at=at + timedelta(hours=hours),
        )
        if not changed:
            raise Conflict("This exception is open.", where=str(exception_id), todo="Close it with a finding.")
        ForecastExceptionStep.objects.create(
            exception=row, kind="reopened", at=at, by_key=by.key, by_name=by.name, text=words
        )
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="forecast-exception.reopened",
                subject=f"forecast-exception:{row.pk}",
                sentence=(
                    f"{{actor}}{by.behalf(Permission.ADJUST_FORECAST, place)} opened the exception of week"
                    f" {row.week_on} in {row.operation} again: {words}"
                ),
                account_number=row.account_number,
                evidence={"exception_id": row.pk, "reason": words, "finding_before": row.finding},
            ),
            by=by,
        )
