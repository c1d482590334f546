"""The fewest agents against counting up, the inverse questions, and what peers get wrong."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crosschecks import queueing_reference as reference

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    LevelDefinition,
    StaffingRequirement,
    WaitOf,
    erlang_b,
    largest_arrivals,
    queue_performance,
    reachable_threshold,
    required_agents,
    required_lines,
    waiting_time_distribution,
    waiting_time_quantile,
)

SLACK = 1e-12


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    load = draw(st.one_of(st.floats(0.02, 60.0), st.integers(1, 40).map(float)))
    handle = draw(st.sampled_from([0.7, 3.0, 30.0]))
    lines = draw(st.one_of(st.just(math.inf), st.integers(int(load) + 3, int(load) + 20).map(float)))
    return {
        "arrivals_per_hour": load * 60.0 / handle,
        "handle_minutes": handle,
        "threshold_minutes": draw(st.sampled_from([0.0, 0.1, 1 / 3, 2.0, 60.0])),
        "target_share": draw(st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.95, 0.99])),
        "max_occupancy_share": draw(st.sampled_from([1.0, 0.9, 0.6])),
        "max_mean_wait_minutes": draw(st.sampled_from([math.inf, 0.05, 1.0])),
        "patience_minutes": draw(st.one_of(st.just(math.inf), st.floats(0.02, 300.0))),
        "lines": lines,
        "max_mean_wait_of_answered_minutes": draw(st.sampled_from([math.inf, 0.05, 0.5])),
        "max_abandoned_share": draw(st.sampled_from([1.0, 0.1, 0.01])),
        "max_blocked_share": draw(st.sampled_from([1.0, 0.5, 0.1])),
        "definition": draw(st.sampled_from(LevelDefinition)),
    }


def numbers_that_meet(problem: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """All numbers of agents up to enough, and whether each meets every target."""
    given = {name: problem[name] for name in ("arrivals_per_hour", "handle_minutes", "threshold_minutes")}
    load = problem["arrivals_per_hour"] * problem["handle_minutes"] / 60.0
    enough = int(3 * load + 40 + load / problem["max_occupancy_share"])
    agents = np.arange(0, enough + 1 if problem["lines"] == math.inf else int(problem["lines"]) + 1)
    limits = {name: problem[name] for name in ("patience_minutes", "lines", "definition")}
    got = queue_performance(agents, **given, **limits)
    met = got.service_level_share >= problem["target_share"] - SLACK
    for limit, value in (
        ("max_occupancy_share", got.occupancy_share),
        ("max_mean_wait_minutes", got.mean_wait_minutes),
        ("max_mean_wait_of_answered_minutes", got.mean_wait_of_answered_minutes),
        ("max_abandoned_share", got.abandoned_share),
        ("max_blocked_share", got.blocked_share),
    ):
        if limit == "max_occupancy_share" and problem[limit] == 1.0:
            continue
        met &= (value <= problem[limit] * (1.0 + SLACK)) | (problem[limit] == math.inf)
    if problem["patience_minutes"] == math.inf and problem["lines"] == math.inf:
        # Whether a load of exactly 27 is a hair below 27 agents is a matter of rounding: nobody waits for that answer.
        met &= (agents > load * (1.0 + SLACK)) | (load == 0.0)
    return agents, met & (got.is_stable | (problem["arrivals_per_hour"] == 0.0))


@settings(max_examples=150, deadline=None)
@given(problem=problems())
def test_required_agents_are_the_fewest_that_meet_all_targets(problem: dict[str, Any]) -> None:
    agents, met = numbers_that_meet(problem)
    if not met.any():
        with pytest.raises(EngineInputError, match="more lines"):
            required_agents(**problem)
        return
    need = required_agents(**problem)
    fewest = int(agents[np.argmax(met)])
    assert int(need.agents) == fewest
    if need.binding not in ("nothing", "stability"):
        # without the target that binds, fewer would do
        free = {
            "service_level": {"target_share": 0.0},
            "mean_wait": {"max_mean_wait_minutes": math.inf},
            "mean_wait_of_answered": {"max_mean_wait_of_answered_minutes": math.inf},
            "occupancy": {"max_occupancy_share": 1.0},
            "abandoned": {"max_abandoned_share": 1.0},
            "blocked": {"max_blocked_share": 1.0},
        }[str(need.binding)]
        assert not met[fewest - 1]
        assert int(required_agents(**{**problem, **free}).agents) <= fewest


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_a_fraction_of_an_agent_less_misses_the_target(problem: dict[str, Any]) -> None:
    problem = {**problem, "lines": math.inf, "max_blocked_share": 1.0}
    least = required_agents(**problem, whole=False)
    agents = float(least.agents)
    whole = int(required_agents(**problem).agents)
    assert agents <= whole
    if least.binding not in ("service_level", "mean_wait", "abandoned") or agents < 1e-6:
        return
    given = {name: problem[name] for name in ("arrivals_per_hour", "handle_minutes", "threshold_minutes")}
    got = queue_performance(
        np.array([agents * (1.0 - 1e-7), agents]),
        **given,
        patience_minutes=problem["patience_minutes"],
        definition=problem["definition"],
    )
    value, limit, sign = {
        "service_level": (got.service_level_share, problem["target_share"], 1.0),
        "mean_wait": (got.mean_wait_minutes, problem["max_mean_wait_minutes"], -1.0),
        "abandoned": (got.abandoned_share, problem["max_abandoned_share"], -1.0),
    }[str(least.binding)]
    assert sign * (value[1] - limit) >= -1e-10 * limit
    assert sign * (value[0] - limit) < 1e-10 * limit


def test_fractional_agents_of_a_cap_on_occupancy_are_exact() -> None:
    need = required_agents(600.0, 3.0, 0.33, 0.0, 0.85, whole=False)
    assert float(need.agents) == pytest.approx(30.0 / 0.85, abs=1e-12)
    assert need.binding == "occupancy"
    # between 38.5 by the square-root rule and the whole 40
    assert 39.0 < float(required_agents(200.0, 10.0, 1 / 3, 0.8, whole=False).agents) < 40.0


@settings(max_examples=60, deadline=None)
@given(problem=problems(), agents=st.integers(1, 60))
def test_the_largest_volume_meets_all_targets_and_a_little_more_does_not(problem: dict[str, Any], agents: int) -> None:
    problem = {**problem, "lines": math.inf, "max_blocked_share": 1.0, "target_share": 0.8}
    del problem["arrivals_per_hour"]
    fits = largest_arrivals(agents, **problem)
    most = float(fits.arrivals_per_hour)
    if most == 0.0:
        return
    assert int(required_agents(most * (1.0 - 1e-9), **problem).agents) <= agents
    assert int(required_agents(most * (1.0 + 1e-9), **problem).agents) > agents


@pytest.mark.parametrize("definition", LevelDefinition)
@pytest.mark.parametrize("patience", [0.5, 4.0, math.inf])
def test_the_reachable_threshold_gives_the_level_back(definition: LevelDefinition, patience: float) -> None:
    team: dict[str, Any] = {"agents": [20, 24, 30], "arrivals_per_hour": 400.0, "handle_minutes": 3.5}
    shares = np.array([[0.1], [0.6], [0.85]])
    within = reachable_threshold(**team, target_share=shares, patience_minutes=patience, definition=definition)
    got = queue_performance(**team, threshold_minutes=np.minimum(within, 1e6), patience_minutes=patience)
    level = np.broadcast_to(got.level(definition), within.shape)
    inside = (within > 0.0) & (within < np.inf)
    assert inside.any()
    np.testing.assert_allclose(level[inside], np.broadcast_to(shares, within.shape)[inside], rtol=1e-10)
    assert (level[within == 0.0] >= np.broadcast_to(shares, within.shape)[within == 0.0]).all()
    assert (level[within == np.inf] < np.broadcast_to(shares, within.shape)[within == np.inf]).all()


@pytest.mark.parametrize("of", WaitOf)
def test_quantiles_invert_the_distribution_of_waits(of: WaitOf) -> None:
    for agents, patience, lines in ((12, 2.0, np.inf), (8, 2.0, 14), (12, 50.0, np.inf)):
        share = np.array([0.7, 0.9, 0.999])
        model: dict[str, Any] = {"patience_minutes": patience, "lines": lines}
        times = waiting_time_quantile(share, agents, 120.0, 5.0, of=of, **model)
        longer = waiting_time_distribution(agents, 120.0, 5.0, times, **model)
        beyond = {
            WaitOf.ALL: longer.all_longer_share,
            WaitOf.VIRTUAL: longer.virtual_longer_share,
            WaitOf.ANSWERED: longer.answered_longer_share,
            WaitOf.ABANDONED: longer.abandoned_longer_share,
        }[of]
        np.testing.assert_allclose(beyond[times > 0.0], (1.0 - share)[times > 0.0], rtol=1e-8)


@settings(max_examples=80, deadline=None)
@given(load=st.floats(0.0, 400.0), share=st.floats(1e-6, 1.0))
def test_required_lines_are_the_fewest(load: float, share: float) -> None:
    lines = int(required_lines(load, share))
    if load > 0.0:
        assert float(erlang_b(lines, load)) <= share * (1.0 + 1e-11)
        assert lines == 0 or float(erlang_b(lines - 1, load)) > share
    else:
        assert lines == 0


def staff(load: float, level: float, minutes: float, **more: Any) -> StaffingRequirement:
    """Handling and patience of one minute times a handling of three, as peers' examples have it."""
    return required_agents(load * 20.0, 3.0, minutes, level, **more)


