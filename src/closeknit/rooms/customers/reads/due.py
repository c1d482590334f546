"""When accounts are to be judged."""

from datetime import date, datetime

from django.db.models import Max

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.compute.weeks import monday_of
from closeknit.rooms.customers.models import Account, AccountMerge, Dispute, WorthRun
from closeknit.rooms.org.contracts import Permission


def find_day_due(*, by: Actor, at: datetime) -> date | None:
    """Return the day as of which accounts are to be judged now: this week's Monday where that is not done yet, today
    where accounts were merged, split or corrected since they were judged last, else None.
    """
    by.require(Permission.RUN_PLAN)
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
