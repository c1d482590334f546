"""Take back what somebody knew of an account: from now on no forecast hears of it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers.contracts import InsightEnded, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.reads.insights import find_insight_row
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def withdraw_insight(insight_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Take an insight back before its days are over.

    Raises:
        NotFound: for one that the actor may not see, or not change.
        Invalid: without a reason.
        Conflict: when it no longer stands, or its days are over: then it is settled, for its author's record.
    """
    by.require(Permission.RECORD_INSIGHT)
    if not reason.strip():
        raise Invalid("Taking it back needs a reason.", where="reason", todo="Say why, in a sentence.")
    with transaction.atomic():
        row = find_insight_row(insight_id, by, Permission.RECORD_INSIGHT)
        _require_open(row, at)
        row.state = InsightState.WITHDRAWN.value
        row.ended_at, row.ended_by_key, row.ended_by_name = at, by.key, by.name
        row.end_reason = reason.strip()
        row.save(update_fields=["state", "ended_at", "ended_by_key", "ended_by_name", "end_reason"])
        entry = Entry(
            thread_id=row.thread_id,
            kind="insight.withdrawn",
            subject=f"insight:{row.pk}",
            sentence=f"{{actor}} took back what was expected of {row.account_number}. {row.end_reason}",
            account_number=row.account_number,
            evidence={"insight_id": row.pk, "reason": row.end_reason},
        )
        record_entry(entry, by=by)
        publish(InsightEnded(row.thread_id, row.pk, row.account_number, row.state), by=by)


def _require_open(row: Insight, at: datetime) -> None:
    if row.state != InsightState.STANDING:
        raise Conflict(f"It is {row.state} already.", where=str(row.pk), todo="Record what you know now.")
    if row.to_on <= at.date():
        raise Conflict("Its days are over.", where=str(row.pk), todo="Settle it: say whether it happened.")
