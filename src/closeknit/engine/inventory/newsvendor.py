"""How much to hold for one period's uncertain demand, and for every period's: newsvendor and base stock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.inventory.demand import Demand


@dataclass(frozen=True, slots=True, eq=False)
class StockLevel:
    """A level of stock and what is to be expected of it, per period; shares are 0..1, the rest in units or money.

    `critical_share`: the probability of meeting all demand at which the costs balance. `in_stock_share`: the
    probability of meeting all demand at this level. `fill_share`: served from stock at once, of all demand.
    """

    level: FloatArray
    expected_cost: FloatArray
    critical_share: FloatArray
    in_stock_share: FloatArray
    fill_share: FloatArray
    expected_left: FloatArray
    expected_short: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ProfitLevel:
    """A level of stock and the profit to be expected of it, per period; the fields otherwise as in `StockLevel`."""

    level: FloatArray
    expected_profit: FloatArray
    critical_share: FloatArray
    in_stock_share: FloatArray
    fill_share: FloatArray
    expected_left: FloatArray
    expected_short: FloatArray


def newsvendor(
    demand: Demand,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    level: ArrayLike | None = None,
) -> StockLevel:
    """The stock that balances what is left over against what is short, or the expected cost of a given one.

    Parameters (broadcast with the demand's arrays): `demand` (D, any `Demand`), `holding_cost_per_period` (h > 0, money
    per unit left over), `shortage_cost_per_period` (p > 0, money per unit short), `level` (S, units; the best where
    left out). Formula: S* = smallest S with P(D <= S) >= p / (p + h); cost h E[(S - D)+] + p E[(D - S)+].
    Source: Arrow, Harris and Marschak (1951); Snyder and Shen (2019), section 4.3.

    >>> from closeknit.engine.inventory.demand import NormalDemand, PoissonDemand
    >>> best = newsvendor(NormalDemand.of(50.0, 8.0), 0.18, 0.7)
    >>> round(float(best.level), 4), round(float(best.expected_cost), 4)
    (56.604, 1.9976)
    >>> newsvendor(PoissonDemand.of(6.0), 1.0, 4.0).level.tolist()
    8.0
    """
    hold, short = _two_costs(holding_cost_per_period, shortage_cost_per_period)
    critical = short / (short + hold)
    level = demand.quantile(critical) if level is None else numbers("level", level)
    return _at_level(demand, level, hold, short, critical)


def _two_costs(holding: ArrayLike, shortage: ArrayLike) -> tuple[FloatArray, FloatArray]:
    hold = numbers("holding_cost_per_period", holding, above=0.0)
    short = numbers("shortage_cost_per_period", shortage, above=0.0)
    hold, short = together(("holding_cost_per_period", hold), ("shortage_cost_per_period", short))
    return hold, short


def _at_level(
    demand: Demand, level: FloatArray, hold: FloatArray, short: FloatArray, critical: FloatArray
) -> StockLevel:
    loss = demand.loss(level)
    cost = hold * loss.excess + short * loss.shortfall
    stock = np.broadcast_arrays(level, critical, cost, loss.within_share, loss.excess, loss.shortfall, demand.mean)
    level, critical, cost, within, left, missing, mean = (np.array(part) for part in stock)
    return StockLevel(
        level=frozen(level),
        expected_cost=frozen(cost),
        critical_share=frozen(critical),
        in_stock_share=frozen(within),
        fill_share=frozen(_fill(missing, mean)),
        expected_left=frozen(left),
        expected_short=frozen(missing),
    )


def _fill(short: FloatArray, mean: FloatArray) -> FloatArray:
    asked = mean > 0.0
    return np.where(asked, 1.0 - short / np.where(asked, mean, 1.0), 1.0)


def newsvendor_profit(
    demand: Demand,
    revenue_per_unit: ArrayLike,
    unit_cost: ArrayLike,
    salvage_per_unit: ArrayLike = 0.0,
    holding_cost_per_period: ArrayLike = 0.0,
    shortage_cost_per_period: ArrayLike = 0.0,
    level: ArrayLike | None = None,
) -> ProfitLevel:
    """The stock that earns most when what is left over fetches salvage, or the expected profit of a given one.

    Parameters (broadcast; money per unit): `revenue_per_unit` (r), `unit_cost` (c < r), `salvage_per_unit`
    (v < c + h), `holding_cost_per_period` (h >= 0, of a unit left over), `shortage_cost_per_period` (p >= 0, loss of
    goodwill beyond the lost margin), `level` (S, units; the best where left out).
    Formula: newsvendor with overage c - v + h and underage r - c + p; profit (r - c) E[D] less its expected cost.
    Source: Snyder and Shen (2019), section 4.3.2.4.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> best = newsvendor_profit(NormalDemand.of(50.0, 8.0), 1.0, 0.3, 0.12)
    >>> round(float(best.level), 4), round(float(best.expected_profit), 4)
    (56.604, 33.0024)
    """
    named = [
        ("revenue_per_unit", numbers("revenue_per_unit", revenue_per_unit, above=0.0)),
        ("unit_cost", numbers("unit_cost", unit_cost, minimum=0.0)),
        ("salvage_per_unit", numbers("salvage_per_unit", salvage_per_unit)),
        ("holding_cost_per_period", numbers("holding_cost_per_period", holding_cost_per_period, minimum=0.0)),
        ("shortage_cost_per_period", numbers("shortage_cost_per_period", shortage_cost_per_period, minimum=0.0)),
    ]
    revenue, cost, salvage, hold, short = together(*named)
    refuse_where(salvage >= cost + hold, "salvage_per_unit", salvage, "give less than unit_cost + holding cost")
    refuse_where(revenue + short <= cost, "revenue_per_unit", revenue, "give more than unit_cost: selling must pay")
    over, under = cost - salvage + hold, revenue - cost + short
    got = newsvendor(demand, over, under, level)
    profit = (revenue - cost) * demand.mean - got.expected_cost
    return ProfitLevel(
        level=got.level,
        expected_profit=frozen(np.array(profit)),
        critical_share=got.critical_share,
        in_stock_share=got.in_stock_share,
        fill_share=got.fill_share,
        expected_left=got.expected_left,
        expected_short=got.expected_short,
    )


def base_stock(
    demand: Demand,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    lead_periods: ArrayLike = 0,
    *,
    review_periods: ArrayLike = 1,
    level: ArrayLike | None = None,
) -> StockLevel:
    """The order-up-to level when stock is reviewed every so often and orders take time, backorders waiting.

    Parameters (broadcast): `demand` of one period; h and p as in `newsvendor`, per unit and period; `lead_periods`
    (L >= 0); `review_periods` (R >= 1); `level` (S, units of inventory position; the best where left out).
    Formula: an order placed now must last until the next one arrives, so S is the newsvendor level of demand over
    L + R periods. Costs are of the last period of each review interval, the one the level must last for; `fill_share`
    counts demand over one review interval: 1 - (E[(D_{L+R} - S)+] - E[(D_L - S)+]) / E[D_R].
    Validity: demand independent from period to period. Source: Snyder and Shen (2019), section 4.3.4.1.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> best = base_stock(NormalDemand.of(50.0, 8.0), 0.18, 0.7, lead_periods=4)
    >>> round(float(best.level), 4), round(float(best.expected_cost), 4)
    (264.7669, 4.4668)
    """
    lead = numbers("lead_periods", lead_periods, minimum=0.0, maximum=1e5)
    review = numbers("review_periods", review_periods, above=0.0, maximum=1e5)
    lead, review = together(("lead_periods", lead), ("review_periods", review))
    one = bool(np.all(lead + review == 1.0))
    got = newsvendor(
        demand if one else demand.over(lead + review), holding_cost_per_period, shortage_cost_per_period, level
    )
    waiting = np.zeros(())
    if np.any(lead > 0.0):
        before = demand.over(np.where(lead > 0.0, lead, 1.0)).loss(got.level).shortfall
        waiting = np.where(lead > 0.0, before, 0.0)
    fill = _fill(got.expected_short - waiting, np.broadcast_to(demand.mean * review, got.level.shape))
    return StockLevel(
        level=got.level,
        expected_cost=got.expected_cost,
        critical_share=got.critical_share,
        in_stock_share=got.in_stock_share,
        fill_share=frozen(fill),
        expected_left=got.expected_left,
        expected_short=got.expected_short,
    )


def myopic_base_stock(
    demand: Demand,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    unit_cost: ArrayLike,
    next_unit_cost: ArrayLike,
    discount_factor: ArrayLike = 1.0,
    level: ArrayLike | None = None,
) -> StockLevel:
    """The level that is best for this period alone when what is left can be valued at next period's price.

    Parameters (broadcast): as `newsvendor`; `unit_cost` (c_t) and `next_unit_cost` (c_{t+1}), money per unit;
    `discount_factor` (gamma, in (0, 1]). Formula: G(y) = c_t y + h E[(y - D)+] + p E[(D - y)+] - gamma c_{t+1}
    (y - E[D]); least at P(D <= y) = (p - (c_t - gamma c_{t+1})) / (p + h). `expected_cost` is G.
    Validity: -h <= c_t - gamma c_{t+1} <= p. Source: Veinott (1966); Zipkin (2000).

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> best = myopic_base_stock(NormalDemand.of(50.0, 8.0), 0.18, 0.7, 0.3, 0.35, 0.98)
    >>> round(float(best.level), 4), round(float(best.expected_cost), 4)
    (58.0989, 16.6824)
    """
    hold, short = _two_costs(holding_cost_per_period, shortage_cost_per_period)
    now, later = numbers("unit_cost", unit_cost, minimum=0.0), numbers("next_unit_cost", next_unit_cost, minimum=0.0)
    factor = numbers("discount_factor", discount_factor, above=0.0, maximum=1.0)
    hold, short, now, later, factor = together(
        ("h", hold), ("p", short), ("unit_cost", now), ("next_unit_cost", later), ("discount_factor", factor)
    )
    rise = now - factor * later
    fix = "unit_cost - discount_factor x next_unit_cost must lie above -holding and below shortage cost"
    refuse_where((rise <= -hold) | (rise >= short), "unit_cost", now, fix)
    critical = (short - rise) / (short + hold)
    chosen = demand.quantile(critical) if level is None else numbers("level", level)
    got = _at_level(demand, chosen, hold, short, critical)
    cost = got.expected_cost + now * got.level - factor * later * (got.level - demand.mean)
    return StockLevel(
        level=got.level,
        expected_cost=frozen(np.array(cost)),
        critical_share=got.critical_share,
        in_stock_share=got.in_stock_share,
        fill_share=got.fill_share,
        expected_left=got.expected_left,
        expected_short=got.expected_short,
    )
