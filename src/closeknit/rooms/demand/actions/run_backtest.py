"""Make the forecast of one past day that a backtest asks for."""

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.contracts import RunPurpose
from closeknit.rooms.demand.models import Backtest, BacktestRun
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing


def run_backtest_origin(backtest_id: UUID, first_on: date, *, by: Actor, at: datetime) -> UUID | None:
    """Forecast as of the start of a day and note the run; return its id, or None where somebody stopped the backtest.

    A day that cannot be forecast is noted with its reason, and the others go on. Work already done is found again.
    """
    by.require(Permission.RUN_PLAN)
    part = BacktestRun.objects.select_related("backtest").filter(backtest_id=backtest_id, first_on=first_on).first()
    if part is None:
        raise NotFound("There is no such backtest.", where=str(backtest_id))
    backtest: Backtest = part.backtest
    if part.run_id is not None or backtest.stopped_at is not None:
        return part.run_id
    zone = ZoneInfo(sensing.get_operation(backtest.operation, by=by).time_zone)
    try:
        run_id = refresh_forecast(
            backtest.operation,
            as_of=datetime.combine(first_on, time(), zone),
            weeks=backtest.weeks,
            thread_id=backtest_id,
            by=by,
            at=at,
            purpose=RunPurpose.BACKTEST,
        )
    except CloseknitError as refusal:
        BacktestRun.objects.filter(pk=part.pk).update(failure=str(refusal))
        return None
    BacktestRun.objects.filter(pk=part.pk).update(run_id=run_id, failure="")
    return run_id
