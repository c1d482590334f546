"""JSON operations of forecast runs."""

from uuid import UUID

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import EventEffect, ForecastCard, RunPurpose, SeriesCard, WeekPoint

router = Router(tags=["demand"])


@router.get("/forecasts", response=list[ForecastCard])
def list_runs(
    request: Request,
    operation: str = "",
    purpose: RunPurpose = RunPurpose.PLAN,
    limit: int = Query(20, ge=1, le=500),
):
    """Forecast runs made for a purpose, newest first."""
    return reads.list_runs(by=request.actor, operation=operation, purpose=purpose, limit=limit)


@router.get("/forecasts/{run_id}", response=ForecastCard)
def get_run(request: Request, run_id: UUID):
    """One forecast run."""
    return reads.get_run(run_id, by=request.actor)


@router.get("/forecasts/{run_id}/series", response=list[SeriesCard])
def list_series(request: Request, run_id: UUID, limit: int = Query(500, ge=1, le=5000)):
    """A run's series, largest first."""
    return reads.list_series(run_id, by=request.actor, limit=limit)


@router.get("/forecasts/{run_id}/events", response=list[EventEffect])
def list_event_effects(request: Request, run_id: UUID):
    """What holidays, promotions and other events do to each service and region."""
    return reads.list_event_effects(run_id, by=request.actor)


@router.get("/forecasts/{run_id}/weeks", response=list[WeekPoint])
def weekly_points(request: Request, run_id: UUID, account_number: str = "", service: str = "", region: str = ""):
    """Observed weeks, then forecast weeks, of an account, a service, or the whole operation."""
    return reads.weekly_points(run_id, by=request.actor, account_number=account_number, service=service, region=region)
