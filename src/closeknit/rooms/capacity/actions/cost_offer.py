"""Cost an offer: units of a pool held ready, or a response guaranteed. A question: nothing is recorded."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute.offers import OfferNumbers, check_offer, cost_of_offer
from closeknit.rooms.capacity.contracts.prices import OfferAnswer, OfferAsked
from closeknit.rooms.capacity.contracts.quotes import QuoteSufferer
from closeknit.rooms.capacity.reads.plans import shown_pools
from closeknit.rooms.capacity.reads.prices import price_policies, shown_conflict
from closeknit.rooms.capacity.reads.what_if import PlanToChange, as_it_is, find_asked_account, get_plan_to_change
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import list_visible, redact

Card = TypeVar("Card")


def cost_offer(
    asked: OfferAsked, *, operation: str = "", plan_id: UUID | None = None, by: Actor, at: datetime
) -> OfferAnswer:
    """Say what holding units ready takes and costs, week by week, who would get less, and which guarantees conflict.

    Against the named plan, or the operation's plan in force, or else its newest draft.

    Raises:
        NotFound: for a plan, an account or a pool's numbers that the actor may not see.
        Invalid: for an offer that cannot be computed.
    """
    by.require(Permission.READ_CAPACITY)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    check_offer(plan.inputs, asked)
    shown = shown_pools(plan.plan_id, by=by)
    if shown is not None and asked.pool not in shown:
        raise NotFound(
            "The numbers of this pool are withheld: they would tell too much of one of the other accounts.",
            where=asked.pool,
            todo="Ask somebody who plans.",
        )
    tier = ""
    if asked.account_number:
        found = find_asked_account(plan, asked.account_number, by=by)
        asked, tier = replace(asked, account_number=found.account_number), found.tier
    before = as_it_is(plan, {asked.pool})
    if not before.pools:
        raise NotFound("The plan has no work for this pool.", where=asked.pool, todo="Name a pool that has a forecast.")
    policy = price_policies(plan, at=at, by=by)[asked.pool]
    told = cost_of_offer(plan.inputs, plan.numbers, asked, tier=tier, before=before, policy=policy)
    return _answer(plan, asked, told, before.pools[0].need.pool.name, before.pools[0].need.pool.unit, by)


def _answer(
    plan: PlanToChange, asked: OfferAsked, told: OfferNumbers, pool_name: str, unit: str, by: Actor
) -> OfferAnswer:
    sufferers = _visible(told.sufferers, by)
    can = told.own_short_hours == 0.0 and not told.conflicts
    answer = OfferAnswer(
        plan_id=plan.plan_id,
        operation=plan.operation,
        asked=asked,
        pool_name=pool_name,
        unit=unit,
        units_held=told.units,
        can_be_held=can,
        currency=plan.currency,
        price_per_week=(told.price / len(told.weeks)).quantize(told.price) if told.weeks else told.price,
        price_in_all=told.price,
        weeks=tuple(_redacted(told.weeks, by)),
        others=len(told.sufferers),
        sufferers=tuple(sufferers),
        conflicts=tuple(shown_conflict(each, by) for each in told.conflicts),
        sentences=_sentences(told, pool_name, can),
    )
    return _redacted([answer], by)[0]


def _sentences(told: OfferNumbers, pool_name: str, can: bool) -> tuple[str, ...]:
    free = sum(row.hours_held - row.hours_more for row in told.weeks)
    found = [told.sizing]
    if free > 0.5:
        found.append(f"{free:,.0f} of the hours held are the account's own planned work and cost nothing more.")
    if not can:
        found.append(f"{pool_name} cannot hold this: {told.own_short_hours:,.1f} hours of it would not be there.")
    elif told.sufferers:
        less = sum(row.short_hours_more for row in told.weeks)
        found.append(f"It can be held, but {len(told.sufferers)} others get less: {less:,.1f} hours in all.")
    elif any(row.overtime_hours_more > 0.05 for row in told.weeks):
        found.append("It can be held with overtime of the others' work; nobody gets less.")
    else:
        found.append("It can be held from hours that are there, and nobody gets less.")
    found.append(
        "Price of a week: the hours at list price, or what others lose by them (overtime and shortfalls), the larger."
    )
    return tuple(found)


def _visible(sufferers: Iterable[QuoteSufferer], by: Actor) -> list[QuoteSufferer]:
    rows = list(sufferers)
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        seen = list_visible({row.account_number for row in rows}, permission=Permission.READ_CAPACITY, by=by)
        rows = [row for row in rows if row.account_number in seen]
    return redact(rows, by=by, seen_by=Permission.READ_CAPACITY)


def _redacted(cards: Iterable[Card], by: Actor) -> list[Card]:
    return redact(cards, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)
