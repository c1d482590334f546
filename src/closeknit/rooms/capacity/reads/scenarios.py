"""Scenarios beside each other. Totals over all accounts, and who is short: for who sees every one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity.compute.what_if import scenario
from closeknit.rooms.capacity.contracts.scenarios import (
    ScenarioCard,
    ScenarioComparison,
    ScenarioOutcome,
    StressPreset,
)
from closeknit.rooms.capacity.contracts.what_if import PlanChanges
from closeknit.rooms.capacity.models import Scenario
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, system_actor

MOST_COMPARED = 4


def list_scenarios(
    *, by: Actor, plan_id: UUID | None = None, operation: str = "", limit: int = 50
) -> list[ScenarioCard]:
    """Return scenarios, newest first; none for who sees only some accounts."""
    rows = _visible(by)
    if plan_id is not None:
        rows = rows.filter(plan_id=plan_id)
    if operation:
        rows = rows.filter(operation=operation)
    return [_card(row, by) for row in rows.order_by("-made_at", "-pk")[:limit]]


def get_scenario(scenario_id: UUID, *, by: Actor) -> ScenarioCard:
    """Return one scenario, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=scenario_id).first()
    if row is None:
        raise NotFound("There is no such scenario.", where=str(scenario_id))
    return _card(row, by)


def compare_scenarios(scenario_ids: Sequence[UUID], *, by: Actor) -> ScenarioComparison:
    """Return up to four scenarios of one plan beside the plan as it is.

    Raises:
        NotFound: for one that the actor may not see.
        Invalid: for none, more than four, or scenarios of different plans.
    """
    by.require(Permission.READ_CAPACITY)
    wanted = list(dict.fromkeys(scenario_ids))
    if not 1 <= len(wanted) <= MOST_COMPARED:
        raise Invalid("It is not clear what to compare.", where="scenario", todo="Choose one to four scenarios.")
    cards = [get_scenario(each, by=by) for each in wanted]
    if len({card.plan_id for card in cards}) > 1:
        raise Invalid("These scenarios change different plans.", where="scenario", todo="Choose those of one plan.")
    first = cards[0]
    return ScenarioComparison(
        plan_id=first.plan_id,
        operation=first.operation,
        currency=first.currency,
        as_planned=_shown(_as_planned(first.plan_id), by),
        scenarios=tuple(cards),
    )


@lru_cache(maxsize=8)
def _as_planned(plan_id: UUID) -> ScenarioOutcome:
    plan = get_plan_to_change(plan_id, by=system_actor())
    return scenario(plan.inputs, plan.numbers, PlanChanges(), currency=plan.currency).outcome


def _visible(by: Actor) -> "QuerySet[Scenario]":
    by.require(Permission.READ_CAPACITY)
    rows = Scenario.objects.select_related("plan")
    return rows if by.scope_of(Permission.READ_CAPACITY).every_account else rows.none()


def _card(row: Scenario, by: Actor) -> ScenarioCard:
    changes = _without_prices(msgspec.convert(row.changes, PlanChanges), by)
    card = ScenarioCard(
        scenario_id=row.pk,
        thread_id=row.thread_id,
        plan_id=row.plan_id,
        operation=row.operation,
        name=row.name,
        preset=StressPreset(row.preset) if row.preset else None,
        changes=changes,
        change_sentences=tuple(say_changes(changes)),
        outcome=_shown(msgspec.convert(row.outcome, ScenarioOutcome), by),
        currency=row.plan.currency,
        made_at=row.made_at,
        made_by=row.made_by_name,
        inputs_digest=row.inputs_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
    )
    return redact([card], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)[0]


def _shown(outcome: ScenarioOutcome, by: Actor) -> ScenarioOutcome:
    whole = redact([outcome], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)[0]
    short = redact(list(outcome.short), by=by, seen_by=Permission.READ_CAPACITY)
    return replace(whole, short=tuple(short))


def _without_prices(changes: PlanChanges, by: Actor) -> PlanChanges:
    pools = redact(list(changes.pools), by=by, account_of=None, seen_by=Permission.READ_CAPACITY)
    terms = redact(list(changes.terms), by=by, seen_by=Permission.READ_CAPACITY)
    return replace(changes, pools=tuple(pools), terms=tuple(terms))


def say_changes(changes: PlanChanges) -> Iterable[str]:
    """Return each change as a sentence without an amount of money."""
    for demand in changes.demand:
        named = [demand.account_number, demand.tier, demand.service, demand.region]
        what = ", ".join(name for name in named if name) or "everything"
        yield f"Demand of {what} times {demand.factor:g}{_when(demand.from_on, demand.weeks)}."
    for pool in changes.pools:
        parts = []
        if pool.hours_factor != 1.0:
            parts.append("is out" if pool.hours_factor == 0.0 else f"has its hours times {pool.hours_factor:g}")
        if pool.extra_units:
            parts.append(f"has {pool.extra_units:+g} units")
        if pool.cost_per_hour is not None or pool.overtime_cost_per_hour is not None:
            parts.append("costs otherwise")
        if pool.failover_pool:
            parts.append(f"{pool.failover_pool} stands in")
        yield f"{pool.pool} {', '.join(parts) or 'is as it is'}{_when(pool.from_on, pool.weeks)}."
    for term in changes.terms:
        yield (
            f"{term.account_number} is promised {term.target_share * 100:.4g}% within {term.threshold_minutes:g} "
            f"minutes{f' for {term.service}' if term.service else ''}."
        )
    for request in changes.requests:
        yield (
            f"{request.account_number} asks for {request.units:,.0f} units of {request.service} in the week of "
            f"{request.week_on}."
        )


def _when(from_on: object, weeks: int | None) -> str:
    starts = f" from {from_on}" if from_on else ""
    return starts + (f" for {weeks} week{'' if weeks == 1 else 's'}" if weeks else "")
