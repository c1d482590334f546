"""JSON operations of the journey map."""

from datetime import datetime
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions import set_touchpoint as setting
from closeknit.rooms.customers.contracts.journey import Journey, Stage, TouchpointPlan, Triage

router = Router(tags=["customers"])


class StatedTouchpoint(Schema):
    """Where customers meet us and to whom that goes."""

    name: str = Field(max_length=80)
    stage: Stage
    operation: str = Field(max_length=80)
    service: str = Field("", max_length=80)
    channel: str = Field("", max_length=80)
    queue: str = Field("", max_length=80)
    owner_key: str = Field("", max_length=60)
    answer_within_minutes: int = Field(ge=1, le=366 * 24 * 60)
    triage: Triage = Triage.RULE


class TouchpointMade(Schema):
    """The touchpoint's id."""

    touchpoint_id: UUID


@router.get("/journey", response=Journey)
def get_journey(
    request: Request,
    account_number: str = Query("", max_length=400),
    days: int = Query(28, ge=1, le=366),
    at: datetime | None = None,
):
    """The map of touchpoints with what was observed there and its gaps: of one account, or of all."""
    moment = clock.now() if at is None else clock.check(at, where="at")
    return reads.get_journey(account_number=account_number, days=days, by=request.actor, at=moment)


@router.post("/journey/touchpoints", response={201: TouchpointMade})
def add_touchpoint(request: Request, payload: StatedTouchpoint):
    """Put a touchpoint on the map."""
    plan = TouchpointPlan(**payload.dict())
    return Status(201, {"touchpoint_id": setting.set_touchpoint(plan, by=request.actor, at=clock.now())})


@router.post("/journey/touchpoints/{uuid:touchpoint_id}", response=TouchpointMade)
def change_touchpoint(request: Request, touchpoint_id: UUID, payload: StatedTouchpoint):
    """State a touchpoint anew; past maps keep what it was."""
    plan = TouchpointPlan(**payload.dict())
    setting.set_touchpoint(plan, touchpoint_id=touchpoint_id, by=request.actor, at=clock.now())
    return {"touchpoint_id": touchpoint_id}


@router.post("/journey/touchpoints/{uuid:touchpoint_id}/end", response=TouchpointMade)
def end_touchpoint(request: Request, touchpoint_id: UUID):
    """Take a touchpoint off the map."""
    setting.end_touchpoint(touchpoint_id, by=request.actor, at=clock.now())
    return {"touchpoint_id": touchpoint_id}
