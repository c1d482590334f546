"""Load that moves: the exact distribution against dense references, simulation, limits and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.crosschecks.time_varying_reference import Interval, dense_days, simulated_levels

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    Leaving,
    TransientPerformance,
    backlog_carryover,
    modified_offered_load,
    queue_performance,
    transient_performance,
)

DAYS = {
    "rise and fall, long patience": [
        (0.3, 0.2, 0.1, 10.0, 0.5, 2),
        (0.7, 0.2, 0.1, 10.0, 0.5, 4),
        (0.2, 0.2, 0.1, 10.0, 0.5, 1),
    ],
    "nobody gives up": [(0.3, 0.25, 0.0, 8.0, 2.0, 2), (0.5, 0.25, 0.0, 8.0, 2.0, 1), (0.1, 0.25, 0.0, 8.0, 2.0, 3)],
    "threshold over several intervals": [
        (0.5, 0.2, 0.05, 4.0, 9.0, 3),
        (0.6, 0.2, 0.05, 4.0, 9.0, 1),
        (0.3, 0.2, 0.05, 3.0, 9.0, 2),
        (0.1, 0.2, 0.05, 6.0, 9.0, 2),
    ],
    "closed at noon": [(0.6, 0.3, 0.2, 6.0, 1.0, 3), (0.2, 0.3, 0.2, 6.0, 1.0, 0), (0.4, 0.3, 0.2, 6.0, 1.0, 2)],
    "short patience, other rates by interval": [
        (1.0, 0.5, 3.0, 5.0, 0.3, 2),
        (1.5, 0.4, 1.0, 5.0, 0.0, 3),
        (0.5, 0.2, 2.0, 5.0, 6.0, 1),
    ],
}


def ours(days: list[Interval], leaving: Leaving) -> TransientPerformance:
    patience = [1.0 / day.theta if day.theta else np.inf for day in days]
    return transient_performance(
        [60.0 * day.arrivals for day in days],
        [day.agents for day in days],
        [day.length for day in days],
        [1.0 / day.mu for day in days],
        [day.threshold for day in days],
        patience,
        leaving=leaving,
    )


@pytest.mark.parametrize("leaving", Leaving)
@pytest.mark.parametrize("name", DAYS)
def test_every_measure_is_that_of_a_dense_chain(name: str, leaving: Leaving) -> None:
    days = [Interval(*row) for row in DAYS[name]]
    expected = dense_days(days, 24, leaving is Leaving.FINISH_CALL, nodes=14)
    found = ours(days, leaving)
    for field in expected[0]:
        np.testing.assert_allclose(
            getattr(found, field), [row[field] for row in expected], rtol=1e-9, atol=1e-9, err_msg=field
        )
    assert found.error_bound.max() < 1e-10


@pytest.mark.parametrize("patience", [4.0, np.inf])
@pytest.mark.parametrize("leaving", Leaving)
def test_a_constant_day_becomes_erlang_a_or_c(patience: float, leaving: Leaving) -> None:
    found = transient_performance(np.full(20, 300.0), 32, 300.0, 6.0, 0.5, patience, leaving=leaving)
    steady = queue_performance(32, 300.0, 6.0, 0.5, patience_minutes=patience)
    pairs = (
        ("level_of_offered_share", "level_of_offered_share"),
        ("level_virtual_share", "level_virtual_share"),
        ("wait_share", "wait_share"),
        ("abandoned_share", "abandoned_share"),
        ("mean_wait_minutes", "mean_wait_minutes"),
        ("mean_queue", "mean_queue"),
        ("occupancy_share", "occupancy_share"),
        ("in_system_at_end", "mean_in_system"),
    )
    for ours_name, steady_name in pairs:
        expected = float(getattr(steady, steady_name))
        assert getattr(found, ours_name)[-1] == pytest.approx(expected, rel=2e-9, abs=1e-9), ours_name


def test_patience_equal_to_handling_time_is_an_infinite_server() -> None:
    """Then everyone in the system leaves at one rate, and the number there is that of the modified offered load."""
    arrivals = np.array([100.0, 700.0, 30.0, 0.0, 400.0])
    found = transient_performance(arrivals, [5, 80, 70, 0, 20], 20.0, 7.0, 1.0, 7.0, leaving=Leaving.AT_ONCE)
    mu, ends = 1.0 / 7.0, [0.0]
    for rate in arrivals / 60.0:
        ends.append(rate / mu + (ends[-1] - rate / mu) * np.exp(-mu * 20.0))
    np.testing.assert_allclose(found.in_system_at_end, ends[1:], rtol=1e-9)
    present = found.mean_queue + found.occupancy_share * np.array([5, 80, 70, 0, 20])
    np.testing.assert_allclose(present, modified_offered_load(arrivals, 20.0, 7.0), rtol=1e-9)


@pytest.mark.parametrize("shape", [1.0 / 0.49, 1.0, 0.25])
def test_modified_offered_load_is_the_excess_of_handling_time(shape: float) -> None:
    arrivals, mean = np.array([60.0, 300.0, 0.0, 120.0]), 9.0
    law = stats.gamma(shape, scale=mean / shape)
    fine = np.linspace(0.0, 60.0, 6001)
    rate = np.append(np.repeat(arrivals / 60.0, 1500), arrivals[-1] / 60.0)
    survive = law.sf(fine)
    kernel_mass = np.append(0.0, np.cumsum((survive[1:] + survive[:-1]) / 2.0) * 0.01)
    expected = [
        np.mean([np.diff(kernel_mass[: k + 1][::-1]) @ -rate[:k] for k in range(i * 1500 + 8, i * 1500 + 1500, 15)])
        for i in range(4)
    ]
    found = modified_offered_load(arrivals, 15.0, mean, handle_variability=shape**-0.5)
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("patience", [3.0, np.inf])
def test_levels_lie_where_single_calls_do(patience: float) -> None:
    theta = 0.0 if patience == np.inf else 1.0 / patience
    rows = [(1.0, 4), (4.0, 17), (2.5, 9), (0.5, 0), (1.5, 10)]
    days = [Interval(rate, 0.25, theta, 15.0, 1.5, agents) for rate, agents in rows]
    good, offered = simulated_levels(days, 250, np.random.default_rng(5))
    found = ours(days, Leaving.FINISH_CALL).level_of_offered_share
    share = good.sum(axis=0) / offered.sum(axis=0)
    spread = np.std(good - share * offered, axis=0) * np.sqrt(250.0) / offered.sum(axis=0)
    assert (np.abs(share - found) < 4.5 * spread).all()
    assert (spread < 0.03).all()


@settings(max_examples=25, deadline=None)
@given(
    rates=st.lists(st.floats(0.0, 400.0), min_size=3, max_size=3),
    agents=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    at=st.integers(0, 2),
    patience=st.sampled_from([4.0, 9.0, np.inf]),
)
def test_one_more_agent_never_hurts(rates: list[float], agents: list[int], at: int, patience: float) -> None:
    """Where calls go back to the line, and waiting isn't left sooner than service would end it."""
    more = [count + (i == at) for i, count in enumerate(agents)]
    few, many = (
        transient_performance(rates, plan, 20.0, 4.0, 0.7, patience, leaving=Leaving.AT_ONCE) for plan in (agents, more)
    )
    assert (many.level_of_offered_share >= few.level_of_offered_share - 1e-9).all()
    assert (many.mean_queue <= few.mean_queue + 1e-9).all()
    assert (many.waiting_at_end <= few.waiting_at_end + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(
    rates=st.lists(st.floats(0.0, 300.0), min_size=4, max_size=4),
    agents=st.lists(st.integers(0, 25), min_size=4, max_size=4),
    patience=st.sampled_from([2.0, np.inf]),
    leaving=st.sampled_from(Leaving),
)
def test_calls_balance(rates: list[float], agents: list[int], patience: float, leaving: Leaving) -> None:
    """Who came has been served, has given up, or is still there."""
    found = transient_performance(rates, agents, 15.0, 5.0, 0.5, patience, start_calls=3, leaving=leaving)
    came = np.array(rates) / 4.0
    served = (found.occupancy_share * agents * 15.0 + found.overtime_agent_hours * 60.0) / 5.0
    gone = found.mean_queue * 15.0 / patience
    there = np.append(3.0, found.in_system_at_end)
    np.testing.assert_allclose(there[:-1] + came - served - gone, there[1:], atol=1e-6)


def test_a_day_that_repeats_is_many_days_in_a_row() -> None:
    arrivals, agents = [60.0, 200.0, 20.0, 5.0], [6, 15, 4, 1]
    cycle = transient_performance(arrivals, agents, 45.0, 5.0, 0.5, 20.0, repeats=True)
    row = transient_performance(arrivals * 8, agents * 8, 45.0, 5.0, 0.5, 20.0)
    np.testing.assert_allclose(cycle.level_of_offered_share, row.level_of_offered_share[-8:-4], atol=1e-7)
    np.testing.assert_allclose(cycle.waiting_at_end, row.waiting_at_end[-8:-4], atol=1e-6)


def test_a_backlog_that_grows_from_day_to_day_is_refused() -> None:
    with pytest.raises(EngineInputError, match="backlog"):
        transient_performance([60.0, 60.0], [4, 4], 30.0, 5.0, 0.5, repeats=True)


def test_a_backlog_carried_over_is_near_the_exact_one_where_load_moves_slowly() -> None:
    arrivals, agents = np.array([100.0, 130.0, 150.0, 130.0, 90.0, 60.0]), 12
    exact = transient_performance(arrivals, agents, 60.0, 5.0, 1 / 3)
    quick = backlog_carryover(arrivals, agents, 60.0, 5.0, 1 / 3)
    np.testing.assert_allclose(quick.occupancy_share[1:], exact.occupancy_share[1:], atol=0.03)
    assert quick.backlog_at_end[2] == pytest.approx(exact.waiting_at_end[2], rel=0.6)
    came, started = arrivals.sum(), quick.calls_started_per_hour.sum()
    assert came == pytest.approx(started + quick.backlog_at_end[-1], rel=1e-12)
