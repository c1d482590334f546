"""When to order and how much, over a horizon of periods whose demand is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import array, run
from closeknit.engine.inventory.dynamic_kernels import fill_silver_meal, fill_wagner_whitin


@dataclass(frozen=True, slots=True, eq=False)
class OrderPlan:
    """What to order in each period (units), the stock left at each period's end, and the total cost."""

    order_quantity: FloatArray
    end_stock: FloatArray
    order_periods: IntArray
    cost: float


def wagner_whitin(
    demand: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    unit_cost: ArrayLike = 0.0,
    *,
    start_stock: float = 0.0,
) -> OrderPlan:
    """The cheapest order plan for known demand, exactly (Wagner and Whitin).

    Parameters: `demand` (d_t >= 0, units, one per period); per period or one for all: `order_cost` (K_t >= 0, money
    per order), `holding_cost_per_period` (h_t >= 0, money per unit in stock at the period's end), `unit_cost`
    (c_t >= 0, money per unit); `start_stock` (units, serves the first demand; its holding is counted).
    Formula: theta_t = min over s <= t of theta_{s-1} + K_s + sum_{i=s..t} d_i (c_s + h_s + ... + h_{i-1}); an order
    serves whole periods. Validity: no capacity, no backorders; up to 20,000 periods; of equal plans the one with fewer,
    earlier orders may differ from a textbook's. Source: Wagner and Whitin (1958); Snyder and Shen (2019), section 3.7.

    >>> plan = wagner_whitin([150, 100, 80, 200], 120.0, 0.8)
    >>> plan.order_quantity.tolist(), plan.cost
    ([150.0, 180.0, 0.0, 200.0], 424.0)
    """
    need, setup, hold, unit = _per_period(demand, order_cost, holding_cost_per_period, unit_cost)
    stock = float(numbers("start_stock", start_stock, minimum=0.0, ndim=0))
    left = np.maximum(np.cumsum(need) - stock, 0.0)
    net = np.diff(left, prepend=0.0)
    cost, ordered_in = np.zeros(need.size + 1), np.zeros(need.size + 1, dtype=np.int64)
    parts = [array(part) for part in (setup, unit, hold, net)]
    run(fill_wagner_whitin, need.size**2 / 2.0, *parts, cost, ordered_in)
    source = np.zeros(need.size, dtype=np.int64)
    end = need.size
    while end > 0:
        source[ordered_in[end] : end] = ordered_in[end]
        end = int(ordered_in[end])
    return _plan(need, setup, hold, unit, stock, source, net)


def silver_meal(
    demand: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    *,
    start_stock: float = 0.0,
    per_unit: bool = False,
) -> OrderPlan:
    """An order plan by the Silver-Meal rule: extend each order while its mean cost per period falls.

    Parameters as in `wagner_whitin`; `per_unit` takes the mean per unit instead (least unit cost). A heuristic: for
    planning that rolls on, steadier than the exact plan. Source: Silver and Meal (1973).

    >>> silver_meal([150, 100, 80, 200], 120.0, 0.8).order_quantity.tolist()
    [250.0, 0.0, 80.0, 200.0]
    """
    need, setup, hold, unit = _per_period(demand, order_cost, holding_cost_per_period, 0.0)
    stock = float(numbers("start_stock", start_stock, minimum=0.0, ndim=0))
    net = np.diff(np.maximum(np.cumsum(need) - stock, 0.0), prepend=0.0)
    source = np.zeros(need.size, dtype=np.int64)
    run(fill_silver_meal, 4.0 * need.size, array(setup), array(hold), array(net), bool(per_unit), source)
    return _plan(need, setup, hold, unit, stock, source, net)


def _per_period(
    demand: ArrayLike, order_cost: ArrayLike, holding_cost: ArrayLike, unit_cost: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    need = numbers("demand", demand, minimum=0.0, ndim=1)
    refuse_where(np.array(not 0 < need.size <= 20_000), "demand", np.array(need.size), "give 1 to 20,000 periods")
    named = [("demand", need)]
    for name, value in (
        ("order_cost", order_cost),
        ("holding_cost_per_period", holding_cost),
        ("unit_cost", unit_cost),
    ):
        named.append((name, numbers(name, value, minimum=0.0, maximum=1e12)))
        refuse_where(
            np.array(named[-1][1].shape not in ((), need.shape)), name, np.array(0), "give one, or one per period"
        )
    need, setup, hold, unit = together(*named)
    return need, setup, hold, unit


def _plan(
    need: FloatArray,
    setup: FloatArray,
    hold: FloatArray,
    unit: FloatArray,
    stock: float,
    source: IntArray,
    net: FloatArray,
) -> OrderPlan:
    orders = np.bincount(source, net, need.size)
    end_stock = np.maximum(stock + np.cumsum(orders - need), 0.0)
    cost = float(np.sum(setup * (orders > 0.0) + unit * orders + hold * end_stock))
    return OrderPlan(frozen(orders), frozen(end_stock), frozen(np.flatnonzero(orders > 0.0)), cost)
