"""Values and scores in the chain from rows to decisions: which work a week's stand on, and which a row touched."""

from datetime import UTC, datetime, time
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.contracts import ValueRun
from closeknit.rooms.customers.models import WorthRun
from closeknit.rooms.customers.reads.values import get_value_run
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import LineageKind, LineageNode, MadeOf, Touched

MOST_RUNS = 1000


class ValueLineage:
    """What sensing asks of a week's values and scores (see `sensing.contracts.LineagePart`)."""

    def made_of(self, node_id: UUID, *, by: Actor) -> MadeOf:
        """Return which work they stand on: all of every operation before their day that was known by then."""
        run = get_value_run(node_id, by=by)
        until_at = datetime.combine(run.as_of_on, time(), UTC)
        return MadeOf(_node(run.run_id, run), known_at=run.computed_at, until_at=until_at)

    def used_by(self, touched: Touched, *, by: Actor) -> list[LineageNode]:
        """Return the weeks valued since the row was known, of the days after it happened, oldest first."""
        if not (by.may(Permission.READ_INTERNAL) and by.may(Permission.READ_MONEY)):
            return []
        runs = WorthRun.objects.filter(
            computed_at__gte=touched.known_at, as_of_on__gt=touched.first_at.astimezone(UTC).date()
        )
        return [_node(run.pk, run) for run in runs.order_by("as_of_on")[:MOST_RUNS]]


def _node(run_id: UUID, told: ValueRun | WorthRun) -> LineageNode:
    title = f"Values and scores as of {told.as_of_on:%d %b %Y}, {told.valued:,} of {told.accounts:,} accounts"
    return LineageNode(LineageKind.VALUES, str(run_id), title, told.computed_at, told.code_version, told.thread_id)
