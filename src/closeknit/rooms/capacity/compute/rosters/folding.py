"""From hours of need to people present: by half-hour, or by shift; and how long shifts are."""

import io
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.capacity.compute.inputs import RosterInput
from closeknit.rooms.capacity.compute.rosters.inputs import SLOT_MINUTES, SLOTS
from closeknit.rooms.capacity.contracts.rosters import RETENTION, RosterShift

LONGEST_SHIFT_MINUTES = 600
USUAL_SHIFT_MINUTES = 480
WORKDAYS = 5
CODES = "ABCDEFGHIJKLMNOPQSTUVWXYZ"
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class PoolCells:
    """A pool's need in a plan: productive hours by period, on the pool's own wall clock."""

    local_starts: NDArray[np.datetime64]
    need_hours: NDArray[np.float64]

    @property
    def period_minutes(self) -> int:
        """How long a period is; a day where there are days only."""
        steps = np.diff(self.local_starts.astype("datetime64[m]").astype(np.int64))
        return int(np.median(steps)) if steps.size else 1440


def cells_of(packed: bytes, pool: str) -> PoolCells | None:
    """Read one pool's need from a plan's packed cells; None where the plan has no such pool."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        names = [name.partition(".")[0] for name in arrays.files if name.endswith(".pool")]
        number = next((n for n in names if str(arrays[f"{n}.pool"]) == pool), None)
        if number is None:
            return None
        local = arrays[f"{number}.local_starts"].astype("datetime64[m]")
        return PoolCells(local, np.asarray(arrays[f"{number}.need"], dtype=np.float64))


def shifts_of_lines(lines: Sequence[RosterInput], first_on: date) -> tuple[RosterShift, ...]:
    """Return the shifts of a pool's own lines; one longer than ten hours is cut into equal parts of at most eight."""
    spans = set()
    for line in lines:
        if line.from_on <= first_on and (line.to_on is None or first_on < line.to_on) and line.headcount > 0:
            length = line.ends_minute - line.starts_minute
            parts = 1 if length <= LONGEST_SHIFT_MINUTES else math.ceil(length / USUAL_SHIFT_MINUTES)
            cuts = [line.starts_minute + length * part // parts for part in range(parts + 1)]
            spans |= {(start, end - start) for start, end in itertools.pairwise(cuts)}
    return shifts_of(spans)


def shifts_of(spans: Iterable[tuple[int, int]]) -> tuple[RosterShift, ...]:
    """Return shifts of (start, length) in minutes, lettered by their start."""
    ordered = sorted(set(spans))[: len(CODES)]
    return tuple(RosterShift(CODES[i], start, minutes, "") for i, (start, minutes) in enumerate(ordered))


def people_needed(
    cells: PoolCells,
    shifts: Sequence[RosterShift],
    lines: Sequence[RosterInput],
    shrinkage: Fraction,
    first_on: date,
    days: int,
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """Return people present by day and half-hour, or by day and shift where the plan knows days only.

    A share of everybody's time is lost to breaks and the like, so the need is divided by what is left. Half-hours are
    rounded up each. A day's hours become whole people for the day, spread over its shifts as the pool's lines are.
    """
    left = 1.0 - float(shrinkage)
    day = (cells.local_starts.astype("datetime64[D]") - np.datetime64(first_on)).astype(np.int64)
    here = (day >= 0) & (day < days)
    if cells.period_minutes >= 1440:
        hours = np.zeros(days)
        np.add.at(hours, day[here], cells.need_hours[here] / left)
        return (), tuple(_by_shift(hours[d], shifts, lines, first_on + timedelta(days=d)) for d in range(days))
    minute = (cells.local_starts.astype(np.int64) % 1440).astype(np.int64)
    heads = cells.need_hours * 60.0 / cells.period_minutes / left
    slots = np.zeros((days, SLOTS))
    for part in range(max(cells.period_minutes // SLOT_MINUTES, 1)):
        slot = np.minimum(minute // SLOT_MINUTES + part, SLOTS - 1)
        np.maximum.at(slots, (day[here], slot[here]), heads[here])
    whole = np.ceil(slots - CLOSE).astype(int)
    return tuple(tuple(row) for row in whole.tolist()), ()


def _by_shift(hours: float, shifts: Sequence[RosterShift], lines: Sequence[RosterInput], on: date) -> tuple[int, ...]:
    """Spread a day's hours over its shifts as the pool's lines are that weekday, the largest remainders rounded up."""
    valid = [x for x in lines if x.from_on <= on and (x.to_on is None or on < x.to_on) and x.headcount > 0]
    today = [x for x in valid if x.weekday == on.weekday()] or valid
    weights = np.array([_heads(shift, today) for shift in shifts])
    if not weights.sum():
        weights = np.ones(len(shifts))
    shares = weights / weights.sum()
    minutes = float((shares * np.array([shift.minutes for shift in shifts])).sum())
    people = math.ceil(hours * 60.0 / minutes - CLOSE)
    exact = shares * people
    found = np.floor(exact + CLOSE).astype(int)
    for i in np.argsort(-(exact - found), kind="stable")[: people - int(found.sum())]:
        found[i] += 1
    return tuple(found.tolist())


def _heads(shift: RosterShift, lines: Sequence[RosterInput]) -> float:
    ends = shift.starts_minute + shift.minutes
    overlaps = [
        (max(0, min(ends, x.ends_minute) - max(shift.starts_minute, x.starts_minute)) * x.headcount) for x in lines
    ]
    return sum(overlaps) / shift.minutes


def retention_days(
    minutes_per_week: int,
    shift_minutes: int,
    shrinkage: Fraction,
    closed_on: frozenset[date],
    first_on: date,
    weeks: int,
) -> tuple[int, ...]:
    """Return people on retention work by day: each week's minutes as whole shifts, spread evenly over its workdays."""
    found = [0] * (7 * weeks)
    if minutes_per_week <= 0:
        return tuple(found)
    productive = Fraction(shift_minutes) * (1 - shrinkage)
    shifts = math.ceil(Fraction(minutes_per_week) / productive)
    for week in range(weeks):
        days = [7 * week + d for d in range(WORKDAYS) if first_on + timedelta(days=7 * week + d) not in closed_on]
        for k in range(shifts if days else 0):
            found[days[k * len(days) // shifts]] += 1
    return tuple(found)


def retention_shift(shifts: Sequence[RosterShift]) -> RosterShift:
    """Return the shift of retention work: as the first shift of the day that begins from six on, else the first."""
    base = next((shift for shift in shifts if shift.starts_minute >= 360), shifts[0])
    return RosterShift("R", base.starts_minute, base.minutes, RETENTION)
