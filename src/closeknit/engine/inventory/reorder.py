"""When to reorder and how much, under continuous review: (r, Q) policies, exactly and by the usual approximations.

Costs are of the backorder model: every unit in stock costs h a period, every unit waiting p. `lead_demand` is demand
over the lead time; `demand_per_period` its rate.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together, whole_numbers
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.inventory.demand import Demand, NegativeBinomialDemand, PoissonDemand
from closeknit.engine.inventory.loss_kernels import find_lot_policies
from closeknit.engine.inventory.losses import counting_work
from closeknit.engine.inventory.lot_sizing import economic_order_quantity, eoq_with_backorders


@dataclass(frozen=True, slots=True, eq=False)
class ReorderPolicy:
    """Order `order_quantity` when the inventory position falls to `reorder_point` (units); cost in money a period.

    `expected_cost` is the exact cost of the policy; `approximate_cost` what the method itself claims (the same where
    the method is exact).
    """

    reorder_point: FloatArray
    order_quantity: FloatArray
    expected_cost: FloatArray
    approximate_cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PolicyCosts:
    """Checked costs of one shape: K, h, p and lambda."""

    setup: FloatArray
    hold: FloatArray
    short: FloatArray
    rate: FloatArray


def _costs(order_cost: ArrayLike, holding: ArrayLike, shortage: ArrayLike, demand_per_period: ArrayLike) -> PolicyCosts:
    named = [
        ("order_cost", numbers("order_cost", order_cost, above=0.0)),
        ("holding_cost_per_period", numbers("holding_cost_per_period", holding, above=0.0)),
        ("shortage_cost_per_period", numbers("shortage_cost_per_period", shortage, above=0.0)),
        ("demand_per_period", numbers("demand_per_period", demand_per_period, above=0.0)),
    ]
    return PolicyCosts(*together(*named))


def r_q_cost(
    reorder_point: ArrayLike,
    order_quantity: ArrayLike,
    lead_demand: Demand,
    demand_per_period: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
) -> FloatArray:
    """Expected cost per period of an (r, Q) policy, exactly.

    Parameters (broadcast): `reorder_point` (r, units), `order_quantity` (Q > 0, units), `lead_demand` (D, demand over
    the lead time), `demand_per_period` (lambda, units), `order_cost` (K), `holding_cost_per_period` (h),
    `shortage_cost_per_period` (p). Formula: (K lambda + integral of g over r..r+Q) / Q with
    g(y) = h E[(y - D)+] + p E[(D - y)+]; for demand in whole units, the sum of g over r+1..r+Q. The integral is a
    difference of second-order losses. Validity: the inventory position is uniform, independent of lead-time demand.
    Source: Hadley and Whitin (1963); Snyder and Shen (2019), section 5.2.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> lead = NormalDemand.of(1300 / 12, 150 / 12**0.5)
    >>> round(float(r_q_cost(126.8, 328.5, lead, 1300.0, 8.0, 0.225, 7.5)), 6)
    78.071163
    """
    costs = _costs(order_cost, holding_cost_per_period, shortage_cost_per_period, demand_per_period)
    point = numbers("reorder_point", reorder_point)
    lot = numbers("order_quantity", order_quantity, above=0.0)
    if lead_demand.is_whole:
        whole_numbers("reorder_point", point, minimum=-(2**53))
        whole_numbers("order_quantity", lot, minimum=1)
    point, lot = together(("reorder_point", point), ("order_quantity", lot))
    return frozen(np.array(_exact_cost(lead_demand, costs, point, lot)))


def _exact_cost(lead_demand: Demand, costs: PolicyCosts, point: FloatArray, lot: FloatArray) -> FloatArray:
    low, high = lead_demand.loss(point), lead_demand.loss(point + lot)
    left = high.second_excess - low.second_excess
    short = low.second_shortfall - high.second_shortfall
    return np.asarray((costs.setup * costs.rate + costs.hold * left + costs.short * short) / lot)


def r_q_optimal(
    lead_demand: Demand,
    demand_per_period: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
) -> ReorderPolicy:
    """The (r, Q) policy of least expected cost, exactly.

    Parameters as in `r_q_cost`. Formula, continuous demand (Zheng 1992): the cost C at which the area between C and
    g equals K lambda; r and r + Q are where g crosses C. Whole demand (Federgruen and Zheng 1992): levels are added to
    r+1..r+Q, the cheaper neighbour first, while that lowers their mean. Of equal policies the one with the smaller Q.
    Source: Snyder and Shen (2019), sections 5.3 and 5.5.

    >>> from closeknit.engine.inventory.demand import PoissonDemand
    >>> best = r_q_optimal(PoissonDemand.of(3.0), 1.5, 100.0, 20.0, 150.0)
    >>> best.reorder_point.tolist(), best.order_quantity.tolist(), round(float(best.expected_cost), 4)
    (3.0, 5.0, 107.9236)
    """
    costs = _costs(order_cost, holding_cost_per_period, shortage_cost_per_period, demand_per_period)
    if lead_demand.is_whole:
        return _optimal_whole(lead_demand, costs)
    fixed = costs.setup * costs.rate
    lowest = _g(lead_demand, costs, lead_demand.quantile(costs.short / (costs.short + costs.hold)))[0]
    # The cost of the same system without uncertainty, on top of the least cost of uncertainty, is near above.
    cost = lowest + np.sqrt(2.0 * fixed * costs.hold * costs.short / (costs.hold + costs.short))
    point = lot = cost
    for _ in range(200):
        point, top = crossings(lead_demand, costs, cost)
        lot = top - point
        # The mean of g plus the fixed cost, less C: Newton on the area, whose slope is Q.
        change = _exact_cost(lead_demand, costs, point, lot) - cost
        cost = cost + change
        if np.all(np.abs(change) <= 1e-13 * cost):
            break
    exact = _exact_cost(lead_demand, costs, point, lot)
    return _policy(point, lot, exact, exact)


def _policy(point: FloatArray, lot: FloatArray, exact: FloatArray, claimed: FloatArray) -> ReorderPolicy:
    parts = np.broadcast_arrays(point, lot, exact, claimed)
    return ReorderPolicy(*(frozen(np.array(part)) for part in parts))


def _g(demand: Demand, costs: PolicyCosts, level: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The cost rate at a level, and its slope."""
    loss = demand.loss(level)
    return (
        costs.hold * loss.excess + costs.short * loss.shortfall,
        costs.hold * loss.within_share - costs.short * loss.beyond_share,
    )


