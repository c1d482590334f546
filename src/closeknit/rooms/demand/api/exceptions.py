"""JSON operations of forecast exceptions, and of spike or shift."""

from typing import Literal
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.assign_forecast_exception import (
    assign_forecast_exception,
    comment_forecast_exception,
)
from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
from closeknit.rooms.demand.actions.reopen_forecast_exception import reopen_forecast_exception
from closeknit.rooms.demand.contracts import (
    ChangeCard,
    ClassifierAgreement,
    FindingKind,
    FollowUpKind,
    ForecastExceptionCard,
    ForecastExceptionStepCard,
    SeriesWeek,
)

router = Router(tags=["demand"])


class ForecastFinding(Schema):
    """Why a week came otherwise than forecast; what was done about it goes with its id, or both are left out."""

    finding: FindingKind
    text: str = Field(..., max_length=2000)
    follow_up: FollowUpKind = FollowUpKind.NONE
    follow_up_id: str = Field("", max_length=200)


class ForecastExceptionReason(Schema):
    """Why a closed exception is opened again."""

    reason: str = Field(..., max_length=2000)


class ForecastExceptionOwner(Schema):
    """Who is to answer for an exception, by user name."""

    to: str = Field(..., max_length=150)
    reason: str = Field("", max_length=2000)


class ForecastExceptionComment(Schema):
    """A word on an exception."""

    text: str = Field(..., max_length=2000)


@router.get("/forecast-exceptions", response=list[ForecastExceptionCard])
def list_forecast_exceptions(
    request: Request,
    operation: str = "",
    state: Literal["", "open", "closed"] = "open",
    account_number: str = "",
    mine: bool = False,
    sort: str = Query("-consequence", max_length=20),
    after: str = Query("", max_length=36),
    limit: int = Query(200, ge=1, le=5000),
):
    """What came otherwise than forecast, the largest consequence first.

    Or sorted by consequence, week, operation, account or due ("-" before it backwards); `after` an exception pages on.
    """
    return reads.list_forecast_exceptions(
        by=request.actor,
        at=clock.now(),
        operation=operation,
        state=state,
        account_number=account_number,
        mine=mine,
        sort=sort,
        after=after,
        limit=limit,
    )


@router.get("/forecast-exceptions/agreement", response=list[ClassifierAgreement])
def list_classifier_agreement(request: Request, operation: str = ""):
    """How often findings said the same as the classification of spike or shift."""
    return reads.list_classifier_agreement(by=request.actor, operation=operation)


@router.get("/forecast-exceptions/{exception_id}", response=ForecastExceptionCard)
def get_forecast_exception(request: Request, exception_id: UUID):
    """One exception."""
    return _card(request, exception_id)


@router.get("/forecast-exceptions/{exception_id}/weeks", response=list[SeriesWeek])
def list_exception_weeks(request: Request, exception_id: UUID):
    """The weeks of its series: what came, and what was forecast last before each week."""
    return reads.list_exception_weeks(exception_id, by=request.actor)


@router.get("/forecast-exceptions/{exception_id}/steps", response=list[ForecastExceptionStepCard])
def list_exception_steps(request: Request, exception_id: UUID):
    """What happened to it, oldest first."""
    return reads.list_exception_steps(exception_id, by=request.actor)


@router.post("/forecast-exceptions/{exception_id}/close", response=ForecastExceptionCard)
def close(request: Request, exception_id: UUID, found: ForecastFinding):
    """Close it with a finding."""
    close_forecast_exception(exception_id, **found.dict(), by=request.actor, at=clock.now())
    return _card(request, exception_id)


@router.post("/forecast-exceptions/{exception_id}/reopen", response=ForecastExceptionCard)
def reopen(request: Request, exception_id: UUID, why: ForecastExceptionReason):
    """Open it again."""
    reopen_forecast_exception(exception_id, reason=why.reason, by=request.actor, at=clock.now())
    return _card(request, exception_id)


@router.post("/forecast-exceptions/{exception_id}/assign", response=ForecastExceptionCard)
def assign(request: Request, exception_id: UUID, owner: ForecastExceptionOwner):
    """Say who answers for it, and tell that person."""
    assign_forecast_exception(exception_id, to=owner.to, reason=owner.reason, by=request.actor, at=clock.now())
    return _card(request, exception_id)


@router.post("/forecast-exceptions/{exception_id}/comments", response=list[ForecastExceptionStepCard])
def comment(request: Request, exception_id: UUID, said: ForecastExceptionComment):
    """Add a word to it."""
    comment_forecast_exception(exception_id, text=said.text, by=request.actor, at=clock.now())
    return reads.list_exception_steps(exception_id, by=request.actor)


@router.get("/demand-changes", response=list[ChangeCard])
def list_changes(request: Request, operation: str, recent_weeks: int = Query(26, ge=1, le=104), every: bool = False):
    """Spike or shift: whose level changed lately, whether it stays, and which capacity that asks for."""
    return reads.list_changes(operation, by=request.actor, at=clock.now(), recent_weeks=recent_weeks, every=every)


def _card(request: Request, exception_id: UUID) -> ForecastExceptionCard:
    return reads.get_forecast_exception(exception_id, by=request.actor, at=clock.now())
