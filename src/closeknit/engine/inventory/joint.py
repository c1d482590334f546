"""Items that share the cost of an order: how often to order, and which items in which order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, same_shape


@dataclass(frozen=True, slots=True, eq=False)
class JointReplenishment:
    """Items ordered together every `base_periods`, item n in each `multiples[n]`-th order."""

    order_quantity: FloatArray
    base_periods: float
    multiples: IntArray
    cost_per_period: float


def joint_replenishment(
    shared_order_cost: float,
    item_order_costs: ArrayLike,
    holding_costs_per_period: ArrayLike,
    demands_per_period: ArrayLike,
    *,
    method: str = "exact",
) -> JointReplenishment:
    """How often to order several items that share the cost of an order.

    Parameters: `shared_order_cost` (K, money per joint order), and per item (one dimension) `item_order_costs`
    (k_n >= 0, money per order that holds it), `holding_costs_per_period` (h_n), `demands_per_period` (lambda_n).
    `method`: "exact", the best whole multiples; "silver", Silver's heuristic; "power_of_two", multiples 1, 2, 4...
    (within 6 % of the best).
    Formula: cost (K + sum k_n / m_n) / T + T sum h_n m_n lambda_n / 2; T = sqrt(2 (K + sum k_n / m_n) /
    sum h_n m_n lambda_n). Source: Silver (1976); Goyal (1974); Snyder and Shen (2019), section 3.7.

    >>> joint_replenishment(600.0, [120.0, 840.0, 300.0], [160.0, 20.0, 50.0], [1.0, 1.0, 1.0]).multiples.tolist()
    [1, 3, 1]
    """
    shared = float(numbers("shared_order_cost", shared_order_cost, above=0.0, ndim=0))
    each = numbers("item_order_costs", item_order_costs, minimum=0.0, ndim=1)
    hold = numbers("holding_costs_per_period", holding_costs_per_period, above=0.0, ndim=1)
    demand = numbers("demands_per_period", demands_per_period, above=0.0, ndim=1)
    same_shape([("holding_costs_per_period", hold), ("demands_per_period", demand)], each.shape, "one per item")
    refuse_where(np.array(each.size == 0), "item_order_costs", np.array(0), "give at least one item")
    weight = hold * demand
    if method == "silver":
        return _joint(shared, each, weight, demand, _silver_multiples(shared, each, weight))
    powers = _checked_method(method) == "power_of_two"
    found = [_joint(shared, each, weight, demand, m) for m in _candidate_multiples(shared, each, weight, powers)]
    return min(found, key=lambda one: one.cost_per_period)


def _checked_method(method: str) -> str:
    known = ("exact", "silver", "power_of_two")
    refuse_where(np.array(method not in known), "method", np.array(method), f"give one of {', '.join(known)}")
    return method


def _joint(
    shared: float, each: FloatArray, weight: FloatArray, demand: FloatArray, multiples: FloatArray
) -> JointReplenishment:
    orders, stock = shared + float(np.sum(each / multiples)), float(np.sum(weight * multiples))
    base = float(np.sqrt(2.0 * orders / stock))
    whole = multiples.astype(np.int64)
    return JointReplenishment(
        frozen(base * multiples * demand), base, frozen(whole), float(np.sqrt(2.0 * orders * stock))
    )


def _silver_multiples(shared: float, each: FloatArray, weight: FloatArray) -> FloatArray:
    ratio = each / weight
    often = int(np.argmin(ratio))
    found = np.round(np.sqrt(ratio * weight[often] / (shared + each[often])))
    found[often] = 1.0
    return np.asarray(np.maximum(found, 1.0))


def _candidate_multiples(shared: float, each: FloatArray, weight: FloatArray, powers: bool) -> list[FloatArray]:
    """Every vector of multiples that is best for some base period that can be best."""
    # At base period T item n's best m has m (m - 1) <= 2 k_n / (w_n T^2) <= m (m + 1); powers: m^2 / 2 and 2 m^2.
    longest = np.sqrt(2.0 * (shared + np.sum(each)) / np.sum(weight))
    # The shared cost alone forbids orders more often than this: any policy's cost is at least 2 K / T.
    upper = np.sqrt(2.0 * (shared + np.sum(each)) * np.sum(weight))
    shortest = shared / upper
    ratio = 2.0 * each / weight

    def multiples_at(base: float) -> FloatArray:
        wanted = ratio / (base * base)
        if powers:
            return 2.0 ** np.ceil(0.5 * np.log2(np.maximum(wanted, 1e-300) / 2.0) * (wanted > 2.0))
        return np.maximum(np.ceil(-0.5 + np.sqrt(0.25 + wanted)), 1.0)

    cuts = [longest * 1.001, shortest]
    most = int(np.max(multiples_at(shortest)))
    refuse_where(
        np.array(most > 100_000), "item_order_costs", np.array(most), "multiples beyond 100,000: split the items"
    )
    steps = 2.0 ** np.arange(np.log2(max(most, 1)) + 1) if powers else np.arange(1.0, most + 1)
    for step in steps:
        change = np.sqrt(ratio / (2.0 * step * step if powers else step * (step + 1.0)))
        cuts.extend(change[(change > shortest) & (change < longest)].tolist())
    edges = np.unique(np.array(cuts))
    middles = (edges[1:] + edges[:-1]) / 2.0
    return [multiples_at(float(base)) for base in middles]
