"""JSON operations of the rest of today."""

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts.today import NeedToday

router = Router(tags=["capacity"])


@router.get("/need-today", response=NeedToday)
def get_need_today(request: Request, operation: str):
    """What the rest of today asks of an operation's pools, and who is rostered for it."""
    return reads.get_need_today(operation, by=request.actor, at=clock.now())
