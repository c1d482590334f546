"""JSON operations of what people know of accounts."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.record_insight import record_insight
from closeknit.rooms.customers.actions.renew_insight import renew_insight
from closeknit.rooms.customers.actions.settle_insight import settle_insight
from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
from closeknit.rooms.customers.contracts import (
    AuthorRecord,
    InsightCard,
    InsightDirection,
    InsightMeasure,
    InsightState,
    InsightTopic,
    WantedInsight,
)

router = Router(tags=["insights"])


@router.get("/insights", response=list[InsightCard])
def list_insights(
    request: Request,
    account_number: str = "",
    state: InsightState | None = None,
    author_key: str = "",
    limit: int = Query(100, ge=1, le=1000),
):
    """What is known of accounts: what stands first, by when it begins."""
    return reads.list_insights(
        by=request.actor,
        at=clock.now(),
        account_number=account_number,
        state=state,
        author_key=author_key,
        limit=limit,
    )


class NewInsightBody(Schema):
    """What somebody knows: a size above 0 and its direction, a chance 0..1, days from until before."""

    account_number: str = Field(..., max_length=400)
    topic: InsightTopic
    direction: InsightDirection
    measure: InsightMeasure
    size: float
    probability: float
    from_on: date
    to_on: date
    expires_on: date | None = None
    service: str = Field("", max_length=80)
    region: str = Field("", max_length=120)
    text: str = Field("", max_length=2000)
    is_sensitive: bool = False
    sensitive_reason: str = Field("", max_length=2000)


@router.post("/insights", response={201: InsightCard})
def record(request: Request, insight: NewInsightBody):
    """Record what is known of an account. The next forecast hears of it."""
    now = clock.now()
    insight_id = record_insight(WantedInsight(**insight.model_dump()), by=request.actor, at=now)
    return Status(201, reads.get_insight(insight_id, by=request.actor, at=now))


@router.get("/insights/authors/{author_key}", response=AuthorRecord)
def get_author(request: Request, author_key: str):
    """How right somebody has been."""
    return reads.get_author_record(author_key, by=request.actor, at=clock.now())


@router.get("/insights/{insight_id}", response=InsightCard)
def get_insight(request: Request, insight_id: UUID):
    """One insight."""
    return reads.get_insight(insight_id, by=request.actor, at=clock.now())


class InsightWithdrawalBody(Schema):
    """Why it no longer holds."""

    reason: str = Field("", max_length=2000)


@router.post("/insights/{insight_id}/withdraw", response=InsightCard)
def withdraw(request: Request, insight_id: UUID, withdrawal: InsightWithdrawalBody):
    """Take an insight back, before its days are over."""
    now = clock.now()
    withdraw_insight(insight_id, reason=withdrawal.reason, by=request.actor, at=now)
    return reads.get_insight(insight_id, by=request.actor, at=now)


class InsightRenewalBody(Schema):
    """Why it still holds, and until before which day it counts (none: to its own end)."""

    reason: str = Field("", max_length=2000)
    expires_on: date | None = None


@router.post("/insights/{insight_id}/renew", response=InsightCard)
def renew(request: Request, insight_id: UUID, renewal: InsightRenewalBody):
    """Say that an insight still holds, also one that has expired."""
    now = clock.now()
    renew_insight(insight_id, reason=renewal.reason, expires_on=renewal.expires_on, by=request.actor, at=now)
    return reads.get_insight(insight_id, by=request.actor, at=now)


class InsightOutcomeBody(Schema):
    """How much of it happened (0..1), with which size in its own measure and direction, and how we know."""

    happened_share: float
    actual_size: float | None = None
    reason: str = Field("", max_length=2000)


@router.post("/insights/{insight_id}/settle", response=InsightCard)
def settle(request: Request, insight_id: UUID, outcome: InsightOutcomeBody):
    """Say what came of an insight, after its days; its author may not."""
    now = clock.now()
    settle_insight(insight_id, **outcome.model_dump(), by=request.actor, at=now)
    return reads.get_insight(insight_id, by=request.actor, at=now)
