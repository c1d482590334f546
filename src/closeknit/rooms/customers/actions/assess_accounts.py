"""One week's assessment: values, then scores, then what the table of tiers says."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.models import Account, AccountMerge, Dispute, WorthRun
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


def day_due(at: datetime) -> date | None:
    """Return the day as of which accounts are to be judged now: this week's Monday where that is not done yet, today
    where accounts were merged, split or corrected since they were judged last, else None.
    """
    if not Account.objects.exists():
        return None
    if not WorthRun.objects.filter(as_of_on=monday_of(at), tiered_at__isnull=False).exists():
        return monday_of(at)
    last = WorthRun.objects.order_by("-as_of_on").values_list("as_of_on", "computed_at")[0]
    corrected_at = _last_corrected_at()
    return at.date() if corrected_at and corrected_at > last[1] and last[0] < at.date() else None


def _last_corrected_at() -> datetime | None:
    merges = AccountMerge.objects.aggregate(merged=Max("merged_at"), split=Max("split_at"))
    answered = Dispute.objects.filter(state="corrected").aggregate(at=Max("answered_at"))
    return max((moment for moment in (*merges.values(), *answered.values()) if moment), default=None)


def monday_of(at: datetime) -> date:
    """Return the Monday of an instant's week."""
    return at.date() - timedelta(days=at.weekday())
