"""JSON operations of capacity."""

from datetime import date, datetime
from uuid import UUID

from ninja import Query, Router, Schema, Status

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.replay_plan import Replay, replay_plan
from closeknit.rooms.capacity.actions.start_plan import start_plan
from closeknit.rooms.capacity.contracts import (
    ClaimWeek,
    IntervalCell,
    PlanCard,
    PlanState,
    PoolCard,
    PoolWeek,
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
    weeks = wanted.weeks if wanted.weeks is not None else reads.get_planning_weeks(at=clock.now(), by=by)
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
