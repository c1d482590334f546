"""Level loading: by hand, against programs over hours, and no order of the same work fills a day less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import edf_lateness, level_load


def test_a_busy_day_is_spread_over_its_window_and_no_further() -> None:
    plan = level_load([[12.0, 0.0, 0.0, 3.0]], [2], [8.0] * 4, 2.0)
    assert plan.levelled_hours == pytest.approx([4.0, 4.0, 4.0, 0.0], abs=1e-9)
    assert plan.as_comes_hours.tolist() == [12.0, 0.0, 0.0, 3.0]
    assert plan.free_hours == pytest.approx([4.0, 4.0, 4.0, 8.0], abs=1e-9)
    assert plan.as_comes_free_hours.tolist() == [-4.0, 8.0, 8.0, 5.0]
    assert plan.carried_over_hours.tolist() == [3.0]
    assert (plan.binding_start_day, plan.binding_end_day) == (0, 2)
    assert plan.is_room_kept


def test_work_that_cannot_wait_leaves_what_room_it_leaves() -> None:
    plan = level_load([[0.0, 7.0, 0.0], [3.0, 0.0, 0.0]], [0, 2], [8.0] * 3, 2.0)
    # Day 1 is full with what is due that day; the rest goes around it.
    assert plan.levelled_hours == pytest.approx([1.5, 7.0, 1.5], abs=1e-9)
    assert plan.lacking_hours == pytest.approx([0.0, 1.0, 0.0], abs=1e-9)
    assert not plan.is_room_kept


def test_days_are_filled_by_the_room_they_have() -> None:
    plan = level_load([[9.0, 0.0, 0.0]], [2], [10.0, 4.0, 0.0], 1.0)
    assert plan.levelled_hours == pytest.approx([6.75, 2.25, 0.0], abs=1e-9)


def test_closed_days_do_nothing_and_their_work_waits() -> None:
    plan = level_load([[0.0, 4.0, 0.0, 0.0]], [2], [8.0, 0.0, 8.0, 8.0])
    assert plan.as_comes_hours.tolist() == [0.0, 0.0, 4.0, 0.0]
    assert plan.levelled_hours == pytest.approx([0.0, 0.0, 2.0, 2.0], abs=1e-9)


@pytest.mark.parametrize(
    ("capacity", "kept", "said"),
    [
        ([8.0], 0.0, "capacity_hours has 1 days"),
        ([0.0, 0.0], 0.0, "0 on every day"),
        ([8.0, 8.0], 8.0, "less than the day's capacity"),
        ([8.0, 8.0], [1.0, 1.0, 1.0], "kept_free_hours has shape"),
    ],
)
def test_what_cannot_be_meant_is_refused(capacity, kept, said) -> None:
    with pytest.raises(EngineInputError, match=said):
        level_load([[1.0, 1.0]], [1], capacity, kept)


def placed(work, windows, room):
    """Where each hour may go: (arrival's hours, the open days of its window); None: due after the last day."""
    days = room.size
    for k, line in enumerate(work):
        for day in np.flatnonzero(line):
            if day + windows[k] >= days:
                continue
            free = [d for d in range(day, day + int(windows[k]) + 1) if room[d] > 0.0]
            later = [d for d in range(day, days) if room[d] > 0.0]
            if free or later:
                yield float(line[day]), free or later[:1]


def least_fullest(work, windows, room):
    """The least share of its room that the fullest day must give, by a program that places every hour."""
    hours = list(placed(work, windows, room))
    columns = sum(len(days) for _, days in hours)
    if not columns:
        return 0.0
    equal, over = np.zeros((len(hours), columns + 1)), np.zeros((room.size, columns + 1))
    place = 0
    for row, (_, days) in enumerate(hours):
        for day in days:
            equal[row, place] = 1.0
            over[day, place] = 1.0
            place += 1
    over[:, -1] = -np.where(room > 0.0, room, 1.0)
    cost = np.append(np.zeros(columns), 1.0)
    solved = linprog(cost, A_ub=over, b_ub=np.zeros(room.size), A_eq=equal, b_eq=[h for h, _ in hours], method="highs")
    assert solved.status == 0
    return float(solved.fun)


CASES = {
    "work": st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, 9.0]), min_size=8, max_size=8), min_size=2, max_size=2
    ),
    "windows": st.lists(st.integers(0, 5), min_size=2, max_size=2),
    "capacity": st.lists(st.sampled_from([0.0, 6.0, 8.0, 12.0]), min_size=8, max_size=8).filter(any),
    "kept": st.sampled_from([0.0, 1.0, 3.0]),
}


