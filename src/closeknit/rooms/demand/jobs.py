"""Background work of this room: ids in, one action out."""

from datetime import date, datetime
from uuid import UUID

from closeknit.kernel import clock, jobs
from closeknit.kernel.events import Context
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.call_look_backs import call_look_backs
from closeknit.rooms.demand.actions.check_assumptions import check_assumptions
from closeknit.rooms.demand.actions.escalate_forecast_exceptions import escalate_forecast_exceptions
from closeknit.rooms.demand.actions.expire_overrides import expire_overrides
from closeknit.rooms.demand.actions.measure_overrides import measure_overrides
from closeknit.rooms.demand.actions.raise_forecast_exceptions import raise_forecast_exceptions
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.refresh_intraday import refresh_intraday
from closeknit.rooms.demand.actions.run_backtest import run_backtest_origin
from closeknit.rooms.demand.actions.score_forecasts import score_forecasts
from closeknit.rooms.demand.actions.settle_insights import settle_insights
from closeknit.rooms.demand.contracts import (
    BacktestRequested,
    ForecastRefreshed,
    ForecastRequested,
    ForecastsScored,
    ForecastTried,
    LookBackDue,
    RunPurpose,
    ScenarioRequested,
)
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.contracts import DemandObserved


def refresh_forecast_on_requested(event: ForecastRequested, context: Context) -> None:
    """Ask for the forecast; the computation itself runs as a job, outside this transaction."""
    jobs.defer(
        refresh_forecast_job,
        once_key=f"forecast:{event.thread_id}",
        operation=event.operation,
        weeks=event.weeks,
        as_of=event.as_of,
        thread_id=str(event.thread_id),
        by=context.by.key,
    )


@jobs.job
def refresh_forecast_job(operation: str, weeks: int, as_of: str, thread_id: str, by: str) -> None:
    """Forecast an operation's demand from all that is observed up to an instant ("": all)."""
    refresh_forecast(
        operation,
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        weeks=weeks,
        thread_id=UUID(thread_id),
        by=org.get_requester(by),
        at=clock.now(),
    )


def run_backtest_on_requested(event: BacktestRequested, context: Context) -> None:
    """Have each past day forecast by a job of its own."""
    for origin in reads.get_backtest(event.thread_id, by=context.by).origins:
        jobs.defer(
            run_backtest_job,
            once_key=f"backtest:{event.thread_id}:{origin.first_on}",
            backtest_id=str(event.thread_id),
            first_on=origin.first_on.isoformat(),
            by=context.by.key,
        )


@jobs.job
def run_backtest_job(backtest_id: str, first_on: str, by: str) -> None:
    """Forecast an operation as of one past day."""
    run_backtest_origin(UUID(backtest_id), date.fromisoformat(first_on), by=org.get_requester(by), at=clock.now())


def score_forecasts_on_demand_observed(event: DemandObserved, context: Context) -> None:  # noqa: ARG001 - our own step
    """Hold forecasts against the weeks that new work may have completed, as a job."""
    for operation in event.operations:
        _defer_scores(operation, event.thread_id)


def score_forecasts_on_refreshed(event: ForecastRefreshed, context: Context) -> None:  # noqa: ARG001 - our own step
    """Hold a forecast made as of a past day against what came since."""
    _defer_scores(event.operation, event.thread_id)


def score_forecasts_on_tried(event: ForecastTried, context: Context) -> None:  # noqa: ARG001 - our own step
    """Hold a backtest against what came since its day."""
    _defer_scores(event.operation, event.thread_id)


def _defer_scores(operation: str, thread_id: UUID) -> None:
    jobs.defer(
        score_forecasts_job,
        once_key=f"score:{operation}",
        operation=operation,
        thread_id=str(thread_id),
        by=org.system_actor().key,
    )


def refresh_intraday_on_demand_observed(event: DemandObserved, context: Context) -> None:  # noqa: ARG001 - our own step
    """Take new work into the view of the day under way, as a job."""
    for operation in event.operations:
        _defer_intraday(operation, event.thread_id)


