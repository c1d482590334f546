"""JSON operations of needs."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions import agree_need as agreeing
from closeknit.rooms.agreements.actions import drop_need as dropping
from closeknit.rooms.agreements.actions import measure_need as measuring
from closeknit.rooms.agreements.actions import propose_need as proposing
from closeknit.rooms.agreements.actions import review_need as reviewing
from closeknit.rooms.agreements.actions import state_need as stating
from closeknit.rooms.agreements.contracts import Clock, Measure, NeedCard, NeedLife, NeedParameter, WantedNeed

router = Router(tags=["agreements"])


class StatedNeed(Schema):
    """A need in an account's own words, and where it was heard."""

    account_number: str = Field(max_length=400)
    words: str = Field(max_length=500)
    heard_in: str = Field(max_length=200)


class MeasuredNeed(Schema):
    """What a need comes to: a share of work within a time, its process, control, owner and review.

    Without an `owner_key` it is whoever says so.
    """

    operation: str = Field(max_length=80)
    measure: Measure
    within_minutes: float
    target_share: float
    process: str = Field(max_length=300)
    control: str = Field(max_length=300)
    review_on: date
    clock: Clock = Clock.CALENDAR
    service: str = Field("", max_length=80)
    work_class: str = Field("", max_length=80)
    owner_key: str = Field("", max_length=80)


class NeedAgreement(Schema):
    """With whom at the customer it was agreed."""

    agreed_with: str = Field(max_length=200)


class NeedProposal(Schema):
    """From which day on it is to be promised, why, and in which contract ("": one of its own)."""

    starts_on: date
    reason: str = Field(max_length=2000)
    contract_number: str = Field("", max_length=100)


class NeedReview(Schema):
    """What a review found, and when the next one is due."""

    finding: str = Field(max_length=500)
    review_on: date


class NeedDropping(Schema):
    """Why it is not going to be promised."""

    because: str = Field(max_length=500)


class NeedEntered(Schema):
    """The id of the need."""

    need_id: UUID


class NeedDrafted(Schema):
    """The drafted version of a contract, and the proposal that decides it."""

    version_id: UUID
    proposal_id: UUID


@router.get("/needs", response=list[NeedCard])
def list_needs(
    request: Request,
    account_number: str = Query("", max_length=400),
    state: str = Query("", max_length=12),
    is_due: bool = False,
    limit: int = Query(200, ge=1, le=1000),
):
    """Needs of accounts and how far each has come, the latest stated first; `is_due`: whose review date has come."""
    return reads.list_needs(
        by=request.actor, at=clock.now(), account_number=account_number, state=state, is_due=is_due, limit=limit
    )


@router.post("/needs", response={201: NeedEntered})
def state_need(request: Request, payload: StatedNeed):
    """Record what an account says it needs. Nothing is promised by it."""
    need_id = stating.state_need(WantedNeed(**payload.dict()), by=request.actor, at=clock.now())
    return Status(201, {"need_id": need_id})


@router.get("/needs/{uuid:need_id}", response=NeedLife)
def get_need(request: Request, need_id: UUID):
    """One need, and how its promise was kept of late."""
    return reads.get_need(need_id, by=request.actor, at=clock.now())


@router.post("/needs/{uuid:need_id}/measure", response=NeedLife)
def measure_need(request: Request, need_id: UUID, payload: MeasuredNeed):
    """Say what a need comes to, or say it anew."""
    measuring.measure_need(need_id, NeedParameter(**payload.dict()), by=request.actor, at=clock.now())
    return reads.get_need(need_id, by=request.actor, at=clock.now())


@router.post("/needs/{uuid:need_id}/agree", response=NeedLife)
def agree_need(request: Request, need_id: UUID, payload: NeedAgreement):
    """Note that the customer agreed what it comes to."""
    agreeing.agree_need(need_id, agreed_with=payload.agreed_with, by=request.actor, at=clock.now())
    return reads.get_need(need_id, by=request.actor, at=clock.now())


@router.post("/needs/{uuid:need_id}/propose", response={201: NeedDrafted})
def propose_need(request: Request, need_id: UUID, payload: NeedProposal):
    """Draft it as a clause of a contract and propose that; approved, it is promised."""
    made = proposing.propose_need(need_id, **payload.dict(), by=request.actor, at=clock.now())
    return Status(201, {"version_id": made.version_id, "proposal_id": made.proposal_id})


@router.post("/needs/{uuid:need_id}/review", response=NeedLife)
def review_need(request: Request, need_id: UUID, payload: NeedReview):
    """Note what a review found, and when the next one is due."""
    reviewing.review_need(need_id, **payload.dict(), by=request.actor, at=clock.now())
    return reads.get_need(need_id, by=request.actor, at=clock.now())


@router.post("/needs/{uuid:need_id}/drop", response=NeedLife)
def drop_need(request: Request, need_id: UUID, payload: NeedDropping):
    """Close a need without a promise, and say why."""
    dropping.drop_need(need_id, because=payload.because, by=request.actor, at=clock.now())
    return reads.get_need(need_id, by=request.actor, at=clock.now())
