"""What the tests of insights share: one that Bob might record of ACME, and settled ones of a bold author."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.actions.record_insight import record_insight
from closeknit.rooms.customers.actions.settle_insight import settle_insight
from closeknit.rooms.customers.contracts import (
    InsightDirection,
    InsightMeasure,
    InsightTopic,
    WantedInsight,
)

NOW = clock.now()
TODAY = NOW.date()
WANTED = WantedInsight(
    account_number="ACME",
    topic=InsightTopic.PROMOTION,
    direction=InsightDirection.UP,
    measure=InsightMeasure.SHARE,
    size=0.3,
    probability=0.7,
    from_on=TODAY + timedelta(days=10),
    to_on=TODAY + timedelta(days=24),
    text="Their spring catalogue goes out.",
)


def know(by: Actor, *, at: datetime = NOW, **changes: Any) -> UUID:
    """Record an insight of ACME, changed in what is given."""
    return record_insight(replace(WANTED, **changes), by=by, at=at)


def settle(insight_id: UUID, *, by: Actor, share: float, size: float | None = None, days: int = 30) -> None:
    """Say some days later what came of it."""
    settle_insight(
        insight_id,
        happened_share=share,
        actual_size=size,
        reason="Counted.",
        by=by,
        at=NOW + timedelta(days=days),
    )


def record_of_a_bold_author(author: Actor, judge: Actor, outcomes: tuple[float, ...] = (0, 0, 1, 0, 0, 0)) -> None:
    """Six insights at 90 %, of which one happened, at half its size."""
    for week, share in enumerate(outcomes):
        start = TODAY + timedelta(days=week + 1)
        days = {"from_on": start, "to_on": start + timedelta(days=1)}
        made = know(author, probability=0.9, size=0.4, **days)
        settle(made, by=judge, share=share, size=0.2 if share else None)