def crossings(demand: Demand, costs: PolicyCosts, cost: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where the convex g passes a cost, on each side: Newton from the straight lines that bound g from below."""
    low, high = demand.mean - cost / costs.short, demand.mean + cost / costs.hold
    for _ in range(100):
        (at_low, slope_low), (at_high, slope_high) = _g(demand, costs, low), _g(demand, costs, high)
        step_low = np.where(slope_low < 0.0, (at_low - cost) / np.where(slope_low < 0.0, slope_low, 1.0), 0.0)
        step_high = np.where(slope_high > 0.0, (at_high - cost) / np.where(slope_high > 0.0, slope_high, 1.0), 0.0)
        low, high = low - step_low, high - step_high
        span = 1e-14 * (np.abs(low) + np.abs(high) + (high - low))
        if np.all(np.abs(step_low) <= span) and np.all(np.abs(step_high) <= span):
            break
    return low, high


def _optimal_whole(lead_demand: Demand, costs: PolicyCosts) -> ReorderPolicy:
    start = lead_demand.quantile(costs.short / (costs.short + costs.hold))
    fixed = costs.setup * costs.rate
    if isinstance(lead_demand, (PoissonDemand, NegativeBinomialDemand)):
        size = lead_demand.size if isinstance(lead_demand, NegativeBinomialDemand) else np.zeros(())
        parts = np.broadcast_arrays(fixed, costs.hold, costs.short, lead_demand.mean, size, start)
        flat = [array(part.ravel()) for part in parts]
        out = np.zeros((start.size, 3))
        out[:, 0] = flat[5]
        run_in_parts(find_lot_policies, start.size, 4.0 * counting_work(*parts[3:5]), *flat[:5], out)
        point, lot = out[:, 0].reshape(start.shape), out[:, 1].reshape(start.shape)
    else:
        found = [
            _grow(lead_demand, *(float(part) for part in each))
            for each in zip(*(np.ravel(part) for part in (fixed, costs.hold, costs.short, start)), strict=True)
        ]
        point, lot = (np.array(part).reshape(start.shape) for part in zip(*found, strict=True))
    exact = _exact_cost(lead_demand, costs, point, lot)
    return _policy(point, lot, exact, exact)


def _grow(demand: Demand, fixed: float, hold: float, short: float, start: float) -> tuple[float, float]:
    def g(level: float) -> float:
        loss = demand.loss(level)
        return hold * float(loss.excess) + short * float(loss.shortfall)

    low, high, total = start, start, fixed + g(start)
    below, above = g(low - 1.0), g(high + 1.0)
    while min(below, above) * (high - low + 1.0) < total:
        if above <= below:
            high, total, above = high + 1.0, total + above, g(high + 2.0)
        else:
            low, total, below = low - 1.0, total + below, g(low - 2.0)
    return low - 1.0, high - low + 1.0


def r_q_best_reorder_point(
    order_quantity: ArrayLike,
    lead_demand: Demand,
    demand_per_period: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
) -> ReorderPolicy:
    """The best reorder point for a given order quantity, where the cost rate is the same at r and r + Q.

    Parameters as in `r_q_cost`; continuous demand. Formula: g(r) = g(r + Q). Source: Snyder and Shen (2019), 5.3.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> lead = NormalDemand.of(1300 / 12, 150 / 12**0.5)
    >>> round(float(r_q_best_reorder_point(318.0, lead, 1300.0, 8.0, 0.225, 7.5).reorder_point), 4)
    127.788
    """
    costs = _costs(order_cost, holding_cost_per_period, shortage_cost_per_period, demand_per_period)
    _refuse_whole(lead_demand)
    lot = numbers("order_quantity", order_quantity, above=0.0)
    point = _balanced_point(lead_demand, costs, lot)
    exact = _exact_cost(lead_demand, costs, point, lot)
    return _policy(point, lot, exact, exact)


def _refuse_whole(demand: Demand) -> None:
    fix = "give continuous demand (NormalDemand, GammaDemand...); for whole units use r_q_optimal"
    refuse_where(np.array(demand.is_whole), "lead_demand", np.array(type(demand).__name__), fix)


def _balanced_point(demand: Demand, costs: PolicyCosts, lot: FloatArray) -> FloatArray:
    best = demand.quantile(costs.short / (costs.short + costs.hold))

    def rise(point: FloatArray) -> tuple[FloatArray, FloatArray]:
        (low, low_slope), (high, high_slope) = _g(demand, costs, point), _g(demand, costs, point + lot)
        return high - low, high_slope - low_slope

    return rising_root(rise, best - lot, best + np.zeros_like(lot))


def rising_root(
    function: Callable[[FloatArray], tuple[FloatArray, FloatArray]], low: FloatArray, high: FloatArray
) -> FloatArray:
    """Where a rising function is 0, between bounds: Newton, halving the bracket where that leaves it."""
    point = (low + high) / 2.0
    for _ in range(200):
        value, slope = function(point)
        low, high = np.where(value < 0.0, point, low), np.where(value < 0.0, high, point)
        step = point - value / np.where(slope > 0.0, slope, np.inf)
        inside = (step > low) & (step < high) & (slope > 0.0)
        after = np.where(inside, step, (low + high) / 2.0)
        done = np.abs(after - point) <= 1e-14 * np.maximum(np.abs(after), high - low)
        point = after
        if np.all(done | (high - low <= 1e-15 * np.abs(point))):
            break
    return point


def r_q_approximation(
    lead_demand: Demand,
    demand_per_period: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    *,
    method: str,
) -> ReorderPolicy:
    """An (r, Q) policy by one of the textbook approximations, with its exact cost beside.

    Parameters as in `r_q_cost`, continuous demand; `method`:
    - "eil" (expected inventory level; Whitin 1953): r = F^-1(1 - Q h / (p lambda)), Q = sqrt(2 lambda (K + p n(r)) / h)
      in turn until both stand still; here p is money per unit short, once; claims
      h (r - E[D] + Q / 2) + K lambda / Q + p lambda n(r) / Q.
    - "eoqb" (Zheng 1992): Q of the EOQ with backorders, then the best r for it.
    - "eoq_ss": Q of the plain EOQ, r the base-stock level F^-1(p / (p + h)).
    - "loss" (Hadley and Whitin 1963): n(r) = h Q / (h + p), Q = sqrt(2 (K lambda + (h + p) n2(r)) / h) in turn.
    Source: Snyder and Shen (2019), section 5.4.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> lead = NormalDemand.of(1300 / 12, 150 / 12**0.5)
    >>> got = r_q_approximation(lead, 1300.0, 8.0, 0.225, 7.5, method="eil")
    >>> round(float(got.reorder_point), 4), round(float(got.order_quantity), 4), round(float(got.approximate_cost), 4)
    (213.9704, 318.5902, 95.4511)
    """
    costs = _costs(order_cost, holding_cost_per_period, shortage_cost_per_period, demand_per_period)
    _refuse_whole(lead_demand)
    known = {"eil": _eil, "eoqb": _eoqb, "eoq_ss": _eoq_ss, "loss": _loss}
    refuse_where(np.array(method not in known), "method", np.array(method), f"give one of {', '.join(known)}")
    point, lot = known[method](lead_demand, costs)
    exact = _exact_cost(lead_demand, costs, point, lot)
    return _policy(point, lot, exact, _eil_cost(lead_demand, costs, point, lot) if method == "eil" else exact)


def _plain_lot(costs: PolicyCosts) -> FloatArray:
    return economic_order_quantity(costs.setup, costs.hold, costs.rate).order_quantity


def _eoqb(demand: Demand, costs: PolicyCosts) -> tuple[FloatArray, FloatArray]:
    lot = eoq_with_backorders(costs.setup, costs.hold, costs.short, costs.rate).order_quantity
    return _balanced_point(demand, costs, lot), lot


def _eoq_ss(demand: Demand, costs: PolicyCosts) -> tuple[FloatArray, FloatArray]:
    return demand.quantile(costs.short / (costs.short + costs.hold)), _plain_lot(costs)


def _settle(
    step: Callable[[FloatArray], tuple[FloatArray, FloatArray]], lot: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Repeat Q -> (r, Q) until Q stands still."""
    point = lot
    for _ in range(10_000):
        point, after = step(lot)
        done = np.all(np.abs(after - lot) <= 1e-13 * after)
        lot = after
        if done:
            return point, lot
    refuse_where(np.array(True), "lead_demand", np.array("given"), "the approximation does not settle: use r_q_optimal")
    return point, lot


def _eil(demand: Demand, costs: PolicyCosts) -> tuple[FloatArray, FloatArray]:
    def step(lot: FloatArray) -> tuple[FloatArray, FloatArray]:
        share = lot * costs.hold / (costs.short * costs.rate)
        fix = "shortage must cost more than holding a lot for a cycle (h Q < p lambda): use r_q_optimal"
        refuse_where(share >= 1.0, "shortage_cost_per_period", np.broadcast_to(costs.short, share.shape), fix)
        point = demand.quantile(1.0 - share)
        return point, np.sqrt(
            2.0 * costs.rate * (costs.setup + costs.short * demand.loss(point).shortfall) / costs.hold
        )

    return _settle(step, _plain_lot(costs))


def _eil_cost(demand: Demand, costs: PolicyCosts, point: FloatArray, lot: FloatArray) -> FloatArray:
    orders = costs.rate / lot * (costs.setup + costs.short * demand.loss(point).shortfall)
    return np.asarray(costs.hold * (point - demand.mean + lot / 2.0) + orders)


def _loss(demand: Demand, costs: PolicyCosts) -> tuple[FloatArray, FloatArray]:
    both = costs.hold + costs.short

    def step(lot: FloatArray) -> tuple[FloatArray, FloatArray]:
        point = level_of_shortfall(demand, costs.hold * lot / both)
        second = demand.loss(point).second_shortfall
        return point, np.sqrt(2.0 * (costs.setup * costs.rate + both * second) / costs.hold)

    return _settle(step, _plain_lot(costs))


def level_of_shortfall(demand: Demand, shortfall: FloatArray) -> FloatArray:
    """The level with the given expected shortfall, for continuous demand: Newton from the left of a convex curve."""
    level = demand.mean - shortfall
    for _ in range(200):
        loss = demand.loss(level)
        step = (loss.shortfall - shortfall) / np.maximum(loss.beyond_share, 1e-300)
        level = level + step
        if np.all(np.abs(step) <= 1e-14 * (np.abs(level) + shortfall)):
            break
    return np.asarray(level)