@settings(max_examples=150, deadline=None)
@given(**CASES)
def test_the_fullest_day_is_as_empty_as_it_can_be_and_room_is_kept_where_it_can(work, windows, capacity, kept) -> None:
    work, capacity = np.array(work), np.array(capacity)
    plan = level_load(work, windows, capacity, kept)
    room = np.where(capacity > 0.0, capacity - kept, 0.0)
    least = least_fullest(work, windows, room)
    is_open = room > 0.0
    assert (plan.levelled_hours[is_open] / room[is_open]).max() == pytest.approx(least, rel=1e-6, abs=1e-6)
    assert plan.is_room_kept is (least <= 1.0 + 1e-7)
    assert edf_lateness(work, windows, plan.levelled_hours, is_open=is_open).late_hours == pytest.approx(0.0, abs=1e-6)
    assert plan.levelled_hours.sum() == pytest.approx(sum(h for h, _ in placed(work, windows, room)), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(**CASES, seed=st.integers(0, 2**16))
def test_no_other_order_of_the_same_work_is_more_even(work, windows, capacity, kept, seed) -> None:
    work, capacity = np.array(work), np.array(capacity)
    room = np.where(capacity > 0.0, capacity - kept, 0.0)
    plan = level_load(work, windows, capacity, kept)
    rng, other = np.random.default_rng(seed), np.zeros(room.size)
    for hours, days in placed(work, windows, room):
        other[days] += hours * rng.dirichlet(np.ones(len(days)))
    is_open = room > 0.0
    even = (plan.levelled_hours[is_open] ** 2 / room[is_open]).sum()
    assert even <= (other[is_open] ** 2 / room[is_open]).sum() + 1e-6


def uneven(seed):
    """Most of a year of days with rooms from next to nothing to many times the work; no day is closed."""
    rng = np.random.default_rng(seed)
    days = 14 if seed % 4 else 240
    work = rng.exponential(3.0, (2, days)) * (rng.random((2, days)) < 0.4)
    capacity = rng.integers(1, 30, days) * np.where(rng.random(days) < 0.1, 0.1, 1.0)
    kept = np.where(rng.random(days) < 0.3, capacity * rng.uniform(0.9, 1.0, days), capacity * 0.2)
    kept = np.minimum(kept, (1.0 - 1e-6) * capacity)
    return work, [int(rng.integers(0, 4)), int(rng.integers(2, 40 if days > 14 else 7))], capacity, kept


@pytest.mark.parametrize("seed", range(40))
def test_long_runs_of_very_uneven_days_are_levelled_too(seed) -> None:
    work, windows, capacity, kept = uneven(seed)
    plan = level_load(work, windows, capacity, kept)
    late = edf_lateness(work, windows, plan.levelled_hours).late_hours.sum()
    assert late == pytest.approx(0.0, abs=1e-3)
    asked = work.sum() - plan.carried_over_hours.sum()
    assert plan.levelled_hours.sum() == pytest.approx(asked, abs=1e-6)
    can_be_kept = edf_lateness(work, windows, capacity - kept).late_hours.sum() <= 1e-3
    assert (plan.lacking_hours.max() <= 1e-3) == can_be_kept


def test_runs_of_both_kinds_are_among_the_uneven_ones() -> None:
    assert {level_load(*uneven(seed)).is_room_kept for seed in range(40)} == {True, False}


def test_red_twin_work_done_as_it_comes_is_not_level() -> None:
    work, capacity = np.array([[9.0, 0.0, 0.0, 0.0]]), np.full(4, 8.0)
    plan = level_load(work, [2], capacity)
    assert plan.as_comes_hours.max() > least_fullest(work, [2], capacity) * 8.0 + 1.0
    assert plan.levelled_hours.max() == pytest.approx(least_fullest(work, [2], capacity) * 8.0)
