"""What a plan's hours are worth (dual, measured, list and surge price), and what to keep back for one account."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.inventory import NormalDemand, littlewood
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import Claimant
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.routing import Route, route_of
from closeknit.rooms.capacity.compute.what_if.quote import by_week, regular_cost
from closeknit.rooms.capacity.contracts.prices import KeptBack, PoolPrice, PriorityClass
from closeknit.rooms.demand.contracts import ForecastNumbers

FloatArray = NDArray[np.float64]
LEAST_HOURS = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """What the plan stored of a pool's week: the worth of one unit more, and the cost of one less."""

    one_more: Decimal
    one_less: Decimal


@dataclass(frozen=True, slots=True)
class PricePolicy:
    """What is added to the full cost of an hour, and up to how many times the list price hours are for sale."""

    list_margin_share: float
    surge_most_multiple: float


MeasuredWeeks = Mapping[tuple[str, date], Measured]


def pool_prices(
    result: PlanResult, measured: MeasuredWeeks, policies: Mapping[str, PricePolicy], currency: str
) -> list[PoolPrice]:
    """Return every pool's weeks with their prices. The measured ones are the plan's own; nothing is solved again."""
    return [
        row
        for plan in result.pools
        for row in _of_pool(plan, result.week_on, measured, policies[plan.need.pool.pool], currency)
    ]


def list_price_per_hour(plan: PoolPlan, policy: PricePolicy) -> float:
    """Return the list price of a productive hour: its full cost at regular pay, and the margin on it."""
    return regular_cost(plan.need) * (1.0 + policy.list_margin_share)


def money(value: float) -> Decimal:
    """Return an amount in whole hundredths."""
    return Decimal(repr(round(float(value), 6))).quantize(Decimal("0.01"))


