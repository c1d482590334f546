"""JSON operations of shortages."""

from decimal import Decimal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.open_shortage import open_shortage
from closeknit.rooms.capacity.actions.propose_reassignment import propose_reassignment
from closeknit.rooms.capacity.contracts import ShortageCard

router = Router(tags=["capacity"])


class ShortageAsked(Schema):
    """The plan: by its id, else the operation's plan in force; what people from outside cost a paid hour, if any."""

    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    outside_cost_per_hour: Decimal | None = None


class ReassignmentAsked(Schema):
    """Why staff should be reassigned."""

    reason: str = Field(max_length=2000)


class ReassignmentProposed(Schema):
    """The proposal that waits for an answer, or that policy settled."""

    proposal_id: UUID


@router.get("/shortages", response=list[ShortageCard])
def list_shortages(request: Request, operation: str = "", limit: int = Query(50, ge=1, le=500)):
    """Shortages, newest first. Claims and prices are left to the single one."""
    return reads.list_shortages(by=request.actor, operation=operation, limit=limit)


@router.post("/shortages", response=ShortageCard)
def open_one(request: Request, asked: ShortageAsked):
    """Write down who is short in a plan, by which rule and at what price, and find what would end it."""
    shortage_id = open_shortage(
        asked.plan_id,
        operation=asked.operation,
        outside_cost_per_hour=asked.outside_cost_per_hour,
        by=request.actor,
        at=clock.now(),
    )
    return reads.get_shortage(shortage_id, by=request.actor)


@router.get("/shortages/{shortage_id}", response=ShortageCard)
def get_shortage(request: Request, shortage_id: UUID):
    """One shortage: who gives way, prices, the remedy, and whether it was kept."""
    return reads.get_shortage(shortage_id, by=request.actor)


@router.post("/shortages/{shortage_id}/propose", response={201: ReassignmentProposed})
def propose(request: Request, shortage_id: UUID, asked: ReassignmentAsked):
    """Propose the staff moves that would end it; once approved they are in force, and it is planned again."""
    proposal_id = propose_reassignment(shortage_id, reason=asked.reason, by=request.actor, at=clock.now())
    return Status(201, {"proposal_id": proposal_id})
