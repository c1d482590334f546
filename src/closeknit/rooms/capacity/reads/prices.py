"""A plan's prices, as far as the reader may see whose hours they are."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.holding import NotHeld
from closeknit.rooms.capacity.compute.inputs import PoolInput
from closeknit.rooms.capacity.compute.offers import FOR_NOBODY, OFFERED, held_conflicts
from closeknit.rooms.capacity.compute.prices import Measured, PricePolicy, keep_back, pool_prices
from closeknit.rooms.capacity.contracts import PlanCard
from closeknit.rooms.capacity.contracts.prices import (
    LIST_MARGIN_SHARE,
    SURGE_MOST_MULTIPLE,
    HeldConflict,
    KeptBack,
    PoolPrice,
    PriceBook,
)
from closeknit.rooms.capacity.models import Pool
from closeknit.rooms.capacity.reads.plans import get_plan, list_pool_weeks, list_withheld_pools
from closeknit.rooms.capacity.reads.what_if import PlanToChange, as_it_was_made, get_plan_to_change
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace

Card = TypeVar("Card")
CENT = Decimal("0.01")
EVERY = 1_000_000
RULES = (
    (
        "To add a unit, use what one more was measured to be worth; to take one away, lend or sell it, what one less "
        "was measured to cost. The shadow price lies between the two: it is the slope at the plan itself, and where "
        "need meets capacity exactly it is not the only one."
    ),
    (
        "Idle hours are those of the roster that nobody is planned to need. Over-provided is a unit that costs more "
        "than going without it would."
    ),
    (
        "Surge price: the list price of the work's hours (their full cost and the margin on it), or what going "
        "without them costs, whichever is larger; above so many times the list price no price buys them."
    ),
    (
        "Kept back: an hour is worth keeping for an account while what an hour short costs there, times the chance "
        "that it is asked for, is more than what all others lose by it (Littlewood's rule)."
    ),
)


def get_prices(
    plan_id: UUID | None = None, *, operation: str = "", week_on: date | None = None, by: Actor, at: datetime
) -> PriceBook:
    """Return the prices of a plan: the named one, or the operation's plan in force, or else its newest draft.

    Pools whose numbers would tell too much of one of the other accounts are left out, as on the plan's page; prices
    are None for who may not read them. What to keep back is for the week asked, or each pool's dearest.

    Raises:
        NotFound: where there is no such plan.
        Invalid: for a week that the plan has not.
    """
    by.require(Permission.READ_CAPACITY)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    card = get_plan(plan.plan_id, by=by)
    weeks = list_pool_weeks(plan.plan_id, by=by)
    if week_on is not None and weeks and week_on not in {row.week_on for row in weeks}:
        raise Invalid(
            f"The plan has no week of {week_on}.", where="week", todo=f"Give a Monday from {card.first_on} on."
        )
    shown = {row.pool for row in weeks}
    if not shown:
        return _book(card, (), (), (), by=by, at=at)
    # Where prices may not be read these are zeros, and what is made of them is blanked again below.
    measured = {
        (row.pool, row.week_on): Measured(row.one_more_unit_worth or Decimal(0), row.one_less_unit_cost or Decimal(0))
        for row in weeks
    }
    result = as_it_was_made(plan, shown)
    prices = pool_prices(result, measured, price_policies(plan, at=at, by=by), plan.currency)
    chosen = {pool: week_on or _dearest(pool, prices) for pool in {row.pool for row in prices}}
    kept = keep_back(result, plan.inputs, plan.numbers, measured, chosen, plan.currency)
    visible = org.list_visible({row.account_number for row in kept}, permission=Permission.READ_CAPACITY, by=by)
    conflicts = [shown_conflict(each, by) for each in held_conflicts(result, plan.inputs, plan.numbers)]
    return _book(card, prices, [row for row in kept if row.account_number in visible], conflicts, by=by, at=at)


def shown_conflict(conflict: NotHeld, by: Actor) -> HeldConflict:
    """Name of the accounts in conflict those that the reader may see; the others are counted."""
    stated = [account for account in conflict.accounts if account != FOR_NOBODY]
    seen = org.list_visible(stated, permission=Permission.READ_CAPACITY, by=by)
    named = tuple(account for account in stated if account in seen)
    every = len(named) == len(stated)
    others = "" if every else f" and {len(stated) - len(named)} not yours to see"
    asked = f"more hours would be guaranteed at {conflict.pool_name} than it has"
    if every:
        asked = (
            f"{conflict.need_hours:,.1f} hours would be guaranteed at {conflict.pool_name}, which has "
            f"{conflict.have_hours:,.1f}"
        )
    return HeldConflict(
        pool=conflict.pool,
        pool_name=conflict.pool_name,
        accounts=named,
        contracts=tuple(c for c in conflict.contracts if every or c == OFFERED),
        week_on=conflict.week_on,
        need_hours=conflict.need_hours if every else None,
        have_hours=conflict.have_hours if every else None,
        sentence=(
            f"{', '.join(named) or 'What is held'}{others}: {asked}, all overtime included, first in the week of "
            f"{conflict.week_on}."
        ),
    )


def price_policies(plan: PlanToChange, *, at: datetime, by: Actor) -> dict[str, PricePolicy]:
    """Return each pool's policy: as set for its site, its region where it serves only one, or for everyone."""
    places = pool_places(plan)
    margins = org.get_settings(LIST_MARGIN_SHARE, places, at=at, by=by)
    caps = org.get_settings(SURGE_MOST_MULTIPLE, places, at=at, by=by)
    return {
        pool.pool: PricePolicy(float(margin.value), float(cap.value))
        for pool, margin, cap in zip(plan.inputs.pools, margins, caps, strict=True)
    }


