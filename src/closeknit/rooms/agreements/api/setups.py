"""JSON operations of templates."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions import apply_setup as applying
from closeknit.rooms.agreements.actions import review_setup as reviewing
from closeknit.rooms.agreements.actions import save_setup as saving
from closeknit.rooms.agreements.contracts import CustomSetup, SetupCard, WantedOnboarding, WantedSetup

router = Router(tags=["agreements"])


class SetupAsked(Schema):
    """A template to be made of a signed version of a contract."""

    version_id: UUID
    name: str = Field(max_length=80)
    purpose: str = Field(max_length=500)
    review_on: date


class OnboardingAsked(Schema):
    """An account, its contract's number and days, and by which factors times and guaranteed hours differ."""

    account_number: str = Field(max_length=400)
    contract_number: str = Field(max_length=100)
    starts_on: date
    reason: str = Field(max_length=2000)
    ends_on: date | None = None
    time_factor: float = 1.0
    hours_factor: float = 1.0


class SetupReview(Schema):
    """What a review found, and when the next one is due."""

    finding: str = Field(max_length=500)
    review_on: date


class SetupRetirement(Schema):
    """Why it is not to be used any more."""

    because: str = Field(max_length=500)


class SetupSaved(Schema):
    """The id of the template."""

    template_id: UUID


class OnboardingDrafted(Schema):
    """The drafted and proposed version of a contract."""

    version_id: UUID


@router.get("/contract-templates", response=list[SetupCard])
def list_setups(request: Request, state: str = Query("", max_length=12), is_due: bool = False):
    """Set-ups that proved themselves, by name; `is_due`: whose review date has come."""
    return reads.list_setups(by=request.actor, at=clock.now(), state=state, is_due=is_due)


@router.get("/custom-contracts", response=list[CustomSetup])
def list_custom_setups(request: Request, limit: int = Query(200, ge=1, le=1000)):
    """Signed contracts in force that follow no template, the oldest first."""
    return reads.list_custom_setups(by=request.actor, at=clock.now(), limit=limit)


@router.post("/contract-templates", response={201: SetupSaved})
def save_setup(request: Request, payload: SetupAsked):
    """Keep a signed contract as a template; what was not kept of late is refused."""
    template_id = saving.save_setup(WantedSetup(**payload.dict()), by=request.actor, at=clock.now())
    return Status(201, {"template_id": template_id})


@router.get("/contract-templates/{uuid:template_id}", response=SetupCard)
def get_setup(request: Request, template_id: UUID):
    """One template."""
    return reads.get_setup(template_id, by=request.actor, at=clock.now())


@router.post("/contract-templates/{uuid:template_id}/apply", response={201: OnboardingDrafted})
def apply_setup(request: Request, template_id: UUID, payload: OnboardingAsked):
    """Draft and propose a contract for an account from a template."""
    wanted = WantedOnboarding(**payload.dict())
    return Status(201, {"version_id": applying.apply_setup(template_id, wanted, by=request.actor, at=clock.now())})


@router.post("/contract-templates/{uuid:template_id}/review", response=SetupCard)
def review_setup(request: Request, template_id: UUID, payload: SetupReview):
    """Note what a review found, and when the next one is due."""
    reviewing.review_setup(template_id, **payload.dict(), by=request.actor, at=clock.now())
    return reads.get_setup(template_id, by=request.actor, at=clock.now())


@router.post("/contract-templates/{uuid:template_id}/retire", response=SetupCard)
def retire_setup(request: Request, template_id: UUID, payload: SetupRetirement):
    """Take a template out of use; contracts that follow it stay."""
    reviewing.retire_setup(template_id, because=payload.because, by=request.actor, at=clock.now())
    return reads.get_setup(template_id, by=request.actor, at=clock.now())
