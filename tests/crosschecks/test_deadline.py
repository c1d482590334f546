"""Deadline capacity against an independent earliest-due-date simulation and against brute force."""

import heapq

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import edf_lateness, required_daily_capacity


def heap_lateness(work, windows, capacity, backlog=None):
    """Late hours per class by a heap of pieces, written apart from the engine (all days open)."""
    classes, days = work.shape
    late = np.zeros(classes)
    queue: list[list[float]] = []
    for day in range(days):
        for k in range(classes):
            heapq.heappush(queue, [day + windows[k], k, work[k, day]])
            if backlog is not None and backlog.ndim == 1 and day == 0:
                heapq.heappush(queue, [windows[k], k, backlog[k]])
        left = capacity[day]
        while queue and left > 0:
            due, k, hours = heapq.heappop(queue)
            used = min(left, hours)
            left -= used
            if due < day:
                late[int(k)] += used
            if hours > used:
                heapq.heappush(queue, [due, k, hours - used])
    for due, k, hours in queue:
        if due < days:
            late[int(k)] += hours
    return late


def instance(seed: int, days: int = 35, classes: int = 3):
    rng = np.random.default_rng(seed)
    work = rng.gamma(1.5, 6.0, (classes, days)) * (rng.random((classes, days)) < 0.8)
    return rng, work, rng.integers(0, 9, classes)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_late_and_a_thousandth_less_is_late(seed: int) -> None:
    rng, work, windows = instance(seed)
    is_open = rng.random(35) < 0.75
    plan = required_daily_capacity(work, windows, is_open=is_open)
    kept = edf_lateness(work, windows, plan.daily_capacity_hours, is_open=is_open)
    assert kept.late_hours.sum() <= 1e-9 * work.sum()
    alone = required_daily_capacity(work, windows, is_open=is_open, rule="busiest stretch")
    assert (
        edf_lateness(work, windows, alone.daily_capacity_hours, is_open=is_open).late_hours.sum() <= 1e-9 * work.sum()
    )
    busiest = alone.weekly_capacity_hours.max()
    constant = np.where(is_open, busiest, 0.0)
    assert edf_lateness(work, windows, constant, is_open=is_open).late_hours.sum() <= 1e-9 * work.sum()
    assert edf_lateness(work, windows, constant * 0.999, is_open=is_open).late_hours.sum() > 1e-4
    tight = edf_lateness(work, windows, plan.daily_capacity_hours * 0.999, is_open=is_open)
    assert tight.late_hours.sum() > 1e-4


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("factor", [0.7, 0.95, 1.0])
def test_lateness_agrees_with_a_heap_of_pieces(seed: int, factor: float) -> None:
    rng, work, windows = instance(seed)
    backlog = rng.gamma(2.0, 10.0, work.shape[0])
    # distinct due days, so that ties between classes do not matter
    windows = np.array([1, 4, 9])
    capacity = required_daily_capacity(work, windows, backlog).daily_capacity_hours * factor
    got = edf_lateness(work, windows, capacity, backlog)
    want = heap_lateness(work, windows, capacity, backlog)
    assert got.late_hours.sum() == pytest.approx(want.sum(), rel=1e-9, abs=1e-9)
    if factor == 1.0:
        assert want.sum() <= 1e-9
    served = work.sum() + backlog.sum() - got.unfinished_hours.sum()
    assert served + got.idle_hours.sum() == pytest.approx(capacity.sum(), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_capacity_by_each_week_alone_is_the_busiest_stretch_touching_it(seed: int) -> None:
    _, work, windows = instance(seed, days=21)
    plan = required_daily_capacity(work, windows, rule="busiest stretch")
    for week in range(3):
        best = 0.0
        for first in range(21):
            for last in range(first, 21):
                if first > 7 * week + 6 or last < 7 * week:
                    continue
                hours = sum(
                    work[k, day] for k in range(3) for day in range(first, last + 1) if day + windows[k] <= last
                )
                best = max(best, hours / (last - first + 1))
        assert plan.weekly_capacity_hours[week] == pytest.approx(best, rel=1e-12)
        start, end = plan.binding_start_day[week], plan.binding_end_day[week]
        assert start <= 7 * week + 6
        assert end >= 7 * week


@pytest.mark.parametrize("seed", range(6))
def test_days_of_different_size_share_the_work_by_size_and_keep_every_deadline(seed: int) -> None:
    rng, work, windows = instance(seed, days=21)
    is_open = np.arange(21) % 7 != 5
    size = np.where(is_open, rng.uniform(0.3, 2.0, 21), 0.0)
    capacity = required_daily_capacity(work, windows, is_open=is_open, day_size=size).daily_capacity_hours
    levels = (capacity[is_open] / size[is_open]).reshape(3, 6)
    np.testing.assert_allclose(levels, np.broadcast_to(levels[:, :1], levels.shape), rtol=1e-12)
    assert edf_lateness(work, windows, capacity, is_open=is_open).late_hours.sum() <= 1e-9
    assert edf_lateness(work, windows, capacity * 0.98, is_open=is_open).late_hours.sum() > 0.0


def test_a_day_of_no_size_must_be_closed() -> None:
    with pytest.raises(EngineInputError, match="close the day"):
        required_daily_capacity([[1.0, 1.0]], [0], day_size=[1.0, 0.0])


def test_closed_days_bring_due_days_forward_and_releases_back() -> None:
    is_open = np.array([True, False, False, True])
    # released Monday, due Wednesday (closed): must be done on Monday
    plan = required_daily_capacity([[8.0, 0, 0, 0]], [2], is_open=is_open, week_of_day=[0, 0, 0, 0])
    assert plan.daily_capacity_hours.tolist() == [8.0, 0.0, 0.0, 8.0]
    assert (plan.binding_start_day[0], plan.binding_end_day[0]) == (0, 0)
    # released on a closed day with no open day in its window: the next open day, and said so
    moved = required_daily_capacity([[0, 6.0, 0, 0]], [1], is_open=is_open)
    assert moved.moved_hours.tolist() == [6.0]
    assert moved.daily_capacity_hours.tolist() == [6.0, 0.0, 0.0, 6.0]
    late = edf_lateness([[0, 6.0, 0, 0]], [1], moved.daily_capacity_hours, is_open=is_open)
    assert late.late_hours.tolist() == [0.0]


def test_work_due_after_the_horizon_is_reported_not_planned() -> None:
    plan = required_daily_capacity([[0.0, 9.0]], [3])
    assert plan.carried_over_hours.tolist() == [9.0]
    assert plan.daily_capacity_hours.tolist() == [0.0, 0.0]
    assert plan.binding_start_day.tolist() == [-1]
    longer = required_daily_capacity([[0.0, 9.0, 0.0, 0.0, 0.0]], [3])
    assert longer.weekly_capacity_hours.tolist() == [2.25]


def test_backlog_by_due_day_and_weeks_apart() -> None:
    due = np.zeros((1, 14))
    due[0, 0], due[0, 13] = 5.0, 7.0
    plan = required_daily_capacity(np.zeros((1, 14)), [0], due)
    # 5 hours on day 0 are 35 in the first week: the second has nothing left to do
    assert plan.weekly_capacity_hours.tolist() == [5.0, 0.0]
    alone = required_daily_capacity(np.zeros((1, 14)), [0], due, rule="busiest stretch")
    assert alone.weekly_capacity_hours.tolist() == [5.0, 12.0 / 14]
    assert edf_lateness(np.zeros((1, 14)), [0], plan.daily_capacity_hours, due).late_hours.tolist() == [0.0]


def test_impossible_calendars_are_refused() -> None:
    with pytest.raises(EngineInputError, match="closed day"):
        edf_lateness([[1.0, 1.0]], [0], [1.0, 1.0], is_open=[True, False])
    with pytest.raises(EngineInputError, match=r"week_of_day\[1\]"):
        required_daily_capacity([[1.0, 1.0]], [0], week_of_day=[1, 0])
    with pytest.raises(EngineInputError, match="start_backlog_hours"):
        required_daily_capacity([[1.0, 1.0]], [0], start_backlog_hours=[1.0, 2.0, 3.0])
    with pytest.raises(EngineInputError, match="rule is"):
        required_daily_capacity([[1.0, 1.0]], [0], rule="most")
    with pytest.raises(EngineInputError, match="least_weekly_hours has shape"):
        required_daily_capacity([[1.0, 1.0]], [0], least_weekly_hours=[1.0, 2.0])
    with pytest.raises(EngineInputError, match="leave it out"):
        required_daily_capacity([[1.0, 1.0]], [0], least_weekly_hours=1.0, rule="busiest stretch")
