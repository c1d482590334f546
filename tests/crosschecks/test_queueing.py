"""Erlang formulas against 50-digit arithmetic and simulation; staffing against linear search."""

import heapq
import math
import time
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    compose_shrinkage,
    erlang_b,
    erlang_c,
    erlang_c_performance,
    net_agents,
    required_agents,
    scheduled_agents,
)


def exact_blocking(servers: int, load: float) -> float:
    with mpmath.workdps(50):
        a = mpmath.mpf(load)
        mass = mpmath.exp(servers * mpmath.log(a) - a - mpmath.loggamma(servers + 1))
        return float(mass / mpmath.gammainc(servers + 1, a, regularized=True))


@pytest.mark.parametrize("servers", [1, 2, 15, 16, 100, 4_000, 100_000])
def test_erlang_b_agrees_with_fifty_digits(servers: int) -> None:
    spreads = np.array([-20.0, -5.0, -1.0, 0.0, 0.5, 3.0, 5.9, 6.2, 9.0, 40.0])
    loads = servers + spreads * math.sqrt(servers)
    loads = np.where(loads > 0.0, loads, 0.1 * servers)
    exact = np.array([exact_blocking(servers, load) for load in loads])
    known = exact > 1e-290
    assert np.count_nonzero(known) >= 8
    np.testing.assert_allclose(erlang_b(servers, loads)[known], exact[known], rtol=2e-12)


def test_erlang_b_satisfies_its_recursion() -> None:
    load, value = 37.5, 1.0
    for servers in range(1, 120):
        value = load * value / (servers + load * value)
        assert erlang_b(servers, load) == pytest.approx(value, rel=1e-11)


def test_edges_of_erlang_formulas() -> None:
    assert erlang_b([0, 0, 5], [0.0, 3.0, 0.0]).tolist() == [1.0, 1.0, 0.0]
    assert erlang_c([0, 0, 5, 3], [0.0, 3.0, 0.0, 3.0]).tolist() == [0.0, 1.0, 0.0, 1.0]
    unstable = erlang_c_performance(10, 10.0, 60.0, 1.0)
    assert not unstable.is_stable
    assert unstable.service_level_share == 0.0
    assert unstable.mean_wait_minutes == np.inf
    idle = erlang_c_performance(0, 0.0, 5.0, 1.0)
    assert (idle.service_level_share, idle.mean_wait_minutes, idle.occupancy_share) == (1.0, 0.0, 0.0)


