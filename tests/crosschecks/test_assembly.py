"""Assembly systems: the serial system that they behave as, against a simulation that moves the parts themselves."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.assembly import assembly_base_stock
from closeknit.engine.inventory.demand import NormalDemand, PoissonDemand
from closeknit.engine.inventory.serial import serial_base_stock


def test_a_chain_is_a_serial_system_whatever_the_order_of_its_items() -> None:
    serial = serial_base_stock(PoissonDemand.of(6.0), [1, 2, 1], 30.0, local_holding_cost=[6.0, 3.0, 1.0])
    # Item 1 is the end product, item 0 goes into it, item 2 into item 0.
    chain = assembly_base_stock(PoissonDemand.of(6.0), [1, -1, 0], [2, 1, 1], 30.0, local_holding_cost=[3.0, 6.0, 1.0])
    assert chain.echelon_base_stock.tolist() == serial.echelon_base_stock[[1, 0, 2]].tolist()
    assert chain.cost_per_period == serial.cost_per_period
    assert chain.total_lead_periods.tolist() == [3.0, 1.0, 4.0]
    assert chain.stage_of_item.tolist() == [1, 0, 2]


def simulated(
    customer: list[int], leads: list[int], levels: np.ndarray, local_cost: np.ndarray, penalty: float, periods: int
) -> tuple[float, float]:
    """Cost per period, and the least stock of a part ever at hand, under balanced orders, period by period.

    In a period parts arrive, orders are placed, demand comes, costs are charged. A part's stock is what arrived of it
    less what its customer has ordered; the policy works only if that is never negative.
    """
    rng = np.random.default_rng(4)
    items = len(leads)
    total = np.array([leads[i] for i in range(items)])
    for i in range(items):
        at = customer[i]
        while at >= 0:
            total[i] += leads[at]
            at = customer[at]
    order = np.argsort(total, kind="stable")
    demand = np.concatenate([[0], np.cumsum(rng.poisson(5.0, periods))])
    # Ordered up to: counted from the start, `demand[t]` had been asked before period t.
    placed = {}
    for place in reversed(range(items)):
        item = order[place]
        up_to = demand[:periods] + levels[item]
        if place + 1 < items:
            behind = placed[order[place + 1]]
            delay = total[order[place + 1]] - total[item]
            up_to = np.minimum(up_to, np.concatenate([np.full(delay, behind[0]), behind])[:periods])
        placed[item] = np.maximum.accumulate(up_to)
    arrived = {i: np.concatenate([np.full(leads[i], placed[i][0]), placed[i]])[:periods] for i in range(items)}
    begun = periods // 20
    least, cost = np.inf, 0.0
    end = customer.index(-1)
    for item in range(items):
        used = demand[1:] if item == end else placed[customer[item]]
        stock = arrived[item] - used
        if item != end:
            least = min(least, float(stock[begun:].min()))
            transit = 0.0
        on_hand = np.maximum(stock, 0.0)
        cost += local_cost[item] * float(on_hand[begun:].mean())
        if item != end:
            # Parts in assembly cost what they cost as parts.
            at = customer[item]
            transit = (placed[at] - arrived[at])[begun:].mean()
            cost += local_cost[item] * float(transit)
        else:
            cost += penalty * float(np.maximum(-stock, 0.0)[begun:].mean())
    return cost, least


@pytest.mark.parametrize(
    ("customer", "leads", "local_cost"),
    [
        ([-1, 0, 0], [1, 2, 4], [9.0, 3.0, 4.0]),
        ([-1, 0, 1, 1, 0], [1, 1, 2, 3, 4], [12.0, 6.0, 1.0, 2.0, 3.0]),
        ([-1, 0, 0, 0], [2, 1, 1, 3], [7.0, 1.0, 2.0, 1.0]),
    ],
)
def test_moving_the_parts_costs_what_the_serial_system_says(
    customer: list[int], leads: list[int], local_cost: list[float]
) -> None:
    penalty, rate = 25.0, 5.0
    # Costs fall at the period's end, after its demand: one period more for the end product.
    longer = [leads[0] + 1, *leads[1:]]
    found = assembly_base_stock(PoissonDemand.of(rate), customer, longer, penalty, local_holding_cost=local_cost)
    cost, least = simulated(customer, leads, found.echelon_base_stock, np.array(local_cost), penalty, 200_000)
    assert least >= 0.0
    echelon = np.array(local_cost)
    np.subtract.at(echelon, [c for c in customer if c >= 0], [local_cost[i] for i, c in enumerate(customer) if c >= 0])
    # The model charges the other items before the period's demand.
    assert found.cost_per_period - rate * echelon[1:].sum() == pytest.approx(cost, rel=0.006)
    for move in (-2.0, 2.0):
        levels = found.echelon_base_stock + move * (np.arange(len(leads)) == 1)
        other = assembly_base_stock(
            PoissonDemand.of(rate), customer, longer, penalty, local_holding_cost=local_cost, echelon_base_stock=levels
        )
        assert other.cost_per_period >= found.cost_per_period


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer": [0, 0]}, "no end product"),
        ({"customer": [-1, -1]}, "no end product"),
        ({"customer": [-1, 2, 1], "lead_periods": [1, 1, 1], "local_holding_cost": [9, 1, 2]}, "in a ring"),
        ({"customer": [-1]}, "one per item"),
        ({"local_holding_cost": [3.0, 3.0]}, "parts together"),
        ({"echelon_holding_cost": [1.0, 1.0]}, "not both"),
        ({"local_holding_cost": None}, "give either"),
        ({"echelon_base_stock": [1.0]}, "one per item"),
    ],
)
def test_bad_assemblies_are_refused_with_a_way_out(change: dict[str, object], words: str) -> None:
    given = {
        "demand": NormalDemand.of(10.0, 3.0),
        "customer": [-1, 0],
        "lead_periods": [1.0, 1.0],
        "penalty_cost": 10.0,
        "local_holding_cost": [3.0, 1.0],
    }
    with pytest.raises(EngineInputError, match=words):
        assembly_base_stock(**{**given, **change})
