"""Background work of this room: ids in, one action out."""

from datetime import datetime
from uuid import UUID

from closeknit.kernel import clock, jobs
from closeknit.kernel.events import Context
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.contracts import ForecastRequested
from closeknit.rooms.org import reads as org


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
