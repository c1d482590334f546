"""JSON operations of the exceptions register."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
from closeknit.rooms.decisions.actions.review_exception import review_exception
from closeknit.rooms.decisions.contracts import ExceptionCard, ExceptionState, ReviewVerdict

router = Router(tags=["exceptions"])


class NewException(Schema):
    """An exception to ask for, for one account or one place. Days are whole, the last one included."""

    deviates_from: str = Field(..., max_length=200)
    allowed: str = Field(..., max_length=2000)
    reason: str = Field(..., max_length=2000)
    starts_on: date
    until_on: date
    review_on: date | None = None
    account_number: str = Field("", max_length=400)
    place: str = Field("", max_length=120)
    owner: str = Field("", max_length=150)
    money_at_stake: Decimal | None = Field(None, ge=0, max_digits=16, decimal_places=2)
    currency: str = Field("", max_length=3)


class Review(Schema):
    """What a review comes to: keep (until `review_on`), extend (until `until_on`), or end."""

    verdict: ReviewVerdict
    reason: str = Field("", max_length=2000)
    until_on: date | None = None
    review_on: date | None = None


@router.get("/exceptions", response=list[ExceptionCard])
def list_exceptions(
    request: Request,
    state: ExceptionState | None = None,
    account_number: str = "",
    owner: str = "",
    due: bool = False,
    sort: str = Query("until", max_length=20),
    after: str = Query("", max_length=36),
    limit: int = Query(200, ge=1, le=1000),
):
    """Exceptions, those that end first come first, or sorted by until, from, review, rule, account or owner.

    "-" before it sorts backwards; `after` an exception pages on.
    """
    return reads.list_exceptions(
        by=request.actor,
        at=clock.now(),
        state=state,
        account_number=account_number,
        owner=owner,
        due_only=due,
        sort=sort,
        after=after,
        limit=limit,
    )


@router.post("/exceptions", response={201: ExceptionCard})
def request(request: Request, wanted: NewException):
    """Ask for an exception."""
    now, body = clock.now(), wanted.dict()
    asked = WantedException(owner_key=body.pop("owner"), **body)
    exception_id = request_exception(asked, by=request.actor, at=now)
    return Status(201, reads.get_exception(exception_id, by=request.actor, at=now))


@router.get("/exceptions/{exception_id}", response=ExceptionCard)
def get_exception(request: Request, exception_id: UUID):
    """One exception."""
    return reads.get_exception(exception_id, by=request.actor, at=clock.now())


@router.post("/exceptions/{exception_id}/review", response=ExceptionCard)
def review(request: Request, exception_id: UUID, review: Review):
    """Review an exception; extending answers with the new one."""
    now = clock.now()
    found = review_exception(exception_id, **review.dict(), by=request.actor, at=now)
    return reads.get_exception(found, by=request.actor, at=now)
