"""Say that what somebody knew of an account still holds: it counts on, and is fresh again."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers.contracts import InsightRecorded, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.reads.insights import find_insight_row
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

OPEN = (InsightState.STANDING, InsightState.EXPIRED)


def renew_insight(insight_id: UUID, *, reason: str, expires_on: date | None = None, by: Actor, at: datetime) -> None:
    """Let an insight count until before a day (None: to its own end), one that has expired, too. Its words stay.

    Raises:
        NotFound: for one that the actor may not see, or not change.
        Invalid: without a reason, or for a day that is not ahead, or beyond the days that it is about.
        Conflict: when it was taken back or settled, or its own days are over.
    """
    by.require(Permission.RECORD_INSIGHT)
    if not reason.strip():
        raise Invalid("Why does it still hold?", where="reason", todo="Say what you know now, in a sentence.")
    with transaction.atomic():
        row = find_insight_row(insight_id, by, Permission.RECORD_INSIGHT)
        _require_open(row, at)
        before, until = row.expires_on, expires_on or row.to_on
        if not at.date() < until <= row.to_on:
            raise Invalid(
                "It cannot count until then.",
                where="expires_on",
                todo=f"Give a day after today, at most {row.to_on}; of later days, record a new one.",
            )
        row.state, row.expires_on, row.renewed_at = InsightState.STANDING.value, until, at
        row.ended_at, row.ended_by_key, row.ended_by_name, row.end_reason = None, "", "", ""
        ended = ["ended_at", "ended_by_key", "ended_by_name", "end_reason"]
        row.save(update_fields=["state", "expires_on", "renewed_at", *ended])
        record_entry(_entry(row, before, reason.strip()), by=by)
        publish(InsightRecorded(row.thread_id, row.pk, row.account_number), by=by)


def _require_open(row: Insight, at: datetime) -> None:
    if row.state not in OPEN:
        raise Conflict(f"It is {row.state} already.", where=str(row.pk), todo="Record what you know now.")
    if row.to_on <= at.date():
        raise Conflict("Its days are over.", where=str(row.pk), todo="Record what you know of the days to come.")


def _entry(row: Insight, before: date, reason: str) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="insight.renewed",
        subject=f"insight:{row.pk}",
        sentence=(
            f"{{actor}} said that what was expected of {row.account_number} still holds; it counts until before "
            f"{row.expires_on}."
        ),
        account_number=row.account_number,
        evidence={"insight_id": row.pk, "expires_on": row.expires_on, "expired_on": before, "reason": reason},
    )
