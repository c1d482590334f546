"""Queues at their limits, in one direction at a time, in closed form, and beside a simulation."""

import heapq
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    LevelDefinition,
    QueuePerformance,
    check_published,
    erlang_b,
    erlang_c,
    erlang_c_performance,
    halfin_whitt_wait_share,
    published,
    queue_performance,
    system_size_distribution,
    time_in_system_longer_share,
    waiting_time_distribution,
)


def test_endless_patience_is_erlang_c() -> None:
    agents, loads = np.array([14, 40, 1010]), np.array([10.0, 36.0, 1000.0])
    patient = erlang_c_performance(agents, loads * 20.0, 3.0, 0.33)
    nearly = queue_performance(agents, loads * 20.0, 3.0, 0.33, patience_minutes=1e13)
    for name in ("wait_share", "level_of_offered_share", "mean_wait_minutes", "mean_queue", "occupancy_share"):
        np.testing.assert_allclose(getattr(nearly, name), getattr(patient, name), rtol=1e-8)
    np.testing.assert_allclose(patient.wait_share, erlang_c(agents, loads), rtol=1e-12)


def test_no_patience_is_erlang_b() -> None:
    agents, loads = np.array([1, 14, 100, 5000]), np.array([3.0, 10.0, 130.0, 4900.0])
    blocked = erlang_b(agents, loads)
    hurried = queue_performance(agents, loads * 20.0, 3.0, patience_minutes=1e-9)
    np.testing.assert_allclose(hurried.abandoned_share, blocked, rtol=1e-5)
    lost = queue_performance(agents, loads * 20.0, 3.0, lines=agents)
    np.testing.assert_allclose(lost.blocked_share, blocked, rtol=1e-12)


@pytest.mark.parametrize(("agents", "load"), [(1, 0.3), (10, 10.0), (60, 80.0), (3000, 2900.0)])
def test_patience_as_long_as_handling_is_poisson(agents: int, load: float) -> None:
    got = queue_performance(agents, load * 20.0, 3.0, patience_minutes=3.0)
    logs = np.cumsum(np.r_[-load, np.log(load) - np.log(np.arange(1, agents + 4000))])
    assert got.wait_share == pytest.approx(np.exp(logs[agents:]).sum(), rel=1e-10)
    assert got.mean_in_system == pytest.approx(load, rel=1e-12)
    size = system_size_distribution(agents, load * 20.0, 3.0, agents + 50, patience_minutes=3.0)
    np.testing.assert_allclose(size, np.exp(logs[: agents + 51]), rtol=1e-9, atol=1e-300)


def test_many_lines_are_no_limit() -> None:
    for patience in (4.0, math.inf):
        limited = queue_performance([12, 24], [180.0, 300.0], 3.5, 0.3, patience_minutes=patience, lines=3000)
        free = queue_performance([12, 24], [180.0, 300.0], 3.5, 0.3, patience_minutes=patience)
        for name in (
            "wait_share",
            "level_of_offered_share",
            "level_virtual_share",
            "level_of_answered_share",
            "mean_wait_of_answered_minutes",
            "mean_wait_of_abandoned_minutes",
            "mean_in_system",
        ):
            np.testing.assert_allclose(getattr(limited, name), getattr(free, name), rtol=1e-10)


@pytest.mark.parametrize("busy", [0.01, 0.5, 0.9, 0.999])
def test_one_server_in_closed_form(busy: float) -> None:
    got = queue_performance(1, busy * 60.0, 1.0, 2.0)
    assert got.wait_share == pytest.approx(busy, rel=1e-13)
    assert got.mean_queue == pytest.approx(busy**2 / (1 - busy), rel=1e-12)
    assert got.service_level_share == pytest.approx(1 - busy * math.exp(-2 * (1 - busy)), rel=1e-12)
    stay = time_in_system_longer_share(1, busy * 60.0, 1.0, [0.0, 3.0])
    np.testing.assert_allclose(stay, [1.0, math.exp(-3 * (1 - busy))], rtol=1e-12)
    lobby = queue_performance(1, busy * 60.0, 1.0, lines=5)
    assert lobby.blocked_share == pytest.approx((1 - busy) * busy**5 / (1 - busy**6), rel=1e-12)


