"""JSON operations of capacity."""

from argparse import ArgumentTypeError
from datetime import date, datetime
from uuid import UUID

from ninja import Query, Router, Schema, Status

from closeknit.kernel import arguments, clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_staffing import answer_staffing, staff_day, verify_numbers
from closeknit.rooms.capacity.actions.replay_plan import Replay, replay_plan
from closeknit.rooms.capacity.actions.start_plan import start_plan
from closeknit.rooms.capacity.contracts import (
    ClaimWeek,
    IntervalCell,
    PlanCard,
    PlanState,
    PoolCard,
    PoolWeek,
    StaffingDay,
    StaffingInterval,
    StaffingMethod,
    StaffingPoint,
    StaffingQuestion,
    VerifiedNumber,
)

router = Router(tags=["capacity"])


class PlanRequest(Schema):
    """What to plan. `weeks`: as settings say, where left out. `as_of` uses only data before that instant."""

    operation: str
    weeks: int | None = None
    as_of: datetime | None = None


class PlanStarted(Schema):
    """The thread to watch: GET /threads/{thread_id}, then GET /plans?operation=…"""

    thread_id: UUID


class StaffingTargets(Schema):
    """What a queue is asked to keep: minutes, shares 0..1. `shrinkage_share` as text is exact: "30%" or "3/10"."""

    interval_minutes: float
    handle_minutes: float
    target_share: float = 0.8
    threshold_minutes: float = 1 / 3
    patience_minutes: float | None = None
    shrinkage_share: str = "0"
    most_occupancy_share: float | None = None
    most_abandoned_share: float | None = None
    longest_mean_wait_minutes: float | None = None


class StaffingAsked(StaffingTargets):
    """One interval: its calls too."""

    calls: float


class StaffingDayAsked(StaffingTargets):
    """The intervals of a day, in order."""

    intervals: list[StaffingInterval]
    method: StaffingMethod = StaffingMethod.AUTO


class StaffingAnswered(Schema):
    """The fewest agents that keep everything asked; `sentence` says it in words."""

    agents: int
    scheduled: int
    offered_erlangs: float
    model: str
    binding: str
    at: StaffingPoint
    one_fewer: StaffingPoint | None
    curve: list[StaffingPoint]
    sentence: str


@router.post("/staffing", response=StaffingAnswered)
def answer(request: Request, asked: StaffingAsked):
    """How many people keep a promise to answer?"""
    return answer_staffing(_question(asked, asked.calls), by=request.actor)


@router.post("/staffing/day", response=StaffingDay)
def answer_day(request: Request, asked: StaffingDayAsked):
    """How many people does each interval of a day need?"""
    return staff_day(_question(asked, 0.0), tuple(asked.intervals), method=asked.method, by=request.actor)


@router.get("/staffing/verified", response=list[VerifiedNumber])
def verified(request: Request):
    """Published results computed again, here and now."""
    return verify_numbers(by=request.actor)


def _question(asked: StaffingTargets, calls: float) -> StaffingQuestion:
    try:
        shrinkage = arguments.share(asked.shrinkage_share)
    except ArgumentTypeError as reason:
        raise Invalid(f"{reason}.", where="shrinkage_share", todo="Give a share such as 30% or 3/10.") from reason
    told = asked.dict(exclude={"calls", "intervals", "method", "shrinkage_share"})
    return StaffingQuestion(calls=calls, shrinkage_share=shrinkage, **told)


@router.get("/pools", response=list[PoolCard])
def list_pools(request: Request, operation: str = ""):
    """Pools by operation."""
    return reads.list_pools(by=request.actor, operation=operation)


@router.get("/plans", response=list[PlanCard])
def list_plans(
    request: Request, operation: str = "", state: PlanState | None = None, limit: int = Query(50, ge=1, le=500)
):
    """Plans, newest first."""
    return reads.list_plans(by=request.actor, operation=operation, states=[state] if state else (), limit=limit)


@router.post("/plans", response={202: PlanStarted})
def start(request: Request, wanted: PlanRequest):
    """Start the main job for an operation; a worker does it."""
    by = request.actor
    weeks = wanted.weeks
    if weeks is None:
        weeks = reads.get_planning_weeks(wanted.operation, at=clock.now(), by=by)
    thread_id = start_plan(wanted.operation, weeks=weeks, as_of=wanted.as_of, by=by)
    return Status(202, {"thread_id": thread_id})


@router.get("/plans/{plan_id}", response=PlanCard)
def get_plan(request: Request, plan_id: UUID):
    """One plan."""
    return reads.get_plan(plan_id, by=request.actor)


@router.get("/plans/{plan_id}/weeks", response=list[PoolWeek])
def list_pool_weeks(request: Request, plan_id: UUID):
    """A plan by pool and week, with prices where the actor may read them."""
    return reads.list_pool_weeks(plan_id, by=request.actor)


@router.get("/plans/{plan_id}/claims", response=list[ClaimWeek])
def list_claims(
    request: Request,
    plan_id: UUID,
    only_short: bool = False,
    account_number: str = "",
    limit: int = Query(500, ge=1, le=10000),
):
    """Who needs and gets what, the dearest shortfall first."""
    return reads.list_claims(
        plan_id, by=request.actor, only_short=only_short, account_number=account_number, limit=limit
    )


@router.get("/plans/{plan_id}/cells", response=list[IntervalCell])
def list_cells(request: Request, plan_id: UUID, pool: str, week_on: date):
    """One pool's periods in one week."""
    return reads.list_cells(plan_id, pool, week_on, by=request.actor)


@router.get("/plans/{plan_id}/replay", response=Replay)
def replay(request: Request, plan_id: UUID):
    """Compute the plan again from its snapshot and compare every bit."""
    return replay_plan(plan_id, by=request.actor)
