"""Background work of this room: ids in, one action out."""

from closeknit.kernel import clock
from closeknit.kernel.events import Context
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.customers.actions.apply_tier_change import apply_tier_change
from closeknit.rooms.customers.actions.expire_insights import expire_insights
from closeknit.rooms.decisions.contracts import DecisionApproved
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.contracts import DemandObserved


def adopt_accounts_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take over the accounts that a batch stated or that its work speaks of."""
    adopt_accounts(event.batch_id, thread_id=event.thread_id, by=context.by)


def apply_tier_change_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Give an account the tier that was approved."""
    if event.kind == "tier":
        apply_tier_change(event.proposal_id, by=context.by)


def let_insights_expire() -> None:
    """Say of insights whose day has come that they count no more. The worker calls this again and again."""
    while expire_insights(by=org.system_actor(), at=clock.now()):
        pass
