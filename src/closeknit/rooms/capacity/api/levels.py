"""JSON operations of level loading."""

from uuid import UUID

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts import LevelBook

router = Router(tags=["capacity"])


@router.get("/level-loading", response=LevelBook)
def get_levels(request: Request, operation: str = "", plan_id: UUID | None = None):
    """A plan's work that may wait, levelled, with room for what may not. For who sees every account."""
    return reads.get_levels(plan_id, operation=operation, by=request.actor, at=clock.now())
