"""Deadlines that only a share of the work must keep: against programs that place every hour on a day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import edf_lateness, required_daily_capacity


def lowest_level(work, windows, share, size, late_windows=None):
    """The least constant level per size, by a program over the hours that each day gives to each piece."""
    classes, days = work.shape
    pieces = [(k, r) for k in range(classes) for r in range(days) if r + windows[k] < days and work[k, r] > 0]
    places, late = [], []
    for p, (k, r) in enumerate(pieces):
        end = days - 1 if late_windows is None else min(r + late_windows[k], days)
        for d in range(r, min(end, days - 1) + 1):
            places.append((p, d, d <= r + windows[k]))
        late.append(None if late_windows is None or r + late_windows[k] >= days else p)
    count = len(places) + 1
    rows, bounds, equal, amounts = [], [], [], []
    for d in range(days):
        row = np.zeros(count)
        row[[i for i, (_, day, _) in enumerate(places) if day == d]] = 1.0
        row[-1] = -size[d]
        rows.append(row)
        bounds.append(0.0)
    for k in range(classes):
        row = np.zeros(count)
        mine = [i for i, (p, _, kept) in enumerate(places) if kept and pieces[p][0] == k]
        row[mine] = -1.0
        rows.append(row)
        bounds.append(-share[k] * sum(work[pieces[p]] for p in range(len(pieces)) if pieces[p][0] == k))
    for p, piece in enumerate(pieces):
        row = np.zeros(count)
        row[[i for i, (q, _, _) in enumerate(places) if q == p]] = 1.0
        if late[p] is None:
            rows.append(row)
            bounds.append(work[piece])
        else:
            equal.append(row)
            amounts.append(work[piece])
    cost = np.append(np.zeros(len(places)), 1.0)
    solved = linprog(cost, rows, bounds, np.array(equal) if equal else None, amounts or None)
    assert solved.status == 0
    return solved.fun


def instance(seed, days=10, classes=2):
    rng = np.random.default_rng(seed)
    work = rng.gamma(1.0, 8.0, (classes, days)) * (rng.random((classes, days)) < 0.8)
    return work, rng.integers(0, 4, classes), rng.uniform(0.5, 1.0, classes), rng.uniform(0.5, 2.0, days)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("again", [False, True], ids=["dropped", "done later"])
def test_one_level_agrees_with_a_program_over_every_hour(seed: int, again: bool) -> None:
    work, windows, share, size = instance(seed)
    later = windows + 2 if again else None
    plan = required_daily_capacity(
        work, windows, week_of_day=[0] * 10, day_size=size, target_share=share, late_window_days=later
    )
    want = lowest_level(work, windows, share, size, later)
    assert plan.weekly_capacity_hours[0] == pytest.approx(want, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_not_let_late_is_in_time_and_each_class_has_its_share(seed: int) -> None:
    work, windows, share, size = instance(seed, days=28, classes=3)
    plan = required_daily_capacity(work, windows, day_size=size, target_share=share)
    assert (plan.late_share <= 1.0 - share + 1e-9).all()
    assert (plan.late_hours <= work + 1e-9).all()
    kept = edf_lateness(np.maximum(work - plan.late_hours, 0.0), windows, plan.daily_capacity_hours)
    assert kept.late_hours.sum() <= 1e-6 * work.sum()
    everything = required_daily_capacity(work, windows, day_size=size)
    assert plan.daily_capacity_hours.sum() < everything.daily_capacity_hours.sum()
    assert everything.late_hours.sum() == 0.0


@pytest.mark.parametrize("rule", ["fewest hours", "busiest stretch"])
@pytest.mark.parametrize("seed", range(4))
def test_weeks_together_agree_with_a_program_over_all_stretches(seed: int, rule: str) -> None:
    days, week = 12, np.arange(12) // 4
    work, windows, share, size = instance(seed, days=days)
    plan = required_daily_capacity(work, windows, week_of_day=week, day_size=size, target_share=share, rule=rule)
    pieces = [(k, r) for k in range(2) for r in range(days) if r + windows[k] < days]
    rows, bounds = [], []
    for s in range(days):
        for t in range(s, days):
            inside = np.array([r >= s and r + windows[k] <= t for k, r in pieces])
            must = sum(work[p] for p, there in zip(pieces, inside, strict=True) if there)
            for w in range(week[s], week[t] + 1) if rule == "busiest stretch" else [None]:
                row = np.append(-inside.astype(float), np.zeros(3))
                if w is None:
                    row[len(pieces) :] = -np.bincount(week[s : t + 1], size[s : t + 1], 3)
                else:
                    row[len(pieces) + w] = -size[s : t + 1].sum()
                rows.append(row)
                bounds.append(-must)
    for k in range(2):
        rows.append(np.append([float(j == k) for j, _ in pieces], np.zeros(3)))
        bounds.append((1.0 - share[k]) * sum(work[p] for p in pieces if p[0] == k))
    cost = np.append(np.zeros(len(pieces)), [size[week == w].sum() for w in range(3)])
    upper = [(0.0, work[p]) for p in pieces] + [(0.0, None)] * 3
    assert plan.daily_capacity_hours.sum() == pytest.approx(linprog(cost, rows, bounds, bounds=upper).fun, rel=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), low=st.floats(0.3, 1.0))
def test_a_lower_share_never_needs_more(seed: int, low: float) -> None:
    work, windows, share, size = instance(seed)
    high = required_daily_capacity(work, windows, day_size=size, target_share=share)
    less = required_daily_capacity(work, windows, day_size=size, target_share=share * low)
    assert less.daily_capacity_hours.sum() <= high.daily_capacity_hours.sum() * (1.0 + 1e-7) + 1e-9


def test_backlog_is_part_of_the_share_and_only_needless_work_is_never_late() -> None:
    # 90 of 100 hours in time; the peak of day 2 is cut down to the rest
    plan = required_daily_capacity([[15.0, 15.0, 40.0, 15.0, 15.0]], [0], week_of_day=[0] * 5, target_share=0.9)
    assert plan.weekly_capacity_hours == pytest.approx([30.0])
    np.testing.assert_allclose(plan.late_hours, [[0.0, 0.0, 10.0, 0.0, 0.0]], atol=1e-7)
    assert plan.late_share == pytest.approx([0.1])
    even = required_daily_capacity([[5.0] * 5, [20.0] * 5], [0, 0], week_of_day=[0] * 5, target_share=[0.5, 1.0])
    assert even.weekly_capacity_hours == pytest.approx([22.5])
    backlog = required_daily_capacity([[5.0] * 5], [0], [25.0], week_of_day=[0] * 5, target_share=0.5)
    assert backlog.weekly_capacity_hours == pytest.approx([5.0])
    np.testing.assert_allclose(backlog.late_hours, [[25.0, 0, 0, 0, 0]], atol=1e-6)


def test_impossible_shares_are_refused() -> None:
    for change, match in (
        ({"target_share": 1.1}, "target_share"),
        ({"target_share": [0.5, 0.5]}, "target_share"),
        ({"late_window_days": [0]}, "late_window_days"),
        ({"late_window_days": [3, 3]}, "late_window_days"),
    ):
        with pytest.raises(EngineInputError, match=match):
            required_daily_capacity([[1.0, 1.0]], [1], **change)
