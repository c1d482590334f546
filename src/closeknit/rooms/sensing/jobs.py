"""Background work of this room: what comes by itself is taken, again and again."""

import logging
from uuid import UUID

from closeknit.kernel import clock
from closeknit.kernel.errors import CloseknitError
from closeknit.kernel.events import Context
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.pull_rows import pull_rows
from closeknit.rooms.sensing.actions.take_messages import forget_messages, take_messages
from closeknit.rooms.sensing.contracts import ConnectorKind, DemandObserved, RecipeChanged

log = logging.getLogger(__name__)


def look_for_conflicts_on_recipe_changed(event: RecipeChanged, context: Context) -> None:
    """Compare a feed with the others when its rows are read otherwise."""
    find_conflicts(reads.get_feed_name(event.feed_id, by=context.by), by=context.by, at=clock.now())


def look_for_conflicts_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Compare a feed with the others when new data came."""
    find_conflicts(reads.get_batch(event.batch_id, by=context.by).feed, by=context.by, at=clock.now())


def keep_connectors_moving() -> None:
    """Turn messages that came into rows, and ask the databases whose time has come. The worker calls this."""
    by = org.system_actor()
    for connector_id, kind in reads.list_due_connectors(by=by, at=clock.now()):
        if kind is ConnectorKind.PULL:
            _pull(connector_id)
        else:
            while take_messages(connector_id, by=by, at=clock.now()):
                pass


def forget_old_messages() -> None:
    """Forget ids of messages that became rows over a week ago. The worker calls this now and then."""
    forget_messages(by=org.system_actor(), at=clock.now())


def _pull(connector_id: UUID) -> None:
    try:
        pull_rows(connector_id, by=org.system_actor(), at=clock.now())
    except CloseknitError as failure:
        # It stands with the connector, is shown on its page, and is tried again later.
        log.warning("Pull %s: %s", connector_id, failure)
