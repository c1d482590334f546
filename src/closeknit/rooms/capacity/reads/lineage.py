"""Plans in the chain from rows to decisions: which forecast they stand on, and which plans a row touched."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.contracts import PlanCard
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.capacity.reads.plans import get_plan
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import LineageKind, LineageNode, MadeOf, Touched

MOST_PLANS = 1000
_TOLD = ("operation", "first_on", "state", "made_at", "code_version", "thread_id", "forecast_run_id")


class PlanLineage:
    """What sensing asks of plans (see `sensing.contracts.LineagePart`)."""

    def made_of(self, node_id: UUID, *, by: Actor) -> MadeOf:
        """Return the forecast that a plan stands on."""
        card = get_plan(node_id, by=by)
        return MadeOf(_node(card.plan_id, card), parents=((LineageKind.FORECAST, card.forecast_run_id),))

    def used_by(self, touched: Touched, *, by: Actor) -> list[LineageNode]:
        """Return the plans made of these forecasts, oldest first."""
        forecasts = [UUID(node.node_id) for node in touched.nodes if node.kind is LineageKind.FORECAST]
        if not forecasts or not by.may(Permission.READ_CAPACITY):
            return []
        plans = Plan.objects.filter(forecast_run_id__in=forecasts).order_by("made_at", "pk")
        return [_node(row.pk, row) for row in plans.only(*_TOLD)[:MOST_PLANS]]


def _node(plan_id: UUID, told: PlanCard | Plan) -> LineageNode:
    title = f"Plan of {told.operation} from {told.first_on:%d %b %Y}, {told.state}"
    parents = (f"{LineageKind.FORECAST}:{told.forecast_run_id}",)
    made = (told.made_at, told.code_version, told.thread_id)
    return LineageNode(LineageKind.PLAN, str(plan_id), title, *made, parents)
