"""The fewest hours that keep every deadline: by hand, against programs over hours, and as even as can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from closeknit.engine.queueing import edf_lateness, required_daily_capacity

WORKDAYS = np.arange(21) % 7 < 5
A_BUSY_WEEK = np.where(WORKDAYS, np.repeat([3.5, 14.0, 3.5], 7), 0.0)[None]


def test_a_busy_week_asks_nothing_of_the_quiet_ones_beside_it() -> None:
    # Due by the next day, so Friday's work on Friday: every week does its own, and no other.
    plan = required_daily_capacity(A_BUSY_WEEK, [1], is_open=WORKDAYS)
    assert plan.weekly_capacity_hours == pytest.approx([3.5, 14.0, 3.5], rel=1e-12)
    assert plan.binding_start_day.tolist() == plan.binding_end_day.tolist() == [4, 11, 18]
    # The red twin: each week alone would ask 14 a day of the week before and 11.67 of the one after.
    alone = required_daily_capacity(A_BUSY_WEEK, [1], is_open=WORKDAYS, rule="busiest stretch")
    assert alone.weekly_capacity_hours == pytest.approx([14.0, 14.0, 35 / 3], rel=1e-12)


def test_what_may_wait_until_monday_is_done_with_the_fewest_hours() -> None:
    # 70 hours of the busy week, 14 of them due on Monday: 5 a + b >= 70 where b is 3.5 anyway. One rule for each week
    # alone would ask 11.67 a day of both.
    plan = required_daily_capacity(A_BUSY_WEEK, [3], is_open=WORKDAYS)
    assert plan.weekly_capacity_hours == pytest.approx([3.5, 13.3, 3.5], rel=1e-12)
    alone = required_daily_capacity(A_BUSY_WEEK, [3], is_open=WORKDAYS, rule="busiest stretch")
    assert alone.weekly_capacity_hours == pytest.approx([70 / 6] * 3, rel=1e-12)


def test_a_peak_before_the_week_ends_is_shared_with_the_next() -> None:
    # 20 hours come on Friday and are due on the next Thursday: a + 4 b >= 20, and b is the cheaper one.
    work = np.zeros((1, 14))
    work[0, 4] = 20.0
    plan = required_daily_capacity(work, [6], is_open=np.arange(14) % 7 < 5)
    assert plan.weekly_capacity_hours == pytest.approx([0.0, 5.0], abs=1e-12)
    told = required_daily_capacity(work, [6], is_open=np.arange(14) % 7 < 5, least_weekly_hours=[4.0, 0.0])
    assert told.weekly_capacity_hours == pytest.approx([4.0, 4.0], rel=1e-12)
    assert (told.binding_start_day.tolist(), told.binding_end_day.tolist()) == ([-1, 4], [-1, 10])


def test_of_equal_hours_the_most_even_are_given() -> None:
    # 28 hours of day 0 have two weeks: any split does, two hours a day are the most even one.
    work = np.zeros((1, 14))
    work[0, 0] = 28.0
    assert required_daily_capacity(work, [13]).weekly_capacity_hours == pytest.approx([2.0, 2.0], rel=1e-12)


def placed(work, windows, size, week, least):
    """The least hours of all weeks by a program that puts every hour of work on an open day of its window."""
    columns, asked = [], []
    days, weeks = size.size, int(week.max()) + 1
    for k, line in enumerate(work):
        for day in np.flatnonzero(line):
            free = [d for d in range(day, min(day + int(windows[k]), days - 1) + 1) if size[d] > 0.0]
            if day + windows[k] >= days:
                continue
            if not free:
                later = np.flatnonzero((size > 0.0) & (np.arange(days) > day))
                if not later.size:
                    continue
                free = [int(later[0])]
            asked.append(line[day])
            columns += [(len(asked) - 1, d) for d in free]
    count = len(columns) + weeks
    done, room = np.zeros((len(asked), count)), np.zeros((days, count))
    for i, (piece, d) in enumerate(columns):
        done[piece, i] = 1.0
        room[d, i] = 1.0
    room[np.arange(days), len(columns) + week] = -size
    cost = np.append(np.zeros(len(columns)), np.bincount(week, size))
    bounds = [(0.0, None)] * len(columns) + [(float(x), None) for x in least]
    solved = linprog(cost, room, np.zeros(days), done if asked else None, asked or None, bounds)
    assert solved.status == 0
    return solved.fun, cost, room, done, asked, bounds


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    days=st.integers(4, 24),
    opened=st.sampled_from([0.4, 0.7, 1.0]),
    has_sizes=st.booleans(),
    has_least=st.booleans(),
)
def test_hours_are_the_fewest_and_then_the_most_even(
    seed: int, days: int, opened: float, has_sizes: bool, has_least: bool
) -> None:
    rng = np.random.default_rng(seed)
    work = rng.gamma(0.6, 8.0, (2, days)).round(1) * (rng.random((2, days)) < 0.7)
    windows, week = rng.integers(0, 9, 2), np.arange(days) // 5
    is_open = rng.random(days) < opened
    size = np.where(is_open, rng.uniform(0.4, 1.8, days) if has_sizes else 1.0, 0.0)
    least = rng.uniform(0.0, 6.0, int(week[-1]) + 1) if has_least else np.zeros(int(week[-1]) + 1)
    plan = required_daily_capacity(
        work, windows, week_of_day=week, is_open=is_open, day_size=size, least_weekly_hours=least
    )
    levels, weight = plan.weekly_capacity_hours, np.bincount(week, size)
    fewest, cost, room, done, asked, bounds = placed(work, windows, size, week, least)
    assert plan.daily_capacity_hours.sum() == pytest.approx(fewest, rel=1e-8, abs=1e-8)
    assert (levels >= least).all()
    assert edf_lateness(work, windows, plan.daily_capacity_hours, is_open=is_open).late_hours.sum() <= 1e-7
    alone = required_daily_capacity(
        work, windows, week_of_day=week, is_open=is_open, day_size=size, rule="busiest stretch"
    )
    at_least = np.maximum(alone.daily_capacity_hours, least[week] * size)
    assert plan.daily_capacity_hours.sum() <= at_least.sum() * (1.0 + 1e-9) + 1e-9
    # The most even: along the way to any other answer with as few hours, the squares rise from the first step on.
    slope = np.append(np.zeros(cost.size - weight.size), weight * levels)
    rows, right = np.vstack([room, cost]), np.append(np.zeros(days), fewest * (1.0 + 1e-10) + 1e-10)
    other = linprog(slope, rows, right, done if asked else None, asked or None, bounds)
    assert other.status == 0
    assert other.fun >= float(weight @ levels**2) * (1.0 - 1e-6) - 1e-6
