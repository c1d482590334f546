"""Take an assumption back: scenarios go without it, and nobody checks it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import AssumptionClosed, AssumptionState
from closeknit.rooms.demand.models import Assumption
from closeknit.rooms.org.contracts import Permission


def withdraw_assumption(assumption_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Withdraw an open assumption. Whoever may adjust the forecasts of its place may do so; a reason is needed."""
    by.require(Permission.ADJUST_FORECAST)
    card = reads.get_assumption(assumption_id, by=by)
    reads.get_adjustable_place(card.place, by=by)
    if not reason.strip():
        raise Invalid("Why is it taken back?", where="reason", todo="Say it in a sentence.")
    with transaction.atomic():
        row = Assumption.objects.select_for_update().get(pk=assumption_id)
        if row.state != AssumptionState.OPEN:
            raise Conflict(f"This assumption is {row.state} already.", where=str(assumption_id))
        row.state, row.ended_at, row.verdict = AssumptionState.WITHDRAWN.value, at, reason.strip()
        row.ended_by_key, row.ended_by_name = by.key, by.name
        row.save(update_fields=["state", "ended_at", "verdict", "ended_by_key", "ended_by_name"])
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="assumption.withdrawn",
                subject=f"assumption:{row.pk}",
                sentence=f"{{actor}} took back: {row.statement} Because: {row.verdict}",
                account_number=row.account_number,
                evidence={"assumption_id": row.pk, "reason": row.verdict},
            ),
            by=by,
        )
        publish(AssumptionClosed(row.thread_id, row.pk, row.operation, row.state), by=by)
