"""Serial systems with stochastic service (Clark and Scarf): exact echelon base-stock levels, their cost and bounds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.demand import Demand, NormalDemand
from closeknit.engine.inventory.serial_demand import lead_demand
from closeknit.engine.inventory.serial_discrete import sweep_discrete
from closeknit.engine.inventory.serial_measures import Sweep, measures_of
from closeknit.engine.inventory.serial_normal import sweep_normal


@dataclass(frozen=True, slots=True, eq=False)
class SerialStock:
    """Base-stock levels of a serial system and what they cost; stage 0 serves the customer, the last one buys.

    `echelon_base_stock[stage]` (S_j): order up to this, counting all stock downstream less backorders;
    `local_base_stock[stage]`: the same policy in stock of one's own;
    `cost_per_period`, known to within `cost_error`; it is `holding_cost_per_period` (stock on hand and in transit)
    plus `backorder_cost_per_period`;
    `mean_backorders`: customer demand that waits; `ready_share` (0..1): share of time without backorders;
    `mean_on_hand[stage]`; `mean_in_transit[stage]`: on its way to the stage.
    """

    echelon_base_stock: FloatArray
    local_base_stock: FloatArray
    cost_per_period: float
    cost_error: float
    holding_cost_per_period: float
    backorder_cost_per_period: float
    mean_backorders: float
    ready_share: float
    mean_on_hand: FloatArray
    mean_in_transit: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NewsvendorBounds:
    """Levels between which the best echelon base stocks lie, and their weighted mean, nearly as good as the best."""

    lower: FloatArray
    upper: FloatArray
    heuristic: FloatArray


def serial_base_stock(
    demand: Demand,
    lead_periods: ArrayLike,
    penalty_cost: float,
    *,
    echelon_holding_cost: ArrayLike | None = None,
    local_holding_cost: ArrayLike | None = None,
    echelon_base_stock: ArrayLike | None = None,
) -> SerialStock:
    """The cheapest echelon base-stock levels of a serial system, or the cost of given ones.

    Parameters: `demand` of a period at stage 0 (one item, `NormalDemand` or a whole kind); `lead_periods[stage]` (L_j,
    >= 0: from the supplier to the stage; whole numbers for listed demand); `penalty_cost` (p, per unit and period of
    waiting); per unit and period one of `echelon_holding_cost[stage]` (h_j > 0) and `local_holding_cost[stage]` (h'_j,
    rising towards the customer); `echelon_base_stock[stage]` to cost a policy instead of finding the best.
    Formula: f_0(x) = (p + sum h) x-; f_j(y) = E[h_j (y - D_j) + f_{j-1}(min(S_{j-1}, y - D_j))]; S_j minimises f_j;
    the cost is f_N(S_N). Stock in transit from a stage is charged at that stage's local cost.
    Validity: unmet demand waits; the outside supplier never runs out; no fixed order cost, no capacity limit. Periodic
    review with costs at the period's end: add one period to the lead time of stage 0.
    Source: Clark and Scarf (1960), Management Science 6; Chen and Zheng (1994), Management Science 40.

    >>> best = serial_base_stock(NormalDemand.of(10, 2), [1, 1, 2], 40, echelon_holding_cost=[4, 3, 1])
    >>> best.echelon_base_stock.round(3).tolist(), round(best.cost_per_period, 4)
    ([12.766, 23.528, 46.309], 86.0156)
    >>> best.cost_error < 1e-10
    True
    """
    leads, holding, penalty = _checked(demand, lead_periods, penalty_cost, echelon_holding_cost, local_holding_cost)
    given = None if echelon_base_stock is None else _checked_levels(demand, echelon_base_stock, leads.size)
    measures = measures_of(holding, penalty)
    bounds = _bounds(demand, leads, holding, penalty)
    if isinstance(demand, NormalDemand):
        return _stock(demand, leads, penalty, sweep_normal(measures, demand, leads, given, bounds))
    demands = [lead_demand(demand, float(periods)) for periods in leads]
    whole = None if given is None else given.astype(np.int64)
    return _stock(
        demand, leads, penalty, sweep_discrete(measures, demands, whole, np.asarray(bounds[1], dtype=np.int64))
    )


def newsvendor_bounds(
    demand: Demand,
    lead_periods: ArrayLike,
    penalty_cost: float,
    *,
    echelon_holding_cost: ArrayLike | None = None,
    local_holding_cost: ArrayLike | None = None,
    lower_weight: float = 0.5,
) -> NewsvendorBounds:
    """Bounds on the best echelon base stocks from one newsvendor problem each, and the heuristic between them.

    Parameters as in `serial_base_stock`; `lower_weight` (0..1): weight of the lower bound in the heuristic.
    Formula: upper_j = F_j^-1((p + sum_{i>j} h_i) / (p + sum_{i>=j} h_i)), lower_j = F_j^-1((p + sum_{i>j} h_i) /
    (p + sum_i h_i)), F_j the demand over the lead times of stages 0..j.
    Validity: as `serial_base_stock`. Source: Shang and Song (2003), Management Science 49.

    >>> found = newsvendor_bounds(NormalDemand.of(5, 1), [1, 1, 2], 37.12, echelon_holding_cost=[3, 2, 2])
    >>> found.heuristic.round(4).tolist()
    [6.4909, 12.0274, 22.634]
    """
    leads, holding, penalty = _checked(demand, lead_periods, penalty_cost, echelon_holding_cost, local_holding_cost)
    weight = float(numbers("lower_weight", lower_weight, minimum=0.0, maximum=1.0, ndim=0))
    lower, upper = _bounds(demand, leads, holding, penalty)
    return NewsvendorBounds(frozen(lower), frozen(upper), frozen(weight * lower + (1.0 - weight) * upper))


def echelon_from_local(local_base_stock: ArrayLike) -> FloatArray:
    """Echelon base-stock levels of a policy given stage by stage: running sums from the customer upstream.

    >>> echelon_from_local([4, 5, 1]).tolist()
    [4.0, 9.0, 10.0]
    """
    return frozen(np.cumsum(numbers("local_base_stock", local_base_stock, ndim=1)))


def local_from_echelon(echelon_base_stock: ArrayLike) -> FloatArray:
    """Local base-stock levels of an echelon policy: S_j counts only as far as no stage upstream has less.

    >>> local_from_echelon([4, 9, 10]).tolist(), local_from_echelon([6, 5, 9]).tolist()
    ([4.0, 5.0, 1.0], [5.0, 0.0, 4.0])
    """
    levels = numbers("echelon_base_stock", echelon_base_stock, ndim=1)
    effective = np.minimum.accumulate(levels[::-1])[::-1]
    return frozen(np.diff(effective, prepend=0.0))


def _checked(
    demand: Demand,
    lead_periods: ArrayLike,
    penalty_cost: float,
    echelon: ArrayLike | None,
    local: ArrayLike | None,
) -> tuple[FloatArray, FloatArray, float]:
    if not isinstance(demand, Demand) or not (demand.is_whole or isinstance(demand, NormalDemand)):
        raise EngineInputError("demand has no form that adds up over lead times: give NormalDemand or a whole kind")
    if demand.mean.size != 1:
        raise EngineInputError(f"demand holds {demand.mean.size} items: give one at a time here")
    leads = numbers("lead_periods", lead_periods, minimum=0.0, ndim=1)
    if leads.size == 0 or not np.any(leads > 0.0):
        raise EngineInputError("lead_periods is zero everywhere: give at least one stage that takes time")
    if (echelon is None) == (local is None):
        raise EngineInputError("give either echelon_holding_cost or local_holding_cost, not both")
    if echelon is not None:
        fix = "a stage that adds no value holds no stock: merge it with the next one"
        holding = numbers("echelon_holding_cost", echelon, above=0.0, ndim=1, fix=fix)
    else:
        stage_cost = numbers("local_holding_cost", [] if local is None else local, above=0.0, ndim=1)
        holding = stage_cost - np.append(stage_cost[1:], 0.0)
        refuse_where(holding <= 0.0, "local_holding_cost", stage_cost, "give costs that rise towards the customer")
    if holding.size != leads.size:
        raise EngineInputError(f"the holding costs name {holding.size} stages, lead_periods {leads.size}: give as many")
    return leads, holding, float(numbers("penalty_cost", penalty_cost, above=0.0, ndim=0))


def _checked_levels(demand: Demand, levels: ArrayLike, stages: int) -> FloatArray:
    if isinstance(demand, NormalDemand):
        checked = numbers("echelon_base_stock", levels, ndim=1)
    else:
        checked = whole_numbers("echelon_base_stock", levels, minimum=-(10**6), maximum=10**6, ndim=1).astype(float)
    if checked.size != stages:
        raise EngineInputError(f"echelon_base_stock has {checked.size} entries: give {stages}, one per stage")
    return checked


def _bounds(demand: Demand, leads: FloatArray, holding: FloatArray, penalty: float) -> tuple[FloatArray, FloatArray]:
    upstream = penalty + holding.sum() - np.cumsum(holding)
    shares = upstream / (penalty + holding.sum()), upstream / (upstream + holding)
    total = np.cumsum(leads)
    if isinstance(demand, NormalDemand):
        sd = float(demand.sd) * np.sqrt(total)
        lower, upper = (float(demand.mean) * total + sd * ndtri(share) for share in shares)
        return lower, upper
    demands = [lead_demand(demand, float(periods)) for periods in total]
    found = [np.array([d.quantile(float(s)) for d, s in zip(demands, share, strict=True)]) for share in shares]
    return found[0].astype(np.float64), found[1].astype(np.float64)


def _stock(demand: Demand, leads: FloatArray, penalty: float, sweep: Sweep) -> SerialStock:
    cost, backorders, late = (float(value) for value in sweep.values[:3])
    echelon = sweep.values[3:]
    transit = float(demand.mean) * leads
    on_hand = np.diff(echelon, prepend=0.0) - np.append(0.0, transit[:-1])
    on_hand[0] += backorders
    waiting_cost = penalty * backorders
    return SerialStock(
        echelon_base_stock=frozen(sweep.levels),
        local_base_stock=local_from_echelon(sweep.levels),
        cost_per_period=cost,
        cost_error=sweep.error,
        holding_cost_per_period=cost - waiting_cost,
        backorder_cost_per_period=waiting_cost,
        mean_backorders=max(0.0, backorders),
        ready_share=min(1.0, max(0.0, 1.0 - late)),
        mean_on_hand=frozen(on_hand),
        mean_in_transit=frozen(transit),
    )
