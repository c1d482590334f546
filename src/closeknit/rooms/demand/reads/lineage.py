"""Forecasts in the chain from rows to decisions: what they were made of, and which a row touched."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.demand.contracts import ForecastCard
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.reads.runs import get_run
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import LineageKind, LineageNode, MadeOf, Touched

MOST_RUNS = 1000
_TOLD = ("operation", "first_on", "weeks", "made_at", "code_version", "thread_id")


class ForecastLineage:
    """What sensing asks of forecasts (see `sensing.contracts.LineagePart`)."""

    def made_of(self, node_id: UUID, *, by: Actor) -> MadeOf:
        """Return which work a forecast stands on: all of its operation that was known when it was made."""
        card = get_run(node_id, by=by)
        return MadeOf(_node(card.run_id, card), card.operation, card.made_at, card.data_until_at)

    def used_by(self, touched: Touched, *, by: Actor) -> list[LineageNode]:
        """Return the forecasts made of an operation since its row was known, oldest first."""
        if not by.may(Permission.READ_CAPACITY):
            return []
        rows = ForecastRun.objects.filter(
            operation=touched.operation, made_at__gte=touched.known_at, data_until_at__gt=touched.first_at
        )
        told = rows.order_by("made_at", "pk").only(*_TOLD)[:MOST_RUNS]
        return [_node(row.pk, row) for row in told]


def _node(run_id: UUID, told: ForecastCard | ForecastRun) -> LineageNode:
    title = f"Forecast of {told.operation} from {told.first_on:%d %b %Y} for {told.weeks} weeks"
    return LineageNode(LineageKind.FORECAST, str(run_id), title, told.made_at, told.code_version, told.thread_id)
