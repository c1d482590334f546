"""Daily capacity for work with deadlines (back office, picking, field), served earliest due date first.

A day is the unit of time. Work of class k released on day s with window d must be finished by the end of day
s + d (window 0: the same day) and may be done in part, on any open day from s on. Rules at the edges:

- Closed days give no capacity. Work released on a closed day can start on the next open day. Work due on a
  closed day is due at the end of the last open day before it, but never before the first open day on which
  it can be started (`moved_hours` counts work that had no open day inside its window).
- Work due after the last day of the horizon asks nothing of this horizon and is reported as
  `carried_over_hours`: extend the horizon by the longest window to have the last days right.
- Where only a share of a class must be in time, the rest is let late where that lowers the capacity most. It is due
  after a longer window, or asks nothing of this horizon: then plan it elsewhere, or the backlog grows.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    flags,
    frozen,
    numbers,
    refuse_where,
    same_shape,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.fewest_hours import fewest_levels
from closeknit.engine.queueing.staircase import Pieces, Staircase, climb, density, let_late, work_inside

Rule = Literal["fewest hours", "busiest stretch"]


@dataclass(frozen=True, slots=True, eq=False)
class DeadlineCapacity:
    """The capacity that keeps every deadline, constant over the open days of each week (of size 1).

    `daily_capacity_hours[day]` is 0 on closed days. Per week (in order): `weekly_capacity_hours` (per open
    day of size 1) and a stretch of days, `binding_start_day` to `binding_end_day` inclusive, whose work sets it
    (-1 where none does). `carried_over_hours[class]` is due after the horizon and
    `moved_hours[class]` had no open day inside its window; see the module. `late_hours[class, day]` is the work of
    that day (with day 0's backlog) that is let late, and `late_share[class]` its part of all that is due here.
    """

    daily_capacity_hours: FloatArray
    weekly_capacity_hours: FloatArray
    binding_start_day: IntArray
    binding_end_day: IntArray
    carried_over_hours: FloatArray
    moved_hours: FloatArray
    late_hours: FloatArray
    late_share: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class EdfLateness:
    """What earliest-due-date service does with a given capacity, in hours of work per class.

    `late_hours`: finished after the due day, or due within the horizon and never finished.
    `unfinished_hours`: still open at the end of the horizon, due or not.
    `idle_hours[day]`: capacity without work.
    """

    late_hours: FloatArray
    unfinished_hours: FloatArray
    idle_hours: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DatedWork:
    """Hours by class, first day on which they can be done and due day; day `days` means after the horizon.

    `asked_due` is the due day before closed days moved it.
    """

    hours: FloatArray
    release: IntArray
    due: IntArray
    asked_due: IntArray
    moved: BoolArray


def required_daily_capacity(
    work_hours: ArrayLike,
    window_days: ArrayLike,
    start_backlog_hours: ArrayLike | None = None,
    week_of_day: ArrayLike | None = None,
    is_open: ArrayLike | None = None,
    day_size: ArrayLike | None = None,
    target_share: ArrayLike = 1.0,
    late_window_days: ArrayLike | None = None,
    least_weekly_hours: ArrayLike = 0.0,
    rule: Rule = "fewest hours",
) -> DeadlineCapacity:
    """The daily hours, of one shape within each week, with which each class has its share in time.

    Parameters: `work_hours[class, day]` (released that day, >= 0), `window_days[class]` (whole, >= 0),
    `start_backlog_hours` ([class]: as if released on day 0; [class, day]: open on day 0 and due by the end
    of that day; overdue work goes on day 0), `week_of_day[day]` (non-decreasing labels; default 7 days
    each), `is_open[day]` (default all), `day_size[day]` (how large an open day is beside others, > 0; default 1:
    the hours are constant within each week), `target_share` ([class] or one number, 0..1: the part of the class's
    hours due in this horizon that must be in time; default all), `late_window_days[class]` (whole, at least
    `window_days`: when work let late must be done; default: not in this horizon).
    Also `least_weekly_hours` ([week] or one number, >= 0: what a week's level is at least) and `rule`.
    Formula: minimise the hours of all weeks together, sum of level_w x size_w, where every stretch [s, t] of days has
    room: sum over its days of level x size >= work(released >= s, due <= t), which is necessary and sufficient for
    earliest-due-date service. A stretch over several weeks is held by them together. Of all answers with the fewest
    hours the most even (least sum of level^2 x size) is given; there is one.
    `rule="busiest stretch"`: each week holds alone every stretch that touches it, level_w = its largest work over size;
    it needs more hours, but more work never lowers a week. With shares below 1 a linear program (HiGHS) also chooses
    the work to let late, so that the hours are fewest, and then that least work is late.
    Validity: divisible work, one pool. Source: Horn (1974), Naval Research Logistics Quarterly 21.

    >>> plan = required_daily_capacity([[8.0, 8.0, 20.0, 8.0, 8.0]], [1], week_of_day=[0] * 5)
    >>> plan.weekly_capacity_hours.tolist(), plan.binding_start_day.tolist(), plan.binding_end_day.tolist()
    ([10.0], [2], [3])
    """
    work, open_days = checked_work(work_hours, window_days, start_backlog_hours, is_open)
    weeks = _weeks(week_of_day, open_days.size)
    size = _sizes(day_size, open_days)
    labels, first_day = np.unique(weeks, return_index=True)
    last_day = np.append(first_day[1:], weeks.size) - 1
    share = _shares(target_share, work.hours.shape[0])
    pieces = _pieces(work, _late_due(late_window_days, window_days, work, open_days), open_days.size)
    least = _least(least_weekly_hours, labels.size, rule)
    late = let_late(pieces, share, size, first_day, last_day, least if rule == "fewest hours" else None)
    steps = _steps(pieces, late, size, first_day, last_day, least, rule)
    late = late.reshape(work.hours.shape)
    asked = np.where(work.due < open_days.size, work.hours, 0.0).sum(axis=1)
    return DeadlineCapacity(
        daily_capacity_hours=frozen(steps.levels[np.searchsorted(labels, weeks)] * size),
        weekly_capacity_hours=frozen(steps.levels),
        binding_start_day=frozen(steps.start),
        binding_end_day=frozen(steps.end),
        carried_over_hours=frozen(np.where(work.due >= open_days.size, work.hours, 0.0).sum(axis=1)),
        moved_hours=frozen(np.where(work.moved, work.hours, 0.0).sum(axis=1)),
        late_hours=frozen(_by_day(late, open_days.size)),
        late_share=frozen(np.divide(late.sum(axis=1), asked, out=np.zeros_like(asked), where=asked > 0.0)),
    )


def _steps(
    pieces: Pieces,
    late: FloatArray,
    size: FloatArray,
    first_day: IntArray,
    last_day: IntArray,
    least: FloatArray,
    rule: Rule,
) -> Staircase:
    work, release, due = pieces.work, pieces.release, pieces.due
    if late.any() or rule == "busiest stretch":
        work, release = np.concatenate([work - late, late]), np.tile(release, 2)
        due = np.concatenate([due, pieces.late_due])
    if rule == "busiest stretch":
        return climb(density(work, release, due, size), first_day, last_day)
    return fewest_levels(work_inside(work, release, due, size.size), size, first_day, last_day, least)


def edf_lateness(
    work_hours: ArrayLike,
    window_days: ArrayLike,
    daily_capacity_hours: ArrayLike,
    start_backlog_hours: ArrayLike | None = None,
    is_open: ArrayLike | None = None,
) -> EdfLateness:
    """Hours late per class when each day's capacity goes to the open work with the earliest due day.

    Parameters as in `required_daily_capacity`; `daily_capacity_hours[day]` (>= 0; must be 0 on closed
    days). Work with the same due day is served in proportion to its hours.

    >>> edf_lateness([[8.0, 8.0]], [0], [8.0, 6.0]).late_hours.tolist()
    [2.0]
    """
    work, open_days = checked_work(work_hours, window_days, start_backlog_hours, is_open)
    capacity = numbers("daily_capacity_hours", daily_capacity_hours, minimum=0.0, ndim=1)
    if capacity.shape != open_days.shape:
        raise EngineInputError(f"daily_capacity_hours has {capacity.size} days: give {open_days.size}, as work_hours")
    refuse_where(~open_days & (capacity > 0.0), "daily_capacity_hours", capacity, "give 0 on a closed day")
    return _serve(work, capacity)


def _serve(work: DatedWork, capacity: FloatArray) -> EdfLateness:
    classes, days = work.hours.shape[0], capacity.size
    waiting = np.zeros((classes, days + 1))
    late, idle = np.zeros(classes), np.zeros(days)
    row = np.broadcast_to(np.arange(classes)[:, None], work.hours.shape)
    for day in range(days):
        new = work.release == day
        np.add.at(waiting, (row[new], work.due[new]), work.hours[new])
        by_due = waiting.sum(axis=0)
        served = np.clip(capacity[day] - (np.cumsum(by_due) - by_due), 0.0, by_due)
        part = np.divide(served, by_due, out=np.zeros_like(served), where=by_due > 0.0)
        done = waiting * part
        late += done[:, :day].sum(axis=1)
        idle[day] = max(capacity[day] - float(served.sum()), 0.0)
        waiting = np.where(part >= 1.0, 0.0, waiting - done)
    # every hour due by the last day that was never served is late as well
    late += waiting[:, :days].sum(axis=1)
    after = np.where(work.release >= days, work.hours, 0.0).sum(axis=1)
    return EdfLateness(
        late_hours=frozen(late),
        unfinished_hours=frozen(waiting.sum(axis=1) + after),
        idle_hours=frozen(idle),
    )


def checked_work(
    work_hours: ArrayLike, window_days: ArrayLike, backlog: ArrayLike | None, is_open: ArrayLike | None
) -> tuple[DatedWork, BoolArray]:
    """Return the work [class, day] on open days, with its due days, and which days are open [day].

    Raises:
        EngineInputError: for shapes that do not fit, hours below 0, or windows that are not whole.
    """
    hours = numbers("work_hours", work_hours, minimum=0.0, ndim=2)
    classes, days = hours.shape
    if classes == 0 or days == 0:
        raise EngineInputError(f"work_hours has shape {hours.shape}: give at least one class and one day")
    window = whole_numbers("window_days", window_days, minimum=0, maximum=10**6, ndim=1)
    if window.size != classes:
        raise EngineInputError(f"window_days has {window.size} entries: give {classes}, one per row of work_hours")
    open_days = np.ones(days, dtype=np.bool_) if is_open is None else flags("is_open", is_open)
    if open_days.shape != (days,):
        raise EngineInputError(f"is_open has shape {open_days.shape}: give ({days},), one flag per day")
    release = np.broadcast_to(np.arange(days), hours.shape)
    due = release + window[:, None]
    if backlog is not None:
        more_hours, more_due = _backlog(backlog, window, days)
        hours = np.concatenate([hours, more_hours], axis=1)
        release = np.concatenate([release, np.zeros(more_due.shape, dtype=np.int64)], axis=1)
        due = np.concatenate([due, more_due], axis=1)
    return _on_open_days(hours, release, due, open_days), open_days


def _backlog(backlog: ArrayLike, window: IntArray, days: int) -> tuple[FloatArray, IntArray]:
    hours = numbers("start_backlog_hours", backlog, minimum=0.0)
    if hours.shape == window.shape:
        return hours[:, None], window[:, None].copy()
    if hours.shape == (window.size, days):
        return hours, np.broadcast_to(np.arange(days), hours.shape).astype(np.int64)
    raise EngineInputError(
        f"start_backlog_hours has shape {hours.shape}: give ({window.size},) per class, "
        f"or ({window.size}, {days}) per class and due day"
    )


def _on_open_days(
    hours: FloatArray, release: NDArray[np.int64], due: NDArray[np.int64], open_days: BoolArray
) -> DatedWork:
    """Move releases forward and due days back to open days; `days` stands for after the horizon."""
    days = open_days.size
    index = np.arange(days)
    following = np.append(np.minimum.accumulate(np.where(open_days, index, days)[::-1])[::-1], days)
    preceding = np.append(np.maximum.accumulate(np.where(open_days, index, -1)), days)
    start = following[release]
    last = preceding[np.minimum(due, days)]
    return DatedWork(hours, start, np.maximum(start, last), due, (last < start) & (hours > 0.0))


def _sizes(day_size: ArrayLike | None, open_days: BoolArray) -> FloatArray:
    if day_size is None:
        return open_days.astype(np.float64)
    size = numbers("day_size", day_size, minimum=0.0, ndim=1)
    if size.shape != open_days.shape:
        raise EngineInputError(f"day_size has {size.size} days: give {open_days.size}, as work_hours")
    refuse_where(open_days & (size <= 0.0), "day_size", size, "give more than 0 on an open day, or close the day")
    return np.where(open_days, size, 0.0)


def _shares(target_share: ArrayLike, classes: int) -> FloatArray:
    share = numbers("target_share", target_share, minimum=0.0, maximum=1.0)
    if share.shape not in ((), (classes,)):
        raise EngineInputError(f"target_share has shape {share.shape}: give one number, or ({classes},) per class")
    return np.broadcast_to(share, (classes,))


def _least(least_weekly_hours: ArrayLike, weeks: int, rule: str) -> FloatArray:
    if rule not in ("fewest hours", "busiest stretch"):
        raise EngineInputError(f'rule is {rule!r}: give "fewest hours" or "busiest stretch"')
    least = numbers("least_weekly_hours", least_weekly_hours, minimum=0.0, maximum=1e9)
    if least.shape not in ((), (weeks,)):
        raise EngineInputError(f"least_weekly_hours has shape {least.shape}: give one number, or ({weeks},) per week")
    if rule != "fewest hours" and least.any():
        raise EngineInputError('least_weekly_hours is for the rule "fewest hours": leave it out')
    return np.broadcast_to(least, (weeks,)).astype(np.float64)


def _late_due(late_window: ArrayLike | None, window_days: ArrayLike, work: DatedWork, open_days: BoolArray) -> IntArray:
    """The day by which work let late is done, on open days; after the horizon where no window is given."""
    days = open_days.size
    if late_window is None:
        return np.full(work.hours.shape, days, dtype=np.int64)
    window = np.asarray(window_days)
    later = whole_numbers("late_window_days", late_window, minimum=0, maximum=10**6, ndim=1)
    same_shape([("late_window_days", later)], window.shape, "one per row of work_hours")
    refuse_where(later < window, "late_window_days", later, "give at least window_days")
    due = np.minimum(work.asked_due + (later - window)[:, None], days)
    preceding = np.append(np.maximum.accumulate(np.where(open_days, np.arange(days), -1)), days)
    moved: IntArray = np.maximum(preceding[due], work.due)
    return moved


def _pieces(work: DatedWork, late_due: IntArray, days: int) -> Pieces:
    owner = np.broadcast_to(np.arange(work.hours.shape[0])[:, None], work.hours.shape)
    release = np.minimum(work.release, days - 1)
    due = np.where(work.release >= days, days, work.due)
    flat = (release.reshape(-1), due.reshape(-1), late_due.reshape(-1), owner.reshape(-1))
    return Pieces(work.hours.reshape(-1), *flat)


def _by_day(late: FloatArray, days: int) -> FloatArray:
    """Late hours by day of arrival, the backlog with the first day."""
    by_day = late[:, :days].copy()
    by_day[:, 0] += late[:, days:].sum(axis=1)
    return by_day


def _weeks(week_of_day: ArrayLike | None, days: int) -> IntArray:
    if week_of_day is None:
        return np.arange(days, dtype=np.int64) // 7
    weeks = whole_numbers("week_of_day", week_of_day, minimum=-(2**53), ndim=1)
    if weeks.size != days:
        raise EngineInputError(f"week_of_day has {weeks.size} entries: give {days}, one per day")
    falling = np.concatenate([[False], np.diff(weeks) < 0])
    refuse_where(falling, "week_of_day", weeks, "give labels that never fall from one day to the next")
    return weeks