def pool_places(plan: PlanToChange) -> list[SettingPlace]:
    """Return where the settings of each pool of a plan are looked up: its site, its region where it has only one."""
    sites = dict(Pool.objects.filter(pool__in=[p.pool for p in plan.inputs.pools]).values_list("pool", "site"))
    return [SettingPlace(_only_region(pool), sites.get(pool.pool, ""), "", "") for pool in plan.inputs.pools]


def _only_region(pool: PoolInput) -> str:
    return pool.regions[0] if len(pool.regions) == 1 and pool.regions[0] != "*" else ""


def _dearest(pool: str, prices: Sequence[PoolPrice]) -> date:
    mine = [row for row in prices if row.pool == pool]
    return max(mine, key=lambda row: (row.one_less_unit_cost or Decimal(0), -row.week_on.toordinal())).week_on


def worth_per_week(currency: str, *, tier: str = "", by: Actor, at: datetime) -> tuple[Decimal | None, str]:
    """Return what the accounts (of a tier) are worth a week, as last valued; None and why, where not known."""
    if not by.may(Permission.READ_MONEY):
        return None, "What accounts are worth may not be read here."
    values = [
        value
        for value in customers.list_values(by=by, at=at, tier=tier, limit=EVERY)
        if value.value is not None and value.currency == currency and value.weeks
    ]
    if not values:
        return None, f"No account is valued in {currency} yet."
    total = sum((value.value / value.weeks for value in values if value.value is not None), Decimal(0))
    return total.quantize(CENT), f"Of {len(values):,} accounts, as last valued, a week."


def _book(
    card: PlanCard,
    prices: Sequence[PoolPrice],
    kept: Sequence[KeptBack],
    conflicts: Sequence[HeldConflict],
    *,
    by: Actor,
    at: datetime,
) -> PriceBook:
    margin, reason = worth_per_week(card.currency, by=by, at=at)
    weeks = Decimal(card.weeks)
    idle = sum((row.idle_cost for row in prices if row.idle_cost is not None), Decimal(0)) / weeks
    over = sum((row.over_provision_cost for row in prices if row.over_provision_cost is not None), Decimal(0)) / weeks
    book = PriceBook(
        plan_id=card.plan_id,
        thread_id=card.thread_id,
        operation=card.operation,
        state=card.state.value,
        first_on=card.first_on,
        weeks=card.weeks,
        currency=card.currency,
        pools=tuple(_shown(prices, by)),
        kept_back=tuple(_shown(kept, by)),
        conflicts=tuple(conflicts),
        withheld_pools=tuple(list_withheld_pools(card.plan_id, by=by)),
        idle_cost_per_week=idle.quantize(CENT),
        over_provision_cost_per_week=over.quantize(CENT),
        margin_per_week=margin,
        margin_reason=reason,
        rules=RULES,
    )
    return _shown([book], by)[0]


def _shown(cards: Iterable[Card], by: Actor) -> list[Card]:
    return org.redact(cards, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)