def refresh_intraday_on_refreshed(event: ForecastRefreshed, context: Context) -> None:  # noqa: ARG001 - our own step
    """Hold the day under way against a new forecast."""
    _defer_intraday(event.operation, event.thread_id)


def _defer_intraday(operation: str, thread_id: UUID) -> None:
    jobs.defer(
        refresh_intraday_job,
        once_key=f"intraday:{operation}",
        operation=operation,
        thread_id=str(thread_id),
        by=org.system_actor().key,
    )


@jobs.job
def refresh_intraday_job(operation: str, thread_id: str, by: str) -> None:
    """Bring the view of an operation's day up to what was observed of it."""
    refresh_intraday(operation, thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())


def raise_exceptions_on_scored(event: ForecastsScored, context: Context) -> None:
    """Raise what came otherwise than forecast, as a job."""
    jobs.defer(
        raise_exceptions_job,
        once_key=f"exceptions:{event.operation}",
        operation=event.operation,
        thread_id=str(event.thread_id),
        by=context.by.key,
    )


@jobs.job
def score_forecasts_job(operation: str, thread_id: str, by: str) -> None:
    """Score every run of an operation on the weeks that are complete now."""
    score_forecasts(operation, thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())


@jobs.job
def raise_exceptions_job(operation: str, thread_id: str, by: str) -> None:
    """Raise the weeks of an operation that came otherwise than forecast."""
    raise_forecast_exceptions(operation, thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())


def keep_forecast_exceptions() -> None:
    """Escalate forecast exceptions that nobody answered in time."""
    while escalate_forecast_exceptions(by=org.system_actor(), at=clock.now()):
        continue


def try_scenario_on_requested(event: ScenarioRequested, context: Context) -> None:
    """Ask for a forecast under a scenario's assumptions, as a job."""
    jobs.defer(
        try_scenario_job,
        once_key=f"scenario:{event.thread_id}",
        operation=event.operation,
        weeks=event.weeks,
        scenario=event.scenario,
        thread_id=str(event.thread_id),
        by=context.by.key,
    )


@jobs.job
def try_scenario_job(operation: str, weeks: int, scenario: str, thread_id: str, by: str) -> None:
    """Forecast an operation under the assumptions of a scenario; nothing is planned by it."""
    refresh_forecast(
        operation,
        as_of=None,
        weeks=weeks,
        thread_id=UUID(thread_id),
        by=org.get_requester(by),
        at=clock.now(),
        purpose=RunPurpose.SCENARIO,
        scenario=scenario,
    )


def look_back_on_demand_observed(event: DemandObserved, context: Context) -> None:  # noqa: ARG001 - our own step
    """Hold what people changed and assumed against what came, as a job."""
    for operation in event.operations:
        jobs.defer(
            look_back_job,
            once_key=f"look-back:{operation}",
            operation=operation,
            thread_id=str(event.thread_id),
            by=org.system_actor().key,
        )


def look_back_on_due(event: LookBackDue, context: Context) -> None:
    """Score forecasts, raise what is off and look at what people changed, though nothing new was loaded."""
    by = context.by.key
    about = {"operation": event.operation, "thread_id": str(event.thread_id), "by": by}
    jobs.defer(score_forecasts_job, once_key=f"score:{event.operation}", **about)
    jobs.defer(raise_exceptions_job, once_key=f"exceptions:{event.operation}", **about)
    jobs.defer(look_back_job, once_key=f"look-back:{event.operation}", **about)


def keep_looking_back() -> None:
    """Once a week, call for a look back at every operation that is forecast."""
    call_look_backs(by=org.system_actor(), at=clock.now())


@jobs.job
def look_back_job(operation: str, thread_id: str, by: str) -> None:
    """Expire overrides whose day has passed, measure those whose weeks came, and check assumptions that are over."""
    actor, now = org.get_requester(by), clock.now()
    while expire_overrides(by=actor, at=now):
        continue
    measure_overrides(operation, thread_id=UUID(thread_id), by=actor, at=now)
    check_assumptions(operation, by=actor, at=now)
    settle_insights(operation, by=actor, at=now)
