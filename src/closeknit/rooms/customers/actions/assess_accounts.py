"""One week's assessment: values, then scores, then what the table of tiers says."""

from datetime import date, datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.compute.weeks import monday_of
from closeknit.rooms.org.contracts import Permission


def assess_accounts(*, on: date | None, by: Actor, at: datetime) -> UUID:
    """Value, score and judge every account as of a day (None: this week's Monday); return the run.

    What is done of a day already is not done again, so that an interrupted week is finished where it stopped.

    Raises:
        Denied: without the right to run plans and to propose.
        Invalid: for a day that is not over yet.
        Conflict: where the table of tiers has ended; values and scores are kept.
    """
    by.require(Permission.RUN_PLAN)
    by.require(Permission.PROPOSE)
    run_id = refresh_values(on=on or monday_of(at), by=by, at=at)
    refresh_scores(run_id, by=by, at=at)
    refresh_tiers(run_id, by=by, at=at)
    return run_id