def _of_pool(
    plan: PoolPlan, weeks: Sequence[date], measured: MeasuredWeeks, policy: PricePolicy, currency: str
) -> list[PoolPrice]:
    need, count = plan.need, len(weeks)
    unit_hours = by_week(plan, need.unit_hours, count)
    dual = by_week(plan, plan.price_per_hour * need.unit_hours, count)
    idle = by_week(plan, need.capacity - plan.served.sum(axis=0) + plan.overtime, count)
    hour_cost, list_hour = regular_cost(need), list_price_per_hour(plan, policy)
    found = []
    for w, week_on in enumerate(weeks):
        stored = measured[need.pool.pool, week_on]
        hours, spare = float(unit_hours[w]), max(float(idle[w]), 0.0)
        unit_cost, one_less = hours * hour_cost, float(stored.one_less)
        surge = surge_price(list_hour, one_less / hours if hours > 0 else 0.0, policy)
        work_hours = need.pool.handle_minutes / 60.0
        found.append(
            PoolPrice(
                pool=need.pool.pool,
                pool_name=need.pool.name,
                unit=need.pool.unit,
                week_on=week_on,
                unit_hours=hours,
                idle_hours=spare if spare > LEAST_HOURS else 0.0,
                price_per_hour=money(dual[w] / hours if hours > 0 else 0.0),
                price_per_unit=money(dual[w]),
                one_more_unit_worth=stored.one_more,
                one_less_unit_cost=stored.one_less,
                unit_cost=money(unit_cost),
                idle_cost=money(spare * hour_cost),
                over_provision_cost=money(max(unit_cost - one_less, 0.0)),
                work_list_price=money(list_hour * work_hours),
                work_surge_price=money(surge.per_hour * work_hours),
                priority=surge.priority,
                sentence=_said(need.pool.unit, hours, float(dual[w]), stored, unit_cost, currency),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class SurgePrice:
    """What an hour goes for when one more request asks for it, and by which rule."""

    per_hour: float
    priority: PriorityClass


def surge_price(list_per_hour: float, worth_per_hour: float, policy: PricePolicy) -> SurgePrice:
    """Return the larger of list price and what going without the hour costs; above the policy's cap, no price buys it.

    A request takes hours away, so their worth is that of the unit less, not of the unit more.
    """
    price = max(list_per_hour, worth_per_hour)
    if worth_per_hour <= list_per_hour:
        return SurgePrice(price, PriorityClass.AS_USUAL)
    capped = price > list_per_hour * policy.surge_most_multiple
    return SurgePrice(price, PriorityClass.PRIORITY if capped else PriorityClass.SURGE)


def _said(unit: str, hours: float, dual: float, stored: Measured, unit_cost: float, currency: str) -> str:
    if hours <= 0.0:
        return f"No {unit} is on the roster that week: nothing was measured."
    more, less = float(stored.one_more), float(stored.one_less)
    if more > unit_cost:
        return (
            f"Add: one more {unit} saves {currency} {more:,.0f} and costs {currency} {unit_cost:,.0f}. For adding, use "
            f"the measured {currency} {more:,.0f}, not the shadow price of {currency} {dual:,.0f}."
        )
    if less < unit_cost:
        return (
            f"Over-provided: going without one {unit} costs {currency} {less:,.0f}, keeping it {currency} "
            f"{unit_cost:,.0f}. For taking away or lending, use the measured {currency} {less:,.0f}."
        )
    return (
        f"Right to the unit: one more saves {currency} {more:,.0f}, one less costs {currency} {less:,.0f}, and it is "
        f"paid {currency} {unit_cost:,.0f}."
    )


def keep_back(
    result: PlanResult,
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    measured: MeasuredWeeks,
    week_of_pool: Mapping[str, date],
    currency: str,
) -> list[KeptBack]:
    """Return for each account planned by name, in one week of each pool, what to keep back for it."""
    found = []
    for plan in result.pools:
        name = plan.need.pool.pool
        route = route_of(plan.need.pool, numbers)
        if route is None or name not in week_of_pool:
            continue
        week_on = week_of_pool[name]
        place = result.week_on.index(week_on)
        one_less = float(measured[name, week_on].one_less)
        for row, claimant in enumerate(plan.need.claimants):
            demand = _demand_of(plan, route, inputs, numbers, row, claimant, place, week_on)
            if demand is not None:
                found.append(_kept(plan, claimant, row, place, week_on, demand, one_less, currency))
    return found


def _demand_of(
    plan: PoolPlan,
    route: Route,
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    row: int,
    claimant: Claimant,
    place: int,
    week_on: date,
) -> NormalDemand | None:
    """Return an account's hours in a week as they may come: its claim is for the planning quantile of all work."""
    panel = route.panel
    weeks = np.flatnonzero(panel.week_on == np.datetime64(week_on))
    claim = float(plan.need.claims[row, plan.week_index == place].sum())
    if not claimant.account_number or not weeks.size or claim <= LEAST_HOURS:
        return None
    week, level = int(weeks[0]), _spread_level(numbers.quantile_levels)
    planned = int(np.argmin(np.abs(numbers.quantile_levels - inputs.planning_quantile)))
    totals = list(route.totals)
    expected = float(panel.total_weekly_mean[totals, week].sum())
    asked = float(panel.total_weekly_quantiles[planned][totals, week].sum())
    rows = [
        i
        for i, (key, total) in enumerate(zip(panel.keys, panel.total_of_series, strict=True))
        if key.account_number == claimant.account_number and key.tier == claimant.tier and int(total) in route.totals
    ]
    mean = float(panel.weekly_mean[rows, week].sum())
    if mean <= 0.0 or asked <= 0.0 or level is None:
        return None
    above = panel.weekly_quantiles[level][rows, week] - panel.weekly_mean[rows, week]
    z = NormalDist().inv_cdf(float(numbers.quantile_levels[level]))
    spread = math.sqrt(float((above**2).sum())) / z / mean
    hours = claim * min(expected / asked, 1.0)
    return NormalDemand.of(hours, max(spread, 1e-6) * hours)


def _spread_level(levels: FloatArray) -> int | None:
    """Return the quantile that the spread is read from: the nearest to one standard deviation above the mean."""
    above = [i for i, level in enumerate(levels) if 0.5 < level < 1.0]
    return min(above, key=lambda i: abs(float(levels[i]) - 0.84), default=None)


def _kept(
    plan: PoolPlan,
    claimant: Claimant,
    row: int,
    place: int,
    week_on: date,
    demand: NormalDemand,
    one_less: float,
    currency: str,
) -> KeptBack:
    need, mine = plan.need, plan.week_index == place
    unit_hours = float(need.unit_hours[mine].sum())
    own = float(need.shortfall_cost_per_hour[row, mine].max())
    others = one_less / unit_hours if unit_hours > 0 else 0.0
    given = float(plan.served[row, mine].sum())
    more_used = float(demand.loss(given).shortfall - demand.loss(given + unit_hours).shortfall)
    worth = own * more_used
    protected: float | None = None
    if others > 0.0:
        level = float(littlewood(own, others, demand).protection[..., 0]) if others < own else 0.0
        protected = max(level, 0.0)
    return KeptBack(
        pool=need.pool.pool,
        pool_name=need.pool.name,
        unit=need.pool.unit,
        week_on=week_on,
        account_number=claimant.account_number,
        tier=claimant.tier,
        expected_hours=float(demand.mean),
        spread_hours=float(demand.sd),
        planned_hours=given,
        protected_hours=protected,
        worth_per_hour=money(own),
        others_worth_per_hour=money(others),
        opportunity_cost=money(one_less),
        kept_worth=money(worth),
        sentence=_advice(need.pool.unit, own, others, worth, one_less, protected, given, currency),
    )


def _advice(
    unit: str,
    own: float,
    others: float,
    worth: float,
    cost: float,
    protected: float | None,
    given: float,
    currency: str,
) -> str:
    if protected is None:
        return f"There are hours to spare: one {unit} kept back takes nothing from anybody."
    hours = f"An hour short costs {currency} {own:,.0f} here, and {currency} {others:,.0f} for all others"
    if worth > cost:
        return (
            f"{hours}: keep up to {protected:,.0f} hours back for it. One {unit} more would be worth {currency} "
            f"{worth:,.0f} on average and take {currency} {cost:,.0f} from others."
        )
    enough = "what the plan gives is enough" if given >= protected else f"up to {protected:,.0f} hours, no more"
    return (
        f"{hours}: {enough}. One {unit} more kept back would take {currency} {cost:,.0f} from others, for "
        f"{currency} {worth:,.0f} on average."
    )
