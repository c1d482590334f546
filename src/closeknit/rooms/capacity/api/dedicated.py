"""JSON operations of dedicated streams."""

from uuid import UUID

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts import DedicatedCase

router = Router(tags=["capacity"])


@router.get("/prices/dedicated", response=DedicatedCase)
def get_case(request: Request, tier: str, operation: str = "", plan_id: UUID | None = None):
    """A tier's work pooled with all other against a stream of its own: hours, cost, service, risk. For who sees all."""
    return reads.get_dedicated_case(tier, operation=operation, plan_id=plan_id, by=request.actor, at=clock.now())