def simulate_waits(rng: np.random.Generator, agents: int, load: float, arrivals: int) -> np.ndarray:
    """Waits (in handling times) of first come, first served with `agents` servers."""
    at = np.cumsum(rng.exponential(1.0 / load, arrivals))
    handling = rng.exponential(1.0, arrivals)
    free = [0.0] * agents
    waits = np.empty(arrivals)
    for index in range(arrivals):
        start = max(at[index], free[0])
        waits[index] = start - at[index]
        heapq.heapreplace(free, start + handling[index])
    return waits[arrivals // 10 :]


def test_performance_agrees_with_simulation_and_littles_law() -> None:
    waits = simulate_waits(np.random.default_rng(11), agents=12, load=10.0, arrivals=400_000)
    got = erlang_c_performance(12, 10.0, 60.0, 30.0)
    assert got.wait_share == pytest.approx(np.mean(waits > 0), abs=0.012)
    assert got.service_level_share == pytest.approx(np.mean(waits <= 0.5), abs=0.008)
    assert got.mean_wait_minutes / 60.0 == pytest.approx(waits.mean(), rel=0.06)
    # Little: mean queue = arrival rate x mean wait; and = C a / (c - a) from the state probabilities
    queue = got.wait_share * 10.0 / (12 - 10.0)
    assert queue == pytest.approx(10.0 * got.mean_wait_minutes / 60.0, rel=1e-12)


def linear_search(load: float, handle: float, threshold: float, level: float, busy: float, wait: float) -> int:
    if load == 0.0:
        return 0
    agents = math.floor(load) + 1
    while True:
        got = erlang_c_performance(agents, load * 60.0 / handle, handle, threshold)
        met = got.service_level_share >= level and got.mean_wait_minutes <= wait
        if met and load / agents <= busy * (1 + 1e-12):
            return agents
        agents += 1


@settings(max_examples=150, deadline=None)
@given(
    load=st.one_of(st.just(0.0), st.floats(0.01, 60.0), st.integers(1, 40).map(float)),
    handle=st.floats(0.5, 30.0),
    threshold=st.one_of(st.just(0.0), st.floats(0.1, 240.0)),
    level=st.floats(0.0, 0.99),
    busy=st.floats(0.4, 1.0),
    wait=st.one_of(st.just(math.inf), st.floats(0.01, 20.0)),
)
def test_required_agents_are_the_fewest(
    load: float, handle: float, threshold: float, level: float, busy: float, wait: float
) -> None:
    arrivals = load * 60.0 / handle
    # the search and its check see the same rounded load
    load = arrivals * handle / 60.0
    need = required_agents(arrivals, handle, threshold, level, busy, wait)
    assert int(need.agents) == linear_search(load, handle, threshold, level, busy, wait)


def test_starts_below_where_peers_start() -> None:
    # a search from round(load + 1) answers 2 and 4 here
    need = required_agents([0.6 * 60, 2.6 * 60], 1.0, 2.0, 0.30)
    assert need.agents.tolist() == [1, 3]
    assert need.binding.tolist() == ["stability", "stability"]


def test_full_occupancy_asks_nothing_and_ties_hold() -> None:
    assert required_agents(510.0, 1.0, 1000.0, 0.0, 0.85).agents == 10
    free = required_agents([100.0, 4000.0], 3.0, 0.33, 0.8)
    capped = required_agents([100.0, 4000.0], 3.0, 0.33, 0.8, 1.0)
    np.testing.assert_array_equal(free.agents, capped.agents)


def test_binding_names_the_target_one_agent_fewer_would_miss() -> None:
    need = required_agents(
        [0.0, 300.0, 300.0, 300.0],
        2.0,
        [1.0, 0.3, 60.0, 60.0],
        [0.8, 0.9, 0.5, 0.5],
        [1, 1, 1, 0.6],
        [9, 9, 0.05, 9],
    )
    assert need.binding.tolist() == ["no_work", "service_level", "mean_wait", "occupancy"]
    assert need.agents[0] == 0
    fewer = erlang_c_performance(need.agents[1:] - 1, 300.0, 2.0, [0.3, 60.0, 60.0])
    assert fewer.service_level_share[0] < 0.9
    assert fewer.mean_wait_minutes[1] > 0.05
    assert fewer.occupancy_share[2] > 0.6


def test_a_week_of_quarter_hours_for_twenty_pools_is_fast() -> None:
    rng = np.random.default_rng(5)
    arrivals = rng.lognormal(6.0, 1.2, 13_440)
    # a process loads the compiler once, whatever it staffs
    required_agents(arrivals, 3.0, 1 / 3, 0.8, 0.88)
    began = time.process_time()
    need = required_agents(arrivals, rng.uniform(2, 9, 13_440), 1 / 3, 0.8, 0.88)
    assert time.process_time() - began < 0.1
    assert need.service_level_share.min() >= 0.8


def test_a_promise_of_one_is_refused_with_its_reason() -> None:
    with pytest.raises(EngineInputError, match=r"target_share\[1\].*no finite team"):
        required_agents(10.0, 5.0, 1.0, [0.8, 1.0])
    with pytest.raises(EngineInputError, match="whole agents"):
        erlang_c_performance(22.5, 10.0, 5.0, 1.0, lines=30)


shares = st.fractions(0, Fraction(99, 100), max_denominator=1000)


@given(agents=st.integers(0, 10**9), share=shares)
def test_scheduled_agents_are_the_fewest_that_leave_enough(agents: int, share: Fraction) -> None:
    scheduled = int(scheduled_agents(agents, share))
    assert int(net_agents(scheduled, share)) >= agents
    assert scheduled == 0 or int(net_agents(scheduled - 1, share)) < agents


@given(st.lists(shares, max_size=6))
def test_shrinkage_composes_exactly_in_any_order(parts: list[Fraction]) -> None:
    total = compose_shrinkage(parts)
    assert 1 - total == math.prod((1 - part for part in parts), start=Fraction(1))
    assert compose_shrinkage(parts[::-1]) == total


def test_shrinkage_takes_text_and_decimals_and_refuses_floats() -> None:
    assert compose_shrinkage(["3/10"]) == compose_shrinkage([Decimal("0.3")]) == Fraction(3, 10)
    assert scheduled_agents(21, "3/10") == 30
    assert scheduled_agents(10**12, "0.123456789123456789") == -(-(10**12) * 10**18 // 876543210876543211)
    for wrong in (0.3, "30%", "1", "-1/10", True, "nan"):
        with pytest.raises(EngineInputError, match=r"parts\[0\]"):
            compose_shrinkage([wrong])
