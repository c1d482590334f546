"""Questions about the rest of the day under way."""

from datetime import datetime
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.compute.today import need_today
from closeknit.rooms.capacity.contracts.plans import PlanState
from closeknit.rooms.capacity.contracts.today import NeedToday
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.demand import reads as demand

LIVE = (PlanState.COMMITTED, PlanState.DRAFT)


def find_need_today(operation: str, *, by: Actor, at: datetime) -> NeedToday | None:
    """Return what the rest of the day of `at` asks of an operation's pools; None where that is not known.

    Sized by the promises, handle times and rosters of the plan in force, else of the newest draft. Needs sight of
    every account, as the day's view does.
    """
    view = demand.find_intraday(operation, by=by, at=at)
    plan = _plan(operation) if view else None
    if view is None or plan is None:
        return None
    local = at.astimezone(ZoneInfo(view.time_zone))
    inputs = compute.inputs_of(bytes(plan.snapshot))
    return NeedToday(
        operation=operation,
        day_on=view.day_on,
        seen_until_at=view.seen_until_at,
        plan_id=plan.pk,
        thread_id=view.thread_id,
        pools=need_today(inputs, view.cards, view.day_on, local.hour * 60 + local.minute, view.time_zone),
    )


def get_need_today(operation: str, *, by: Actor, at: datetime) -> NeedToday:
    """Return what the rest of the day of `at` asks of an operation's pools, or raise NotFound."""
    found = find_need_today(operation, by=by, at=at)
    if found is None:
        raise NotFound(
            "Nothing of today was seen yet, or there is no plan.",
            where=operation,
            todo="Look again when today's work has come in; without a plan, ask for one.",
        )
    return found


def _plan(operation: str) -> Plan | None:
    plans = Plan.objects.filter(operation=operation, state__in=[state.value for state in LIVE])
    newest = list(plans.order_by("-made_at").only("pk", "state", "snapshot")[:20])
    return next((plan for plan in newest if plan.state == PlanState.COMMITTED), newest[0] if newest else None)