def test_where_peers_staff_at_least_the_load_with_patience() -> None:
    # a search that starts at the load answers 100 and 200
    for load, level, most in ((100.0, 0.5, 91), (200.0, 0.8, 195)):
        agents = int(staff(load, level, 1 / 3, patience_minutes=3.0).agents)
        fewer, enough = (
            reference.with_patience(n, load, 1.0, 1 / 9).level_of_offered for n in (agents - 1.0, float(agents))
        )
        assert fewer < level <= enough
        assert agents <= most < load


@pytest.mark.parametrize("minutes", [60.0, 240.0])
def test_where_peers_underflow_or_hang_at_long_thresholds(minutes: float) -> None:
    # e^(-rate t) underflows there: 117 agents in 22 seconds, or no answer in a minute
    for patience in (3.0, 30.0, 1e6):
        agents = int(staff(100.0, 0.8, minutes, patience_minutes=patience).agents)
        fewer = queue_performance(agents - 1, 2000.0, 3.0, minutes, patience_minutes=patience)
        got = queue_performance(agents, 2000.0, 3.0, minutes, patience_minutes=patience)
        assert got.service_level_share >= 0.8 > fewer.service_level_share
        assert agents <= 101
    assert int(staff(100.0, 0.8, minutes).agents) == 101


