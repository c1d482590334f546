"""Periodic review where each order has a fixed cost: below s, order up to S."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together, whole_number
from closeknit.engine.compiled import array, run
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.policy_kernels import cost_s_s, find_s_s

_MOST_LEVELS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class OrderUpToPolicy:
    """Order up to `order_up_to` whenever the inventory position is at or below `reorder_point` (units)."""

    reorder_point: FloatArray
    order_up_to: FloatArray
    expected_cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """One item's checked numbers: `rates` are G(y) for levels from `lowest` on."""

    setup: float
    hold: float
    short: float
    lowest: int
    rates: FloatArray
    masses: FloatArray


def s_s_optimal(
    demand: Demand,
    order_cost: float,
    holding_cost_per_period: float,
    shortage_cost_per_period: float,
    lead_periods: int = 0,
) -> OrderUpToPolicy:
    """The (s, S) policy of least expected cost per period for demand in whole units, exactly.

    Parameters, for one item: `demand` of one period (whole units; a mean above 0), `order_cost` (K > 0),
    `holding_cost_per_period` (h > 0) and `shortage_cost_per_period` (p > 0; money per unit at the period's end),
    `lead_periods` (L, whole; an order placed at the start of a period arrives L periods later, 0 at once).
    Formula: cost(s, S) = (K + sum_{j < S - s} m(j) G(S - j)) / M(S - s); m the renewal density of demand, G(y) the
    newsvendor cost of y against demand over L + 1 periods. Search of Zheng and Federgruen (1991), proven optimal.
    Source: Snyder and Shen (2019), section 4.4.

    >>> from closeknit.engine.inventory.demand import PoissonDemand
    >>> best = s_s_optimal(PoissonDemand.of(4.0), 150.0, 40.0, 125.0)
    >>> best.reorder_point.tolist(), best.order_up_to.tolist(), round(float(best.expected_cost), 4)
    (2.0, 7.0, 223.5748)
    """
    item, best = _item(demand, order_cost, holding_cost_per_period, shortage_cost_per_period, lead_periods, ())
    levels = item.rates.size
    out, scratch = np.zeros(3), np.zeros((2, levels))
    run(find_s_s, 4.0 * levels * levels, item.setup, item.rates, item.masses, best - item.lowest, scratch, out)
    return _answer(out[0] + item.lowest, out[1] + item.lowest, out[2])


def _answer(low: float, high: float, cost: float) -> OrderUpToPolicy:
    return OrderUpToPolicy(*(frozen(np.array(float(value))) for value in (low, high, cost)))


def s_s_cost(
    reorder_point: int,
    order_up_to: int,
    demand: Demand,
    order_cost: float,
    holding_cost_per_period: float,
    shortage_cost_per_period: float,
    lead_periods: int = 0,
) -> OrderUpToPolicy:
    """The expected cost per period of a given (s, S) policy for demand in whole units, exactly.

    Parameters: `reorder_point` (s) and `order_up_to` (S > s), whole units; the others as in `s_s_optimal`.

    >>> from closeknit.engine.inventory.demand import PoissonDemand
    >>> round(float(s_s_cost(4, 10, PoissonDemand.of(6.0), 5.0, 1.0, 4.0).expected_cost), 6)
    8.034112
    """
    low = whole_number("reorder_point", reorder_point, minimum=-(10**6), maximum=10**6)
    high = whole_number("order_up_to", order_up_to, minimum=low + 1, maximum=10**6)
    item, _ = _item(
        demand, order_cost, holding_cost_per_period, shortage_cost_per_period, lead_periods, (float(low), float(high))
    )
    out, scratch = np.zeros(1), np.zeros((2, high - low + 1))
    run(
        cost_s_s,
        float(high - low) ** 2,
        item.setup,
        low - item.lowest,
        high - item.lowest,
        item.rates,
        item.masses,
        scratch,
        out,
    )
    return _answer(low, high, float(out[0]))


