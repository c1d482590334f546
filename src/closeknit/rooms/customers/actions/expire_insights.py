"""Say of insights whose day has come that they count no more."""

from datetime import datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.customers.contracts import InsightEnded, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

AT_ONCE = 200


def expire_insights(*, by: Actor, at: datetime) -> int:
    """Mark standing insights that expire by today as expired; return how many. Each once, whoever else runs this."""
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        rows = list(
            Insight.objects.select_for_update(skip_locked=True)
            .filter(state=InsightState.STANDING.value, expires_on__lte=at.date())
            .order_by("expires_on", "id")[:AT_ONCE]
        )
        for row in rows:
            row.state, row.ended_at = InsightState.EXPIRED.value, at
            row.ended_by_key, row.ended_by_name, row.end_reason = by.key, by.name, "Its last day had come."
            row.save(update_fields=["state", "ended_at", "ended_by_key", "ended_by_name", "end_reason"])
            entry = Entry(
                thread_id=row.thread_id,
                kind="insight.expired",
                subject=f"insight:{row.pk}",
                sentence=f"What was expected of {row.account_number} counts no more: its last day had come.",
                account_number=row.account_number,
                evidence={"insight_id": row.pk, "expires_on": row.expires_on},
            )
            record_entry(entry, by=by)
            publish(InsightEnded(row.thread_id, row.pk, row.account_number, row.state), by=by)
    return len(rows)