def test_where_a_peer_starts_at_the_rounded_load() -> None:
    # round(load + 1) gives 2 and 4
    assert required_agents([0.6 * 60.0, 2.6 * 60.0], 1.0, 2.0, 0.3).agents.tolist() == [1, 3]
    assert int(required_agents(3.0, 10.0, 30.0, 0.8).agents) == 1


def test_what_peers_refuse_or_fail_at_is_defined() -> None:
    assert int(required_agents(0.0, 3.0, 0.33, 0.8).agents) == 0
    assert int(required_agents(200.0, 3.0, 0.0, 0.8).agents) > 10
    below = queue_performance([9, 10, 22.5], 200.0, 3.0, 0.33)
    assert below.service_level_share[:2].tolist() == [0.0, 0.0]
    assert 0.9 < below.service_level_share[2] < 1.0


@pytest.mark.parametrize(("agents", "peer"), [(95, 0.508), (105, 0.834)])
def test_the_level_with_patience_is_exact_where_a_peer_takes_an_exponential(agents: int, peer: float) -> None:
    # 100 erlangs, handling of five minutes, patience of three, 20 seconds
    got = float(queue_performance(agents, 1200.0, 5.0, 1 / 3, patience_minutes=3.0).level_of_offered_share)
    exact = reference.with_patience(float(agents), 100.0, 5.0 / 3.0, 1 / 15).level_of_offered
    assert got == pytest.approx(float(exact), abs=1e-13)
    assert got > peer + 0.06


