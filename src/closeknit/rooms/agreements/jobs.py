"""Background work of this room: ids in, one action out."""

from closeknit.kernel.events import Context
from closeknit.rooms.agreements.actions.adopt_terms import adopt_terms
from closeknit.rooms.sensing.contracts import DemandObserved


def adopt_terms_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take over the terms that a batch stated, and the promises that its work records."""
    adopt_terms(event.batch_id, thread_id=event.thread_id, by=context.by)
