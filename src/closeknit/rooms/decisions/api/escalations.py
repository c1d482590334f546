"""JSON operations of escalations, their paths, and on-duty calendars."""

from datetime import date, time
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import answer_escalation, keep_duty_calendar
from closeknit.rooms.decisions.actions.adopt_path import adopt_paths
from closeknit.rooms.decisions.actions.answer_escalation import close_escalation_by_hand
from closeknit.rooms.decisions.contracts.escalations import (
    DutyCalendarCard,
    DutyWeek,
    EscalationCard,
    EscalationPath,
    EscalationState,
    EscalationStep,
)

router = Router(tags=["escalations"])
REASON = Field("", max_length=2000)


class Answer(Schema):
    """What a person says to an escalation."""

    reason: str = REASON


class Reassignment(Schema):
    """To whom (a user name) an escalation is given, and why."""

    to: str = Field(..., max_length=150)
    reason: str = REASON


class PathChange(Schema):
    """Escalation paths as YAML, and why they change."""

    paths: str = Field(..., max_length=50_000)
    reason: str = REASON


class NewCalendar(Schema):
    """An on-duty calendar to open: its name, its title, and the time zone whose wall clock it follows."""

    calendar: str = Field(..., max_length=40)
    title: str = Field(..., max_length=120)
    time_zone: str = Field(..., max_length=60)


class NewShift(Schema):
    """A weekly shift (0 is Monday) on the calendar's own clock; it may end on the next day."""

    person: str = Field(..., max_length=150)
    weekday: int = Field(..., ge=0, le=6)
    starts_local: time
    ends_local: time
    from_on: date
    until_on: date | None = None


class ShiftEnd(Schema):
    """The day before which a shift ends."""

    until_on: date


class NewSwap(Schema):
    """Someone takes over for a time, from one other person or ("") from all."""

    person: str = Field(..., max_length=150)
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    replaces: str = Field("", max_length=150)
    reason: str = REASON


class Made(Schema):
    """What was made."""

    id: UUID


class EscalationDetail(Schema):
    """An escalation and its steps, oldest first."""

    escalation: EscalationCard
    steps: list[EscalationStep]


@router.get("/escalations", response=list[EscalationCard])
def list_escalations(
    request: Request,
    state: EscalationState | None = None,
    path: str = "",
    account_number: str = "",
    mine: bool = False,
    limit: int = Query(100, ge=1, le=500),
):
    """Escalations, open ones first, each by what is due first."""
    states = [state] if state else []
    return reads.list_escalations(
        by=request.actor, states=states, path=path, account_number=account_number, mine=mine, limit=limit
    )


@router.get("/escalations/{escalation_id}", response=EscalationDetail)
def get_escalation(request: Request, escalation_id: UUID):
    """One escalation with its steps."""
    card = reads.get_escalation(escalation_id, by=request.actor)
    return {"escalation": card, "steps": reads.list_escalation_steps(escalation_id, by=request.actor)}


@router.post("/escalations/{escalation_id}/acknowledge", response=EscalationCard)
def acknowledge(request: Request, escalation_id: UUID, answer: Answer):
    """Take it on: its clock stops for a while."""
    answer_escalation.acknowledge_escalation(escalation_id, reason=answer.reason, by=request.actor, at=clock.now())
    return reads.get_escalation(escalation_id, by=request.actor)


@router.post("/escalations/{escalation_id}/hand-back", response=EscalationCard)
def hand_back(request: Request, escalation_id: UUID, answer: Answer):
    """Give it back: others are asked."""
    answer_escalation.hand_back_escalation(escalation_id, reason=answer.reason, by=request.actor, at=clock.now())
    return reads.get_escalation(escalation_id, by=request.actor)


@router.post("/escalations/{escalation_id}/reassign", response=EscalationCard)
def reassign(request: Request, escalation_id: UUID, given: Reassignment):
    """Give it to one person."""
    answer_escalation.reassign_escalation(
        escalation_id, to=given.to, reason=given.reason, by=request.actor, at=clock.now()
    )
    return reads.get_escalation(escalation_id, by=request.actor)


@router.post("/escalations/{escalation_id}/close", response=EscalationCard)
def close(request: Request, escalation_id: UUID, answer: Answer):
    """Close what was settled."""
    close_escalation_by_hand(escalation_id, reason=answer.reason, by=request.actor, at=clock.now())
    return reads.get_escalation(escalation_id, by=request.actor)


@router.get("/escalation-paths", response=list[EscalationPath])
def list_paths(request: Request):
    """The escalation paths in force."""
    return reads.list_paths(by=request.actor)


@router.post("/escalation-paths", response=list[EscalationPath])
def change_paths(request: Request, change: PathChange):
    """Put paths (YAML) in force; returns those that changed."""
    return adopt_paths(change.paths, reason=change.reason, by=request.actor, at=clock.now())


@router.get("/escalation-paths/{path}/versions", response=list[EscalationPath])
def list_path_versions(request: Request, path: str):
    """Every version of a path, newest first."""
    return reads.list_path_versions(path, by=request.actor)


@router.get("/duty-calendars", response=list[DutyCalendarCard])
def list_duty_calendars(request: Request):
    """On-duty calendars: who is on duty now, and when nobody is within a week."""
    return reads.list_duty_calendars(at=clock.now(), by=request.actor)


@router.post("/duty-calendars", response={201: list[DutyCalendarCard]})
def open_calendar(request: Request, new: NewCalendar):
    """Open an on-duty calendar."""
    at = clock.now()
    keep_duty_calendar.open_calendar(new.calendar, title=new.title, time_zone=new.time_zone, by=request.actor, at=at)
    return Status(201, reads.list_duty_calendars(at=at, by=request.actor))


@router.get("/duty-calendars/{calendar}", response=DutyWeek)
def get_duty_week(request: Request, calendar: str, week_on: date | None = None):
    """One week of a calendar (the present one unless told): spans, gaps and the weekly shifts."""
    return reads.get_duty_week(calendar, week_on=week_on or clock.now().date(), by=request.actor)


@router.post("/duty-calendars/{calendar}/shifts", response={201: Made})
def set_shift(request: Request, calendar: str, new: NewShift):
    """Put a person on duty every week."""
    made = keep_duty_calendar.set_shift(calendar, **new.dict(), by=request.actor, at=clock.now())
    return Status(201, {"id": made})


@router.post("/duty-calendars/{calendar}/shifts/{shift_id}/end", response=Made)
def end_shift(request: Request, calendar: str, shift_id: UUID, end: ShiftEnd):
    """End a weekly shift before a day."""
    keep_duty_calendar.end_shift(calendar, shift_id, until_on=end.until_on, by=request.actor, at=clock.now())
    return {"id": shift_id}


@router.post("/duty-calendars/{calendar}/swaps", response={201: Made})
def swap_shift(request: Request, calendar: str, new: NewSwap):
    """Have someone take over for a time."""
    made = keep_duty_calendar.swap_shift(calendar, **new.dict(), by=request.actor, at=clock.now())
    return Status(201, {"id": made})
