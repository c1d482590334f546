"""A pool's work that may wait, levelled over the days that its promises allow: the bridge to the engine. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import LevelledLoad, level_load
from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.capacity.compute.deadline import MINUTES_PER_DAY, DueWork, due_work
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, shrinkage_of
from closeknit.rooms.capacity.compute.need import rostered, work_of
from closeknit.rooms.capacity.compute.promises import spells_of
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.contracts.levels import LevelDay, LevelPool
from closeknit.rooms.demand.contracts import ForecastNumbers

FloatArray = NDArray[np.float64]
MOST_KEPT_SHARE = 1.0 - 1e-6
"""Of a day's hours at most so much is levelled around: where the room takes all of a day, next to nothing is put there
that may go elsewhere, and what must be done there is.
"""
LEAST_HOURS = 0.005
"""So little lacks only by rounding: it shows as 0.0."""


@dataclass(frozen=True, slots=True)
class _Days:
    """All days (D): productive hours of the roster, and to be kept free; which of them are the plan's (`shown`, `on`).

    Those before lead in, those after let the last weeks' work be done when it is due.
    """

    shown: slice
    on: NDArray[np.datetime64]
    capacity: FloatArray
    kept: FloatArray


def level_pool(
    inputs: PlanInputs, numbers: ForecastNumbers, pool: PoolInput, kept_share: float | None
) -> LevelPool | None:
    """Level one pool's work; None for a pool that answers as work arrives, has no work, or has no roster.

    `kept_share`: which share of each day is to be kept free; None: what a day of the strictest promise's work may
    bring, where others may wait longer.
    """
    route = route_of(pool, numbers)
    work = work_of(inputs, pool, numbers, route) if route is not None else None
    if work is None or work.as_arrives or pool.staffing != "deadline":
        return None
    heads, _ = (hours * work.open_share for hours in rostered(pool.roster, work.clock, MINUTES_PER_DAY))
    capacity = heads * float(1 - shrinkage_of(pool.shrinkage_parts))
    spells = spells_of(inputs, work.keys)
    due = due_work(pool, work.planned, spells, capacity)
    if not capacity[: 7 * inputs.weeks].any() or not due.hours.any():
        return None
    urgent, said = _urgent(due, spells[-1].terms)
    given = due.capacity
    kept = given * kept_share if kept_share is not None else _may_bring(due, urgent)
    rows = [row for row in range(due.hours.shape[0]) if row != urgent]
    found = _level(due, rows, np.minimum(kept, MOST_KEPT_SHARE * given))
    shown = slice(due.lead, due.lead + 7 * inputs.weeks)
    days = _Days(shown, work.starts.astype("datetime64[D]")[: 7 * inputs.weeks], given, kept)
    return _told(pool, found, days, said, kept_share is not None)


def _urgent(due: DueWork, terms: Sequence[Term | None]) -> tuple[int, str]:
    """Return the row of the strictest promise and its words; (-1, "") where all may wait as long."""
    if due.hours.shape[0] < 2:
        return -1, ""
    named = [t for t, row in zip(terms, due.row_of_series, strict=True) if row == 0 and t is not None]
    return 0, named[0].sentence if named else "the strictest promise"


def _may_bring(due: DueWork, urgent: int) -> FloatArray:
    """Return the hours that one day's urgent work may come to, on the first open day from its arrival."""
    if urgent < 0:
        return np.zeros_like(due.capacity)
    is_open = due.capacity > 0
    size = is_open.size
    following = np.minimum.accumulate(np.where(is_open, np.arange(size), size)[::-1])[::-1]
    return np.bincount(following, weights=due.by_day_hours[urgent], minlength=size + 1)[:size].astype(np.float64)


def _level(due: DueWork, rows: Sequence[int], kept: FloatArray) -> LevelledLoad:
    """Level the work of some promises; a promise that counts open days has windows of several lengths."""
    work, windows = due.hours[list(rows)], due.windows[list(rows)]
    lengths = np.unique(windows)
    by_length = np.array([np.where(windows == length, work, 0.0).sum(axis=0) for length in lengths])
    return level_load(by_length, lengths, due.capacity, kept)


def _told(pool: PoolInput, found: LevelledLoad, days: _Days, urgent: str, by_setting: bool) -> LevelPool:
    rows = _rows(found, days)
    before = np.array([row.as_comes_hours for row in rows])
    after = np.array([row.levelled_hours for row in rows])
    lacking = [row for row in rows if row.lacking_hours > 0]
    return LevelPool(
        pool=pool.pool,
        pool_name=pool.name,
        unit=pool.unit,
        urgent=urgent,
        kept_by_setting=by_setting,
        peak_as_comes_hours=float(before.max()),
        peak_levelled_hours=float(after.max()),
        change_as_comes_hours=_change(before),
        change_levelled_hours=_change(after),
        lacking_days=len(lacking),
        lacking_as_comes_days=int((_lacking(days, found.as_comes_free_hours)[days.shown] > 0).sum()),
        is_room_kept=not lacking,
        days=rows,
        sentence=_said(before, after, lacking),
    )


def _rows(found: LevelledLoad, days: _Days) -> tuple[LevelDay, ...]:
    """Return the plan's days on which the pool has hours."""
    lacking = _lacking(days, found.free_hours)
    return tuple(
        LevelDay(
            day_on=day.item(),
            capacity_hours=float(days.capacity[i]),
            kept_hours=float(days.kept[i]),
            as_comes_hours=float(found.as_comes_hours[i]),
            levelled_hours=float(found.levelled_hours[i]),
            free_hours=float(found.free_hours[i]),
            lacking_hours=float(lacking[i]),
        )
        for i, day in zip(range(days.shown.start, days.shown.stop), days.on, strict=True)
        if days.capacity[i] > 0
    )


def _lacking(days: _Days, free: FloatArray) -> FloatArray:
    """Return the hours of room that lack on each open day (D)."""
    lacking = np.where(days.capacity > 0, days.kept - free, 0.0)
    return np.where(lacking > LEAST_HOURS, lacking, 0.0)


def _change(hours: FloatArray) -> float:
    """Return the mean change from one open day to the next."""
    return float(np.abs(np.diff(hours)).mean()) if hours.size > 1 else 0.0


def _said(before: FloatArray, after: FloatArray, lacking: Sequence[LevelDay]) -> str:
    levelled = (
        f"Levelled, the fullest day has {after.max():,.1f} hours of work that may wait instead of {before.max():,.1f}."
    )
    if not lacking:
        return f"{levelled} The room for what may not wait is kept every day."
    overfull = [row for row in lacking if row.free_hours < -LEAST_HOURS]
    if overfull:
        return (
            f"{levelled} No order fits the work into the hours there are on {len(overfull)} of {after.size} days, "
            f"first on {overfull[0].day_on}, where {-overfull[0].free_hours:,.1f} hours lack: that takes more hours, "
            "or longer promises."
        )
    first = lacking[0]
    return (
        f"{levelled} Levelling cannot keep the room on {len(lacking)} of {after.size} days, first on {first.day_on}, "
        f"where {first.lacking_hours:,.1f} of {first.kept_hours:,.1f} hours lack: that takes more hours, or longer "
        "promises."
    )
