"""Calls that come again: the fixed point by itself, in its limits, and against a simulation of callers who redial."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    erlang_b,
    erlang_c_performance,
    required_agents_with_retrials,
    retrial_performance,
)


def simulate(agents, rate, patience, threshold, redial, reconnect, delay, horizon, seed):
    """Attempts per first call, abandoned share, share in time, share of first calls resolved (handling time 1)."""
    rng = np.random.default_rng(seed)
    calls = [(t, 0) for t in np.cumsum(rng.exponential(1.0 / rate, int(rate * horizon)))]
    first = len(calls)
    heapq.heapify(calls)
    ends, line = [], []
    attempts = lost = in_time = resolved = 0

    def answered(now, came, end):
        nonlocal in_time, resolved
        in_time += now - came <= threshold
        if rng.random() < reconnect:
            heapq.heappush(calls, (end + rng.exponential(delay), 0))
        else:
            resolved += 1

    while calls or ends:
        if ends and (not calls or ends[0] <= calls[0][0]):
            now = heapq.heappop(ends)
            while line:
                came, leaves = line.pop(0)
                if leaves > now:
                    end = now + rng.exponential()
                    heapq.heappush(ends, end)
                    answered(now, came, end)
                    break
            continue
        now, kind = heapq.heappop(calls)
        if kind == 1:
            # gave up just now: still in line unless answered
            if not any(leaves == now for _, leaves in line):
                continue
            line[:] = [item for item in line if item[1] != now]
            lost += 1
            if rng.random() < redial:
                heapq.heappush(calls, (now + rng.exponential(delay), 0))
            continue
        attempts += 1
        if len(ends) < agents:
            end = now + rng.exponential()
            heapq.heappush(ends, end)
            answered(now, now, end)
        else:
            leaves = now + rng.exponential(patience)
            line.append((now, leaves))
            heapq.heappush(calls, (leaves, 1))
    return np.array([attempts / first, lost / attempts, in_time / attempts, resolved / first])


@pytest.mark.parametrize(
    ("agents", "rate", "patience", "redial", "reconnect"),
    [(10, 10.0, 1.0, 0.7, 0.0), (20, 24.0, 0.5, 0.5, 0.1), (5, 3.0, 2.0, 1.0, 0.2)],
)
def test_late_redials_agree_with_a_simulation(agents, rate, patience, redial, reconnect) -> None:
    runs = [simulate(agents, rate, patience, 0.2, redial, reconnect, 40.0, 1500.0, seed) for seed in range(6)]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    got = retrial_performance(agents, rate, 60.0, 60.0 * patience, 12.0, redial, reconnect)
    want = [got.attempts_per_request, got.abandoned_share, got.service_level_share, got.resolved_share]
    # Redials after forty handling times are nearly Poisson; the start and end of a run weigh a little.
    assert (np.abs(mean - want) < 4.5 * error + 0.012).all()


@settings(max_examples=80, deadline=None)
@given(
    agents=st.integers(0, 300),
    load=st.floats(0.01, 400.0),
    patience=st.floats(0.05, 20.0),
    redial=st.floats(0.0, 0.99),
    reconnect=st.floats(0.0, 0.6),
)
def test_the_attempts_are_the_root_and_every_request_ends_once(agents, load, patience, redial, reconnect) -> None:
    got = retrial_performance(agents, load * 60.0, 1.0, patience, 0.3, redial, reconnect)
    lost = got.abandoned_share
    ends = got.attempt_erlangs * ((1 - redial) * lost + (1 - reconnect) * (1 - lost))
    assert float(ends) == pytest.approx(load, rel=1e-11)
    resolved = (1 - lost) * (1 - reconnect) / (1 - redial * lost - reconnect * (1 - lost))
    assert got.resolved_share == pytest.approx(float(resolved), rel=1e-9, abs=1e-12)
    assert got.resolved_share + got.lost_share == pytest.approx(1.0)
    alone = retrial_performance(agents, got.attempts_per_hour, 1.0, patience, 0.3, 0.0)
    assert got.service_level_share == pytest.approx(float(alone.service_level_share), abs=1e-11)


@settings(max_examples=12, deadline=None)
@given(agents=st.integers(1, 100), ratio=st.floats(0.3, 1.5), patience=st.floats(0.05, 10.0))
def test_more_redials_or_fewer_agents_serve_worse(agents, ratio, patience) -> None:
    redial = np.linspace(0.0, 0.98, 30)
    got = retrial_performance(agents, agents * ratio * 60.0, 1.0, patience, 0.2, redial)
    assert (np.diff(got.attempts_per_hour) >= -1e-9 * got.attempts_per_hour[1:]).all()
    assert (np.diff(got.service_level_share) <= 1e-10).all()
    teams = retrial_performance(np.arange(1, 60), agents * ratio * 60.0, 1.0, patience, 0.2, 0.7)
    assert (np.diff(teams.service_level_share) >= -1e-10).all()
    assert (np.diff(teams.lost_share) <= 1e-10).all()


def test_nobody_waiting_is_the_loss_formula_and_boundless_patience_erlang_c() -> None:
    loss = retrial_performance([3, 40], [120.0, 2400.0], 1.0, 0.0, 0.5, 0.0)
    np.testing.assert_allclose(loss.abandoned_share, erlang_b([3, 40], [2.0, 40.0]), rtol=1e-12)
    again = retrial_performance(3, 120.0, 1.0, 0.0, 0.5, 0.6)
    assert float(again.abandoned_share) == pytest.approx(float(erlang_b(3, again.attempt_erlangs)), rel=1e-12)
    patient = retrial_performance(12, 600.0, 1.0, 1e6, 0.3, 0.5)
    want = erlang_c_performance(12, 600.0, 1.0, 0.3)
    assert float(patient.service_level_share) == pytest.approx(float(want.service_level_share), abs=1e-5)


def test_if_all_come_back_and_too_few_are_served_it_is_said() -> None:
    got = retrial_performance(10, [590.0, 610.0], 1.0, 2.0, 0.3, 1.0)
    assert got.is_stable.tolist() == [True, False]
    assert got.resolved_share.tolist() == pytest.approx([1.0, 0.0])
    assert np.isinf(got.attempts_per_hour[1])
    need = required_agents_with_retrials(610.0, 1.0, 2.0, 0.3, 0.0, 1.0)
    assert need.agents == 11


def test_the_team_is_the_smallest() -> None:
    rng = np.random.default_rng(3)
    arrivals, redial, level = rng.gamma(0.7, 900.0, 150), rng.random(150), rng.uniform(0.0, 0.97, 150)
    arrivals[0] = 0.0
    need = required_agents_with_retrials(arrivals, 4.0, 1.5, 0.3, level, redial, 0.1, 0.2, 0.95)
    assert need.agents[0] == 0

    def meets(team):
        got = retrial_performance(team, arrivals, 4.0, 1.5, 0.3, redial, 0.1)
        good = (got.service_level_share >= level) & (got.abandoned_share <= 0.2) & (got.occupancy_share <= 0.95)
        return good & got.is_stable

    assert meets(need.agents)[1:].all()
    assert not meets(np.maximum(need.agents - 1, 0))[1:].any()


def test_bad_input_is_refused_by_name() -> None:
    good = {
        "agents": 5,
        "arrivals_per_hour": 60.0,
        "handle_minutes": 3.0,
        "patience_minutes": 2.0,
        "threshold_minutes": 0.3,
        "redial_share": 0.5,
        "reconnect_share": 0.1,
    }
    for name, bad in (("redial_share", 1.2), ("reconnect_share", 1.0), ("patience_minutes", -1.0), ("agents", 2.5)):
        with pytest.raises(EngineInputError, match=name):
            retrial_performance(**{**good, name: bad})
