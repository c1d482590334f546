"""Bounds on the best levels of a horizon, from looking at one period at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.newsvendor import myopic_base_stock
from closeknit.engine.inventory.reorder import PolicyCosts, crossings


@dataclass(frozen=True, slots=True, eq=False)
class MyopicBounds:
    """Per period, between which levels the best reorder point and order-up-to level lie (units).

    `has_reorder_upper`: where the next period's fixed cost is so much larger that the bound does not hold (and
    `reorder_upper` is the order-up-to level's lower bound), False.
    """

    reorder_lower: FloatArray
    reorder_upper: FloatArray
    order_up_to_lower: FloatArray
    order_up_to_upper: FloatArray
    has_reorder_upper: BoolArray


def myopic_bounds(
    demand: Demand,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    unit_cost: ArrayLike = 0.0,
    next_unit_cost: ArrayLike = 0.0,
    order_cost: ArrayLike = 0.0,
    next_order_cost: ArrayLike = 0.0,
    discount_factor: ArrayLike = 1.0,
) -> MyopicBounds:
    """Bounds on the best (s, S) of each period of a horizon, from that period's own cost.

    Parameters (broadcast, one entry per period): `demand` (continuous), h, p, `unit_cost` (c_t), `next_unit_cost`
    (c_{t+1}) and `discount_factor` (gamma) as in `myopic_base_stock`; `order_cost` (K_t) and `next_order_cost`
    (K_{t+1}), money per order. In the last period add the end's costs to h and p, and give 0 for what is next.
    Formula: with G the myopic cost, least at S_low: G(S_high) = G(S_low) + gamma K_{t+1} above it; below it
    G(s_low) = G(S_low) + K_t and G(s_high) = G(S_low) + K_t - gamma K_{t+1}.
    Source: Veinott (1966); Zipkin (2000); Snyder and Shen (2019), section 4.4.3.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> got = myopic_bounds(NormalDemand.of(100.0, 20.0), 1.0, 20.0, 2.0, 2.0, 50.0, 50.0)
    >>> [round(float(level), 3) for level in (got.reorder_lower, got.order_up_to_lower, got.order_up_to_upper)]
    [110.26, 133.368, 191.66]
    """
    kind = np.array(type(demand).__name__)
    refuse_where(np.array(demand.is_whole), "demand", kind, "give continuous demand; or use finite_horizon_policy")
    setup = numbers("order_cost", order_cost, minimum=0.0)
    later = numbers("next_order_cost", next_order_cost, minimum=0.0)
    best = myopic_base_stock(
        demand, holding_cost_per_period, shortage_cost_per_period, unit_cost, next_unit_cost, discount_factor
    )
    parts = (holding_cost_per_period, shortage_cost_per_period, unit_cost, next_unit_cost, discount_factor)
    hold, short, now, after, factor = (np.asarray(part, dtype=np.float64) for part in parts)
    # Valuing stock at its price only moves what holding and shortage cost: G = h' E(y - D)+ + p' E(D - y)+ + c E(D).
    rise = now - factor * after
    level, setup, later, hold, short, factor = together(
        ("level", best.level),
        ("order_cost", setup),
        ("next_order_cost", later),
        ("h", hold + rise),
        ("p", short - rise),
        ("discount_factor", factor),
    )
    costs = PolicyCosts(setup, hold, short, np.ones_like(setup))
    loss = demand.loss(level)
    least = hold * loss.excess + short * loss.shortfall

    def crossed(extra: FloatArray, side: int) -> FloatArray:
        some = extra > 0.0
        return np.where(some, crossings(demand, costs, least + np.where(some, extra, 1.0))[side], level)

    ahead = factor * later
    return MyopicBounds(
        reorder_lower=frozen(crossed(setup, 0)),
        reorder_upper=frozen(crossed(setup - ahead, 0)),
        order_up_to_lower=frozen(np.array(level)),
        order_up_to_upper=frozen(crossed(ahead, 1)),
        has_reorder_upper=frozen(np.asarray(setup >= ahead)),
    )
