"""M/G/c and G/G/c: exact where an exact answer is known, near a simulation elsewhere."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.compiled import Vector, kernel, run
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    erlang_c_performance,
    required_agents_with_variability,
    variability_performance,
)
from closeknit.engine.queueing.constant_service_kernels import constant_service


@kernel
def first_come(agents: int, gaps: Vector, works: Vector, free: Vector, wait: Vector) -> None:
    now = 0.0
    for i in range(gaps.shape[0]):
        now += gaps[i]
        soonest = 0
        for j in range(1, agents):
            if free[j] < free[soonest]:
                soonest = j
        wait[i] = max(free[soonest] - now, 0.0)
        free[soonest] = now + wait[i] + works[i]


def drawn(rng, squared_cv, count):
    """Times of mean 1: constant, gamma, or above 1 lognormal."""
    if squared_cv == 0.0:
        return np.ones(count)
    if squared_cv <= 1.0:
        return rng.gamma(1.0 / squared_cv, squared_cv, count)
    spread = np.log(1.0 + squared_cv)
    return np.exp(rng.normal(-spread / 2.0, np.sqrt(spread), count))


def simulate(agents, busy, service, arrival, threshold, count=600_000, seed=1):
    rng = np.random.default_rng(seed)
    gaps, works, wait = drawn(rng, arrival, count) / (agents * busy), drawn(rng, service, count), np.zeros(count)
    run(first_come, 1e9, agents, gaps, works, np.zeros(agents), wait)
    kept = wait[count // 20 :]
    return kept.mean(), (kept <= threshold).mean()


@pytest.mark.parametrize(("agents", "busy"), [(1, 0.9), (1, 0.99999), (2, 0.3), (7, 0.85), (30, 0.9), (300, 0.97)])
def test_constant_service_agrees_with_its_series_in_25_digits(agents: int, busy: float) -> None:
    chance, wait = constant_service(float(agents), agents * busy)
    if agents == 1:
        assert chance == pytest.approx(busy, rel=1e-11)
        assert wait == pytest.approx(busy / (2.0 * (1.0 - busy)), rel=1e-11)
        return
    with mpmath.workdps(25):
        rate, logs, total = mpmath.mpf(agents * busy), mpmath.mpf(0), mpmath.mpf(0)
        for i in range(1, 4000):
            above = mpmath.gammainc(i * agents, 0, i * rate, regularized=True)
            total += above - mpmath.gammainc(i * agents + 1, 0, i * rate, regularized=True) * agents / rate
            logs += above / i
            if above < 1e-22:
                break
        assert chance == pytest.approx(float(-mpmath.expm1(-logs)), rel=1e-11)
        assert wait == pytest.approx(float(total), rel=1e-11)


def test_one_agent_is_pollaczek_khinchine_and_cv_1_is_erlang_c() -> None:
    cv = np.array([0.0, 0.3, 1.0, 5.0])
    got = variability_performance(1, 48.0, 1.0, 0.0, cv)
    np.testing.assert_allclose(got.mean_wait_minutes, 0.8 * (1 + cv) / (2 * 0.2), rtol=1e-10)
    np.testing.assert_allclose(got.wait_share, 0.8, rtol=1e-10)
    assert got.is_exact.all()
    many = variability_performance([5, 50, 500], [240.0, 2700.0, 29400.0], 1.0, 0.4, 1.0)
    want = erlang_c_performance([5, 50, 500], [240.0, 2700.0, 29400.0], 1.0, 0.4)
    np.testing.assert_allclose(many.mean_wait_minutes, want.mean_wait_minutes, rtol=1e-12)
    np.testing.assert_allclose(many.service_level_share, want.service_level_share, rtol=1e-10)


@pytest.mark.parametrize(
    ("arrival", "service", "wait_within", "level_within"),
    [
        (1.0, 0.0, 0.08, 0.03),
        (1.0, 0.3, 0.08, 0.03),
        (1.0, 3.0, 0.15, 0.05),
        (0.5, 0.5, 0.12, 0.05),
        (3.0, 0.5, 0.2, 0.08),
    ],
)
def test_near_a_simulation(arrival, service, wait_within, level_within) -> None:
    for agents, busy in ((3, 0.8), (20, 0.85)):
        wait, level = simulate(agents, busy, service, arrival, 0.3)
        got = variability_performance(agents, agents * busy * 60.0, 1.0, 0.3, service, arrival)
        assert float(got.mean_wait_minutes) == pytest.approx(wait, rel=wait_within)
        assert float(got.service_level_share) == pytest.approx(level, abs=level_within)


@settings(max_examples=40, deadline=None)
@given(agents=st.integers(1, 120), busy=st.floats(0.05, 0.98))
def test_more_variability_waits_longer_and_more_agents_shorter(agents: int, busy: float) -> None:
    cv = np.linspace(0.0, 8.0, 33)
    got = variability_performance(agents, agents * busy * 60.0, 1.0, 0.1, cv)
    assert (np.diff(got.mean_wait_minutes) >= -1e-12).all()
    noisy = variability_performance(agents, agents * busy * 60.0, 1.0, 0.1, 0.5, cv)
    assert (np.diff(noisy.mean_wait_minutes) >= -1e-12).all()
    teams = variability_performance(np.arange(agents, agents + 6), agents * busy * 60.0, 1.0, 0.1, 2.5)
    assert (np.diff(teams.mean_wait_minutes) <= 1e-15).all()
    assert ((got.service_level_share >= 0.0) & (got.service_level_share <= 1.0)).all()


def test_the_team_is_the_smallest_and_varies_with_variability() -> None:
    rng = np.random.default_rng(5)
    arrivals, cv, level = rng.gamma(0.7, 400.0, 60), rng.uniform(0.0, 4.0, 60), rng.uniform(0.0, 0.95, 60)
    need = required_agents_with_variability(arrivals, 3.0, 0.5, level, cv, 1.0, 2.0, 0.95).agents

    def meets(team):
        got = variability_performance(np.maximum(team, 1), arrivals, 3.0, 0.5, cv)
        good = (got.service_level_share >= level) & (got.mean_wait_minutes <= 2.0) & got.is_stable
        return good & (got.offered_erlangs <= 0.95 * team * (1 + 1e-12)) & (team > 0)

    assert meets(need).all()
    assert not meets(need - 1).any()
    assert required_agents_with_variability(0.0, 3.0, 0.5, 0.8, 1.0).agents == 0


def test_no_variability_at_all_waits_for_nothing_and_bad_input_is_refused() -> None:
    got = variability_performance(1, 30.0, 1.0, 0.0, 0.0, 0.0)
    assert float(got.mean_wait_minutes) == pytest.approx(0.0, abs=1e-12)
    unstable = variability_performance(2, 300.0, 1.0, 1.0, 0.5)
    assert not unstable.is_stable
    assert unstable.service_level_share == 0.0
    for name, bad in (("squared_cv", -0.1), ("arrival_squared_cv", 1e9), ("agents", 0)):
        call = {
            "agents": 2,
            "arrivals_per_hour": 3.0,
            "handle_minutes": 2.0,
            "threshold_minutes": 1.0,
            "squared_cv": 1.0,
        }
        with pytest.raises(EngineInputError, match=name):
            variability_performance(**{**call, name: bad})
