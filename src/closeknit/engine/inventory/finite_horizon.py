"""Orders over a few periods of uncertain demand: the best levels period by period, by dynamic programming."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where
from closeknit.engine.compiled import array, run
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.policy_kernels import fill_stage

_TAIL = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class HorizonPolicy:
    """Per period: at or below `reorder_point`, order up to `order_up_to` (units); the horizon's expected cost.

    Without a fixed cost the two are the same: a base-stock policy. `tail_share`: the largest chance, per
    period, of demand beyond what was counted.
    """

    reorder_point: FloatArray
    order_up_to: FloatArray
    expected_cost: float
    tail_share: float


def finite_horizon_policy(
    demands: Sequence[Demand],
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    unit_cost: ArrayLike = 0.0,
    order_cost: ArrayLike = 0.0,
    *,
    end_holding_cost_per_unit: float = 0.0,
    end_shortage_cost_per_unit: float = 0.0,
    discount_factor: ArrayLike = 1.0,
    start_stock: float = 0.0,
    step_units: float = 1.0,
) -> HorizonPolicy:
    """The order policy of least expected discounted cost over a horizon, orders arriving at once, backorders waiting.

    Parameters: `demands`, one `Demand` of one item per period (T of them, independent); per period or one for all:
    `holding_cost_per_period` (h_t), `shortage_cost_per_period` (p_t), `unit_cost` (c_t), `order_cost` (K_t >= 0),
    `discount_factor` (gamma_t, in (0, 1]); at the end h_T x+ + p_T x- (`end_...`); `start_stock` (x_1, units; negative
    for backorders); `step_units`, the grid of stock levels (continuous demand is rounded to it; halve it to see the
    error).
    Formula: theta_t(x) = min over y >= x of K_t [y > x] + c_t (y - x) + g_t(y) + gamma_t E theta_{t+1}(y - D_t).
    Source: Scarf (1960); Snyder and Shen (2019), sections 4.3.3 and 4.4.3.

    >>> from closeknit.engine.inventory.demand import PoissonDemand
    >>> got = finite_horizon_policy([PoissonDemand.of(4.0)] * 3, 1.0, 10.0, order_cost=20.0)
    >>> got.reorder_point.tolist(), got.order_up_to.tolist()
    ([3.0, 3.0, 1.0], [13.0, 10.0, 7.0])
    """
    periods = len(demands)
    refuse_where(np.array(not 0 < periods <= 1000), "demands", np.array(periods), "give 1 to 1,000 periods")
    single = np.array([demand.mean.size == 1 for demand in demands])
    refuse_where(~single, "demands", single, "give one item's demand per period")
    hold = _each("holding_cost_per_period", holding_cost_per_period, periods, above=0.0)
    short = _each("shortage_cost_per_period", shortage_cost_per_period, periods, above=0.0)
    unit = _each("unit_cost", unit_cost, periods, minimum=0.0)
    setup = _each("order_cost", order_cost, periods, minimum=0.0)
    discount = _each("discount_factor", discount_factor, periods, above=0.0, maximum=1.0)
    step = float(numbers("step_units", step_units, above=0.0, ndim=0))
    start = float(numbers("start_stock", start_stock, ndim=0))
    end_hold = float(numbers("end_holding_cost_per_unit", end_holding_cost_per_unit, minimum=0.0, ndim=0))
    end_short = float(numbers("end_shortage_cost_per_unit", end_shortage_cost_per_unit, minimum=0.0, ndim=0))
    grid = [_masses_on_grid(demand, step) for demand in demands]
    reach = max(mass.size for mass, _ in grid) - 1
    low, high = _range(demands, hold, short, setup, step, start)
    levels = step * np.arange(low, high + 1)
    size = np.array(levels.size)
    refuse_where(size > 200_000, "step_units", size, "levels to try: give a larger step")
    later = np.where(levels > 0.0, end_hold * levels, -end_short * levels)
    below = step * np.arange(low - reach, low)
    points, ups = np.zeros(periods), np.zeros(periods)
    under = -end_short * below
    for t in range(periods - 1, -1, -1):
        loss = demands[t].loss(levels)
        rates = array(hold[t] * loss.excess + short[t] * loss.shortfall)
        mass = grid[t][0]
        out, ahead = np.zeros((2, levels.size)), np.zeros(levels.size)
        # Cost to go must also be known as far below the grid as this period's demand can take the stock.
        known = array(np.concatenate([under, later])[reach - (mass.size - 1) :])
        numbers_of = (float(setup[t]), float(unit[t] * step), float(discount[t]))
        run(fill_stage, 1.0 * levels.size * mass.size, *numbers_of, rates, array(mass), known, ahead, out)
        later = out[0]
        ordering = out[1] > np.arange(levels.size)
        ups[t] = levels[int(out[1, 0])]
        points[t] = levels[int(np.flatnonzero(ordering)[-1])] if np.any(ordering) else levels[0]
        if setup[t] == 0.0:
            points[t] = ups[t]
        # Far below, the cost to go is a straight line: one orders, or nobody ever does.
        under = later[0] + (later[0] - later[1]) / step * (levels[0] - below)
    at_start = round(start / step) - low
    return HorizonPolicy(frozen(points), frozen(ups), float(later[at_start]), max(tail for _, tail in grid))


def _each(
    name: str,
    value: ArrayLike,
    periods: int,
    *,
    above: float | None = None,
    minimum: float = -1e12,
    maximum: float = 1e12,
) -> FloatArray:
    checked = numbers(name, value, above=above, minimum=minimum, maximum=maximum)
    shape = np.array(str(checked.shape))
    refuse_where(
        np.array(checked.shape not in ((), (periods,))), name, shape, f"give one, or one for each of {periods}"
    )
    return np.array(np.broadcast_to(checked, (periods,)))


def _masses_on_grid(demand: Demand, step: float) -> tuple[FloatArray, float]:
    """Chance of each multiple of the step, demand below 0 counted as 0; and the chance left out at the top."""
    if demand.is_whole and step == 1.0:
        masses = demand.masses()
        return masses, max(0.0, 1.0 - float(np.sum(masses)))
    top = int(np.ceil(float(demand.quantile(1.0 - _TAIL)) / step)) + 1
    edges = step * (np.arange(top + 1) + 0.5)
    loss = demand.loss(edges)
    beyond = np.concatenate([[1.0], loss.beyond_share.ravel()])
    return np.maximum(-np.diff(beyond), 0.0), float(beyond[-1])


def _range(
    demands: Sequence[Demand], hold: FloatArray, short: FloatArray, setup: FloatArray, step: float, start: float
) -> tuple[int, int]:
    """Levels worth trying: from where one surely orders to where holding alone costs more than ordering again."""
    means = np.array([float(demand.mean) for demand in demands])
    tops = np.array([float(demand.quantile(1.0 - 1e-9)) for demand in demands])
    lots = np.sqrt(2.0 * np.max(setup) * np.max(means) / np.min(hold)) if np.max(means) > 0.0 else 0.0
    ahead = min(float(np.sum(tops)), float(np.max(tops)) + 4.0 * lots + 4.0 * float(np.max(tops)))
    high = max(ahead, start) + 2.0 * step
    owed = min(float(np.max(setup / short)), 20.0 * float(np.sum(tops)))
    low = min(-2.0 * float(np.max(tops)) - 2.0 * lots - owed, start) - 2.0 * step
    return int(np.floor(low / step)), int(np.ceil(high / step))
