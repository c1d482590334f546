"""Deferrable work levelled over the days that its due dates allow, with room kept free for what cannot wait."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, refuse_where
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.deadline import DatedWork, checked_work

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LevelledLoad:
    """Hours of work per day, levelled and as they come, and the room beside them.

    `levelled_hours[day]` does every hour of work between its first day and its due day; `as_comes_hours[day]` does it
    all on its first open day. `free_hours[day]` is the capacity beside the levelled hours (below 0: they need more than
    there is), `as_comes_free_hours[day]` beside the others, and `lacking_hours[day]` what is missing of the room to be
    kept. `is_room_kept`: nowhere anything is; where it is not, no other order of the same work keeps it either.
    `binding_start_day` to `binding_end_day`: the stretch whose work fills the fullest day (-1: there is no work).
    `carried_over_hours[class]` is due after the last day and is left out.
    """

    levelled_hours: FloatArray
    as_comes_hours: FloatArray
    free_hours: FloatArray
    as_comes_free_hours: FloatArray
    lacking_hours: FloatArray
    is_room_kept: bool
    binding_start_day: int
    binding_end_day: int
    carried_over_hours: FloatArray


def level_load(
    work_hours: ArrayLike,
    window_days: ArrayLike,
    capacity_hours: ArrayLike,
    kept_free_hours: ArrayLike = 0.0,
) -> LevelledLoad:
    """Spread work over the days from its arrival to its due day, so that days are filled as alike as they can be.

    Parameters: `work_hours[class, day]` (arrives that day, >= 0), `window_days[class]` (whole, >= 0: due so many days
    later), `capacity_hours[day]` (>= 0; a day with none is closed), `kept_free_hours` ([day] or one number, >= 0: to be
    kept free on each open day, and less than its capacity, for what cannot wait).
    Formula: with room_d = capacity_d - kept_d, minimise sum of x_d^2 / room_d over x >= 0 that does all work and keeps
    every due date (each stretch [s, t] holds the work that arrives in it and is due in it). That x is the least
    majorised: no other fills its fullest day less beside its room, nor the next fullest, and so on; where the room is
    the same every day, the peak, and every day's distance from the mean, are least. So the room is kept every day
    exactly where it can be.
    Method: of all stretches the one with the most work beside its room is filled alike and taken out, with its days;
    what is left of other work may no longer be done there; and so on until no work is left.
    Edges: as in `required_daily_capacity`: work that arrives on a closed day waits for the next open one; due on one,
    it is due on the open day before; due after the last day, it is left out, and the last days are too empty: give
    days beyond those that matter.
    Source: Yao, Demers and Shenker (1995), FOCS 36, for the least majorised speed; Horn (1974) for due dates.

    >>> plan = level_load([[12.0, 0.0, 0.0, 3.0]], [2], [8.0] * 4, 2.0)
    >>> plan.levelled_hours.round(9).tolist(), plan.is_room_kept
    ([4.0, 4.0, 4.0, 0.0], True)
    >>> level_load([[12.0, 0.0]], [0], [8.0] * 2, 2.0).lacking_hours.tolist()
    [6.0, 0.0]
    """
    work = numbers("work_hours", work_hours, minimum=0.0, ndim=2)
    capacity, kept = _checked(work, capacity_hours, kept_free_hours)
    is_open = capacity > 0.0
    if not is_open.any():
        raise EngineInputError("capacity_hours is 0 on every day: give an open day")
    room = np.where(is_open, capacity - kept, 1.0)
    dated, _ = checked_work(work, window_days, None, is_open)
    levelled, stretch = _levelled(dated, room, is_open)
    as_comes = _as_comes(work, is_open)
    lacking = np.where(is_open, np.maximum(kept - (capacity - levelled), 0.0), 0.0)
    lacking[lacking <= _CLOSE * max(float(capacity.max()), 1.0)] = 0.0
    return LevelledLoad(
        levelled_hours=frozen(levelled),
        as_comes_hours=frozen(as_comes),
        free_hours=frozen(capacity - levelled),
        as_comes_free_hours=frozen(capacity - as_comes),
        lacking_hours=frozen(lacking),
        is_room_kept=not lacking.any(),
        binding_start_day=stretch[0],
        binding_end_day=stretch[1],
        carried_over_hours=frozen(np.where(dated.due >= is_open.size, dated.hours, 0.0).sum(axis=1)),
    )


def _checked(work: FloatArray, capacity_hours: ArrayLike, kept_free: ArrayLike) -> tuple[FloatArray, FloatArray]:
    capacity = numbers("capacity_hours", capacity_hours, minimum=0.0, ndim=1)
    if capacity.size != work.shape[1]:
        raise EngineInputError(f"capacity_hours has {capacity.size} days: give {work.shape[1]}, as work_hours")
    kept = numbers("kept_free_hours", kept_free, minimum=0.0)
    if kept.shape not in ((), capacity.shape):
        raise EngineInputError(
            f"kept_free_hours has shape {kept.shape}: give one number, or ({capacity.size},) per day"
        )
    kept = np.broadcast_to(kept, capacity.shape)
    refuse_where((capacity > 0.0) & (kept >= capacity), "kept_free_hours", kept, "give less than the day's capacity")
    return capacity, kept


def _levelled(work: DatedWork, room: FloatArray, is_open: BoolArray) -> tuple[FloatArray, tuple[int, int]]:
    """Return the hours of each day, and the fullest stretch (its first and last day; -1 where there is no work)."""
    levelled, fullest = np.zeros(room.size), (-1, -1)
    days = np.flatnonzero(is_open)
    rank = np.cumsum(is_open) - 1
    inside = work.due < room.size
    asked = np.zeros((days.size, days.size))
    np.add.at(asked, (rank[work.release[inside]], rank[work.due[inside]]), work.hours[inside])
    while asked.any():
        first, last, level = _steepest(asked, room[days])
        levelled[days[first : last + 1]] = level * room[days[first : last + 1]]
        if fullest[0] < 0:
            fullest = int(days[first]), int(days[last])
        asked, days = _without(asked, first, last), np.delete(days, slice(first, last + 1))
    return levelled, fullest


def _steepest(asked: FloatArray, room: FloatArray) -> tuple[int, int, float]:
    """Return the stretch of days with the most work beside its room, and how much; of equal ones the shortest."""
    days = np.arange(room.size)
    within = np.cumsum(np.cumsum(asked[::-1], axis=0)[::-1], axis=1)
    total = np.concatenate([[0.0], np.cumsum(room)])
    # A stretch is at least as large as its ends, whatever is lost where large numbers are taken from each other.
    size = np.maximum(total[1:] - total[:-1, None], np.maximum(room[:, None], room))
    size[days[:, None] > days] = np.inf
    level = within / size
    equal = np.argwhere(level >= level.max() * (1.0 - _CLOSE))
    first, last = equal[np.argmin(equal[:, 1] - equal[:, 0])].tolist()
    return first, last, float(level[first, last])


def _without(asked: FloatArray, first: int, last: int) -> FloatArray:
    """Take days out with the work that lies inside; other work begins after them, or is due before them."""
    left = asked.copy()
    left[first : last + 1, first : last + 1] = 0.0
    if last + 1 < len(left):
        left[last + 1] += left[first : last + 1].sum(axis=0)
    if first > 0:
        left[:, first - 1] += left[:, first : last + 1].sum(axis=1)
    gone = slice(first, last + 1)
    return np.delete(np.delete(left, gone, axis=0), gone, axis=1)


def _as_comes(work: FloatArray, is_open: BoolArray) -> FloatArray:
    """All work on its first open day; what arrives after the last open day is left out."""
    days = is_open.size
    following = np.minimum.accumulate(np.where(is_open, np.arange(days), days)[::-1])[::-1]
    return np.bincount(following, weights=work.sum(axis=0), minlength=days + 1)[:days].astype(np.float64)
