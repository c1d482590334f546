"""Background work of this room: ids in, one action out."""

from closeknit.kernel import clock
from closeknit.kernel.events import Context
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.customers.actions.adopt_records import adopt_records
from closeknit.rooms.customers.actions.apply_merge import apply_merge
from closeknit.rooms.customers.actions.apply_tier_change import TIER_KINDS, apply_tier_change
from closeknit.rooms.customers.actions.assess_accounts import assess_accounts
from closeknit.rooms.customers.actions.expire_insights import expire_insights
from closeknit.rooms.customers.actions.refresh_intimacy import refresh_intimacy
from closeknit.rooms.customers.actions.resolve_records import resolve_records
from closeknit.rooms.customers.actions.tell_of_correction import tell_of_correction
from closeknit.rooms.customers.contracts import DisputeAnswered
from closeknit.rooms.decisions.contracts import DecisionApproved
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.contracts import DemandObserved

DAYS_PER_WEEK = 7


def adopt_accounts_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take over the accounts that a batch stated or that its work speaks of, and what its records state of them."""
    adopt_accounts(event.batch_id, thread_id=event.thread_id, by=context.by)
    if adopt_records(event.batch_id, thread_id=event.thread_id, by=context.by):
        resolve_records(thread_id=event.thread_id, by=context.by, at=clock.now())


def apply_tier_change_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Give an account the tier that was approved."""
    if event.kind in TIER_KINDS:
        apply_tier_change(event.proposal_id, by=context.by)


def apply_merge_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Make two accounts one, as was approved."""
    if event.kind == "merge":
        apply_merge(event.proposal_id, by=context.by, at=clock.now())


def tell_of_correction_on_dispute_answered(event: DisputeAnswered, context: Context) -> None:
    """Tell who reported a fact, and whoever decided by it, what its steward answered."""
    tell_of_correction(event.dispute_id, by=context.by, at=clock.now())


def keep_intimacy() -> None:
    """Keep how well accounts are known once a week. The worker calls this again and again."""
    by, at = org.system_actor(), clock.now()
    kept_on = reads.latest_intimacy_on(by=by, at=at)
    if kept_on is None or (at.date() - kept_on).days >= DAYS_PER_WEEK:
        refresh_intimacy(by=by, at=at)


def keep_worth() -> None:
    """Value, score and judge accounts once a week, and after a correction. The worker calls this again and again."""
    by, at = org.system_actor(), clock.now()
    day = reads.find_day_due(by=by, at=at)
    if day is not None:
        assess_accounts(on=day, by=by, at=at)


def let_insights_expire() -> None:
    """Say of insights whose day has come that they count no more. The worker calls this again and again."""
    while expire_insights(by=org.system_actor(), at=clock.now()):
        pass