@pytest.mark.parametrize("agents", [1, 4, 5])
def test_time_in_the_system_is_wait_and_service_together(agents: int) -> None:
    # agents - 1 = load is the case in which the two exponentials have one rate
    load, at = agents - 1 or 0.5, 1.7
    waits = np.linspace(0.0, at, 20_001)
    longer = waiting_time_distribution(agents, load * 60.0, 1.0, waits).answered_longer_share
    tail = math.exp(-at) + np.trapezoid(longer * np.exp(-(at - waits)), waits)
    assert time_in_system_longer_share(agents, load * 60.0, 1.0, at) == pytest.approx(tail, rel=1e-8)


def test_large_teams_near_their_limits() -> None:
    load = 1e6 - 1e5
    for beta in (0.2, 1.0, 2.5):
        agents = load + beta * math.sqrt(load)
        assert erlang_c(agents, load) == pytest.approx(float(halfin_whitt_wait_share(beta)), rel=5e-3)
        for ratio in (0.2, 1.0, 9.0):
            got = queue_performance(agents, load * 60.0, 1.0, patience_minutes=ratio)
            assert got.wait_share == pytest.approx(float(halfin_whitt_wait_share(beta, ratio)), rel=5e-3)
    short = queue_performance(load - 2.0 * math.sqrt(load), load * 60.0, 1.0, patience_minutes=2.0)
    assert short.wait_share == pytest.approx(float(halfin_whitt_wait_share(-2.0, 2.0)), rel=5e-3)
    assert halfin_whitt_wait_share(9.0, 4.0) == pytest.approx(0.0, abs=1e-15)


def measures_are_consistent(got: QueuePerformance, load: float, handle: float, patience: float) -> None:
    answered = 1.0 - float(got.abandoned_share) - float(got.blocked_share)
    # Little's law for who waits, who is served, and who gives up
    admitted = 1.0 - float(got.blocked_share)
    assert got.mean_queue == pytest.approx(load * admitted * float(got.mean_wait_minutes) / handle, rel=1e-9)
    assert float(got.mean_in_system - got.mean_queue) == pytest.approx(load * answered, rel=1e-9, abs=1e-12)
    if math.isfinite(patience):
        assert float(got.abandoned_share) == pytest.approx(float(got.mean_queue) * handle / patience / load, rel=1e-9)
    parts = answered * float(got.mean_wait_of_answered_minutes)
    parts += float(got.abandoned_share) * float(got.mean_wait_of_abandoned_minutes)
    assert admitted * float(got.mean_wait_minutes) == pytest.approx(parts, rel=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    agents=st.integers(1, 80),
    ratio=st.floats(0.05, 3.0),
    patience=st.one_of(st.just(math.inf), st.floats(0.01, 500.0)),
    places=st.one_of(st.just(math.inf), st.integers(0, 30)),
    threshold=st.floats(0.0, 20.0),
)
def test_measures_of_one_queue_agree_with_each_other(
    agents: int, ratio: float, patience: float, places: float, threshold: float
) -> None:
    load = agents * ratio
    if ratio >= 0.999 and patience == places == math.inf:
        return
    got = queue_performance(agents, load * 15.0, 4.0, threshold, patience_minutes=patience, lines=agents + places)
    measures_are_consistent(got, load * 15.0 * 4.0 / 60.0, 4.0, patience)
    for definition in LevelDefinition:
        assert 0.0 <= float(got.level(definition)) <= 1.0
    assert float(got.level_of_offered_share) <= float(got.level_virtual_share) + 1e-12
    assert float(got.level_of_offered_share) <= float(got.level_of_answered_share) + 1e-12