def _item(
    demand: Demand, order_cost: float, holding: float, shortage: float, lead: int, levels: tuple[float, ...]
) -> tuple[_Item, int]:
    setup = float(numbers("order_cost", order_cost, above=0.0, ndim=0))
    hold = float(numbers("holding_cost_per_period", holding, above=0.0, ndim=0))
    short = float(numbers("shortage_cost_per_period", shortage, above=0.0, ndim=0))
    periods = whole_number("lead_periods", lead, minimum=0, maximum=10_000) + 1
    masses = demand.masses()
    never = np.array(float(masses[0]))
    refuse_where(never >= 1.0 - 1e-12, "demand", never, "is the chance of no demand: give demand that happens")
    whole = demand if periods == 1 else demand.over(periods)
    best = int(whole.quantile(short / (short + hold)))

    def rates(at: FloatArray) -> FloatArray:
        loss = whole.loss(at)
        return hold * loss.excess + short * loss.shortfall

    # No level is worth keeping that costs more than the best one and an order every period; g's lines bound it.
    most = setup + float(rates(np.array(float(best))))
    mean = float(whole.mean)
    lowest = int(min(np.floor(mean - most / short) - 2.0, best - 2.0, *levels))
    highest = int(max(np.ceil(mean + most / hold) + 2.0, best + 2.0, *levels))
    count = np.array(highest - lowest + 1)
    refuse_where(
        count > _MOST_LEVELS, "order_cost", count, "levels to try: use a larger unit, or s_s_power_approximation"
    )
    table = array(rates(np.arange(lowest, highest + 1, dtype=np.float64)))
    return _Item(setup, hold, short, lowest, table, array(masses)), best


def s_s_power_approximation(
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    lead_periods: ArrayLike = 0,
) -> OrderUpToPolicy:
    """A near-best (s, S) policy from two moments of demand: the revised power approximation, for whole catalogues.

    Parameters (broadcast, all > 0 but L): `demand_mean` (mu) and `demand_sd` (sigma) of one period, units; K, h, p and
    L as in `s_s_optimal`. Formula: Q = 1.30 mu^0.494 (K / h)^0.506 (1 + sigma_L^2 / mu^2)^0.116,
    z = sqrt(Q h / (sigma_L p)), s = 0.973 mu_L + sigma_L (0.183 / z + 1.063 - 2.192 z), S = s + Q, with mu_L and
    sigma_L of demand over L + 1 periods. Where Q <= 1.5 mu both are kept at or below the base-stock level
    S0 = mu_L + z_{p / (p + h)} sigma_L only by the caller's wish. `expected_cost` is not estimated (0).
    Source: Ehrhardt and Mosier (1984); Snyder and Shen (2019), section 4.4.4.

    >>> got = s_s_power_approximation(50.0, 8.0, 2.5, 0.18, 0.7)
    >>> round(float(got.reorder_point), 4), round(float(got.order_up_to), 4)
    (40.1946, 74.2902)
    """
    named = {
        "demand_mean": demand_mean,
        "demand_sd": demand_sd,
        "order_cost": order_cost,
        "holding_cost_per_period": holding_cost_per_period,
        "shortage_cost_per_period": shortage_cost_per_period,
    }
    checked = [(name, numbers(name, value, above=0.0)) for name, value in named.items()]
    lead = numbers("lead_periods", lead_periods, minimum=0.0, maximum=1e5)
    mean, sd, setup, hold, short, lead = together(*checked, ("lead_periods", lead))
    over, spread = mean * (lead + 1.0), sd * np.sqrt(lead + 1.0)
    lot = 1.30 * mean**0.494 * (setup / hold) ** 0.506 * (1.0 + (spread / mean) ** 2) ** 0.116
    z = np.sqrt(lot / spread * hold / short)
    point = 0.973 * over + spread * (0.183 / z + 1.063 - 2.192 * z)
    return OrderUpToPolicy(frozen(point), frozen(point + lot), frozen(np.zeros_like(point)))
