"""JSON operations of tolerances."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.bend_promise import bend_promise as bending
from closeknit.rooms.agreements.contracts import BendCard, BendPolicy, WantedBend

router = Router(tags=["agreements"])


class BendAsked(Schema):
    """More time on one promise to one account, on whole days, the last one included, for a request of high value."""

    account_number: str = Field(max_length=400)
    term_number: str = Field(max_length=200)
    stretch_share: float
    request: str = Field(max_length=200)
    worth: Decimal
    currency: str = Field(max_length=3)
    reason: str = Field(max_length=2000)
    starts_on: date
    until_on: date


class BendEntered(Schema):
    """The id of the exception that decides it."""

    exception_id: UUID


@router.get("/bends", response=list[BendCard])
def list_bends(
    request: Request,
    account_number: str = Query("", max_length=400),
    state: str = Query("", max_length=12),
    limit: int = Query(200, ge=1, le=1000),
):
    """Promises that may take longer, or were to, the latest asked for first."""
    return reads.list_bends(by=request.actor, at=clock.now(), account_number=account_number, state=state, limit=limit)


@router.get("/bend-policy", response=BendPolicy)
def get_bend_policy(request: Request, account_number: str = Query("", max_length=400)):
    """How far promises may bend, for an account or where nothing else is said."""
    return reads.get_bend_policy(account_number, by=request.actor, at=clock.now())


@router.post("/bends", response={201: BendEntered})
def bend_promise(request: Request, payload: BendAsked):
    """Ask that a promise may bend; it does once its exception is granted."""
    return Status(201, {"exception_id": bending(WantedBend(**payload.dict()), by=request.actor, at=clock.now())})
