"""One week's assessment: values, then scores, then what the table of tiers says."""

from datetime import date, datetime, timedelta
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.models import Account, WorthRun
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


def worth_is_due(at: datetime) -> bool:
    """Tell whether this week's accounts are not judged yet, and there are any."""
    done = WorthRun.objects.filter(as_of_on=monday_of(at), tiered_at__isnull=False).exists()
    return not done and Account.objects.exists()


def monday_of(at: datetime) -> date:
    """Return the Monday of an instant's week."""
    return at.date() - timedelta(days=at.weekday())
