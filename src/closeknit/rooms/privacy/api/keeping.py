"""JSON operations of holds, requests, keeping and erasures."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.kernel.output import plain
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.adopt_retention import adopt_retention
from closeknit.rooms.privacy.actions.erase_subject import erase_subject
from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold, release_hold
from closeknit.rooms.privacy.actions.record_request import (
    WantedRequest,
    close_request,
    extend_request,
    record_request,
)
from closeknit.rooms.privacy.contracts import (
    ACCOUNT,
    DataClass,
    DataRequest,
    GateLine,
    Hold,
    RequestKind,
    RequestState,
    RetentionRule,
    Subject,
    SubjectErasure,
)

router = Router(tags=["privacy"])


class NewDataRequest(Schema):
    """A request about somebody's own data."""

    request_kind: RequestKind
    kind: str = Field(ACCOUNT, max_length=20)
    reference: str = Field(..., max_length=400)
    received_on: date
    jurisdiction: str = Field("", max_length=40)
    verified_by: str = Field("", max_length=200)


class MoreTime(Schema):
    """A later day for a request, as the law allows it, and why."""

    until_on: date
    reason: str = Field(..., max_length=2000)


class RequestOutcome(Schema):
    """How a request ends: answered or refused, with what came of it, and how we know who asked."""

    state: RequestState
    outcome: str = Field(..., max_length=2000)
    verified_by: str = Field("", max_length=200)


class NewHold(Schema):
    """What is to be kept. No reference: of everybody. No classes: every class."""

    title: str = Field(..., max_length=200)
    reason: str = Field(..., max_length=2000)
    review_on: date
    kind: str = Field(ACCOUNT, max_length=20)
    reference: str = Field("", max_length=400)
    classes: list[DataClass] = []


class HoldRelease(Schema):
    """Why a hold ends."""

    reason: str = Field(..., max_length=2000)


class NewRetention(Schema):
    """How long a class of data is kept in a jurisdiction, by which law."""

    data_class: DataClass
    jurisdiction: str = Field(..., max_length=40)
    least_days: int = Field(..., ge=0, le=36500)
    most_days: int | None = Field(None, ge=0, le=36500)
    law: str = Field(..., max_length=400)
    reason: str = Field(..., max_length=2000)


class NewErasure(Schema):
    """Whom to erase, why, and which request asks for it."""

    kind: str = Field(ACCOUNT, max_length=20)
    reference: str = Field(..., max_length=400)
    reason: str = Field(..., max_length=2000)
    request_id: UUID | None = None
    also_known_as: list[str] = Field([], max_length=20)


@router.get("/privacy/requests", response=list[DataRequest])
def list_requests(request: Request, state: RequestState | None = None, limit: int = Query(200, ge=1, le=1000)):
    """Requests about one's own data, the open ones first, by the day on which they are due."""
    return reads.list_requests(state=state, by=request.actor, limit=limit)


@router.post("/privacy/requests", response={201: DataRequest})
def record(request: Request, wanted: NewDataRequest):
    """Record a request; the answer says by which day the law wants it answered."""
    asked = WantedRequest(
        wanted.request_kind,
        Subject(wanted.kind, wanted.reference),
        wanted.received_on,
        wanted.jurisdiction,
        wanted.verified_by,
    )
    request_id = record_request(asked, by=request.actor, at=clock.now())
    return Status(201, reads.get_request(request_id, by=request.actor))


@router.post("/privacy/requests/{request_id}/extend", response=DataRequest)
def extend(request: Request, request_id: UUID, more: MoreTime):
    """Take more time where the law allows it."""
    extend_request(request_id, until_on=more.until_on, reason=more.reason, by=request.actor, at=clock.now())
    return reads.get_request(request_id, by=request.actor)


@router.post("/privacy/requests/{request_id}/close", response=DataRequest)
def close(request: Request, request_id: UUID, outcome: RequestOutcome):
    """Answer or refuse a request."""
    close_request(request_id, **outcome.dict(), by=request.actor, at=clock.now())
    return reads.get_request(request_id, by=request.actor)


@router.get("/privacy/holds", response=list[Hold])
def list_holds(request: Request, standing: bool = False):
    """Legal holds, those that stand first."""
    return reads.list_holds(standing_only=standing, by=request.actor)


@router.post("/privacy/holds", response={201: Hold})
def place(request: Request, wanted: NewHold):
    """Keep what a lawsuit or an audit needs."""
    body = wanted.dict()
    kind, reference = body.pop("kind"), body.pop("reference")
    subject = Subject(kind, reference) if reference else None
    asked = WantedHold(**{**body, "classes": tuple(body["classes"])}, subject=subject)
    hold_id = place_hold(asked, by=request.actor, at=clock.now())
    return Status(201, next(hold for hold in reads.list_holds(by=request.actor) if hold.hold_id == hold_id))


@router.post("/privacy/holds/{hold_id}/release", response=Hold)
def release(request: Request, hold_id: UUID, why: HoldRelease):
    """Release a hold."""
    release_hold(hold_id, reason=why.reason, by=request.actor, at=clock.now())
    return next(hold for hold in reads.list_holds(by=request.actor) if hold.hold_id == hold_id)


@router.get("/privacy/retention", response=list[RetentionRule])
def list_retention(request: Request):
    """How long each class of data is kept, by jurisdiction."""
    return reads.list_retention(by=request.actor)


@router.post("/privacy/retention", response={201: RetentionRule})
def adopt(request: Request, wanted: NewRetention):
    """Put a rule of keeping in force."""
    body = wanted.dict()
    reason = body.pop("reason")
    return Status(201, adopt_retention(RetentionRule(**body), reason=reason, by=request.actor, at=clock.now()))


@router.get("/privacy/gate", response=list[GateLine])
def list_gate(request: Request, limit: int = Query(200, ge=1, le=1000)):
    """What the gate of deletions said, the newest first."""
    return reads.list_gate_lines(by=request.actor, limit=limit)


@router.get("/privacy/erasures", response=list[SubjectErasure])
def list_erasures(request: Request, limit: int = Query(200, ge=1, le=1000)):
    """Erasures: which fields went, and what a law keeps."""
    return reads.list_erasures(by=request.actor, limit=limit)


@router.post("/privacy/erasures", response={201: SubjectErasure})
def erase(request: Request, wanted: NewErasure):
    """Erase a subject's words everywhere, and destroy its key in the ledger."""
    subject = Subject(wanted.kind, wanted.reference)
    done = erase_subject(
        subject,
        reason=wanted.reason,
        request_id=wanted.request_id,
        also_known_as=wanted.also_known_as,
        by=request.actor,
        at=clock.now(),
    )
    return Status(201, done)


@router.get("/privacy/extract", response=dict)
def get_extract(request: Request, reference: str, kind: str = ACCOUNT):
    """What we hold of a subject, for its request of access."""
    return plain(reads.get_extract(Subject(kind, reference), by=request.actor, at=clock.now()))
