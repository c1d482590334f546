"""Assembly systems with stochastic service (Rosling): one end product, each part going into one other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, same_shape, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.serial import serial_base_stock


@dataclass(frozen=True, slots=True, eq=False)
class AssemblyStock:
    """Balanced echelon base-stock levels of an assembly system, and what they cost.

    `echelon_base_stock[item]`; `total_lead_periods[item]` (M_i: from ordering the item to the end product);
    `stage_of_item[item]`: its stage in the serial system that the items behave as (0 is the end product);
    `cost_per_period`, known to within `cost_error`: stock on hand and in assembly (at its parts' costs) and backorders;
    `mean_backorders`, `ready_share` (0..1) of the end product.
    """

    echelon_base_stock: FloatArray
    total_lead_periods: FloatArray
    stage_of_item: IntArray
    cost_per_period: float
    cost_error: float
    mean_backorders: float
    ready_share: float


def assembly_base_stock(
    demand: Demand,
    customer: ArrayLike,
    lead_periods: ArrayLike,
    penalty_cost: float,
    *,
    echelon_holding_cost: ArrayLike | None = None,
    local_holding_cost: ArrayLike | None = None,
    echelon_base_stock: ArrayLike | None = None,
) -> AssemblyStock:
    """The cheapest balanced echelon base-stock levels of an assembly system, or the cost of given ones.

    Parameters: `customer[item]` (the item that it goes into, one for one; -1 for the end product, the only one);
    `lead_periods[item]` (l_i: purchase, or assembly once all parts are there); the others as in `serial_base_stock`, by
    item; a local cost h'_i is above the sum of its parts' costs.
    Formula: items in order of M_i = l_i + M of the item they go into behave as the stages of a serial system with lead
    times M_(k) - M_(k-1) and the items' echelon holding costs, but for the mean demand of l_i less that time, which an
    item does not hold. Ordered is up to the least of S_i and what the item next
    in that order will have within M_i periods (balance: no part is ordered that its companions would let wait).
    Validity: as `serial_base_stock`, once the system is in balance. Source: Rosling (1989), Operations Research 37.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> desk = assembly_base_stock(NormalDemand.of(20, 4), [-1, 0, 0], [1, 2, 4], 50, local_holding_cost=[9, 3, 4])
    >>> desk.total_lead_periods.tolist(), desk.echelon_base_stock.round(2).tolist()
    ([1.0, 3.0, 5.0], [27.31, 70.55, 110.73])
    """
    leads = numbers("lead_periods", lead_periods, minimum=0.0, ndim=1)
    goes_into = _checked_customers(customer, leads.size)
    total = _total_leads(goes_into, leads)
    holding = _echelon_costs(goes_into, echelon_holding_cost, local_holding_cost)
    order = np.argsort(total, kind="stable")
    levels = None
    if echelon_base_stock is not None:
        levels = numbers("echelon_base_stock", echelon_base_stock, ndim=1)
        same_shape([("echelon_base_stock", levels)], leads.shape, "one per item")
        levels = levels[order]
    waits = np.diff(total[order], prepend=0.0)
    found = serial_base_stock(
        demand, waits, penalty_cost, echelon_holding_cost=holding[order], echelon_base_stock=levels
    )
    stage = np.empty(leads.size, dtype=np.int64)
    stage[order] = np.arange(leads.size)
    not_held = float(demand.mean) * float(holding @ (leads - waits[stage]))
    return AssemblyStock(
        echelon_base_stock=frozen(found.echelon_base_stock[stage]),
        total_lead_periods=frozen(total),
        stage_of_item=frozen(stage),
        cost_per_period=found.cost_per_period - not_held,
        cost_error=found.cost_error,
        mean_backorders=found.mean_backorders,
        ready_share=found.ready_share,
    )


def _checked_customers(customer: ArrayLike, items: int) -> IntArray:
    goes_into = whole_numbers("customer", customer, minimum=-1, maximum=max(items - 1, 0), ndim=1)
    same_shape([("customer", goes_into)], (items,), "one per item, as lead_periods")
    if np.count_nonzero(goes_into < 0) != 1:
        raise EngineInputError("customer names no end product, or several: give -1 to exactly one item")
    return goes_into


def _total_leads(goes_into: IntArray, leads: FloatArray) -> FloatArray:
    total, at = leads.copy(), goes_into.copy()
    for _ in range(leads.size):
        inside = at >= 0
        if not inside.any():
            return total
        total[inside] += leads[at[inside]]
        at[inside] = goes_into[at[inside]]
    refuse_where(at >= 0, "customer", goes_into, "items go into each other in a ring: name what each goes into")
    return total


def _echelon_costs(goes_into: IntArray, echelon: ArrayLike | None, local: ArrayLike | None) -> FloatArray:
    name = "local_holding_cost" if echelon is None else "echelon_holding_cost"
    costs = local if echelon is None else echelon
    if costs is None or (echelon is not None and local is not None):
        raise EngineInputError("give either echelon_holding_cost or local_holding_cost, not both")
    given = numbers(name, costs, above=0.0, ndim=1)
    same_shape([(name, given)], goes_into.shape, "one per item")
    if echelon is not None:
        return given
    parts = np.zeros_like(given)
    inside = goes_into >= 0
    np.add.at(parts, goes_into[inside], given[inside])
    refuse_where(given <= parts, name, given, "give more than the costs of its parts together")
    return given - parts
