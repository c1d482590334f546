"""Guaranteed service in a network that is a tree (Graves and Willems): who promises which time, and with what stock."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.compiled import array, run
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.guaranteed_kernels import (
    add_demand_upstream,
    best_service_times,
    bound_times,
    order_stages,
)

LONGEST_PERIODS = 100_000
STEPS_PER_STAGE = 100.0
MOST_STEPS = 2e10
"""Most pairs of times that may be compared: about a quarter of a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class GuaranteedServiceNetwork:
    """Stages and who supplies whom, checked; made by `GuaranteedServiceNetwork.of`.

    `demand_mean[stage]`, `demand_sd[stage]`: per period, with all that customers need of the stage;
    `longest_replenishment_periods[stage]`: what a stage needs when its suppliers promise the longest times;
    `excess_bound[stage or 0, period]` times `stock_per_bound[stage]`: the stock that covers so many periods.
    """

    supplier: IntArray
    customer: IntArray
    processing_periods: IntArray
    holding_cost: FloatArray
    demand_mean: FloatArray
    demand_sd: FloatArray
    shortest_service_periods: IntArray
    longest_service_periods: IntArray
    external_inbound_periods: IntArray
    longest_replenishment_periods: IntArray
    excess_bound: FloatArray
    stock_per_bound: FloatArray
    _order: IntArray
    _parent_arc: IntArray
    _inbound_least: IntArray
    _inbound_most: IntArray
    _outbound_most: IntArray

    @classmethod
    def of(
        cls,
        *,
        supplier: ArrayLike,
        customer: ArrayLike,
        processing_periods: ArrayLike,
        holding_cost: ArrayLike,
        demand_sd: ArrayLike = 0.0,
        demand_mean: ArrayLike = 0.0,
        safety_factor: ArrayLike = 1.0,
        longest_service_periods: ArrayLike | None = None,
        shortest_service_periods: ArrayLike = 0,
        external_inbound_periods: ArrayLike = 0,
        units_per_unit: ArrayLike = 1.0,
        pooling_exponent: float = 2.0,
        excess_bound: ArrayLike | None = None,
    ) -> "GuaranteedServiceNetwork":
        """A network from its arcs and what is known of each stage, numbered from 0.

        Parameters: `supplier[arc]`, `customer[arc]` (stages; together a tree, or several); `processing_periods[stage]`
        (T_k, whole: from all inputs at hand to ready); `holding_cost[stage]` (h_k per unit and period);
        `demand_sd[stage]`, `demand_mean[stage]` (of the stage's outside customers, per period);
        `safety_factor` (z_k: demand above mean + z sd sqrt(periods) is met by other means);
        `longest_service_periods[stage]` (most that S_k may be; default 0 where a stage has no customer in the network,
        no limit elsewhere); `shortest_service_periods`; `external_inbound_periods` (SI_k is at least this: what outside
        suppliers promise); `units_per_unit[arc]` (of the supplier's goods in one of the customer's);
        `pooling_exponent` (p >= 1: total sd = (sum (units sd)^p)^(1/p); 2 for independent demands, 1 for no pooling);
        `excess_bound[stage or 0, period]` to give the stock for 0, 1, 2, ... periods oneself (never falling) instead
        of z_k sd_k sqrt(periods).
        """
        arcs = _checked_arcs(supplier, customer)
        processing = whole_numbers("processing_periods", processing_periods, minimum=0, maximum=LONGEST_PERIODS, ndim=1)
        stages = processing.size
        work = STEPS_PER_STAGE * stages
        order, parent_arc = _ordered(arcs, stages)
        limits = _limits(arcs, stages, shortest_service_periods, longest_service_periods)
        external = _whole("external_inbound_periods", external_inbound_periods, stages)
        least, most, top = external.copy(), external.copy(), np.zeros(stages, dtype=np.int64)
        run(bound_times, work, *arcs, order, parent_arc, processing, *limits, least, most, top)
        units = _by("units_per_unit", units_per_unit, arcs[0].size, "arc")
        power = float(numbers("pooling_exponent", pooling_exponent, minimum=1.0, maximum=100.0, ndim=0))
        mean = _by("demand_mean", demand_mean, stages, "stage")
        spread = _by("demand_sd", demand_sd, stages, "stage") ** power
        run(add_demand_upstream, work, *arcs, order, parent_arc, units, mean)
        run(add_demand_upstream, work, *arcs, order, parent_arc, units**power, spread)
        factor = _by("safety_factor", safety_factor, stages, "stage")
        sd = spread ** (1.0 / power)
        return cls(
            supplier=frozen(arcs[0]),
            customer=frozen(arcs[1]),
            processing_periods=frozen(processing),
            holding_cost=frozen(_by("holding_cost", holding_cost, stages, "stage")),
            demand_mean=frozen(mean),
            demand_sd=frozen(sd),
            shortest_service_periods=frozen(limits[0]),
            longest_service_periods=frozen(limits[1]),
            external_inbound_periods=frozen(external),
            longest_replenishment_periods=frozen(most + processing),
            excess_bound=frozen(_bound(excess_bound, stages, int((most + processing).max()) + 1)),
            stock_per_bound=frozen(factor * sd if excess_bound is None else np.ones(stages)),
            _order=frozen(order),
            _parent_arc=frozen(parent_arc),
            _inbound_least=frozen(least),
            _inbound_most=frozen(most),
            _outbound_most=frozen(top),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SafetyStockPlacement:
    """Promised times of a network and the stock that keeps them, by stage.

    `outbound_periods` (S_k): promised to customers; `inbound_periods` (SI_k): the longest that suppliers promise;
    `net_replenishment_periods`: SI_k + T_k - S_k, no less than 0; `safety_stock`; `base_stock`: with the mean demand of
    those periods; `pipeline_stock`: in process; `holding_cost_per_period[stage]` and `cost_per_period` of safety stock.
    """

    outbound_periods: IntArray
    inbound_periods: IntArray
    net_replenishment_periods: IntArray
    safety_stock: FloatArray
    base_stock: FloatArray
    pipeline_stock: FloatArray
    holding_cost_per_period: FloatArray
    cost_per_period: float


def place_safety_stock(network: GuaranteedServiceNetwork) -> SafetyStockPlacement:
    """The promised times within their limits whose safety stock costs least; of equal ones the shorter.

    Formula: minimise sum_k h_k B_k(SI_k + T_k - S_k), B_k(t) = z_k sd_k sqrt(t) or as given, SI_k >= S_i for every
    supplier i and >= the outside ones, S_k within its limits; a dynamic program over the tree, exact for any B that
    never falls.
    Validity: demand within its bound is met at once from stock, what exceeds it by other means; whole periods; every
    promise the same to all customers of a stage. Source: Graves and Willems (2000, 2003), M&SOM 2 and 5.

    >>> chain = GuaranteedServiceNetwork.of(
    ...     supplier=[0, 2, 2], customer=[2, 1, 3], processing_periods=[2, 1, 1, 1], holding_cost=[1, 3, 2, 3],
    ...     demand_sd=[0, 1, 0, 1], longest_service_periods=[9, 0, 9, 1], external_inbound_periods=[1, 0, 0, 0])
    >>> best = place_safety_stock(chain)
    >>> best.outbound_periods.tolist(), round(best.cost_per_period, 6)
    ([0, 0, 0, 1], 8.277917)
    """
    most, low, top = network._inbound_most, network.shortest_service_periods, network._outbound_most
    outbound_count = top - low + 1
    steps = float((most + 1.0 - network._inbound_least) @ outbound_count.astype(np.float64))
    if steps > MOST_STEPS:
        raise EngineInputError(f"processing_periods make {steps:.1e} pairs of times: count in longer periods")
    rising = array(network.excess_bound)
    inbound, outbound = np.zeros(most.size, dtype=np.int64), np.zeros(most.size, dtype=np.int64)
    run(
        best_service_times,
        steps + STEPS_PER_STAGE * most.size,
        *(array(part, np.int64) for part in (network.supplier, network.customer, network._order, network._parent_arc)),
        *(array(part, np.int64) for part in (network.processing_periods, low, top, network._inbound_least, most)),
        array(network.holding_cost * network.stock_per_bound),
        rising,
        array(rising[:, ::-1]),
        np.arange(most.size) if rising.shape[0] > 1 else np.zeros(most.size, dtype=np.int64),
        np.cumsum(most + 1) - most - 1,
        np.cumsum(outbound_count) - outbound_count,
        np.zeros(int((most + 1).sum())),
        np.zeros(int(outbound_count.sum())),
        inbound,
        outbound,
    )
    return _placed(network, outbound)


def cost_service_times(network: GuaranteedServiceNetwork, outbound_periods: ArrayLike) -> SafetyStockPlacement:
    """The stock and its cost when each stage promises the given times (S_k, within the stage's limits).

    >>> pair = GuaranteedServiceNetwork.of(
    ...     supplier=[1], customer=[0], processing_periods=[4, 9], holding_cost=[2, 1], demand_sd=[10, 0])
    >>> cost_service_times(pair, [0, 0]).cost_per_period
    70.0
    >>> cost_service_times(pair, [0, 9]).net_replenishment_periods.tolist()
    [13, 0]
    """
    outbound = _whole("outbound_periods", outbound_periods, network.processing_periods.size)
    refuse_where(
        outbound < network.shortest_service_periods, "outbound_periods", outbound, "give no less than the shortest"
    )
    refuse_where(
        outbound > network.longest_service_periods, "outbound_periods", outbound, "give no more than the longest"
    )
    refuse_where(
        outbound > network._outbound_most, "outbound_periods", outbound, "no stage needs so long: give a shorter time"
    )
    return _placed(network, outbound)


def _placed(network: GuaranteedServiceNetwork, outbound: IntArray) -> SafetyStockPlacement:
    inbound = network.external_inbound_periods.copy()
    np.maximum.at(inbound, network.customer, outbound[network.supplier])
    net = np.maximum(inbound + network.processing_periods - outbound, 0)
    row = np.arange(net.size) if network.excess_bound.shape[0] > 1 else np.zeros(net.size, dtype=np.int64)
    units = network.excess_bound[row, net]
    safety = network.stock_per_bound * units
    cost = network.holding_cost * safety
    return SafetyStockPlacement(
        outbound_periods=frozen(outbound),
        inbound_periods=frozen(inbound),
        net_replenishment_periods=frozen(net),
        safety_stock=frozen(safety),
        base_stock=frozen(network.demand_mean * net + safety),
        pipeline_stock=frozen(network.demand_mean * network.processing_periods),
        holding_cost_per_period=frozen(cost),
        cost_per_period=float(cost.sum()),
    )


def _checked_arcs(supplier: ArrayLike, customer: ArrayLike) -> tuple[IntArray, IntArray]:
    ends = []
    for name, value in (("supplier", supplier), ("customer", customer)):
        empty = np.asarray(value).size == 0
        ends.append(np.zeros(0, dtype=np.int64) if empty else whole_numbers(name, value, minimum=0, ndim=1))
    if ends[0].size != ends[1].size:
        raise EngineInputError(f"supplier names {ends[0].size} arcs, customer {ends[1].size}: give as many")
    refuse_where(ends[0] == ends[1], "supplier", ends[0], "a stage can't supply itself: give two stages")
    return ends[0], ends[1]


def _limits(
    arcs: tuple[IntArray, IntArray], stages: int, shortest_periods: ArrayLike, longest_periods: ArrayLike | None
) -> tuple[IntArray, IntArray]:
    shortest = _whole("shortest_service_periods", shortest_periods, stages)
    if longest_periods is None:
        sinks = np.bincount(arcs[0], minlength=stages) == 0
        return shortest, np.where(sinks, shortest, LONGEST_PERIODS)
    longest = _whole("longest_service_periods", longest_periods, stages, limit=2**53)
    refuse_where(shortest > longest, "shortest_service_periods", shortest, "give no more than the longest ones")
    return shortest, longest


def _ordered(arcs: tuple[IntArray, IntArray], stages: int) -> tuple[IntArray, IntArray]:
    if stages == 0:
        raise EngineInputError("processing_periods is empty: give at least one stage")
    for name, ends in zip(("supplier", "customer"), arcs, strict=True):
        refuse_where(ends >= stages, name, ends, f"name stages from 0 to {stages - 1}")
    order, parent, degree, left = (np.zeros(stages, dtype=np.int64) for _ in range(4))
    done = run(order_stages, STEPS_PER_STAGE * stages, *arcs, order, parent, degree, left)
    if done < stages:
        inside = degree > 0
        arc = int(np.flatnonzero(inside[arcs[0]] & inside[arcs[1]])[0])
        raise EngineInputError(
            f"the network is no tree: {int(inside.sum())} stages lie on closed rings of arcs, as arc {arc} from stage "
            f"{arcs[0][arc]} to {arcs[1][arc]} does: merge stages that share a path, or drop an arc"
        )
    return order, parent


def _whole(name: str, value: ArrayLike, stages: int, limit: int = LONGEST_PERIODS) -> IntArray:
    checked = whole_numbers(name, value, minimum=0, maximum=limit)
    periods: IntArray = np.minimum(_spread_over(name, checked, stages, "stage"), LONGEST_PERIODS)
    return periods


def _by(name: str, value: ArrayLike, count: int, what: str) -> FloatArray:
    values: FloatArray = _spread_over(name, numbers(name, value, minimum=0.0), count, what)
    return values


def _spread_over(name: str, checked: Any, count: int, what: str) -> Any:
    if checked.ndim > 1 or (checked.ndim == 1 and checked.size != count):
        raise EngineInputError(f"{name} has shape {checked.shape}: give one number, or {count}, one per {what}")
    return array(np.broadcast_to(checked, (count,)), checked.dtype.type)


def _bound(given: ArrayLike | None, stages: int, periods: int) -> FloatArray:
    if given is None:
        return np.sqrt(np.arange(periods, dtype=np.float64))[None, :]
    table = numbers("excess_bound", given, minimum=0.0)
    table = table[None, :] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[0] not in (1, stages) or table.shape[1] < periods:
        raise EngineInputError(
            f"excess_bound has shape {table.shape}: give 1 or {stages} rows of at least {periods} periods, from 0 on"
        )
    falling = np.diff(table, axis=1, prepend=table[:, :1]) < 0.0
    refuse_where(falling, "excess_bound", table, "give bounds that never fall as periods grow")
    return table
