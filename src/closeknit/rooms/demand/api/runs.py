"""JSON operations of forecast runs."""

from uuid import UUID

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import ForecastCard, SeriesCard, WeekPoint

router = Router(tags=["demand"])


@router.get("/forecasts", response=list[ForecastCard])
def list_runs(request: Request, operation: str = "", limit: int = Query(20, ge=1, le=500)):
    """Forecast runs, newest first."""
    return reads.list_runs(by=request.actor, operation=operation, limit=limit)


@router.get("/forecasts/{run_id}", response=ForecastCard)
def get_run(request: Request, run_id: UUID):
    """One forecast run."""
    return reads.get_run(run_id, by=request.actor)


@router.get("/forecasts/{run_id}/series", response=list[SeriesCard])
def list_series(request: Request, run_id: UUID, limit: int = Query(500, ge=1, le=5000)):
    """A run's series, largest first."""
    return reads.list_series(run_id, by=request.actor, limit=limit)


@router.get("/forecasts/{run_id}/weeks", response=list[WeekPoint])
def weekly_points(request: Request, run_id: UUID, account_number: str = "", service: str = "", region: str = ""):
    """Observed weeks, then forecast weeks, of an account, a service, or the whole operation."""
    return reads.weekly_points(run_id, by=request.actor, account_number=account_number, service=service, region=region)
