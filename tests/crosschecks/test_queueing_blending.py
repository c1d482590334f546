"""Inbound and outbound in one team: against Erlang at the edges, a chain of one dimension, and a simulation."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    blended_performance,
    erlang_c_performance,
    required_agents_blended,
    retrial_performance,
)


def test_with_all_agents_in_reserve_it_is_erlang() -> None:
    got = blended_performance([8, 30], [8, 30], [72.0, 300.0], 5.0, 3.0, 1.0 / 3.0)
    want = erlang_c_performance([8, 30], [72.0, 300.0], 5.0, 1.0 / 3.0)
    np.testing.assert_allclose(got.service_level_share, want.service_level_share, rtol=1e-10)
    np.testing.assert_allclose(got.mean_wait_minutes, want.mean_wait_minutes, rtol=1e-9)
    assert (got.outbound_per_hour == 0.0).all()
    left = blended_performance([8, 30], [8, 30], [110.0, 400.0], 5.0, 3.0, 0.5, 2.0)
    palm = retrial_performance([8, 30], [110.0, 400.0], 5.0, 2.0, 0.5, 0.0)
    np.testing.assert_allclose(left.service_level_share, palm.service_level_share, rtol=1e-9)
    np.testing.assert_allclose(left.abandoned_share, palm.abandoned_share, rtol=1e-9)


@pytest.mark.parametrize("reserve", [0, 1, 4])
@pytest.mark.parametrize("patience", [np.inf, 3.0])
def test_equal_handling_times_need_one_dimension_only(reserve: int, patience: float) -> None:
    agents, rate, handle = 10, 1.4, 5.0
    got = blended_performance(agents, reserve, rate * 60.0, handle, handle, 0.0, patience)
    # All who are busy, from agents - reserve up; a call that ends at the floor is followed by an outbound one.
    weight = [1.0]
    for busy in range(agents - reserve + 1, 3000):
        ends = min(busy, agents) / handle + (0.0 if patience == np.inf else max(busy - agents, 0) / patience)
        weight.append(weight[-1] * rate / ends)
    share = np.array(weight) / sum(weight)
    waits = share[reserve:].sum()
    made = share[0] * (agents - reserve) / handle * 60.0
    queue = (share[reserve:] * np.arange(share.size - reserve)).sum()
    assert float(got.wait_share) == pytest.approx(waits, rel=1e-9)
    assert float(got.service_level_share) == pytest.approx(1.0 - waits, rel=1e-9)
    assert float(got.outbound_per_hour) == pytest.approx(made, rel=1e-9)
    assert float(got.mean_wait_minutes) == pytest.approx(queue / rate, rel=1e-9)


def simulate(agents, reserve, rate, handle, outbound, patience, threshold, horizon, seed):
    """Share answered in time, given up, and outbound calls made per minute."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1.0 / rate, int(rate * horizon)))
    ends, line, good, lost, made, busy = [], [], 0, 0, 0, 0

    def dial(now):
        nonlocal busy
        while agents - busy > reserve:
            busy += 1
            heapq.heappush(ends, (now + rng.exponential(outbound), 1))

    def free_until(until):
        nonlocal busy, good, lost, made
        while ends and ends[0][0] <= until:
            now, kind = heapq.heappop(ends)
            made += kind
            busy -= 1
            while line:
                came, leaves = line.pop(0)
                if leaves > now:
                    good += now - came <= threshold
                    busy += 1
                    heapq.heappush(ends, (now + rng.exponential(handle), 0))
                    break
                lost += 1
            dial(now)

    dial(0.0)
    for now in arrivals:
        free_until(now)
        if busy < agents:
            good += 1
            busy += 1
            heapq.heappush(ends, (now + rng.exponential(handle), 0))
        else:
            line.append((now, now + rng.exponential(patience)))
    return np.array([good / arrivals.size, lost / arrivals.size, made / arrivals[-1]])


def test_different_handling_times_agree_with_a_simulation() -> None:
    runs = [simulate(9, 2, 1.5, 4.0, 9.0, 2.0, 0.4, 8000.0, seed) for seed in range(8)]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / np.sqrt(8)
    got = blended_performance(9, 2, 90.0, 4.0, 9.0, 0.4, 2.0)
    want = np.array([got.service_level_share, got.abandoned_share, got.outbound_per_hour / 60.0])
    assert (np.abs(mean - want) < 4.5 * error).all()


@settings(max_examples=15, deadline=None)
@given(agents=st.integers(2, 25), busy=st.floats(0.1, 0.95), slow=st.floats(0.3, 3.0), patient=st.booleans())
def test_a_larger_reserve_serves_inbound_and_makes_fewer_calls(agents, busy, slow, patient) -> None:
    patience = np.inf if patient else 2.0
    reserve = np.arange(agents + 1)
    got = blended_performance(agents, reserve, agents * busy * 15.0, 4.0, 4.0 * slow, 0.3, patience)
    assert (np.diff(got.service_level_share) >= -1e-9).all()
    assert (np.diff(got.outbound_per_hour) <= 1e-9).all()
    assert got.is_stable.all()
    # Inbound served and outbound made fill the agents' time.
    inbound = agents * busy * (1.0 - got.abandoned_share)
    np.testing.assert_allclose(got.occupancy_share * agents, inbound + got.outbound_agents, rtol=1e-8)


def test_the_team_is_the_smallest_with_any_reserve() -> None:
    need = required_agents_blended(60.0, 4.0, 6.0, 0.5, [0.8, 0.9], [12.0, 30.0], [np.inf, 2.0])
    for k, (share, calls, patience) in enumerate(((0.8, 12.0, np.inf), (0.9, 30.0, 2.0))):
        team = int(need.agents[k])
        for size, wanted in ((team, True), (team - 1, False)):
            got = blended_performance(size, np.arange(size + 1), 60.0, 4.0, 6.0, 0.5, patience)
            good = (got.service_level_share >= share) & (got.outbound_per_hour >= calls)
            assert good.any() == wanted
            if wanted:
                assert good[need.reserve[k]]


@pytest.mark.parametrize("patience", [np.inf, 3.0])
def test_a_large_team_fills_its_time_and_serves_what_comes(patience: float) -> None:
    # Without care for the diagonal, rounding grows here by e^64.
    got = blended_performance(80, [2, 10], 768.0, 5.0, 0.5, 1.0 / 3.0, patience)
    assert ((got.service_level_share > 0.0) & (got.service_level_share <= 1.0)).all()
    assert np.diff(got.service_level_share) > 0.0
    inbound = 64.0 * (1.0 - got.abandoned_share)
    np.testing.assert_allclose(got.occupancy_share * 80, inbound + got.outbound_agents, rtol=1e-8)


def test_edges_and_refusals() -> None:
    quiet = blended_performance(5, 2, 0.0, 4.0, 6.0, 0.5)
    assert (quiet.service_level_share, quiet.outbound_per_hour, quiet.occupancy_share) == (1.0, 30.0, 0.6)
    full = blended_performance(5, 2, 600.0, 4.0, 6.0, 0.5)
    assert not full.is_stable
    with pytest.raises(EngineInputError, match="reserve"):
        blended_performance(5, 6, 10.0, 4.0, 6.0, 0.5)
    with pytest.raises(EngineInputError, match="outbound_handle_minutes"):
        blended_performance(5, 2, 10.0, 4.0, 0.0, 0.5)
