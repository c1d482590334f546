"""Forecasts in the chain from rows to decisions: what they were made of, and which a row touched."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.demand.contracts import ForecastCard
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.reads.runs import get_run
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import LineageKind, LineageNode, MadeOf, Touched

MOST_RUNS = 1000


class ForecastLineage:
    """What sensing asks of forecasts (see `sensing.contracts.LineagePart`)."""

    def made_of(self, node_id: UUID, *, by: Actor) -> MadeOf:
        """Return which work a forecast stands on: all of its operation that was known when it was made."""
        card = get_run(node_id, by=by)
        return MadeOf(_node(card), card.operation, card.made_at, card.data_until_at)

    def used_by(self, touched: Touched, *, by: Actor) -> list[LineageNode]:
        """Return the forecasts made of an operation since its row was known, oldest first."""
        if not by.may(Permission.READ_CAPACITY):
            return []
        rows = ForecastRun.objects.filter(
            operation=touched.operation, made_at__gte=touched.known_at, data_until_at__gt=touched.first_at
        )
        ids = rows.order_by("made_at", "pk").values_list("pk", flat=True)[:MOST_RUNS]
        return [_node(get_run(run_id, by=by)) for run_id in ids]


def _node(card: ForecastCard) -> LineageNode:
    title = f"Forecast of {card.operation} from {card.first_on:%d %b %Y} for {card.weeks} weeks"
    return LineageNode(LineageKind.FORECAST, str(card.run_id), title, card.made_at, card.code_version, card.thread_id)
