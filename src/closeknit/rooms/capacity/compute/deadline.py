"""What promises with a deadline ask of a pool, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_daily_capacity
from closeknit.rooms.agreements.contracts import Clock, Term
from closeknit.rooms.capacity.compute.inputs import PoolInput
from closeknit.rooms.capacity.compute.planned import Planned
from closeknit.rooms.capacity.compute.promises import Picks, Spell
from closeknit.rooms.capacity.compute.sharing import Sized, share_in_steps

MINUTES_PER_DAY = 1440
NO_PROMISE_WINDOW_DAYS = 6
MOST_LEAD_WEEKS = 9
_TIE = 1e-9

FloatArray = NDArray[np.float64]


def deadline_need(
    pool: PoolInput,
    planned: Planned,
    spells: Sequence[Spell],
    starts: NDArray[np.datetime64],
    heads: FloatArray,
    usual: Planned | None = None,
    planned_before: FloatArray | None = None,
    open_days: NDArray[np.bool_] | None = None,
    only_need: bool = False,
) -> Sized:
    """Size daily hours so that nothing is late; the extra of a shorter deadline is carried by those who have it.

    Promises change from spell to spell; the last one is taken to hold until the end, so that its weeks, and only they,
    are right: work that came before keeps the promise of its own week. The hours of a week are spread over its days as
    the roster is, or evenly where that takes fewer: where the day of a small crew would set the size of all others.
    `usual`: the same series without what comes only in this plan, for the weeks before it; None: as its first week.
    `planned_before`: the hours of each day in the spells before the last. `open_days`: days that are not closed, for
    weeks without a roster; None: as plans were made before they took the fewest hours. `only_need`: who asks for it is
    not worked out.
    """
    days = starts.astype("datetime64[D]").astype(np.int64)
    eras = _eras(spells, days.size)
    work = _work(planned, eras) * (pool.handle_minutes / 60.0)
    promises = sorted({_grace(term) for _, terms in eras for term in terms})
    lead = 7 * min(max(grace for grace, _ in promises) // 7 + 1, MOST_LEAD_WEEKS)
    before = work if usual is None else _work(usual, eras) * (pool.handle_minutes / 60.0)
    daily, led_in = (_by_promise(hours, eras, promises) for hours in (work, before))
    by_promise = _led_in(daily, lead, led_in)
    led_week = np.arange(lead + days.size) // 7
    workdays = np.where((days + 3) % 7 < 5, 1.0, 0.0)
    known = (heads if heads.any() else workdays) if open_days is None else _known(heads, workdays * open_days)
    rostered = _led_in(known, lead)
    shapes = (_shape(rostered, led_week), (rostered > 0).astype(np.float64))
    if open_days is None:
        chosen, levels = _levels_alone(by_promise, promises, led_week, shapes, lead)
    else:
        chosen, levels = _levels(by_promise, promises, led_week, shapes, lead, only_need)
    if planned_before is not None:
        shape = shapes[chosen][lead:]
        levels = levels + _to_catch_up(daily, promises, shape, planned_before, levels.max(axis=0), eras[-1][0].start)
    need = levels.max(axis=0)
    terms = spells[-1].terms
    if only_need:
        return Sized(need, np.zeros((len(terms), need.size)), "")
    week = (days - days[0]) // 7
    level_of_series = np.array([promises.index(_grace(term)) for term in terms])
    split = share_in_steps(levels, level_of_series, _weekly_work(work, week))
    return Sized(need, split if len(eras) == 1 else _summing_to(need, split), _tightest(terms, levels, promises))


@dataclass(frozen=True, slots=True)
class DueWork:
    """A pool's planned work by promise (L, the strictest first) and day (D), led in by weeks like the first.

    `hours`: as it is planned for, a longer promise letting days even out; `by_day_hours`: for each day's own quantile.
    `windows` (L x D): how many days later each day's work is due. `capacity`: productive hours (D). `row_of_series`:
    the promise of each series in the last weeks. `lead`: how many of the days come before the plan.
    """

    hours: FloatArray
    by_day_hours: FloatArray
    windows: NDArray[np.int64]
    capacity: FloatArray
    row_of_series: tuple[int, ...]
    lead: int


def due_work(pool: PoolInput, planned: Planned, spells: Sequence[Spell], capacity: FloatArray) -> DueWork:
    """Return the work that a pool's days are sized for, with when it is due; `capacity`: productive hours a day."""
    eras = _eras(spells, capacity.size)
    promises = sorted({_grace(term) for _, terms in eras for term in terms})
    lead = 7 * min(max(grace for grace, _ in promises) // 7 + 1, MOST_LEAD_WEEKS)
    handle_hours = pool.handle_minutes / 60.0
    by_day = planned.expected * planned.by_period
    hours, own = (
        _led_in(_by_promise(work * handle_hours, eras, promises), lead) for work in (_work(planned, eras), by_day)
    )
    given = _led_in(capacity, lead)
    return DueWork(
        hours=hours,
        by_day_hours=own,
        windows=np.array([_windows(promise, given > 0) for promise in promises]),
        capacity=given,
        row_of_series=tuple(promises.index(_grace(term)) for term in eras[-1][1]),
        lead=lead,
    )


_Era = tuple[slice, Picks]
"""Days of a plan, and the promise of each series on them."""


def _eras(spells: Sequence[Spell], days: int) -> list[_Era]:
    begins = [min(7 * spell.first_week, days) for spell in spells]
    ends = [*begins[1:], days]
    return [(slice(a, b), spell.terms) for a, b, spell in zip(begins, ends, spells, strict=True)]


def _work(planned: Planned, eras: Sequence[_Era]) -> FloatArray:
    return np.concatenate([_units_by_window(planned.of(days), terms) for days, terms in eras], axis=1)


def _by_promise(hours: FloatArray, eras: Sequence[_Era], promises: Sequence[tuple[int, bool]]) -> FloatArray:
    """Add up series with the same promise on a day: one row per promise."""
    found = np.zeros((len(promises), hours.shape[1]))
    for days, terms in eras:
        level_of_series = np.array([promises.index(_grace(term)) for term in terms])
        found[:, days] = [hours[level_of_series == i, days].sum(axis=0) for i in range(len(promises))]
    return found


def _to_catch_up(
    daily: FloatArray,
    promises: Sequence[tuple[int, bool]],
    shape: FloatArray,
    planned_before: FloatArray,
    need: FloatArray,
    first: int,
) -> FloatArray:
    """Return the hours more (D) in a spell's first week, for work of before that its own weeks leave to it.

    The weeks before were sized for their own promises only. Formula: for each stretch of days that begins before the
    spell and ends in it, its work less the hours there are; what lacks most, over the week's size until then.
    """
    hours = np.concatenate([planned_before[:first], need[first:]])
    due_work = _work_by_due_day(daily, promises, shape > 0)
    # from[s, t]: work that can begin on day s or later and is due by day t
    since = np.cumsum(np.cumsum(due_work[::-1], axis=0)[::-1], axis=1)[:first]
    given = np.cumsum(hours)[None, :] - (np.cumsum(hours) - hours)[:first, None]
    lack = (since - given)[:, first:].max(axis=0, initial=0.0)
    more = np.zeros(need.size)
    size = np.cumsum(shape[first : first + 7])
    until = size[np.minimum(np.arange(lack.size), size.size - 1)]
    more[first : first + 7] = shape[first : first + 7] * np.divide(
        lack, until, out=np.zeros_like(lack), where=(until > 0) & (lack > _TIE)
    ).max(initial=0.0)
    return more


def _work_by_due_day(daily: FloatArray, promises: Sequence[tuple[int, bool]], is_open: NDArray[np.bool_]) -> FloatArray:
    """Return hours by the day on which they can begin and the open day by whose end they are due (D x D)."""
    days = is_open.size
    found = np.zeros((days, days + 1))
    open_days = np.flatnonzero(is_open)
    next_open = np.append(open_days, days)[np.searchsorted(open_days, np.arange(days))]
    last_open = np.append(-1, open_days)[np.searchsorted(open_days, np.arange(days), side="right")]
    for hours, promise in zip(daily, promises, strict=True):
        due = np.arange(days) + _windows(promise, is_open)
        inside = np.minimum(due, days - 1)
        kept = np.maximum(last_open[inside], next_open)
        np.add.at(found, (np.minimum(next_open, days - 1), np.where(due < days, kept, days)), hours)
    return found[:, :days]


def _summing_to(need: FloatArray, split: FloatArray) -> FloatArray:
    """Let those who are here carry what is left to do under the promises of before."""
    total = split.sum(axis=0)
    scaled: FloatArray = split * np.divide(need, total, out=np.ones_like(total), where=total > 0)
    return scaled


def _fewer(as_rostered: FloatArray, evenly: FloatArray) -> int:
    """Return which takes fewer hours; of equal ones the roster's shape."""
    first, second = (float(levels.max(axis=0).sum()) for levels in (as_rostered, evenly))
    return int(first > second * (1.0 + _TIE))


def _shape(heads: FloatArray, week: NDArray[np.int64]) -> FloatArray:
    """Return how large each day's roster is beside the mean open day of its week; 0 on closed days."""
    hours = np.bincount(week, weights=heads)
    days = np.bincount(week, weights=heads > 0)
    mean = np.divide(hours, days, out=np.ones_like(hours), where=days > 0)
    return heads / mean[week]


def _known(heads: FloatArray, workdays: FloatArray) -> FloatArray:
    """Return the roster; in weeks without one the open workdays, so that their work is asked for when it is due."""
    week = np.arange(heads.size) // 7
    return np.where(np.bincount(week, weights=heads)[week] > 0, heads, workdays)


_Promises = Sequence[tuple[int, bool]]
_Shapes = tuple[FloatArray, FloatArray]
"""How large each day is: as the roster is, and evenly."""


def _levels(
    by_promise: FloatArray,
    promises: _Promises,
    week: NDArray[np.int64],
    shapes: _Shapes,
    lead: int,
    only_need: bool,
) -> tuple[int, FloatArray]:
    """Return the shape that takes fewer hours, and the daily hours (L x D) if no promise were stricter than each.

    The first row keeps every promise with the fewest hours, at the pace or above; the others never ask more.
    `only_need`: no others.
    """
    windows = [np.array([_windows(promise, shape > 0) for promise in promises]) for shape in shapes]
    paces = [_pace(by_promise, [grace for grace, _ in promises], week, shape) for shape in shapes]
    every = [_kept(by_promise, own, week, shape, pace) for own, shape, pace in zip(windows, shapes, paces, strict=True)]
    chosen = _fewer(*(levels[None, lead:] for levels in every))
    own, shape, pace, most = windows[chosen], shapes[chosen], paces[chosen], every[chosen]
    looser = [] if only_need else [_kept(by_promise, np.maximum(own, least), week, shape, pace) for least in own[1:]]
    return chosen, np.array([most, *(np.minimum(levels, most) for levels in looser)])[:, lead:]


def _levels_alone(
    by_promise: FloatArray, promises: _Promises, week: NDArray[np.int64], shapes: _Shapes, lead: int
) -> tuple[int, FloatArray]:
    """As `_levels`, of plans of before: each week holds alone every stretch of days that touches it."""
    found = []
    for shape in shapes:
        windows = np.array([_windows(promise, shape > 0) for promise in promises])
        kept = [_kept(by_promise, np.maximum(windows, window), week, shape) for window in windows]
        pace = _pace(by_promise, [grace for grace, _ in promises], week, shape)
        found.append(np.maximum(np.array(kept), pace[week] * shape)[:, lead:])
    chosen = _fewer(*found)
    return chosen, found[chosen]


def _led_in(daily: NDArray[Any], lead_days: int, usual: NDArray[Any] | None = None) -> NDArray[Any]:
    """Put whole weeks like the first before the horizon, so that a plan begins with the open work of a steady state."""
    first = (daily if usual is None else usual)[..., :7]
    return np.concatenate([np.tile(first, lead_days // 7), daily], axis=-1)


def _units_by_window(planned: Planned, terms: Sequence[Term | None]) -> FloatArray:
    """Return units to plan for: a longer promise lets days even out, so it needs less than each day's quantile.

    The factor of n days lies between the day's (n = 1) and the week's (n = 7), as the spread of a sum of n days shrinks
    with the square root of n.
    """
    days = np.array([min(_grace(term)[0] + 1, 7) for term in terms], dtype=np.float64)[:, None]
    week_root = 1.0 / np.sqrt(7.0)
    towards_day = (1.0 / np.sqrt(days) - week_root) / (1.0 - week_root)
    factor: FloatArray = planned.by_week + (planned.by_period - planned.by_week) * towards_day
    return planned.expected * factor


def _grace(term: Term | None) -> tuple[int, bool]:
    """Return (whole days of grace, whether only open days count).

    A promise of 24 hours gives one day: done by the end of the next. Where work arrives over the day as it is served,
    oldest first, keeping the ends of the days keeps every hour between them: both curves are straight within a day.
    """
    if term is None:
        return (NO_PROMISE_WINDOW_DAYS, False)
    return (int(term.threshold_minutes // MINUTES_PER_DAY), term.clock is Clock.BUSINESS)


def _windows(promise: tuple[int, bool], is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for work of each day, how many calendar days later it is due (far beyond the horizon: the horizon)."""
    grace, business = promise
    size = is_open.size
    if not business:
        return np.full(size, grace, dtype=np.int64)
    open_days = np.flatnonzero(is_open)
    first_open = np.searchsorted(open_days, np.arange(size))
    due = np.append(open_days, np.full(grace + 1, 2 * size))[np.minimum(first_open + grace, open_days.size + grace)]
    return due - np.arange(size)


def _kept(
    work: FloatArray,
    windows: NDArray[np.int64],
    week: NDArray[np.int64],
    shape: FloatArray,
    pace: FloatArray | None = None,
) -> FloatArray:
    """Return the daily hours that keep work with a window per class and day: one class of its own per window length."""
    lengths = np.unique(windows)
    by_length = np.array([np.where(windows == length, work, 0.0).sum(axis=0) for length in lengths])
    least: FloatArray | float = 0.0 if pace is None else pace
    return required_daily_capacity(
        by_length,
        lengths,
        week_of_day=week,
        is_open=shape > 0,
        day_size=shape,
        least_weekly_hours=least,
        rule="busiest stretch" if pace is None else "fewest hours",
    ).daily_capacity_hours


def _pace(work: FloatArray, grace_days: Sequence[int], week: NDArray[np.int64], shape: FloatArray) -> FloatArray:
    """Return the level per week at which no more stays open than came in: the mean work of the weeks a promise spans.

    Deadlines alone would let every plan put work off beyond its end; a plan that is made again each week never may.
    """
    weeks = int(week[-1]) + 1
    sizes = np.bincount(week, weights=shape, minlength=weeks)
    weekly = np.array([np.bincount(week, weights=row, minlength=weeks) for row in work])
    smooth = np.zeros(weeks)
    for row, grace in zip(weekly, grace_days, strict=True):
        span = min(grace // 7 + 1, weeks)
        total = np.concatenate([[0.0], np.cumsum(row)])
        first = np.maximum(np.arange(weeks) + 1 - span, 0)
        smooth += (total[1:] - total[first]) / (np.arange(weeks) + 1 - first)
    return np.divide(smooth, sizes, out=np.zeros(weeks), where=sizes > 0)


def _tightest(terms: Sequence[Term | None], levels: FloatArray, promises: Sequence[tuple[int, bool]]) -> str:
    """Say the promise that asks for most hours."""
    hardest = promises[int(np.argmax(levels.sum(axis=1)))]
    named = next((t for t in terms if t is not None and _grace(t) == hardest), None)
    if named is None and any(_grace(t) == hardest for t in terms):
        return "no promise: done within a week"
    return named.sentence if named else "what was promised in the weeks before"


def _weekly_work(work: FloatArray, week: NDArray[np.int64]) -> FloatArray:
    """Spread each series' work evenly over the days of its week, the base on which a week's need is shared."""
    weeks, index = np.unique(week, return_inverse=True)
    member = np.zeros((week.size, weeks.size))
    member[np.arange(week.size), index] = 1.0
    even: FloatArray = work @ member / member.sum(axis=0)
    return even[:, index]
