"""JSON operations of purposes and consents."""

from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.adopt_purpose import adopt_purpose
from closeknit.rooms.privacy.actions.record_consent import record_consent
from closeknit.rooms.privacy.contracts import (
    ACCOUNT,
    Basis,
    Collection,
    ConsentCard,
    ConsentState,
    LegalBasis,
    Purpose,
    Subject,
    Use,
    WantedConsent,
)

router = Router(tags=["privacy"])


class PurposeBasis(Schema):
    """On what a purpose rests in one jurisdiction, and the law that says so."""

    basis: Basis
    law: str = Field(..., max_length=200)


class NewPurpose(Schema):
    """A purpose to put in force. `bases` go by country, "EU" or "*"."""

    purpose: str = Field(..., max_length=60)
    title: str = Field(..., max_length=200)
    what_for: str = Field(..., max_length=2000)
    decisions: list[str] = Field(..., max_length=50)
    is_personalised: bool = True
    bases: dict[str, PurposeBasis]
    consent_days: int | None = Field(730, ge=1, le=3650)
    renews_consent: bool = False
    is_sensitive: bool = False
    controller: str = Field("The company that runs this system", max_length=200)
    policy_url: str = Field("", max_length=400)
    is_retired: bool = False
    reason: str = Field(..., max_length=2000)


class NewConsent(Schema):
    """What a subject said. `channel` "": every channel."""

    kind: str = Field(ACCOUNT, max_length=20)
    reference: str = Field(..., max_length=400)
    purpose: str = Field(..., max_length=60)
    state: ConsentState
    channel: str = Field("", max_length=20)
    jurisdiction: str = Field("", max_length=40)
    collected: Collection = Collection.FORM
    signal: str = Field("", max_length=40)
    language: str = Field("en", max_length=20)
    text_shown: str = Field("", max_length=20_000)
    note: str = Field("", max_length=20_000)


@router.get("/privacy/purposes", response=list[Purpose])
def list_purposes(request: Request):
    """Every purpose as it is in force."""
    return reads.list_purposes(by=request.actor)


@router.post("/privacy/purposes", response={201: Purpose})
def adopt(request: Request, wanted: NewPurpose):
    """Define a purpose, or put its next version in force."""
    body = wanted.dict()
    reason, bases = body.pop("reason"), body.pop("bases")
    purpose = Purpose(
        version=1,
        **{**body, "decisions": tuple(body["decisions"])},
        bases={place: LegalBasis(Basis(said["basis"]), said["law"]) for place, said in bases.items()},
    )
    return Status(201, adopt_purpose(purpose, reason=reason, by=request.actor, at=clock.now()))


@router.get("/privacy/purposes/{purpose}", response=list[Purpose])
def list_versions(request: Request, purpose: str):
    """Every version of a purpose, newest first."""
    reads.get_purpose(purpose, by=request.actor)
    return reads.list_purpose_versions(purpose, by=request.actor)


@router.get("/privacy/uses", response=list[Use])
def list_uses(request: Request, reference: str, kind: str = ACCOUNT):
    """For every purpose: may a subject's data be used, and why?"""
    return reads.list_uses(Subject(kind, reference), by=request.actor, at=clock.now())


@router.get("/privacy/consents", response=list[ConsentCard])
def list_consents(
    request: Request,
    reference: str = "",
    kind: str = ACCOUNT,
    purpose: str = "",
    limit: int = Query(200, ge=1, le=1000),
):
    """What subjects said, the newest first."""
    subject = Subject(kind, reference) if reference else None
    return reads.list_consents(subject=subject, purpose=purpose, by=request.actor, limit=limit)


@router.post("/privacy/consents", response={201: ConsentCard})
def record(request: Request, wanted: NewConsent):
    """Record a yes, a no or an opt-out: it counts for every decision that commits after it."""
    body = wanted.dict()
    subject = Subject(body.pop("kind"), body.pop("reference"))
    number = record_consent(WantedConsent(subject=subject, **body), by=request.actor, at=clock.now())
    found = reads.list_consents(subject=subject, purpose=wanted.purpose, by=request.actor)
    return Status(201, next(card for card in found if card.consent_id == number))


@router.get("/privacy/receipts/{receipt_id}", response=dict)
def get_receipt(request: Request, receipt_id: UUID):
    """A consent receipt (Kantara v1.1)."""
    return reads.get_receipt(receipt_id, by=request.actor)


@router.get("/privacy/refused-uses", response=list[dict])
def list_refused_uses(request: Request, limit: int = Query(200, ge=1, le=1000)):
    """Decisions that were refused because a subject does not want its data used so."""
    return reads.list_refused_uses(by=request.actor, limit=limit)
