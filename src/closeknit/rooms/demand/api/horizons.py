"""JSON operations of horizons and frozen periods."""

from uuid import UUID

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import FrozenChange, Horizon

router = Router(tags=["demand"])


@router.get("/demand-horizons", response=Horizon)
def get_horizons(request: Request, operation: str, region: str = "", site: str = ""):
    """How far an operation's forecast must look at a place, and what of it is settled, with reasons."""
    return reads.get_horizons(operation, region, site=site, at=clock.now(), by=request.actor)


@router.get("/forecasts/{run_id}/frozen-changes", response=list[FrozenChange])
def list_frozen_changes(request: Request, run_id: UUID, service: str = "", region: str = ""):
    """What a forecast changed, against the one before it, on days that an answer no longer reaches."""
    return reads.list_frozen_changes(run_id, service=service, region=region, at=clock.now(), by=request.actor)