@settings(max_examples=80, deadline=None)
@given(load=st.floats(0.1, 300.0), patience=st.floats(0.05, 100.0), threshold=st.floats(0.0, 10.0))
def test_more_agents_and_less_load_serve_better(load: float, patience: float, threshold: float) -> None:
    agents = np.arange(1, int(load) + 40)
    better = queue_performance(agents, load * 12.0, 5.0, threshold, patience_minutes=patience)
    loads = load * np.linspace(1.5, 0.2, 40)
    lighter = queue_performance(int(load) + 1, loads * 12.0, 5.0, threshold, patience_minutes=patience)
    for got in (better, lighter):
        for definition in LevelDefinition:
            assert (np.diff(got.level(definition)) >= -1e-12).all()
        for falling in (got.abandoned_share, got.mean_wait_minutes, got.mean_wait_of_answered_minutes):
            assert (np.diff(falling) <= 1e-12 * (1.0 + falling[:-1])).all()
    assert (np.diff(better.occupancy_share) <= 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(load=st.floats(0.1, 300.0), spare=st.floats(-3.0, 3.0))
def test_more_patience_means_more_waiting_and_less_giving_up(load: float, spare: float) -> None:
    agents = max(1, round(load + spare * math.sqrt(load)))
    patience = np.geomspace(0.01, 1000.0, 60)
    got = queue_performance(agents, load * 12.0, 5.0, 1.0, patience_minutes=patience)
    assert (np.diff(got.wait_share) >= -1e-12).all()
    assert (np.diff(got.abandoned_share) <= 1e-12).all()
    assert (np.diff(got.mean_queue) >= -1e-10 * got.mean_queue[:-1]).all()


@settings(max_examples=60, deadline=None)
@given(servers=st.floats(0.0, 500.0), load=st.floats(0.01, 500.0), step=st.floats(0.0, 2.0))
def test_fractions_of_servers_lie_between(servers: float, load: float, step: float) -> None:
    block = erlang_b([servers, servers + step, servers + 1.0], load)
    assert block[0] >= block[1] * (1 - 1e-12)
    # the recursion holds at fractions too
    assert block[2] == pytest.approx(load * block[0] / (servers + 1.0 + load * block[0]), rel=1e-11, abs=1e-300)


def simulate(rng: np.random.Generator, agents: int, load: float, patience: float, lines: float, count: int) -> Any:
    """(virtual wait, patience) of each arrival that gets a line, first come first served, and the share blocked."""
    at = np.cumsum(rng.exponential(1.0 / load, count))
    handling, leaves = rng.exponential(1.0, count), rng.exponential(patience, count)
    free = [0.0] * agents
    heapq.heapify(free)
    inside: list[float] = []
    waits, patiences, blocked = [], [], 0
    for i in range(count):
        while inside and inside[0] <= at[i]:
            heapq.heappop(inside)
        if len(inside) >= lines:
            blocked += 1
            continue
        wait = max(0.0, free[0] - at[i])
        if wait <= leaves[i]:
            heapq.heapreplace(free, at[i] + wait + handling[i])
            heapq.heappush(inside, at[i] + wait + handling[i])
        else:
            heapq.heappush(inside, at[i] + leaves[i])
        waits.append(wait)
        patiences.append(leaves[i])
    return np.array(waits), np.array(patiences), blocked / count


@pytest.mark.parametrize(
    ("agents", "load", "patience", "lines"),
    [(12, 10.0, 1.5, math.inf), (8, 10.0, 0.7, math.inf), (5, 6.0, 0.5, 8), (4, 3.5, 1e9, 9)],
)
def test_formulas_agree_with_a_simulation(agents: int, load: float, patience: float, lines: float) -> None:
    waits, leaves, blocked = simulate(np.random.default_rng(17), agents, load, patience, lines, 200_000)
    limit = patience if patience < 1e6 else math.inf
    got = queue_performance(agents, load * 60.0, 1.0, 0.1, patience_minutes=limit, lines=lines)
    answered, admitted = waits <= leaves, 1.0 - blocked
    close: dict[str, tuple[Any, float]] = {
        "blocked": (got.blocked_share, blocked),
        "waits": (got.wait_share, np.mean(waits > 0) * admitted),
        "abandoned": (got.abandoned_share, np.mean(~answered) * admitted),
        "offered": (got.level_of_offered_share, np.mean(answered & (waits <= 0.1)) * admitted),
        "virtual": (got.level_virtual_share, np.mean(waits <= 0.1) * admitted),
        "answered": (got.level_of_answered_share, np.mean(waits[answered] <= 0.1)),
    }
    for name, (formula, simulated) in close.items():
        assert float(formula) == pytest.approx(simulated, abs=0.02), name
    spent = np.minimum(waits, leaves)
    assert float(got.mean_wait_minutes) == pytest.approx(spent.mean(), rel=0.06)
    assert float(got.mean_wait_of_answered_minutes) == pytest.approx(waits[answered].mean(), rel=0.06)
    if limit < math.inf:
        assert float(got.mean_wait_of_abandoned_minutes) == pytest.approx(leaves[~answered].mean(), rel=0.06)
        longer = waiting_time_distribution(agents, load * 60.0, 1.0, [0.3], patience_minutes=limit, lines=lines)
        assert float(longer.abandoned_longer_share[0]) == pytest.approx(np.mean(leaves[~answered] > 0.3), abs=0.03)
        assert float(longer.all_longer_share[0]) == pytest.approx(np.mean(spent > 0.3), abs=0.02)


def test_every_published_result_is_reproduced() -> None:
    checked = check_published()
    assert len(checked) >= 15
    assert [one.result.name for one in checked if not one.agrees] == []


def test_a_published_result_that_is_not_reproduced_says_so() -> None:
    first = published.PUBLISHED[0]
    wrong = published._checked(first, {name: value + 1.0 for name, value in first.expected.items()})
    assert not wrong.agrees


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"agents": -1}, "agents is -1"),
        ({"agents": math.nan}, "agents is nan"),
        ({"agents": 2e6}, "agents is"),
        ({"arrivals_per_hour": math.inf}, "arrivals_per_hour is inf"),
        ({"arrivals_per_hour": 1e8}, "split the stream"),
        ({"patience_minutes": 0.0}, "patience_minutes is 0"),
        ({"patience_minutes": math.nan}, "patience_minutes is nan"),
        ({"lines": 12.5}, "give a whole number"),
        ({"lines": 3}, "at least as many lines as agents"),
        ({"handle_minutes": 0.0}, "handle_minutes is 0"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(wrong: dict[str, float], message: str) -> None:
    right: dict[str, Any] = {"agents": 5, "arrivals_per_hour": 60.0, "handle_minutes": 3.0}
    with pytest.raises(EngineInputError, match=message):
        queue_performance(**{**right, **wrong})


def test_a_queue_that_grows_without_end_says_so() -> None:
    got = queue_performance(
        [10, 10, 10], 200.0, 3.0, 0.3, patience_minutes=[np.inf, 5.0, np.inf], lines=[np.inf, np.inf, 30]
    )
    assert got.is_stable.tolist() == [False, True, True]
    assert got.mean_wait_minutes[0] == np.inf
    with pytest.raises(EngineInputError, match="agents must exceed the offered load"):
        system_size_distribution(10, 200.0, 3.0, 5)


def test_extremes_give_numbers_at_once() -> None:
    agents = np.array([0.0, 1e-300, 1e-9, 0.5, 24.0, 1e6])[:, None, None, None]
    loads = np.array([0.0, 1e-320, 1e-199, 1e-6, 24.0, 1e6])[:, None, None]
    patience = np.array([1e-9, 1.0, 1e15, np.inf])[:, None]
    got = queue_performance(agents, loads * 60.0, 1.0, [0.0, 1e-9, 1e9], patience_minutes=patience)
    for share in (got.wait_share, got.abandoned_share, got.occupancy_share, *map(got.level, LevelDefinition)):
        assert ((share >= 0.0) & (share <= 1.0)).all()
    assert not np.isnan(got.mean_wait_of_answered_minutes).any()
    assert not np.isnan(got.mean_wait_of_abandoned_minutes).any()
