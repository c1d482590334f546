"""Start the main job for one operation: forecast, need, allocation, proposal."""

from datetime import datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.contracts import PLANNING_WEEKS
from closeknit.rooms.capacity.models import Pool
from closeknit.rooms.demand.actions.request_forecast import request_forecast
from closeknit.rooms.org.contracts import Permission

WEEKS: int = PLANNING_WEEKS.default


def start_plan(operation: str, *, weeks: int = WEEKS, as_of: datetime | None = None, by: Actor) -> UUID:
    """Ask for a fresh forecast and a plan on it; return the thread to watch. Refuses an operation without a pool."""
    by.require(Permission.RUN_PLAN)
    if not Pool.objects.filter(operation=operation).exists():
        raise Invalid(f"No pool is known for {operation}.", where=operation, todo="Load its pools and rosters first.")
    return request_forecast(operation, weeks=weeks, as_of=as_of, by=by)
