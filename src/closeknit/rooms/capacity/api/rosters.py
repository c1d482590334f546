"""JSON operations of rosters, and of who works in a pool."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.actions.publish_roster import publish_roster
from closeknit.rooms.capacity.actions.replay_roster import RosterReplay, replay_roster
from closeknit.rooms.capacity.actions.start_roster import start_roster
from closeknit.rooms.capacity.contracts.rosters import (
    LONGEST_ROSTER_WEEKS,
    RosterAsked,
    RosterBoard,
    RosterCard,
    RosterState,
    RosterWhyNot,
    StaffCard,
)

router = Router(tags=["capacity"])
LONGEST_FILE = 1_000_000


class RosterWanted(Schema):
    """A pool and up to four weeks of the plan in force. `shifts` such as "08:00-16:30"; none: the pool's own lines."""

    pool: str = Field(max_length=120)
    weeks: int = Field(1, ge=1, le=LONGEST_ROSTER_WEEKS)
    first_on: date | None = None
    shifts: list[str] = Field(default_factory=list, max_length=8)


class RosterStarted(Schema):
    """The thread to watch: GET /rosters?thread_id=…"""

    thread_id: UUID


class RosterPublication(Schema):
    """Why this roster."""

    reason: str = Field(max_length=1000)


class StaffFile(Schema):
    """Who works in a pool: a CSV text of person, name, week_hours; user, skills, shifts, wants, avoids, away."""

    pool: str = Field(max_length=120)
    text: str = Field(max_length=LONGEST_FILE)


class StaffTaken(Schema):
    """How many people work in the pool now."""

    people: int


@router.get("/staff", response=list[StaffCard])
def list_staff(request: Request, pool: str = ""):
    """Who works in a pool, or in any. Names and wishes where the actor may read what is personal."""
    return reads.list_staff(pool, by=request.actor)


@router.post("/staff", response=StaffTaken)
def state_staff(request: Request, given: StaffFile):
    """Replace who works in a pool by a file's lines: whole, or not at all."""
    return {"people": adopt_staff(given.pool, given.text, by=request.actor, at=clock.now())}


@router.get("/rosters", response=list[RosterCard])
def list_rosters(
    request: Request,
    pool: str = "",
    state: RosterState | None = None,
    thread_id: UUID | None = None,
    limit: int = Query(50, ge=1, le=500),
):
    """Rosters, newest first: of a pool, in a state, or the one a thread made. None for a reader of some accounts."""
    if thread_id is not None:
        found = reads.find_roster_of_thread(thread_id, by=request.actor)
        return [found] if found else []
    return reads.list_rosters(by=request.actor, pool=pool, state=state, limit=limit)


@router.post("/rosters", response={202: RosterStarted})
def start(request: Request, wanted: RosterWanted):
    """Ask for a draft roster for the need of the plan in force; a worker makes it."""
    asked = RosterAsked(wanted.pool, wanted.weeks, wanted.first_on, tuple(wanted.shifts))
    return Status(202, {"thread_id": start_roster(asked, by=request.actor, at=clock.now())})


@router.get("/rosters/{roster_id}", response=RosterBoard)
def get_board(request: Request, roster_id: UUID):
    """A roster whole: who works when, what each day gets, what stays open and its cheapest way out."""
    return reads.get_roster_board(roster_id, by=request.actor)


@router.get("/rosters/{roster_id}/why-not", response=RosterWhyNot)
def why_not(request: Request, roster_id: UUID, person: str, day_on: date, shift: str = ""):
    """Why a person is not on a shift on a day ("": why not off): the rules in the way, or what it would cost."""
    return reads.get_roster_why_not(roster_id, person=person, day_on=day_on, shift=shift, by=request.actor)


@router.get("/rosters/{roster_id}/replay", response=RosterReplay)
def replay(request: Request, roster_id: UUID):
    """Compute the roster again from what it was made of, and compare every bit."""
    return replay_roster(roster_id, by=request.actor)


@router.post("/rosters/{roster_id}/publish", response=RosterCard)
def publish(request: Request, roster_id: UUID, given: RosterPublication):
    """Make a draft what its people go by."""
    publish_roster(roster_id, reason=given.reason, by=request.actor, at=clock.now())
    return reads.get_roster_board(roster_id, by=request.actor).card
