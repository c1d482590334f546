"""Say what came of an insight: by what was observed, or by somebody else than its author."""

import math
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers.contracts import InsightEnded, InsightMeasure, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.reads.insights import find_insight_row
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def settle_insight(
    insight_id: UUID, *, happened_share: float, actual_size: float | None, reason: str, by: Actor, at: datetime
) -> None:
    """Record whether an insight happened (0..1), with which size in its own measure and direction, and how we know.

    The author's record stands on this, so its author may not do it. Said again with the same outcome, nothing happens.

    Raises:
        NotFound: for one that the actor may not see, or not change.
        Denied: for its author.
        Invalid: for an outcome beyond 0..1, a size that is no number, or no reason.
        Conflict: before its days are over, or when it was withdrawn, or settled otherwise.
    """
    by.require(Permission.RECORD_INSIGHT)
    _check(happened_share, actual_size, reason)
    with transaction.atomic():
        row = find_insight_row(insight_id, by, Permission.RECORD_INSIGHT)
        if row.state == InsightState.SETTLED and (row.happened_share, row.actual_size) == (happened_share, actual_size):
            return
        _require_due(row, by, at)
        row.state = InsightState.SETTLED.value
        row.happened_share, row.actual_size = happened_share, actual_size
        row.ended_at, row.ended_by_key, row.ended_by_name = at, by.key, by.name
        row.end_reason = reason.strip()
        row.save(
            update_fields=[
                "state",
                "happened_share",
                "actual_size",
                "ended_at",
                "ended_by_key",
                "ended_by_name",
                "end_reason",
            ]
        )
        record_entry(_entry(row), by=by)
        publish(InsightEnded(row.thread_id, row.pk, row.account_number, row.state), by=by)


def _check(happened_share: float, actual_size: float | None, reason: str) -> None:
    if not math.isfinite(happened_share) or not 0 <= happened_share <= 1:
        raise Invalid(
            "This is no share.", where="happened_share", todo="Give 0 (it did not happen) to 1 (it happened whole)."
        )
    if actual_size is not None and (not math.isfinite(actual_size) or abs(actual_size) > 1e9):
        raise Invalid("This is no size.", where="actual_size", todo="Give a number in the insight's own measure.")
    if not reason.strip():
        raise Invalid("An outcome needs its evidence.", where="reason", todo="Say how we know.")


def _require_due(row: Insight, by: Actor, at: datetime) -> None:
    if row.state in (InsightState.WITHDRAWN, InsightState.SETTLED):
        raise Conflict(f"It is {row.state} already.", where=str(row.pk))
    if by.key == row.author_key:
        raise Denied(
            "Its author does not say whether it happened.", where=str(row.pk), todo="Let somebody else settle it."
        )
    if row.to_on > at.date():
        raise Conflict("Its days are not over yet.", where=str(row.pk), todo=f"Settle it from {row.to_on} on.")


def _entry(row: Insight) -> Entry:
    unit = "" if row.measure == InsightMeasure.SHARE else " units a week"
    size = "" if row.actual_size is None else f", by {row.actual_size:,.4g}{unit} where {row.size:,.4g}{unit} was said"
    happened = "did not happen" if row.happened_share == 0 else f"happened to {(row.happened_share or 0) * 100:.4g} %"
    return Entry(
        thread_id=row.thread_id,
        kind="insight.settled",
        subject=f"insight:{row.pk}",
        sentence=f"What was expected of {row.account_number} {happened}{size}. {row.end_reason}",
        account_number=row.account_number,
        evidence={
            "insight_id": row.pk,
            "probability": row.probability,
            "happened_share": row.happened_share,
            "size": row.size,
            "actual_size": row.actual_size,
            "reason": row.end_reason,
        },
    )
