"""Ask for a fresh forecast and plan because something that people say of demand has changed."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts import ForecastCard, ForecastRequested
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def request_replan(run: ForecastCard, *, because: str, thread_id: UUID, by: Actor) -> None:
    """Ask, in the caller's transaction and thread, for what the run was made for to be made again.

    Who may change a forecast need not see all that a plan is made of: then the system makes it, and says for whom.
    """
    by.require(Permission.ADJUST_FORECAST)
    plans_itself = by.may(Permission.RUN_PLAN) and by.scope_of(Permission.RUN_PLAN).every_account
    record_entry(
        Entry(
            thread_id=thread_id,
            kind="plan.requested",
            subject=f"operation:{run.operation}",
            sentence=(
                f"A plan of {run.operation}, {run.weeks} weeks, was asked for because {{actor}} changed its forecast."
            ),
            evidence={"operation": run.operation, "weeks": run.weeks, "because": because, "run_id": run.run_id},
        ),
        by=by,
    )
    publish(ForecastRequested(thread_id, run.operation, run.weeks, ""), by=by if plans_itself else org.system_actor())
