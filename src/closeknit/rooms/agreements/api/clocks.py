"""JSON operations of clocks."""

from datetime import datetime

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.record_work_event import WantedWorkEvent
from closeknit.rooms.agreements.actions.record_work_event import record_work_event as recording
from closeknit.rooms.agreements.contracts import ClockCard, WorkClocks, WorkEventKind

router = Router(tags=["agreements"])


class StatedWorkEvent(Schema):
    """What happened to a piece of work. Without a time: now."""

    operation: str = Field(max_length=80)
    work_key: str = Field(max_length=400)
    kind: WorkEventKind
    happened_at: datetime | None = None
    reason: str = Field("", max_length=120)
    work_class: str = Field("", max_length=80)


@router.get("/clocks", response=list[ClockCard])
def list_clocks(
    request: Request,
    operation: str = Query("", max_length=80),
    account_number: str = Query("", max_length=400),
    state: str = Query("", max_length=12),
    at: datetime | None = None,
    limit: int = Query(200, ge=1, le=10_000),
):
    """The clocks that run at an instant, those that run out first first."""
    moment = clock.now() if at is None else clock.check(at, where="at")
    return reads.list_clocks(
        by=request.actor, at=moment, operation=operation, account_number=account_number, state=state, limit=limit
    )


@router.get("/work-clocks", response=WorkClocks)
def get_work_clocks(
    request: Request,
    operation: str = Query(..., max_length=80),
    work_key: str = Query(..., max_length=400),
    at: datetime | None = None,
):
    """The clocks of one piece of work, and what happened to it."""
    moment = clock.now() if at is None else clock.check(at, where="at")
    return reads.get_work_clocks(operation, work_key, by=request.actor, at=moment)


@router.post("/work-events", response={201: WorkClocks})
def record_work_event(request: Request, payload: StatedWorkEvent):
    """Record that work was answered, held, resumed, done or reopened, or that its priority changed."""
    now = clock.now()
    given = payload.dict()
    happened_at = now if payload.happened_at is None else clock.check(payload.happened_at, where="happened_at")
    recording(WantedWorkEvent(**{**given, "happened_at": happened_at}), by=request.actor, at=now)
    return Status(201, reads.get_work_clocks(payload.operation, payload.work_key, by=request.actor, at=now))
