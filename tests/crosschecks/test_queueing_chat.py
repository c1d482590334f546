"""Conversations held at once: as Erlang A where each holds one, against the chain itself, and against simulation."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    chat_performance,
    erlang_c_performance,
    required_agents_for_chat,
    retrial_performance,
)

SPEED = [1.0, 0.8, 0.65]


def chain(agents, load, speed, patience, most=4000):
    """P(wait), gives up, mean held, from the states' weights one by one (handling time 1)."""
    slots = agents * len(speed)

    def pace(m):
        held = [m // agents + (i < m % agents) for i in range(agents)]
        return sum(j * speed[j - 1] for j in held if j)

    logs = [0.0]
    for m in range(1, most):
        rate = pace(min(m, slots)) + (max(m - slots, 0) / patience if np.isfinite(patience) else 0.0)
        logs.append(logs[-1] + np.log(load / rate))
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    states = np.arange(most)
    queue = (weight * np.maximum(states - slots, 0)).sum()
    busy = (weight * np.minimum(states, agents)).sum()
    return weight[slots:].sum(), queue, (weight * np.minimum(states, slots)).sum(), busy


@pytest.mark.parametrize("agents", [1, 3, 10])
@pytest.mark.parametrize("busy", [0.3, 0.95, 1.4])
@pytest.mark.parametrize("patience", [0.2, 3.0, np.inf])
def test_agrees_with_the_chain_itself(agents: int, busy: float, patience: float) -> None:
    load = agents * busy * 3 * 0.65
    if np.isinf(patience) and busy > 1.0:
        got = chat_performance(agents, load, 60.0, SPEED, 5.0)
        assert not got.is_stable
        assert got.service_level_share == 0.0
        return
    waits, queue, held, at_work = chain(agents, load, SPEED, patience)
    got = chat_performance(agents, load, 60.0, SPEED, 0.0, 60.0 * patience)
    assert float(got.wait_share) == pytest.approx(waits, rel=1e-9)
    assert float(got.mean_wait_minutes) == pytest.approx(queue / load * 60.0, rel=1e-9)
    assert float(got.slot_share) == pytest.approx(held / agents / 3, rel=1e-9)
    assert float(got.occupancy_share) == pytest.approx(at_work / agents, rel=1e-9)
    # Who is answered at once, is not late: at threshold 0 the level is the share that does not wait.
    assert float(got.service_level_share) == pytest.approx(1.0 - waits, abs=1e-9)
    assert float(got.mean_handle_minutes) == pytest.approx(60.0 * held / (load * (1.0 - got.abandoned_share)), rel=1e-9)


def test_one_at_a_time_is_erlang() -> None:
    agents = np.array([4, 20, 200])
    load = np.array([3.0, 21.0, 180.0])
    got = chat_performance(agents, load * 60.0, 1.0, [1.0], 0.2, 0.7)
    want = retrial_performance(agents, load * 60.0, 1.0, 0.7, 0.2, 0.0)
    np.testing.assert_allclose(got.service_level_share, want.service_level_share, atol=1e-12)
    np.testing.assert_allclose(got.abandoned_share, want.abandoned_share, rtol=1e-10)
    patient = chat_performance([5, 200], [180.0, 10800.0], 1.0, [1.0], 0.2)
    erlang = erlang_c_performance([5, 200], [180.0, 10800.0], 1.0, 0.2)
    np.testing.assert_allclose(patient.service_level_share, erlang.service_level_share, atol=1e-12)
    # At no cost of speed, n agents who hold k are n k agents.
    free = chat_performance(7, 1200.0, 1.0, [1.0, 1.0, 1.0], 0.2, 0.7)
    np.testing.assert_allclose(
        free.service_level_share, chat_performance(21, 1200.0, 1.0, [1.0], 0.2, 0.7).service_level_share, atol=1e-12
    )


def simulate(agents, load, speed, patience, threshold, count, seed):
    """Share answered in time; every agent keeps the conversations it has, new ones go to the least busy."""
    rng = np.random.default_rng(seed)
    now, clock = 0.0, np.zeros(agents)
    held = [[] for _ in range(agents)]  # service reached at which each ends
    line, good, came = [], 0, 0
    following = rng.exponential(1.0 / load)

    def rate(i):
        return speed[len(held[i]) - 1] if held[i] else 0.0

    while came < count:
        ends = [(held[i][0] - clock[i]) / rate(i) if held[i] else np.inf for i in range(agents)]
        i = int(np.argmin(ends))
        step = min(ends[i], following - now)
        clock += step * np.array([rate(j) for j in range(agents)])
        now += step
        if now >= following:
            came += 1
            following = now + rng.exponential(1.0 / load)
            least = min(range(agents), key=lambda j: len(held[j]))
            if len(held[least]) < len(speed):
                heapq.heappush(held[least], clock[least] + rng.exponential())
                good += 1
            else:
                line.append((now, now + rng.exponential(patience)))
        else:
            heapq.heappop(held[i])
            while line:
                began, leaves = line.pop(0)
                if leaves > now:
                    good += now - began <= threshold
                    heapq.heappush(held[i], clock[i] + rng.exponential())
                    break
    return good / count


def test_conversations_that_stay_where_they_are_come_near() -> None:
    runs = [simulate(5, 9.5, SPEED, 1.0, 0.05, 12_000, seed) for seed in range(3)]
    got = chat_performance(5, 9.5, 60.0, SPEED, 3.0, 60.0)
    assert float(got.service_level_share) == pytest.approx(np.mean(runs), abs=0.02)


@settings(max_examples=40, deadline=None)
@given(load=st.floats(0.01, 80.0), patience=st.floats(0.05, 20.0), slow=st.floats(0.5, 1.0))
def test_more_agents_serve_better_and_conversations_go_faster(load: float, patience: float, slow: float) -> None:
    speed = 1.0 / (1.0 + (1.0 - slow) * np.arange(4))
    got = chat_performance(np.arange(1, 40), load, 60.0, speed, 2.0, 60.0 * patience)
    assert (np.diff(got.service_level_share) >= -1e-9).all()
    assert (np.diff(got.abandoned_share) <= 1e-9).all()
    assert (np.diff(got.mean_handle_minutes) <= 1e-6).all()
    assert (got.mean_handle_minutes >= 60.0 - 1e-6).all()


def test_the_team_is_the_smallest() -> None:
    rng = np.random.default_rng(8)
    arrivals, level = rng.gamma(0.8, 100.0, 80), rng.uniform(0.0, 0.97, 80)
    arrivals[0] = 0.0
    need = required_agents_for_chat(arrivals, 6.0, SPEED, 0.5, level, 3.0, 0.1, 8.0).agents
    assert need[0] == 0

    def meets(team):
        got = chat_performance(team, arrivals, 6.0, SPEED, 0.5, 3.0)
        good = (got.service_level_share >= level) & (got.abandoned_share <= 0.1)
        return good & (got.mean_handle_minutes <= 8.0) & (team > 0)

    assert meets(need)[1:].all()
    assert not meets(np.maximum(need - 1, 0))[1:].any()


def test_quiet_and_huge_teams_and_bad_input() -> None:
    quiet = chat_performance([0, 2000], [0.0, 60.0], 1.0, SPEED, 1.0, 2.0)
    assert quiet.service_level_share.tolist() == [1.0, 1.0]
    assert quiet.mean_handle_minutes.tolist() == pytest.approx([1.0, 1.0])
    none = chat_performance(0, 60.0, 1.0, SPEED, 1.0, 2.0)
    assert (none.service_level_share, none.abandoned_share) == (0.0, 1.0)
    for speed in ([0.9, 0.8], [], [1.0, 0.4], [1.0, -1.0]):
        with pytest.raises(EngineInputError, match="relative_speed"):
            chat_performance(2, 10.0, 5.0, speed, 1.0)
    with pytest.raises(EngineInputError, match="max_mean_handle_minutes"):
        required_agents_for_chat(10.0, 5.0, SPEED, 1.0, 0.8, 3.0, 1.0, 4.0)
