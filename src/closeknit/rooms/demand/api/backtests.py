"""JSON operations of backtests, and of computing a forecast again."""

from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.replay_forecast import replay_forecast
from closeknit.rooms.demand.actions.request_backtest import request_backtest
from closeknit.rooms.demand.actions.stop_backtest import stop_backtest
from closeknit.rooms.demand.contracts import MOST_BACKTEST_WEEKS, MOST_ORIGINS, BacktestCard, ForecastReplay

router = Router(tags=["demand"])


class BacktestWanted(Schema):
    """Which past days to forecast from: so many, so many weeks apart, so many weeks ahead."""

    operation: str = Field(max_length=80)
    origins: int = Field(6, ge=1, le=MOST_ORIGINS)
    every_weeks: int = Field(2, ge=1, le=MOST_BACKTEST_WEEKS)
    weeks: int = Field(4, ge=1, le=MOST_BACKTEST_WEEKS)


class BacktestStarted(Schema):
    """Where to see how far it is."""

    backtest_id: UUID


@router.get("/backtests", response=list[BacktestCard])
def list_backtests(request: Request, operation: str = "", limit: int = Query(20, ge=1, le=200)):
    """Backtests with their runs, newest first."""
    return reads.list_backtests(by=request.actor, operation=operation, limit=limit)


@router.post("/backtests", response={202: BacktestStarted})
def start_backtest(request: Request, wanted: BacktestWanted):
    """Forecast an operation as of past days; a worker does it."""
    backtest_id = request_backtest(**wanted.dict(), by=request.actor, at=clock.now())
    return Status(202, {"backtest_id": backtest_id})


@router.get("/backtests/{backtest_id}", response=BacktestCard)
def get_backtest(request: Request, backtest_id: UUID):
    """One backtest, and how far it is."""
    return reads.get_backtest(backtest_id, by=request.actor)


@router.post("/backtests/{backtest_id}/stop", response=BacktestCard)
def stop(request: Request, backtest_id: UUID):
    """Stop a backtest; what it made stays."""
    stop_backtest(backtest_id, by=request.actor, at=clock.now())
    return reads.get_backtest(backtest_id, by=request.actor)


@router.get("/forecasts/{run_id}/replay", response=ForecastReplay)
def replay(request: Request, run_id: UUID):
    """Compute the forecast again from its snapshot and compare every bit."""
    return replay_forecast(run_id, by=request.actor)
