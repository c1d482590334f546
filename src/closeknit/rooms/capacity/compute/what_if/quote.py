"""What a proposed term takes, costs and does to others: two plans beside each other, in numbers and words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.canonical import digest
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.inputs import shrinkage_of
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.capacity.compute.what_if.result import WhatIf
from closeknit.rooms.capacity.contracts.quotes import QuotePoolWeek, QuoteStock, QuoteSufferer, QuoteVerdict
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, TermChange

FloatArray = NDArray[np.float64]
LEAST_OVERTIME_HOURS = 0.05


@dataclass(frozen=True, slots=True)
class QuoteNumbers:
    """What a change does, of one account and of all others, over all weeks of the plan. Money in the plan's currency.

    `cost_more`: overtime and what shortfalls cost, after less before. `serving_cost`: what the account's needed hours
    cost at regular pay, absences included, and how much more of it than before. `guarantees_in_the_way`: see the card.
    """

    verdict: QuoteVerdict
    reason: str
    own_hours: float
    own_hours_more: float
    own_short_hours: float
    overtime_hours_more: float
    cost_more: Decimal
    serving_cost: Decimal
    serving_cost_more: Decimal
    price: Decimal
    sufferers: tuple[QuoteSufferer, ...]
    pools: tuple[QuotePoolWeek, ...]
    guarantees_in_the_way: int = 0
    stock: QuoteStock | None = None


def quote(found: WhatIf, account_number: str) -> QuoteNumbers:
    """Weigh a term that an account would have: what it takes itself, and who else would get less for it."""
    pairs = list(_pairs(found))
    sides = (found.before, found.after)
    own_before, own_after = (_own(side, account_number) for side in sides)
    overtime = sum(float(after.overtime.sum() - before.overtime.sum()) for before, after in pairs)
    cost_more = sum(float(after.week_cost.sum() - before.week_cost.sum()) for before, after in pairs)
    serving_before, serving = (
        sum(float(_own_claims(plan, account_number).sum()) * regular_cost(plan.need) for plan in side.pools)
        for side in sides
    )
    sufferers = sufferers_of(pairs, account_number)
    short = own_after[1]
    verdict = verdict_of(short, bool(sufferers), overtime)
    more = _money(max(cost_more, serving - serving_before))
    return QuoteNumbers(
        verdict=verdict,
        reason=_reason(verdict, account_number, short, _first_short(found.after, account_number)),
        own_hours=own_after[0],
        own_hours_more=own_after[0] - own_before[0],
        own_short_hours=short,
        overtime_hours_more=overtime,
        cost_more=_money(cost_more),
        serving_cost=_money(serving),
        serving_cost_more=_money(serving - serving_before),
        price=more,
        sufferers=sufferers,
        pools=tuple(
            row for before, after in pairs for row in _weeks(before, after, found.after.week_on, account_number)
        ),
    )


def quote_digest(found: WhatIf, stock: QuoteStock | None) -> str:
    """Return the digest of what came out; where stock is part of it, of both."""
    return found.digest if stock is None else digest([found.digest, stock])


def proposed_of(asked: dict[str, Any]) -> TermChange | GuaranteeChange:
    """Read back what was quoted, as it is stored: a term, or capacity held ready."""
    if "hours_per_week" in asked:
        return msgspec.convert(asked, GuaranteeChange)
    return msgspec.convert(asked, TermChange)


def verdict_of(own_short_hours: float, others_short: bool, overtime_hours_more: float) -> QuoteVerdict:
    """Return the worst that happens: it is not kept, others get less, overtime is worked, or nothing of it."""
    if own_short_hours > SHORT_FROM_HOURS:
        return QuoteVerdict.NOT_KEPT
    if others_short:
        return QuoteVerdict.OTHERS
    return QuoteVerdict.OVERTIME if overtime_hours_more > LEAST_OVERTIME_HOURS else QuoteVerdict.KEPT


def regular_cost(need: PoolNeed) -> float:
    """Return what a productive hour costs at regular pay, the paid hours of absence in it included."""
    return float(need.pool.cost_per_hour) / float(1 - shrinkage_of(need.pool.shrinkage_parts))


def by_week(plan: PoolPlan, values: FloatArray, weeks: int) -> FloatArray:
    """Add up values by period (... x P) to weeks."""
    member = np.zeros((plan.week_index.size, weeks))
    member[np.arange(plan.week_index.size), plan.week_index] = 1.0
    return values @ member


def own_short(plan: PoolPlan, account_number: str, weeks: int) -> FloatArray:
    """Return the hours by week that an account is short at a pool; less than three minutes are rounding."""
    rows = [i for i, c in enumerate(plan.need.claimants) if c.account_number == account_number]
    short = by_week(plan, plan.short[rows].sum(axis=0), weeks)
    return np.where(short > SHORT_FROM_HOURS, short, 0.0)


def _pairs(found: WhatIf) -> Iterator[tuple[PoolPlan, PoolPlan]]:
    after = {plan.need.pool.pool: plan for plan in found.after.pools}
    return ((plan, after[plan.need.pool.pool]) for plan in found.before.pools)


def _own_claims(plan: PoolPlan, account_number: str) -> FloatArray:
    rows = [i for i, c in enumerate(plan.need.claimants) if c.account_number == account_number]
    claims: FloatArray = plan.need.claims[rows].sum(axis=0)
    return claims


def _own(side: PlanResult, account_number: str) -> tuple[float, float]:
    weeks = len(side.week_on)
    need = sum(float(_own_claims(plan, account_number).sum()) for plan in side.pools)
    return need, sum(float(own_short(plan, account_number, weeks).sum()) for plan in side.pools)


def _first_short(side: PlanResult, account_number: str) -> tuple[str, date] | None:
    weeks = len(side.week_on)
    for place, week_on in enumerate(side.week_on):
        for plan in side.pools:
            if own_short(plan, account_number, weeks)[place] > 0.0:
                return plan.need.pool.name, week_on
    return None


def sufferers_of(pairs: Sequence[tuple[PoolPlan, PoolPlan]], account_number: str) -> tuple[QuoteSufferer, ...]:
    """Return who but the account gets less in the later plan of each pair, the most hours first."""
    short: dict[Claimant, float] = {}
    costs: dict[Claimant, float] = {}
    for before, after in pairs:
        for plan, sign in ((before, -1.0), (after, 1.0)):
            hours = plan.short.sum(axis=1)
            money = (plan.short * plan.need.shortfall_cost_per_hour).sum(axis=1)
            for row, claimant in enumerate(plan.need.claimants):
                if claimant.account_number != account_number:
                    short[claimant] = short.get(claimant, 0.0) + sign * float(hours[row])
                    costs[claimant] = costs.get(claimant, 0.0) + sign * float(money[row])
    less = [(claimant, hours) for claimant, hours in short.items() if hours > SHORT_FROM_HOURS]
    return tuple(
        QuoteSufferer(
            claimant.account_number,
            claimant.tier,
            hours,
            _money(costs[claimant]),
            f"{claimant.account_number or f'The rest of tier {claimant.tier}'} would get {hours:,.1f} hours less: an "
            "hour short costs less there.",
        )
        for claimant, hours in sorted(less, key=lambda item: (-item[1], item[0].tier, item[0].account_number))
    )


def _reason(verdict: QuoteVerdict, account: str, short: float, first: tuple[str, date] | None) -> str:
    if verdict is QuoteVerdict.NOT_KEPT and first is not None:
        return (
            f"Internal throughput cannot keep it: {account} would be {short:,.1f} hours short over the plan, first at "
            f"{first[0]} in the week of {first[1]}, overtime included."
        )
    return {
        QuoteVerdict.KEPT: "The hours that are there keep it, and nobody else gets less.",
        QuoteVerdict.OVERTIME: "It can be kept with overtime, and nobody else gets less.",
        QuoteVerdict.OTHERS: "It can be kept only by giving others less than they need.",
        QuoteVerdict.NOT_KEPT: "Internal throughput cannot keep it.",
    }[verdict]


def _weeks(before: PoolPlan, after: PoolPlan, weeks: Sequence[date], account: str) -> Iterator[QuotePoolWeek]:
    count, need = len(weeks), after.need
    own_before, own_after = (by_week(plan, _own_claims(plan, account), count) for plan in (before, after))
    short = own_short(after, account, count)
    pool_more = by_week(after, need.need - before.need.need, count)
    overtime = by_week(after, after.overtime - before.overtime, count)
    free = by_week(after, need.capacity - after.served.sum(axis=0) + after.overtime, count)
    unit_hours = by_week(after, need.unit_hours, count)
    worth = by_week(after, after.price_per_hour * need.unit_hours, count)
    for place, week_on in enumerate(weeks):
        mine = after.week_index == place
        yield QuotePoolWeek(
            pool=need.pool.pool,
            pool_name=need.pool.name,
            unit=need.pool.unit,
            week_on=week_on,
            own_hours=float(own_after[place]),
            own_hours_more=float(own_after[place] - own_before[place]),
            own_short_hours=float(short[place]),
            pool_hours_more=float(pool_more[place]),
            units_more=_peak(after, mine) - _peak(before, mine),
            overtime_hours_more=float(overtime[place]),
            free_hours=max(float(free[place]), 0.0),
            cost_more=_money(float(after.week_cost[place] - before.week_cost[place])),
            price_per_hour=_money(float(worth[place] / unit_hours[place]) if unit_hours[place] > 0 else 0.0),
        )


def _peak(plan: PoolPlan, mine: NDArray[np.bool_]) -> int:
    return int(np.ceil(round(float(plan.need.need[mine].max(initial=0.0)) / plan.need.hours_per_period, 6)))


def _money(value: float) -> Decimal:
    return Decimal(repr(round(float(value), 6))).quantize(Decimal("0.01"))
