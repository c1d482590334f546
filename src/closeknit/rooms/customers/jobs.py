"""Background work of this room: ids in, one action out."""

from closeknit.kernel.events import Context
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.sensing.contracts import DemandObserved


def adopt_accounts_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take over the accounts that a batch stated or that its work speaks of."""
    adopt_accounts(event.batch_id, thread_id=event.thread_id, by=context.by)
