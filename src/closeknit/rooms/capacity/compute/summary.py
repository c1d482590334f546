"""A plan's arrays as weeks, accounts and sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.output import share_text
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.customers.contracts import TOP_TIERS

LONGEST_TERM = 200
SHORT_FROM_HOURS = 0.05
"""Less than three minutes short in a week is rounding, not a shortage."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shortage:
    """One account of a top tier that does not get all it needs in this plan.

    The sentence is for people of the account's own team too, who may not see prices: it names none.
    """

    account_number: str
    tier: str
    pools: tuple[str, ...]
    need_hours: float
    short_hours: float
    shortfall_cost: Decimal
    sentence: str


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """Headline numbers, rows for the tables of pool weeks and claims, shortages of top tiers, and one sentence."""

    need_hours: float
    served_hours: float
    short_hours: float
    overtime_hours: float
    overtime_cost: Decimal
    shortfall_cost: Decimal
    regular_cost: Decimal
    currency: str
    accounts_short: int
    top_tier_accounts_short: int
    pool_weeks: tuple[dict[str, Any], ...]
    claim_weeks: tuple[dict[str, Any], ...]
    shortages: tuple[Shortage, ...]
    sentence: str


def summarise(result: PlanResult, currency: str) -> PlanSummary:
    """Sum a plan into weeks and money, and say what it means."""
    pool_weeks = [row for plan in result.pools for row in _pool_weeks(plan, result.week_on, currency)]
    claim_weeks = [row for plan in result.pools for row in _claim_weeks(plan, result.week_on)]
    need = sum(float(plan.need.need.sum()) for plan in result.pools)
    served = sum(float(plan.served.sum()) for plan in result.pools)
    overtime = sum(float(plan.overtime.sum()) for plan in result.pools)
    short_accounts = {row["account_number"] for row in claim_weeks if row["account_number"] and row["short_hours"] > 0}
    shortages = _shortages(claim_weeks)
    return PlanSummary(
        need_hours=need,
        served_hours=served,
        short_hours=max(need - served, 0.0),
        overtime_hours=overtime,
        overtime_cost=_money(sum(float(p.overtime.sum()) * p.need.overtime_cost_per_hour for p in result.pools)),
        shortfall_cost=_money(sum(float(p.need.short_cost(p.short).sum()) for p in result.pools)),
        regular_cost=_money(sum(_regular_cost(plan) for plan in result.pools)),
        currency=currency,
        accounts_short=len(short_accounts),
        top_tier_accounts_short=len(shortages),
        pool_weeks=tuple(pool_weeks),
        claim_weeks=tuple(claim_weeks),
        shortages=shortages,
        sentence=_headline(need, served, overtime, shortages, pool_weeks),
    )


def _regular_cost(plan: PoolPlan) -> float:
    """Return what the roster costs, absences included: paid hours are productive hours over the share present."""
    present = plan.need.overtime_cost_per_hour
    paid_per_productive = present / float(plan.need.pool.overtime_cost_per_hour) if present else 1.0
    return float(plan.need.capacity.sum()) * paid_per_productive * float(plan.need.pool.cost_per_hour)


def _pool_weeks(plan: PoolPlan, weeks: Sequence[date], currency: str) -> list[dict[str, Any]]:
    need = plan.need
    sums = {
        "need_hours": _by_week(plan, need.need, weeks),
        "capacity_hours": _by_week(plan, need.capacity, weeks),
        "served_hours": _by_week(plan, plan.served.sum(axis=0), weeks),
        "short_hours": _by_week(plan, plan.short.sum(axis=0), weeks),
        "overtime_hours": _by_week(plan, plan.overtime, weeks),
    }
    unit_hours = _by_week(plan, need.unit_hours, weeks)
    worth = _by_week(plan, plan.price_per_hour * need.unit_hours, weeks)
    rows = []
    for w, week_on in enumerate(weeks):
        mine = plan.week_index == w
        numbers = {name: float(values[w]) for name, values in sums.items()}
        price = worth[w] / unit_hours[w] if unit_hours[w] > 0 else float(plan.price_per_hour[mine].max(initial=0.0))
        more = max(float(plan.week_cost[w] - plan.week_cost_one_more[w]), 0.0)
        peak = int(np.ceil(round(float(need.need[mine].max(initial=0.0)) / need.hours_per_period, 6)))
        rows.append(
            {
                "pool": need.pool.pool,
                "pool_name": need.pool.name,
                "unit": need.pool.unit,
                "week_on": week_on,
                **numbers,
                "peak_need_units": peak,
                "price_per_hour": _money(price, places="0.0001"),
                "one_more_unit_worth": _money(more),
                "one_less_unit_cost": _money(max(float(plan.week_cost_one_less[w] - plan.week_cost[w]), 0.0)),
                "binding_term": _in_a_cell(need.binding[w]),
                "sentence": _pool_sentence(need.pool.unit, numbers, more, currency, need.binding[w]),
            }
        )
    return rows


def _in_a_cell(text: str) -> str:
    """Return a promise's words as a column holds them; the sentence beside it has them all."""
    return text if len(text) <= LONGEST_TERM else text[: LONGEST_TERM - 1] + "…"


