"""Staffing while load moves: every interval kept, no agent to spare, and what steady state would have done."""

import os

import numpy as np
import pytest
from benchmarks.time_varying import PATTERNS, Pattern, staffed
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    Leaving,
    LevelDefinition,
    StaffingMethod,
    required_agents,
    required_agents_by_interval,
    transient_performance,
)

SHORT = [pattern for pattern in PATTERNS if pattern.peak_erlangs <= 160.0]


@pytest.mark.parametrize("pattern", SHORT, ids=lambda pattern: pattern.name)
def test_every_interval_keeps_its_promise_on_many_days(pattern: Pattern) -> None:
    found = staffed(pattern, StaffingMethod.EXACT)
    assert found.keeps_targets.all()
    assert found.is_minimal
    assert found.performance.level_of_offered_share.min() >= 0.8
    hours, steady = found.agents.sum(), found.stationary_agents.sum()
    assert hours <= 1.06 * steady
    assert found.stationary_missed_intervals == (found.stationary_level_share < 0.8 - 1e-9).sum()


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("CLOSEKNIT_SLOW") != "1", reason="slow: set CLOSEKNIT_SLOW=1")
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_every_interval_keeps_its_promise_on_large_days_too(pattern: Pattern) -> None:
    assert staffed(pattern, StaffingMethod.EXACT).keeps_targets.all()


@settings(max_examples=15, deadline=None)
@given(
    rates=st.lists(st.floats(0.0, 300.0), min_size=5, max_size=5),
    handle=st.floats(2.0, 30.0),
    patience=st.sampled_from([1.0, 6.0, np.inf]),
    threshold=st.sampled_from([0.0, 0.5, 25.0]),
    leaving=st.sampled_from(Leaving),
)
def test_no_interval_can_give_an_agent_back(
    rates: list[float], handle: float, patience: float, threshold: float, leaving: Leaving
) -> None:
    asked = {"patience_minutes": patience, "leaving": leaving}
    found = required_agents_by_interval(rates, 15.0, handle, threshold, 0.8, method=StaffingMethod.EXACT, **asked)  # type: ignore[arg-type]
    assert found.keeps_targets.all()
    # Below 1e-12 calls an interval nobody is asked for.
    busy = np.array(rates) >= 1e-12
    for i in np.flatnonzero(found.agents):
        fewer = found.agents - (np.arange(5) == i)
        got = transient_performance(rates, fewer, 15.0, handle, threshold, **asked)  # type: ignore[arg-type]
        assert (got.level_of_offered_share[busy] < 0.8 - 1e-12).any()


def test_all_targets_are_kept_together() -> None:
    rates = [60.0, 200.0, 320.0, 150.0, 40.0]
    found = required_agents_by_interval(
        rates,
        30.0,
        8.0,
        1 / 3,
        0.7,
        6.0,
        definition=LevelDefinition.VIRTUAL,
        max_occupancy_share=0.82,
        max_abandoned_share=0.02,
        max_mean_wait_minutes=0.15,
        minimum_agents=12,
        method=StaffingMethod.EXACT,
    )
    got = found.performance
    assert (got.level_virtual_share >= 0.7).all()
    assert (got.occupancy_share <= 0.82 + 1e-9).all()
    assert (got.abandoned_share <= 0.02 + 1e-9).all()
    assert (got.mean_wait_minutes <= 0.15 + 1e-9).all()
    assert (found.agents >= 12).all()
    loose = required_agents_by_interval(rates, 30.0, 8.0, 1 / 3, 0.7, 6.0, method=StaffingMethod.EXACT)
    assert (found.agents > loose.agents).any()


def test_the_stationary_method_is_the_steady_state_answer() -> None:
    rates = np.array([30.0, 200.0, 600.0, 0.0])
    for patience in (3.0, np.inf):
        found = required_agents_by_interval(rates, 30.0, 5.0, 1 / 3, 0.8, patience, method=StaffingMethod.STATIONARY)
        steady = required_agents(rates, 5.0, 1 / 3, 0.8, patience_minutes=patience)
        np.testing.assert_array_equal(found.agents, steady.agents)
        np.testing.assert_array_equal(found.stationary_agents, steady.agents)


def test_auto_says_why_and_what_steady_state_would_have_reached() -> None:
    calm = required_agents_by_interval(np.full(6, 100.0), 60.0, 2.0, 1 / 3, 0.8, 3.0, repeats=True)
    assert calm.method == "stationary"
    assert "exact check" in str(calm.why)
    fast = required_agents_by_interval([60.0, 600.0, 60.0], 30.0, 15.0, 1 / 3, 0.8, 3.0)
    assert fast.method == "exact"
    assert fast.keeps_targets.all()
    assert fast.load_movement > 1.0
    assert fast.stationary_worst_share < 0.3
    assert fast.stationary_worst_interval == 2
    both = required_agents_by_interval([[100.0] * 3, [60.0, 600.0, 60.0]], 60.0, 2.0, 1 / 3, 0.8, start_calls=[3, 2])
    assert both.method.shape == (2,)
    assert both.agents.shape == (2, 3)


def test_a_closed_night_hands_its_calls_to_the_morning() -> None:
    rates = [80.0, 80.0, 30.0, 30.0, 80.0, 80.0]
    is_open = np.array([True, True, False, False, True, True])
    asked = {"is_open": is_open, "method": StaffingMethod.EXACT}
    found = required_agents_by_interval(rates, 30.0, 6.0, 1.0, 0.8, **asked)  # type: ignore[arg-type]
    assert found.agents[2:4].tolist() == [0, 0]
    assert found.performance.waiting_at_end[3] == pytest.approx(30.0, abs=2.0)
    assert found.agents[4] > found.agents[5] + 5
    assert found.keeps_targets.all()
    patient = required_agents_by_interval(rates, 30.0, 6.0, 1.0, 0.8, repeats=True, **asked)  # type: ignore[arg-type]
    assert patient.keeps_targets.all()


def test_pools_side_by_side_get_what_each_gets_alone() -> None:
    rates = np.array([[60.0, 200.0, 40.0], [300.0, 10.0, 100.0], [0.0, 5.0, 0.0]])
    together = required_agents_by_interval(rates, 30.0, 9.0, 0.5, 0.8, 4.0, method=StaffingMethod.EXACT)
    for row, agents in zip(rates, together.agents, strict=True):
        alone = required_agents_by_interval(row, 30.0, 9.0, 0.5, 0.8, 4.0, method=StaffingMethod.EXACT)
        np.testing.assert_array_equal(alone.agents, agents)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target_share": 1.0}, "target_share"),
        ({"patience_minutes": 1e-6}, "erlang_b"),
        ({"arrivals_per_hour": [1e7]}, "split"),
        ({"arrivals_per_hour": 5.0}, "intervals"),
        ({"definition": LevelDefinition.OF_ANSWERED}, "OF_OFFERED"),
        ({"start_calls": [1, 2]}, "start_calls"),
    ],
)
def test_what_cannot_be_answered_is_refused(arguments: dict[str, object], message: str) -> None:
    usual = {"arrivals_per_hour": [50.0], "interval_minutes": 30.0, "handle_minutes": 5.0, "threshold_minutes": 0.5}
    with pytest.raises(EngineInputError, match=message):
        required_agents_by_interval(**{**usual, "target_share": 0.8, **arguments})  # type: ignore[arg-type]
