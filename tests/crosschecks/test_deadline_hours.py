"""Deadlines in working minutes: against a fluid served in small steps, and against the daily form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import deadline_shortfall, required_daily_capacity, required_interval_agents

STEPS = 60


def late_work(work, length, deadline, agents, opened, backlog=None):
    """Minutes late with earliest-due-first service in steps of a sixtieth of an interval (working time only)."""
    opened = np.asarray(opened)
    queue: dict[int, float] = {}
    late, clock, waiting = 0.0, 0, np.zeros(len(work))
    dues = [round(d / length * STEPS) for d in deadline]
    if backlog is not None:
        for k in range(len(work)):
            for j in range(len(opened)):
                due = max(int(np.cumsum(opened)[j]), 1) * STEPS - 1
                queue[due] = queue.get(due, 0.0) + backlog[k, j]
    for j, is_open in enumerate(opened):
        if not is_open:
            waiting += work[:, j]
            continue
        for step in range(STEPS):
            for k in range(len(work)):
                # what comes during a step is due at the end of the step in which its deadline falls
                queue[clock + dues[k]] = queue.get(clock + dues[k], 0.0) + work[k, j] / STEPS
                if step == 0 and waiting[k] > 0.0:
                    queue[clock + dues[k] - 1] = queue.get(clock + dues[k] - 1, 0.0) + waiting[k]
            if step == 0:
                waiting[:] = 0.0
            left = agents[j] * length / STEPS
            for due in sorted(queue):
                done = min(left, queue[due])
                queue[due] -= done
                left -= done
                if due < clock:
                    late += done
                if queue[due] <= 1e-12:
                    del queue[due]
                if left <= 0.0:
                    break
            clock += 1
    return late + sum(amount for due, amount in queue.items() if due < clock)


def instance(seed, intervals=16):
    rng = np.random.default_rng(seed)
    work = rng.gamma(1.0, 90.0, (2, intervals)) * (rng.random((2, intervals)) < 0.7)
    deadline = rng.integers(6, 200, 2).astype(float)  # minutes: of intervals of 30
    return work, deadline, rng.random(intervals) < 0.8, rng


@pytest.mark.parametrize("seed", range(12))
def test_enough_is_enough_and_less_is_not(seed: int) -> None:
    work, deadline, opened, rng = instance(seed)
    opened[0] = True
    backlog = rng.gamma(1.0, 10.0, work.shape) * (rng.random(work.shape) < 0.2)
    need = required_interval_agents(work, 30.0, deadline, is_open=opened, start_backlog_minutes=backlog)
    total = work.sum() + backlog.sum()
    # The simulation's steps are half a minute: give it one step's work of room.
    room = work.max(axis=1).sum() / STEPS
    assert late_work(work, 30.0, deadline, need.agents, opened, backlog) <= room + 1e-9 * total
    assert deadline_shortfall(work, 30.0, deadline, need.agents, opened, backlog).is_enough
    short = deadline_shortfall(work, 30.0, deadline, need.agents * 0.9, opened, backlog)
    assert not short.is_enough
    late = late_work(work, 30.0, deadline, need.agents * 0.9, opened, backlog)
    assert late >= short.missing_minutes - room
    assert late > 0.0


@pytest.mark.parametrize("seed", range(6))
def test_missing_minutes_are_what_the_stretch_lacks(seed: int) -> None:
    work, deadline, _, rng = instance(seed)
    agents = rng.uniform(0.0, 6.0, 16)
    short = deadline_shortfall(work, 30.0, deadline, agents)
    worst = 0.0
    grid = np.unique(np.concatenate([np.arange(17) * 30.0, *[np.arange(17) * 30.0 + d for d in deadline]]))
    grid = grid[grid <= 480.0]
    capacity = np.interp(grid, np.arange(17) * 30.0, np.append(0.0, np.cumsum(agents * 30.0)))
    for a, s in enumerate(grid):
        for b in range(a + 1, grid.size):
            inside = 0.0
            for k in range(2):
                came = np.append(0.0, np.cumsum(work[k]))
                until = np.interp(grid[b] - deadline[k], np.arange(17) * 30.0, came)
                inside += max(until - np.interp(s, np.arange(17) * 30.0, came), 0.0)
            worst = max(worst, inside - (capacity[b] - capacity[a]))
    assert short.missing_minutes == pytest.approx(worst, rel=1e-9, abs=1e-6)


def test_whole_intervals_are_the_daily_form_with_inflow_at_the_start() -> None:
    rng = np.random.default_rng(1)
    work = rng.gamma(2.0, 60.0, (2, 12))
    # All work of an interval comes evenly, so a deadline of d intervals ends inside interval d: one more than by days.
    need = required_interval_agents(work, 60.0, [60.0, 180.0])
    days = required_daily_capacity(work / 60.0, [1, 3], week_of_day=[0] * 12)
    assert need.shift_agents[0] == pytest.approx(days.weekly_capacity_hours[0], rel=1e-12)


def test_shifts_shares_and_closed_hours() -> None:
    work = np.array([[60.0, 60.0, 300.0, 60.0, 0.0, 60.0, 60.0, 60.0]])
    two = required_interval_agents(work, 60.0, [60.0], shift_of_interval=[0] * 4 + [1] * 4)
    one = required_interval_agents(work, 60.0, [60.0])
    assert two.shift_agents.size == 2
    assert two.shift_agents[0] == pytest.approx(one.shift_agents[0])
    assert two.shift_agents[1] <= two.shift_agents[0]
    share = required_interval_agents(work, 60.0, [60.0], target_share=0.8)
    assert share.shift_agents[0] < one.shift_agents[0]
    assert share.late_share[0] <= 0.2 + 1e-9
    assert share.late_minutes.sum() == pytest.approx(share.late_share[0] * (work.sum() - one.carried_over_minutes[0]))
    opened = np.array([True, True, False, True, True, True, True, True])
    shut = required_interval_agents(work, 60.0, [60.0], is_open=opened)
    # the 300 minutes that came while closed are due an hour after opening
    assert shut.agents[2] == 0.0
    assert shut.shift_agents[0] >= 5.0
    assert shut.whole_agents[3] == np.ceil(shut.shift_agents[0])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), more=st.floats(1.0, 5.0))
def test_longer_deadlines_or_less_work_never_need_more(seed: int, more: float) -> None:
    work, deadline, opened, _ = instance(seed)
    opened[0] = True
    need = required_interval_agents(work, 30.0, deadline, is_open=opened).shift_agents
    assert (required_interval_agents(work, 30.0, deadline * more, is_open=opened).shift_agents <= need + 1e-9).all()
    assert (required_interval_agents(work * more, 30.0, deadline, is_open=opened).shift_agents >= need - 1e-9).all()


def test_impossible_input_is_refused() -> None:
    for change, match in (
        ({"deadline_minutes": [0.0]}, "deadline_minutes"),
        ({"deadline_minutes": [1.0, 2.0]}, "deadline_minutes"),
        ({"is_open": [False, False]}, "is_open"),
        ({"shift_of_interval": [1, 0]}, "shift_of_interval"),
        ({"start_backlog_minutes": [1.0]}, "start_backlog_minutes"),
    ):
        call = {"work_minutes": [[1.0, 2.0]], "interval_minutes": 30.0, "deadline_minutes": [20.0]}
        with pytest.raises(EngineInputError, match=match):
            required_interval_agents(**{**call, **change})
    with pytest.raises(EngineInputError, match="closed"):
        deadline_shortfall([[1.0, 2.0]], 30.0, [20.0], [1.0, 1.0], [True, False])
