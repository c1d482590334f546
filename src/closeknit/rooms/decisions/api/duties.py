"""JSON operations of duties: what recurs, what is due, its evidence and signature."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.kernel.output import plain
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import add_duty as duties
from closeknit.rooms.decisions.actions.sign_duty import sign_duty
from closeknit.rooms.decisions.api.reason import Reason
from closeknit.rooms.decisions.contracts import (
    Cadence,
    DutyCard,
    DutyRule,
    DutyTemplate,
    OccurrenceCard,
    OccurrenceState,
)

router = Router(tags=["duties"])


class Rule(Schema):
    """On which days a duty falls due."""

    cadence: Cadence
    weekday: int = Field(0, ge=0, le=7)
    business_day: int = Field(0, ge=-31, le=31)
    day: int = Field(0, ge=0, le=31)
    month: int = Field(1, ge=1, le=12)
    days_to_sign: int = Field(5, ge=0, le=60)
    time_zone: str = Field("UTC", max_length=60)


class NewDuty(Schema):
    """A duty to add."""

    name: str = Field(..., max_length=120)
    owner: str = Field(..., max_length=80)
    rule: Rule
    evidence: list[str] = Field(default_factory=list, max_length=30)
    statement: str = Field(..., max_length=2000)
    about: str = Field("", max_length=2000)
    starts_on: date | None = None


class Install(Schema):
    """Which shipped duties to add; none: all that are missing."""

    templates: list[str] = Field(default_factory=list, max_length=30)


class Assignment(Schema):
    """To whom a duty passes, and why."""

    owner: str = Field(..., max_length=80)
    reason: str = Field(..., max_length=500)


class Signature(Schema):
    """A signature under the evidence that was looked at."""

    evidence_sha256: str = Field(..., pattern="^[0-9a-f]{64}$")
    remark: str = Field("", max_length=2000)


class EvidenceAnswer(Schema):
    """The answer to one query, as it was when the duty fell due."""

    name: str
    title: str
    columns: list[str]
    rows: list[dict]
    hidden_rows: int
    failure: str


class DueDate(Schema):
    """One due date with its evidence."""

    due_date: OccurrenceCard
    about: str
    evidence: list[EvidenceAnswer]


@router.get("/duties", response=list[DutyCard])
def list_duties(request: Request, with_ended: bool = False):
    """What recurs."""
    return reads.list_duties(by=request.actor, with_ended=with_ended)


@router.post("/duties", response={201: DutyCard})
def add_duty(request: Request, duty: NewDuty):
    """Have something recur."""
    at = clock.now()
    duty_id = duties.add_duty(
        name=duty.name,
        owner=duty.owner,
        rule=DutyRule(**duty.rule.dict()),
        evidence=duty.evidence,
        statement=duty.statement,
        starts_on=duty.starts_on or at.date(),
        about=duty.about,
        by=request.actor,
        at=at,
    )
    return Status(201, reads.get_duty(duty_id, by=request.actor))


@router.get("/duties/templates", response=list[DutyTemplate])
def list_templates(request: Request):
    """The duties as shipped."""
    return reads.list_duty_templates(by=request.actor)


@router.post("/duties/templates/install", response={201: list[DutyCard]})
def install_templates(request: Request, wanted: Install):
    """Add shipped duties; what is there already stays as it is."""
    at = clock.now()
    made = duties.install_duty_templates(wanted.templates, starts_on=at.date(), by=request.actor, at=at)
    return Status(201, [reads.get_duty(duty_id, by=request.actor) for duty_id in made])


@router.get("/duties/due", response=list[OccurrenceCard])
def list_due_dates(
    request: Request,
    state: OccurrenceState | None = None,
    duty_id: UUID | None = None,
    mine: bool = False,
    limit: int = Query(100, ge=1, le=500),
):
    """Due dates: open ones first, the longest overdue on top, then signed ones."""
    return reads.list_occurrences(
        by=request.actor, states=[state] if state else (), duty_id=duty_id, only_mine=mine, limit=limit
    )


@router.get("/duties/due/{occurrence_id}", response=DueDate)
def get_due_date(request: Request, occurrence_id: UUID):
    """One due date with its evidence, as far as I see the accounts in it."""
    return _due_date(request, occurrence_id)


@router.post("/duties/due/{occurrence_id}/sign", response=DueDate)
def sign(request: Request, occurrence_id: UUID, signature: Signature):
    """Sign a due date."""
    sign_duty(
        occurrence_id,
        evidence_sha256=signature.evidence_sha256,
        remark=signature.remark,
        by=request.actor,
        at=clock.now(),
    )
    return _due_date(request, occurrence_id)


@router.post("/duties/{duty_id}/assign", response=DutyCard)
def assign(request: Request, duty_id: UUID, to: Assignment):
    """Pass a duty on."""
    duties.assign_duty(duty_id, owner=to.owner, reason=to.reason, by=request.actor, at=clock.now())
    return reads.get_duty(duty_id, by=request.actor)


@router.post("/duties/{duty_id}/end", response=DutyCard)
def end(request: Request, duty_id: UUID, why: Reason):
    """Have a duty recur no more."""
    duties.end_duty(duty_id, reason=why.reason, by=request.actor, at=clock.now())
    return reads.get_duty(duty_id, by=request.actor)


def _due_date(request: Request, occurrence_id: UUID) -> dict:
    detail = reads.get_occurrence(occurrence_id, by=request.actor)
    return {"due_date": detail.card, "about": detail.about, "evidence": plain(detail.evidence)}