def _pool_sentence(unit: str, hours: dict[str, float], worth: float, currency: str, binding: str) -> str:
    need, has = hours["need_hours"], hours["capacity_hours"]
    because = f" The need is set by: {binding}." if binding else ""
    if hours["short_hours"] > SHORT_FROM_HOURS:
        overtime = (
            f" even with {hours['overtime_hours']:,.0f} hours of overtime" if hours["overtime_hours"] > 0.5 else ""
        )
        return (
            f"Needs {need:,.0f} hours, has {has:,.0f}: {hours['short_hours']:,.1f} hours short{overtime}. "
            f"One more {unit} that week would save {currency} {worth:,.0f}.{because}"
        )
    if hours["overtime_hours"] > 0.05:
        return (
            f"Needs {need:,.0f} hours, has {has:,.0f}; {hours['overtime_hours']:,.1f} hours of overtime cover it. "
            f"One more {unit} that week would save {currency} {worth:,.0f}.{because}"
        )
    free = f"{1 - need / has:.0%} is free" if has > 0 else "there is no roster"
    return f"Needs {need:,.0f} of {has:,.0f} hours: {free}.{because}"


def _claim_weeks(plan: PoolPlan, weeks: Sequence[date]) -> list[dict[str, Any]]:
    needs = _by_week(plan, plan.need.claims, weeks)
    served = _by_week(plan, plan.served, weeks)
    rows = []
    for c, claimant in enumerate(plan.need.claimants):
        for w, week_on in enumerate(weeks):
            short = float(needs[c, w] - served[c, w])
            short = short if short > SHORT_FROM_HOURS else 0.0
            if needs[c, w] <= 0.0:
                continue
            rows.append(
                {
                    "pool": plan.need.pool.pool,
                    "week_on": week_on,
                    "tier": claimant.tier,
                    "account_number": claimant.account_number,
                    "need_hours": float(needs[c, w]),
                    "served_hours": float(served[c, w]),
                    "short_hours": short,
                    "shortfall_cost": _money(short * float(_costs(plan, w)[c])),
                    "term": _in_a_cell(plan.need.terms[c][w]),
                    "sentence": _claim_sentence(plan, c, w, float(needs[c, w]), float(served[c, w]), short),
                }
            )
    return rows


def _costs(plan: PoolPlan, week: int) -> FloatArray:
    """Return what an hour short costs each claimant in a week."""
    costs: FloatArray = plan.need.shortfall_cost_per_hour[:, int(np.argmax(plan.week_index == week))]
    return costs


def _claim_sentence(plan: PoolPlan, claimant: int, week: int, need: float, served: float, short: float) -> str:
    term = plan.need.terms[claimant][week]
    if short == 0.0:
        return f"Gets all of its {need:,.1f} hours ({term})."
    costs = _costs(plan, week)
    dearer = int(np.sum(costs > costs[claimant]))
    rule = (
        f"{dearer} claims come first, because an hour short costs more there" if dearer else "no claim comes before it"
    )
    return f"Gets {served:,.1f} of {need:,.1f} hours ({term}): {plan.need.pool.name} is full; {rule}."


def _shortages(claim_weeks: Sequence[dict[str, Any]]) -> tuple[Shortage, ...]:
    by_account: dict[str, list[dict[str, Any]]] = {}
    for row in claim_weeks:
        if row["account_number"] and row["tier"] in TOP_TIERS and row["short_hours"] > 0:
            by_account.setdefault(row["account_number"], []).append(row)
    found = []
    for account, rows in sorted(by_account.items()):
        short = sum(row["short_hours"] for row in rows)
        need = sum(row["need_hours"] for row in rows)
        cost = sum((row["shortfall_cost"] for row in rows), Decimal(0))
        pools = tuple(sorted({row["pool"] for row in rows}))
        first = min(row["week_on"] for row in rows)
        sentence = (
            f"Account {account} ({rows[0]['tier']}) is {short:,.1f} hours short in {len(rows)} weeks from {first}, "
            f"at {', '.join(pools)}."
        )
        found.append(Shortage(account, rows[0]["tier"], pools, need, short, cost, sentence))
    return tuple(sorted(found, key=lambda s: -s.shortfall_cost))


def _headline(
    need: float, served: float, overtime: float, shortages: Sequence[Shortage], pool_weeks: Sequence[dict[str, Any]]
) -> str:
    coverage = served / need if need else 1.0
    parts = [f"Covers {share_text(coverage)} of {need:,.0f} needed hours"]
    if overtime > 0.5:
        parts.append(f"with {overtime:,.0f} hours of overtime")
    if shortages:
        parts.append(f"{len(shortages)} strategic or key accounts fall short")
    worst = max(pool_weeks, key=lambda row: row["short_hours"], default=None)
    if worst and worst["short_hours"] > SHORT_FROM_HOURS:
        parts.append(f"the tightest is {worst['pool_name']} in the week of {worst['week_on']}")
    return ", ".join(parts) + "."


def _by_week(plan: PoolPlan, values: FloatArray, weeks: Sequence[date]) -> FloatArray:
    member = np.zeros((plan.week_index.size, len(weeks)))
    member[np.arange(plan.week_index.size), plan.week_index] = 1.0
    return values @ member


def _money(value: float, places: str = "0.01") -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(places))
