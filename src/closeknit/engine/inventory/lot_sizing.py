"""How much to order at a time when demand is steady: the economic order quantity and its kin.

Money is per order (`order_cost`), per unit and period (`holding_cost_per_period`), or per unit; demand is units per
period. The period is the caller's (a week, a year), the same everywhere in one call.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, same_shape, together


@dataclass(frozen=True, slots=True, eq=False)
class LotSize:
    """An order quantity (units), how often it is ordered, and what it costs a period."""

    order_quantity: FloatArray
    cost_per_period: FloatArray
    cycle_periods: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class BackorderLotSize:
    """An order quantity with planned backorders: `backorder_share` of demand waits, `most_backorders` at once."""

    order_quantity: FloatArray
    backorder_share: FloatArray
    most_backorders: FloatArray
    cost_per_period: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DiscountLotSize:
    """An order quantity under a price list: the line of the list it buys at (`region`, from 0) and its cost."""

    order_quantity: float
    region: int
    unit_cost: float
    cost_per_period: float


def checked_positive(**named: ArrayLike) -> list[FloatArray]:
    """Arrays of numbers above 0, broadcast together."""
    checked = [(name, numbers(name, value, above=0.0)) for name, value in named.items()]
    return list(together(*checked))


def economic_order_quantity(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    order_quantity: ArrayLike | None = None,
) -> LotSize:
    """The order quantity that balances ordering and holding (EOQ), or the cost of a given one.

    Parameters (broadcast, all > 0): `order_cost` (K, money per order), `holding_cost_per_period` (h, money per unit
    and period), `demand_per_period` (lambda, units), `order_quantity` (Q, units; the best where left out).
    Formula: Q* = sqrt(2 K lambda / h); cost K lambda / Q + h Q / 2. Validity: steady demand, whole lots at once, no
    shortages. Source: Harris (1913); Snyder and Shen (2019), section 3.2.

    >>> best = economic_order_quantity(8.0, 0.225, 1300.0)
    >>> round(float(best.order_quantity), 4), round(float(best.cost_per_period), 4)
    (304.0468, 68.4105)
    """
    setup, hold, demand = checked_positive(
        order_cost=order_cost, holding_cost_per_period=holding_cost_per_period, demand_per_period=demand_per_period
    )
    best = np.sqrt(2.0 * setup * demand / hold)
    lot = given_or(best, "order_quantity", order_quantity)
    return _lot(lot, setup * demand / lot + hold * lot / 2.0, lot / demand)


def given_or(best: FloatArray, name: str, given: ArrayLike | None) -> FloatArray:
    """The best quantity, or the given one where there is one."""
    if given is None:
        return best
    return together(("best", best), (name, numbers(name, given, above=0.0)))[1]


def _lot(quantity: FloatArray, cost: FloatArray, cycle: FloatArray) -> LotSize:
    return LotSize(frozen(np.array(quantity)), frozen(np.array(cost)), frozen(np.array(cycle)))


def eoq_with_backorders(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    order_quantity: ArrayLike | None = None,
    backorder_share: ArrayLike | None = None,
) -> BackorderLotSize:
    """The order quantity and planned backorders that cost least (EOQB), or the cost of given ones.

    Parameters (broadcast): as `economic_order_quantity`; `shortage_cost_per_period` (p, money per unit waiting and
    period, > 0); `backorder_share` (x, share of demand served late, 0..1; the best one where left out).
    Formula: x* = h / (h + p); Q* = sqrt(2 K lambda (h + p) / (h p));
    cost h Q (1 - x)^2 / 2 + p Q x^2 / 2 + K lambda / Q. Source: Snyder and Shen (2019), section 3.5.

    >>> best = eoq_with_backorders(8.0, 0.225, 5.0, 1300.0)
    >>> round(float(best.order_quantity), 4), round(float(best.cost_per_period), 4)
    (310.8126, 66.9214)
    """
    setup, hold, short, demand = checked_positive(
        order_cost=order_cost,
        holding_cost_per_period=holding_cost_per_period,
        shortage_cost_per_period=shortage_cost_per_period,
        demand_per_period=demand_per_period,
    )
    share = hold / (hold + short)
    if backorder_share is not None:
        given = numbers("backorder_share", backorder_share, minimum=0.0, maximum=1.0)
        share, setup, hold, short, demand = together(
            ("backorder_share", given), ("K", setup), ("h", hold), ("p", short), ("lambda", demand)
        )
    # What a unit of the average lot costs a period at this share.
    rate = hold * (1.0 - share) ** 2 + short * share**2
    lot = given_or(np.sqrt(2.0 * setup * demand / rate), "order_quantity", order_quantity)
    cost = rate * lot / 2.0 + setup * demand / lot
    share = np.broadcast_to(share, cost.shape)
    return BackorderLotSize(frozen(np.array(lot)), frozen(np.array(share)), frozen(lot * share), frozen(np.array(cost)))


def economic_production_quantity(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    production_per_period: ArrayLike,
    order_quantity: ArrayLike | None = None,
) -> LotSize:
    """The lot that costs least where units arrive at a finite rate (EPQ), or the cost of a given one.

    Parameters (broadcast): as `economic_order_quantity`; `production_per_period` (mu, units; above demand).
    Formula: Q* = sqrt(2 K lambda / (h (1 - lambda / mu))); cost K lambda / Q + h (1 - lambda / mu) Q / 2.
    Source: Taft (1918); Snyder and Shen (2019), section 3.6.

    >>> best = economic_production_quantity(8.0, 0.225, 1300.0, 2000.0)
    >>> round(float(best.order_quantity), 4), round(float(best.cost_per_period), 4)
    (513.9329, 40.4722)
    """
    setup, hold, demand, rate = checked_positive(
        order_cost=order_cost,
        holding_cost_per_period=holding_cost_per_period,
        demand_per_period=demand_per_period,
        production_per_period=production_per_period,
    )
    refuse_where(
        rate <= demand, "production_per_period", rate, "give more than demand_per_period: stock never builds up"
    )
    return economic_order_quantity(setup, hold * (1.0 - demand / rate), demand, order_quantity)


def eoq_with_all_units_discounts(
    order_cost: float,
    holding_rate_per_period: float,
    demand_per_period: float,
    breakpoints: ArrayLike,
    unit_costs: ArrayLike,
) -> DiscountLotSize:
    """The best order quantity where a larger order lowers the price of all its units.

    Parameters: `order_cost` (K, money per order), `holding_rate_per_period` (i, money per money of stock and period),
    `demand_per_period` (lambda, units), `breakpoints` (b_0 = 0 < b_1 < ..., units; line j holds from b_j),
    `unit_costs` (c_j, money per unit, one per line, never rising).
    Formula: per line Q_j = max(b_j, sqrt(2 K lambda / (i c_j))) where it buys at that line; least of
    c_j lambda + K lambda / Q + i c_j Q / 2. Source: Snyder and Shen (2019), section 3.4.1.

    >>> best = eoq_with_all_units_discounts(8.0, 0.3, 1300.0, [0, 400, 800], [0.75, 0.72, 0.68])
    >>> best.order_quantity, best.region, round(best.cost_per_period, 2)
    (800.0, 2, 978.6)
    """
    setup, rate, demand, breaks, costs = _price_list(
        order_cost, holding_rate_per_period, demand_per_period, breakpoints, unit_costs
    )
    best = np.sqrt(2.0 * setup * demand / (rate * costs))
    ends = np.append(breaks[1:], np.inf)
    # A line's own best above its end buys cheaper on a later line, which then also beats it.
    lots = np.maximum(best, breaks)
    total = np.where(lots < ends, costs * demand + setup * demand / lots + rate * costs * lots / 2.0, np.inf)
    return _discount(lots, costs, total)


def eoq_with_incremental_discounts(
    order_cost: float,
    holding_rate_per_period: float,
    demand_per_period: float,
    breakpoints: ArrayLike,
    unit_costs: ArrayLike,
) -> DiscountLotSize:
    """The best order quantity where each line's price holds for the units beyond its breakpoint only.

    Parameters: as `eoq_with_all_units_discounts`.
    Formula: with e_j = sum_{i <= j} c_{i-1} (b_i - b_{i-1}) - c_j b_j, Q_j = sqrt(2 (K + e_j) lambda / (i c_j)), taken
    where b_j <= Q_j < b_{j+1}; cost c_j lambda + i e_j / 2 + (K + e_j) lambda / Q + i c_j Q / 2.
    Source: Snyder and Shen (2019), section 3.4.2.

    >>> best = eoq_with_incremental_discounts(8.0, 0.3, 1300.0, [0, 400, 800], [0.75, 0.72, 0.68])
    >>> round(best.order_quantity, 4), best.region, round(best.cost_per_period, 4)
    (304.0468, 0, 1043.4105)
    """
    setup, rate, demand, breaks, costs = _price_list(
        order_cost, holding_rate_per_period, demand_per_period, breakpoints, unit_costs
    )
    base = _paid_up_to(breaks, costs) - costs * breaks
    lots = np.sqrt(2.0 * (setup + base) * demand / (rate * costs))
    total = costs * demand + rate * base / 2.0 + (setup + base) * demand / lots + rate * costs * lots / 2.0
    ends = np.append(breaks[1:], np.inf)
    return _discount(lots, costs, np.where((lots >= breaks) & (lots < ends), total, np.inf))


def eoq_with_modified_all_units_discounts(
    order_cost: float,
    holding_rate_per_period: float,
    demand_per_period: float,
    breakpoints: ArrayLike,
    unit_costs: ArrayLike,
) -> DiscountLotSize:
    """The best order quantity where nobody pays more for fewer units than for the next line's least order.

    Parameters: as `eoq_with_all_units_discounts`. The invoice of Q units on line j is min(c_j Q, c_{j+1} b_{j+1}): the
    carload schedule, flat before each breakpoint; where flat, the unit price falls with Q and stock is valued at it.
    Formula: the least over all lines and flats of (invoice + K) lambda / Q + i invoice / 2. On a flat the cost falls
    with Q, so no best order lies inside one. Source: Snyder and Shen (2019), section 3.4.3.

    >>> best = eoq_with_modified_all_units_discounts(8.0, 0.3, 1300.0, [0, 400, 800], [0.75, 0.72, 0.68])
    >>> best.order_quantity, best.region
    (800.0, 2)
    """
    # The order's invoice is least at a flat's right end, a breakpoint, where it is that of the plain discount.
    return eoq_with_all_units_discounts(order_cost, holding_rate_per_period, demand_per_period, breakpoints, unit_costs)


def _paid_up_to(breaks: FloatArray, costs: FloatArray) -> FloatArray:
    """What the units below each breakpoint cost under incremental prices."""
    return np.concatenate([[0.0], np.cumsum(costs[:-1] * np.diff(breaks))])


def _price_list(
    order_cost: ArrayLike, rate: ArrayLike, demand: ArrayLike, breakpoints: ArrayLike, unit_costs: ArrayLike
) -> tuple[float, float, float, FloatArray, FloatArray]:
    setup = float(numbers("order_cost", order_cost, above=0.0, ndim=0))
    hold = float(numbers("holding_rate_per_period", rate, above=0.0, ndim=0))
    units = float(numbers("demand_per_period", demand, above=0.0, ndim=0))
    breaks = numbers("breakpoints", breakpoints, minimum=0.0, ndim=1)
    costs = numbers("unit_costs", unit_costs, above=0.0, ndim=1)
    same_shape([("unit_costs", costs)], breaks.shape, "one unit cost per breakpoint")
    refuse_where(np.array(breaks.size == 0 or breaks[0] != 0.0), "breakpoints", breaks.sum(), "begin with 0")
    refuse_where(np.append(False, np.diff(breaks) <= 0.0), "breakpoints", breaks, "give rising breakpoints")
    refuse_where(np.append(False, np.diff(costs) > 0.0), "unit_costs", costs, "give costs that never rise")
    return setup, hold, units, breaks, costs


def _discount(lots: FloatArray, costs: FloatArray, total: FloatArray) -> DiscountLotSize:
    best = int(np.argmin(total))
    return DiscountLotSize(float(lots[best]), best, float(costs[best]), float(total[best]))
