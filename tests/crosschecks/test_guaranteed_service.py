"""Guaranteed service on trees against published cases, enumeration of all promises, and laws of the optimum."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.guaranteed import GuaranteedServiceNetwork, cost_service_times, place_safety_stock

NEVER = 10**6


def chain(**of: Any) -> GuaranteedServiceNetwork:
    """Stages in a row, stage 0 at the customer."""
    stages = len(of["processing_periods"])
    return GuaranteedServiceNetwork.of(supplier=range(1, stages), customer=range(stages - 1), **of)


CHAINS = {
    # Snyder and Shen, Fundamentals of Supply Chain Theory, second edition.
    "example 6.3": (
        {"processing_periods": [1, 0, 1], "holding_cost": [7, 4, 2], "demand_sd": [1, 0, 0]},
        {"longest_service_periods": [1, NEVER, NEVER], "external_inbound_periods": [0, 0, 1]},
        [1, 0, 0],
        2 * np.sqrt(2),
    ),
    "problem 6.7": (
        {"processing_periods": [2, 1, 1], "holding_cost": [4, 3, 2], "demand_sd": [10, 0, 0], "safety_factor": 4},
        {"longest_service_periods": [0, NEVER, NEVER], "external_inbound_periods": [0, 0, 1]},
        [0, 3, 2],
        160 * np.sqrt(5),
    ),
    "problem 6.8": (
        {
            "processing_periods": [5, 10, 2, 15, 8, 5, 9, 5, 1, 5],
            "holding_cost": [5.73, 4.56, 3.04, 2.93, 2.47, 2.37, 1.15, 1.1, 0.98, 0.87],
            "demand_sd": [15.8] + [0] * 9,
            "safety_factor": 2.0537489106318225,
        },
        {"longest_service_periods": [3] + [NEVER] * 9, "external_inbound_periods": [0] * 9 + [7]},
        [3, 10, 0, 28, 13, 5, 0, 18, 13, 12],
        1378.31,
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_of_snyder_and_shen(name: str) -> None:
    data, limits, times, cost = CHAINS[name]
    network = chain(**data, **limits)
    best = place_safety_stock(network)
    assert best.outbound_periods.tolist() == times
    assert best.cost_per_period == pytest.approx(cost, abs=1e-2)
    assert cost_service_times(network, times).cost_per_period == best.cost_per_period


def test_tree_of_snyder_and_shen_example_6_5() -> None:
    network = GuaranteedServiceNetwork.of(
        supplier=[0, 2, 2],
        customer=[2, 1, 3],
        processing_periods=[2, 1, 1, 1],
        holding_cost=[1, 3, 2, 3],
        demand_sd=[0, 1, 0, 1],
        longest_service_periods=[NEVER, 0, NEVER, 1],
        external_inbound_periods=[1, 0, 0, 0],
    )
    best = place_safety_stock(network)
    assert best.cost_per_period == pytest.approx(8.277916867529369, rel=1e-14)
    assert best.outbound_periods.tolist() == [0, 0, 0, 1]
    assert network.longest_replenishment_periods.tolist() == [3, 5, 4, 5]
    assert network.demand_sd.tolist() == pytest.approx([2**0.5, 1, 2**0.5, 1])
    np.testing.assert_allclose(best.safety_stock, [6**0.5, 1.0, 2**0.5, 0.0], atol=1e-12)


def test_digital_camera_of_graves_and_willems() -> None:
    network = GuaranteedServiceNetwork.of(
        supplier=[0, 1, 2, 3, 4, 5, 6, 7, 8],
        customer=[1, 2, 4, 4, 5, 9, 9, 9, 9],
        processing_periods=[2, 3, 2, 4, 2, 3, 6, 4, 3, 2],
        holding_cost=[0.01, 0.03, 0.04, 0.06, 0.12, 0.13, 0.20, 0.08, 0.04, 0.5],
        demand_sd=[0] * 9 + [10],
        longest_service_periods=[NEVER] * 9 + [2],
        safety_factor=1.6448536269514722,
    )
    assert network.longest_replenishment_periods.tolist() == [2, 5, 7, 4, 9, 12, 6, 4, 3, 14]
    assert np.all(network.demand_sd == 10.0)
    best = place_safety_stock(network)
    # Snyder and Shen, figure 6.14.
    assert best.outbound_periods.tolist() == [0, 3, 5, 4, 7, 0, 0, 0, 0, 2]
    assert best.cost_per_period == pytest.approx(18.824004472592172, rel=1e-13)
    assert best.cost_per_period == pytest.approx(enumerated(network), rel=1e-13)


def test_keyboard_of_snyder_and_shen_problem_6_9() -> None:
    network = GuaranteedServiceNetwork.of(
        supplier=[2, 2, 3, 4, 5],
        customer=[0, 1, 2, 2, 4],
        processing_periods=[7, 7, 21, 3, 8, 2],
        holding_cost=np.array([44.0, 28.0, 18.0, 1.0, 4.0, 1.5]) / 365.0,
        demand_mean=[22.0, 15.3, 0, 0, 0, 0],
        demand_sd=[4.1, 6.2, 0, 0, 0, 0],
        longest_service_periods=[3, 3, NEVER, NEVER, NEVER, NEVER],
        safety_factor=4.0,
    )
    assert network.longest_replenishment_periods.tolist() == [38, 38, 31, 3, 10, 2]
    assert network.demand_mean.tolist() == pytest.approx([22.0, 15.3] + [37.3] * 4)
    assert network.demand_sd.tolist() == pytest.approx([4.1, 6.2] + [(4.1**2 + 6.2**2) ** 0.5] * 4)
    best = place_safety_stock(network)
    assert best.outbound_periods.tolist() == [3, 3, 0, 0, 0, 2]
    assert best.cost_per_period == pytest.approx(15.649530249501026, rel=1e-13)
    assert best.cost_per_period == pytest.approx(enumerated(network), rel=1e-13)


def enumerated(network: GuaranteedServiceNetwork) -> float:
    """The least cost over every combination of promises a concave bound can want, one stage after another.

    Of a concave bound a stage promises the shortest, the longest, all it needs, or what brings it up to a supplier of
    its customer: all times below the longest are tried where there are few.
    """
    tops = np.minimum(network.longest_service_periods, network.longest_replenishment_periods)
    ranges = [range(int(a), int(b) + 1) for a, b in zip(network.shortest_service_periods, tops, strict=True)]
    total = np.prod([float(len(r)) for r in ranges])
    if total <= 4e4:
        return min(cost_service_times(network, list(times)).cost_per_period for times in itertools.product(*ranges))
    return by_descent(network, ranges)


def by_descent(network: GuaranteedServiceNetwork, ranges: list[range]) -> float:
    """Memoised search: cost of everything upstream of a stage that quotes a time; assembly trees and one branch."""
    arcs = list(zip(network.supplier.tolist(), network.customer.tolist(), strict=True))
    suppliers = {k: [i for i, j in arcs if j == k] for k in range(len(ranges))}
    sinks = [k for k in range(len(ranges)) if all(i != k for i, _ in arcs)]
    shared = [k for k in range(len(ranges)) if sum(i == k for i, _ in arcs) > 1]
    weight = network.holding_cost * network.stock_per_bound
    memo: dict[tuple[int, int], float] = {}

    def upstream(stage: int, quote: int) -> float:
        key = (stage, quote)
        if key not in memo:
            options = []
            latest = int(network.longest_replenishment_periods[stage] - network.processing_periods[stage])
            for inbound in range(int(network.external_inbound_periods[stage]), latest + 1):
                net = inbound + int(network.processing_periods[stage]) - quote
                if net < 0:
                    continue
                cost = weight[stage] * net**0.5
                for i in suppliers[stage]:
                    if i not in shared:
                        cost += min(upstream(i, s) for s in ranges[i] if s <= inbound)
                    elif fixed[i] > inbound:
                        cost = np.inf
                options.append(cost)
            memo[key] = min(options, default=np.inf)
        return memo[key]

    best = np.inf
    for quotes in itertools.product(*(ranges[k] for k in shared)):
        fixed = dict(zip(shared, quotes, strict=True))
        memo.clear()
        cost = sum(upstream(k, q) for k, q in fixed.items())
        cost += sum(min(upstream(k, s) for s in ranges[k]) for k in sinks)
        best = min(best, cost)
    return float(best)


def random_network(rng: np.random.Generator, stages: int, longest: int, **more: Any) -> GuaranteedServiceNetwork:
    """A random tree, arcs in either direction, stages in any order."""
    name = rng.permutation(stages)
    ends = [(name[k], name[rng.integers(0, k)])[:: rng.choice([-1, 1])] for k in range(1, stages)]
    supplier, customer = (np.array([end[side] for end in ends], dtype=np.int64) for side in (0, 1))
    sink = np.bincount(supplier, minlength=stages) == 0
    limit = rng.integers(0, longest + 2, stages)
    given = {
        "supplier": supplier,
        "customer": customer,
        "processing_periods": rng.integers(0, longest + 1, stages),
        "holding_cost": rng.uniform(0.1, 5.0, stages),
        "demand_sd": np.where(sink | (rng.random(stages) < 0.2), rng.uniform(0.5, 9.0, stages), 0.0),
        "longest_service_periods": np.where(sink | (rng.random(stages) < 0.3), limit, NEVER),
        "external_inbound_periods": np.where(rng.random(stages) < 0.3, rng.integers(0, longest + 1, stages), 0),
        "safety_factor": rng.uniform(1.0, 3.0, stages),
    }
    return GuaranteedServiceNetwork.of(**{**given, **more})


@pytest.mark.parametrize("seed", range(40))
def test_enumeration_of_all_promises_finds_nothing_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stages = int(rng.integers(1, 6))
    more: dict[str, Any] = {}
    if seed % 3 == 1:
        more["excess_bound"] = np.cumsum(rng.exponential(1.0, (stages, 40)), axis=1)
    if seed % 4 == 2:
        more["longest_service_periods"] = NEVER
        more["shortest_service_periods"] = rng.integers(0, 3, stages)
    network = random_network(rng, stages, 2, **more)
    tops = np.minimum(network.longest_service_periods, network._outbound_most)
    ranges = [range(int(a), int(b) + 1) for a, b in zip(network.shortest_service_periods, tops, strict=True)]
    cheapest = min(cost_service_times(network, times).cost_per_period for times in itertools.product(*ranges))
    assert place_safety_stock(network).cost_per_period == pytest.approx(cheapest, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("stages", "longest"), [(60, 5), (400, 6), (5000, 3)])
def test_no_single_promise_of_a_large_network_can_be_bettered(stages: int, longest: int) -> None:
    rng = np.random.default_rng(stages)
    network = random_network(rng, stages, longest)
    best = place_safety_stock(network)
    for stage in rng.choice(stages, 40):
        for move in (-3, -1, 1, 2):
            times = best.outbound_periods.copy()
            times[stage] += move
            top = min(network.longest_service_periods[stage], network._outbound_most[stage])
            if 0 <= times[stage] <= top:
                assert cost_service_times(network, times).cost_per_period >= best.cost_per_period * (1 - 1e-12)


def test_plain_and_compiled_loops_agree() -> None:
    from closeknit.engine import compiled

    network = random_network(np.random.default_rng(9), 80, 4)
    plain = place_safety_stock(network)
    limit = compiled.SMALL_WORK
    compiled.SMALL_WORK = 0.0
    try:
        fast = place_safety_stock(random_network(np.random.default_rng(9), 80, 4))
    finally:
        compiled.SMALL_WORK = limit
    assert fast.cost_per_period == plain.cost_per_period
    assert fast.outbound_periods.tolist() == plain.outbound_periods.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), stages=st.integers(2, 12))
def test_laws_of_the_placement(seed: int, stages: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, stages, 4)
    best = place_safety_stock(network)
    assert np.all(best.outbound_periods <= network.longest_service_periods)
    assert np.all(best.inbound_periods[network.customer] >= best.outbound_periods[network.supplier])
    assert np.all(best.inbound_periods >= network.external_inbound_periods)
    again = cost_service_times(network, best.outbound_periods)
    assert again.cost_per_period == best.cost_per_period
    # Longer promises to customers never cost more.
    kinder = random_network(np.random.default_rng(seed), stages, 4, longest_service_periods=NEVER)
    assert place_safety_stock(kinder).cost_per_period <= best.cost_per_period * (1 + 1e-12)
    # Stages may be numbered in any way.
    name = rng.permutation(stages)
    moved = {
        field: getattr(network, field)[np.argsort(name)]
        for field in ("processing_periods", "longest_service_periods", "external_inbound_periods")
    }
    renamed = GuaranteedServiceNetwork.of(
        supplier=name[network.supplier],
        customer=name[network.customer],
        holding_cost=(network.holding_cost * network.stock_per_bound)[np.argsort(name)],
        excess_bound=np.sqrt(np.arange(100.0)),
        **moved,
    )
    assert place_safety_stock(renamed).cost_per_period == pytest.approx(best.cost_per_period, rel=1e-12)


def test_distribution_and_assembly_carry_demand_as_they_should() -> None:
    # One plant, two depots; p = 1 pools nothing, p = 2 as independent demands.
    common = {
        "supplier": [0, 0],
        "customer": [1, 2],
        "processing_periods": [3, 1, 1],
        "holding_cost": 1.0,
        "demand_mean": [0, 5, 7],
        "demand_sd": [0, 3, 4],
        "units_per_unit": [2.0, 1.0],
    }
    apart = GuaranteedServiceNetwork.of(**common, pooling_exponent=1.0)
    pooled = GuaranteedServiceNetwork.of(**common)
    assert apart.demand_sd[0] == pytest.approx(10.0)
    assert pooled.demand_sd[0] == pytest.approx(52**0.5)
    assert pooled.demand_mean.tolist() == [17.0, 5.0, 7.0]
    assert place_safety_stock(pooled).pipeline_stock.tolist() == [51.0, 5.0, 7.0]


def test_a_forest_is_solved_tree_by_tree() -> None:
    both = GuaranteedServiceNetwork.of(
        supplier=[1, 3],
        customer=[0, 2],
        processing_periods=[1, 2, 3, 4],
        holding_cost=[3, 1, 3, 2],
        demand_sd=[1, 0, 2, 0],
    )
    one = chain(processing_periods=[1, 2], holding_cost=[3, 1], demand_sd=[1, 0])
    two = chain(processing_periods=[3, 4], holding_cost=[3, 2], demand_sd=[2, 0])
    apart = place_safety_stock(one).cost_per_period + place_safety_stock(two).cost_per_period
    assert place_safety_stock(both).cost_per_period == pytest.approx(apart, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"supplier": [0, 1, 2], "customer": [1, 2, 0]}, "is no tree"),
        ({"supplier": [0, 0, 0], "customer": [1, 2, 1]}, "is no tree"),
        ({"supplier": [0, 1], "customer": [0, 2]}, "can't supply itself"),
        ({"supplier": [0, 3], "customer": [1, 2]}, "from 0 to 2"),
        ({"supplier": [0], "customer": [1, 2]}, "give as many"),
        ({"processing_periods": [1, 2.5, 1]}, "whole number"),
        ({"processing_periods": [1, -2, 1]}, "at least 0"),
        ({"processing_periods": []}, "at least one stage"),
        ({"holding_cost": [1, np.nan, 1]}, "finite"),
        ({"holding_cost": [1, 1]}, "one per stage"),
        ({"demand_sd": [-1, 0, 0]}, "at least 0"),
        ({"pooling_exponent": 0.5}, "at least 1"),
        ({"shortest_service_periods": 4, "longest_service_periods": 2}, "no more than the longest"),
        ({"excess_bound": [0.0, 1.0]}, "at least 5 periods"),
        ({"excess_bound": [0.0, 2.0, 1.0, 3.0, 4.0, 5.0]}, "never fall"),
        ({"units_per_unit": [1.0]}, "one per arc"),
    ],
)
def test_bad_networks_are_refused_with_a_way_out(change: dict[str, Any], words: str) -> None:
    given_input = {"supplier": [0, 1], "customer": [1, 2], "processing_periods": [1, 2, 1], "holding_cost": 1.0}
    with pytest.raises(EngineInputError, match=words):
        GuaranteedServiceNetwork.of(**{**given_input, **change})


def test_bad_promises_are_refused() -> None:
    network = chain(processing_periods=[1, 2], holding_cost=[3, 1], demand_sd=[1, 0])
    for times, words in (([1, 0], "longest"), ([0, 5], "needs so long"), ([0], "one per stage"), ([0, 0.5], "whole")):
        with pytest.raises(EngineInputError, match=words):
            cost_service_times(network, times)


def test_absurdly_long_times_are_refused() -> None:
    slow = chain(processing_periods=[50_000] * 40, holding_cost=1.0, demand_sd=1.0)
    with pytest.raises(EngineInputError, match="longer periods"):
        place_safety_stock(slow)