def test_no_states_are_cut_off() -> None:
    # a sum cut at 500 states answers .970 and 0 for 600 agents
    got = queue_performance(600, 36_000.0, 1.0, 0.05, patience_minutes=1.0)
    assert float(got.level_of_offered_share) == pytest.approx(0.877, abs=5e-4)
    assert float(got.abandoned_share) == pytest.approx(0.016, abs=5e-4)


def test_abandonment_is_exact_where_a_peer_says_a_quarter_of_it_too_much() -> None:
    # 48 calls a minute, 50 agents, patience of two minutes: .0309, not .126
    got = queue_performance(50, 2880.0, 1.0, patience_minutes=2.0)
    assert float(got.abandoned_share) == pytest.approx(0.0309122, abs=5e-8)


def test_a_minimum_search_over_long_thresholds_is_minimal() -> None:
    # among thousands of plans with thresholds of five minutes and more, none can do with one agent less
    rng = np.random.default_rng(8)
    load, handle = rng.uniform(0.3, 40.0, 4_000), rng.uniform(1.0, 12.0, 4_000)
    within, level = rng.uniform(5.0, 60.0, 4_000), rng.uniform(0.3, 0.95, 4_000)
    need = required_agents(load * 60.0 / handle, handle, within, level)
    fewer = queue_performance(need.agents - 1, load * 60.0 / handle, handle, within)
    assert ((fewer.service_level_share < level) | ~fewer.is_stable).all()
    assert (need.service_level_share >= level - SLACK).all()


def test_full_occupancy_is_no_target_with_patience_either() -> None:
    loads = np.array([3.0, 40.0, 900.0])
    free = staff(100.0, 0.8, 0.3, patience_minutes=4.0)
    assert int(staff(100.0, 0.8, 0.3, patience_minutes=4.0, max_occupancy_share=1.0).agents) == int(free.agents)
    np.testing.assert_array_equal(
        required_agents(loads * 20.0, 3.0, 0.3, 0.8, patience_minutes=4.0).agents,
        required_agents(loads * 20.0, 3.0, 0.3, 0.8, 1.0, patience_minutes=4.0).agents,
    )


def test_the_three_definitions_differ_and_staff_differently() -> None:
    got = queue_performance(90, 6000.0, 1.0, 1 / 3, patience_minutes=2.0)
    levels = [float(got.level(definition)) for definition in LevelDefinition]
    assert levels[0] < levels[1] < 1.0
    assert levels[0] < levels[2] < 1.0
    needs = [
        int(required_agents(6000.0, 1.0, 0.1, 0.8, patience_minutes=0.5, definition=definition).agents)
        for definition in LevelDefinition
    ]
    assert needs[0] > needs[1]
    assert needs[0] > needs[2]


def test_too_few_lines_are_named() -> None:
    with pytest.raises(EngineInputError, match="give more lines, or ask for less"):
        required_agents(600.0, 6.0, 0.3, 0.8, lines=20, max_blocked_share=0.01)
    with pytest.raises(EngineInputError, match="whole agents"):
        required_agents(600.0, 6.0, 0.3, 0.8, lines=200, whole=False)
    with pytest.raises(EngineInputError, match="no target limits"):
        largest_arrivals(10, 3.0, 0.33, 0.0, patience_minutes=2.0)
