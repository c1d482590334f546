"""JSON operations of quotes and of single requests."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements.contracts import Clock, Measure
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_request import price_request
from closeknit.rooms.capacity.actions.propose_quote import propose_quote
from closeknit.rooms.capacity.actions.quote_guarantee import quote_guarantee
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.contracts import GuaranteeAsked, QuoteCard, RequestAnswer, TermChange, UnitRequest

router = Router(tags=["capacity"])


class QuoteAsked(Schema):
    """A proposed term, and the plan to hold it against: by its id, else the operation's plan in force."""

    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    account_number: str = Field(max_length=80)
    service: str = Field("", max_length=120)
    work_class: str = Field("", max_length=120)
    measure: Measure | None = None
    threshold_minutes: float
    target_share: float
    credit_per_miss: Decimal | None = None
    clock: Clock = Clock.CALENDAR
    starts_on: date | None = None


class RequestAsked(Schema):
    """One request, and the plan to hold it against: by its id, else the operation's plan in force."""

    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    request: UnitRequest


@router.get("/quotes", response=list[QuoteCard])
def list_quotes(request: Request, account_number: str = "", operation: str = "", limit: int = Query(50, ge=1, le=500)):
    """Quotes for proposed terms, newest first."""
    return reads.list_quotes(
        by=request.actor, at=clock.now(), account_number=account_number, operation=operation, limit=limit
    )


@router.post("/quotes", response=QuoteCard)
def make(request: Request, asked: QuoteAsked):
    """Quote a term before it is signed: what it takes, costs, and does to others. Nothing is promised by it."""
    now = clock.now()
    term = TermChange(**asked.dict(exclude={"operation", "plan_id"}))
    quote_id = quote_term(term, operation=asked.operation, plan_id=asked.plan_id, by=request.actor, at=now)
    return reads.get_quote(quote_id, by=request.actor, at=now)


class GuaranteeQuoteAsked(Schema):
    """Capacity held ready, and the plan to hold it against: by its id, else the operation's plan in force."""

    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    account_number: str = Field(max_length=80)
    service: str = Field("", max_length=120)
    units: float | None = None
    hours_per_week: float | None = None
    starts_on: date | None = None


@router.post("/quotes/guarantees", response=QuoteCard)
def make_guarantee(request: Request, asked: GuaranteeQuoteAsked):
    """Quote units or hours a week held ready for an account before that is signed. Nothing is promised by it."""
    now = clock.now()
    wanted = GuaranteeAsked(**asked.dict(exclude={"operation", "plan_id"}))
    quote_id = quote_guarantee(wanted, operation=asked.operation, plan_id=asked.plan_id, by=request.actor, at=now)
    return reads.get_quote(quote_id, by=request.actor, at=now)


@router.get("/quotes/{quote_id}", response=QuoteCard)
def get_quote(request: Request, quote_id: UUID):
    """One quote."""
    return reads.get_quote(quote_id, by=request.actor, at=clock.now())


class QuoteSigningAsked(Schema):
    """From when on a quoted term is to hold, and why."""

    starts_on: date
    reason: str = Field(max_length=2000)


class QuoteProposed(Schema):
    """The proposal that waits for an answer."""

    proposal_id: UUID


@router.post("/quotes/{quote_id}/propose", response={201: QuoteProposed})
def propose(request: Request, quote_id: UUID, asked: QuoteSigningAsked):
    """Propose to sign a quoted term, as the next version of the account's contract. People decide."""
    proposal_id = propose_quote(quote_id, **asked.dict(), by=request.actor, at=clock.now())
    return Status(201, {"proposal_id": proposal_id})


@router.post("/requests/price", response=RequestAnswer)
def price(request: Request, asked: RequestAsked):
    """Promise or price for one request: the week that was asked for, and the next in which it can be done."""
    return price_request(asked.request, operation=asked.operation, plan_id=asked.plan_id, by=request.actor)
