"""JSON operations of the sales pipeline."""

from ninja import Query, Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import Pipeline

router = Router(tags=["demand"])


@router.get("/pipeline", response=Pipeline)
def get_pipeline(request: Request, operation: str, weeks: int = Query(26, ge=1, le=104)):
    """The open opportunities of an operation, their chances, and the work they will probably bring by week."""
    return reads.list_pipeline(operation, by=request.actor, at=clock.now(), weeks=weeks)
