"""JSON operations of the day under way."""

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import IntradayView

router = Router(tags=["demand"])


@router.get("/demand-today", response=IntradayView)
def get_demand_today(request: Request, operation: str):
    """How today is going in an operation: what came, the day's level, and what the rest of it will bring."""
    return reads.get_intraday(operation, by=request.actor, at=clock.now())
