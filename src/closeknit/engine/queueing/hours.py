"""Work that may wait hours (e-mail, cases, back office): agents per shift so that each class keeps its deadline.

Work flows in evenly over each interval and may be done in part, earliest due first. Deadlines count working minutes:
closed intervals stop the clock, and what comes in them is there when the next open one begins. Within these rules the
answers are exact, also where deadlines are no multiple of the interval: time is cut where any class's work falls due.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, flags, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.staircase import Pieces, climb, density, let_late

_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class DeadlineAgents:
    """Agents per interval (0 where closed), constant over each shift, that keep every class's deadline.

    `agents[interval]` is the exact, fractional need, `whole_agents[interval]` the next whole number. Per shift in
    order: `shift_agents` and the stretch of working minutes that sets it (-1 where no work touches it).
    `late_minutes[class, interval]`: its work that is let late; `late_share[class]`: the part of what is due
    here; `carried_over_minutes[class]`: due after the last interval, so not asked for.
    """

    agents: FloatArray
    whole_agents: IntArray
    shift_agents: FloatArray
    binding_start_minute: FloatArray
    binding_end_minute: FloatArray
    late_minutes: FloatArray
    late_share: FloatArray
    carried_over_minutes: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DeadlineShortfall:
    """Whether given agents keep every deadline, and the stretch of working minutes where most is missing.

    `missing_minutes` is the most by which work that must be done inside a stretch passes the capacity in it: that much
    will be late at the least. `spare_agents` is the most that every interval alike could do without (negative: lacks).
    """

    is_enough: bool
    missing_minutes: float
    start_minute: float
    end_minute: float
    spare_agents: float


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    """Open intervals cut into cells at `offsets`; pieces of work by release and due cell, with their interval."""

    offsets: FloatArray
    size: FloatArray
    open_index: IntArray
    pieces: Pieces
    interval: IntArray

    @property
    def minutes(self) -> FloatArray:
        """Working minutes at the edges of the cells."""
        return np.concatenate([[0.0], np.cumsum(self.size)])


def required_interval_agents(
    work_minutes: ArrayLike,
    interval_minutes: float,
    deadline_minutes: ArrayLike,
    shift_of_interval: ArrayLike | None = None,
    is_open: ArrayLike | None = None,
    start_backlog_minutes: ArrayLike | None = None,
    target_share: ArrayLike = 1.0,
) -> DeadlineAgents:
    """The agents per shift with which each class has its share of work done within its working minutes.

    Parameters: `work_minutes[class, interval]` (handling minutes that come in, >= 0), `interval_minutes` (> 0),
    `deadline_minutes[class]` (working minutes from arrival to done, > 0), `shift_of_interval[interval]` (non-decreasing
    labels, one number of agents each; default one for all), `is_open[interval]` (default all),
    `start_backlog_minutes[class, interval]` (open at the start, due by the end of that interval), `target_share`
    ([class] or one number, 0..1: the part of the work due here that must be in time).
    Formula: per shift the largest, over stretches of working time that touch it, of work that comes and is due inside
    over the stretch's minutes; necessary and sufficient for one shift, sufficient for several. With shares below 1 a
    linear program chooses what to let late. Validity: divisible work, even inflow, agents always at it (divide by the
    occupancy wanted). Source: Horn (1974), Naval Research Logistics Quarterly 21.

    >>> need = required_interval_agents([[120.0, 600.0, 120.0, 0.0]], 60.0, [90.0])
    >>> need.agents.round(3).tolist(), need.binding_start_minute.tolist(), need.binding_end_minute.tolist()
    ([4.0, 4.0, 4.0, 4.0], [60.0], [210.0])
    """
    clock, classes, intervals = _clock(work_minutes, interval_minutes, deadline_minutes, is_open, start_backlog_minutes)
    share = numbers("target_share", target_share, minimum=0.0, maximum=1.0)
    if share.shape not in ((), (classes,)):
        raise EngineInputError(f"target_share has shape {share.shape}: give one number, or ({classes},) per class")
    share = np.broadcast_to(share, (classes,))
    shifts = _shifts(shift_of_interval, intervals)
    labels, first_cell = np.unique(np.repeat(shifts[clock.open_index], clock.offsets.size), return_index=True)
    last_cell = np.append(first_cell[1:], clock.size.size) - 1
    pieces = clock.pieces
    late = let_late(pieces, share, clock.size, first_cell, last_cell)
    steps = climb(density(pieces.work - late, pieces.release, pieces.due, clock.size), first_cell, last_cell)
    level = np.append(steps.levels, 0.0)[np.minimum(np.searchsorted(labels, shifts), labels.size)]
    is_working = np.zeros(intervals, dtype=np.bool_)
    is_working[clock.open_index] = True
    agents = np.where(is_working, level, 0.0)
    minutes, some = clock.minutes, steps.start >= 0
    due = np.where(pieces.due < clock.size.size, pieces.work, 0.0)
    asked = np.bincount(pieces.owner, due, classes)
    let = np.bincount(pieces.owner, late, classes)
    by_interval = np.bincount(pieces.owner * intervals + clock.interval, late, classes * intervals)
    return DeadlineAgents(
        agents=frozen(agents),
        whole_agents=frozen(np.ceil(agents * (1.0 - _TIE)).astype(np.int64)),
        shift_agents=frozen(steps.levels),
        binding_start_minute=frozen(np.where(some, minutes[np.maximum(steps.start, 0)], -1.0)),
        binding_end_minute=frozen(np.where(some, minutes[steps.end + 1], -1.0)),
        late_minutes=frozen(by_interval.reshape(classes, intervals)),
        late_share=frozen(np.divide(let, asked, out=np.zeros(classes), where=asked > 0.0)),
        carried_over_minutes=frozen(np.bincount(pieces.owner, pieces.work - due, classes)),
    )


def deadline_shortfall(
    work_minutes: ArrayLike,
    interval_minutes: float,
    deadline_minutes: ArrayLike,
    agents: ArrayLike,
    is_open: ArrayLike | None = None,
    start_backlog_minutes: ArrayLike | None = None,
) -> DeadlineShortfall:
    """Whether a schedule of agents keeps every deadline, and where it is short.

    Parameters as `required_interval_agents`; `agents[interval]` (>= 0, fractional allowed; 0 in closed intervals).
    Formula: capacity is enough exactly when no stretch of working time must hold more work than it has capacity.
    Validity and source: as there.

    >>> short = deadline_shortfall([[120.0, 600.0, 120.0, 0.0]], 60.0, [90.0], [3.0, 3.0, 3.0, 3.0])
    >>> short.is_enough, round(short.missing_minutes, 6), short.start_minute, short.end_minute
    (False, 150.0, 60.0, 210.0)
    """
    clock, _, intervals = _clock(work_minutes, interval_minutes, deadline_minutes, is_open, start_backlog_minutes)
    team = numbers("agents", agents, minimum=0.0, maximum=1e9, ndim=1)
    if team.size != intervals:
        raise EngineInputError(f"agents has {team.size} intervals: give {intervals}, as work_minutes")
    closed = np.ones(intervals, dtype=np.bool_)
    closed[clock.open_index] = False
    refuse_where(closed & (team > 0.0), "agents", team, "give 0 in a closed interval")
    ones = clock.size
    rate = np.repeat(team[clock.open_index], clock.offsets.size)
    pieces, minutes = clock.pieces, clock.minutes
    length = np.triu(minutes[1:][None, :] - minutes[:-1][:, None])
    within = density(pieces.work, pieces.release, pieces.due, ones) * length
    total = np.concatenate([[0.0], np.cumsum(rate * ones)])
    lack = np.where(length > 0.0, within - (total[1:][None, :] - total[:-1][:, None]), -np.inf)
    s, t = np.unravel_index(int(np.argmax(lack)), lack.shape)
    per_agent = np.divide(lack, length, out=np.full(lack.shape, -np.inf), where=length > 0.0)
    missing = max(float(lack[s, t]), 0.0)
    enough = missing <= _TIE * max(float(pieces.work.sum()), 1.0)
    return DeadlineShortfall(
        is_enough=enough,
        missing_minutes=0.0 if enough else missing,
        start_minute=float(minutes[s]),
        end_minute=float(minutes[t + 1]),
        spare_agents=-float(per_agent.max()),
    )


def _clock(
    work_minutes: ArrayLike,
    interval_minutes: float,
    deadline_minutes: ArrayLike,
    is_open: ArrayLike | None,
    backlog: ArrayLike | None,
) -> tuple[_Clock, int, int]:
    work = numbers("work_minutes", work_minutes, minimum=0.0, ndim=2)
    classes, intervals = work.shape
    if work.size == 0:
        raise EngineInputError(f"work_minutes has shape {work.shape}: give at least one class and one interval")
    length = float(numbers("interval_minutes", interval_minutes, above=0.0, maximum=1e6, ndim=0))
    deadline = numbers("deadline_minutes", deadline_minutes, above=0.0, maximum=1e9, ndim=1)
    if deadline.size != classes:
        raise EngineInputError(
            f"deadline_minutes has {deadline.size} entries: give {classes}, one per row of work_minutes"
        )
    opened = np.ones(intervals, dtype=np.bool_) if is_open is None else flags("is_open", is_open)
    if opened.shape != (intervals,) or not opened.any():
        raise EngineInputError(
            f"is_open has shape {opened.shape}: give ({intervals},), with at least one open interval"
        )
    whole = np.floor(deadline / length + _TIE).astype(np.int64)
    part = np.where(deadline / length - whole < _TIE, 0.0, deadline / length - whole)
    offsets = np.unique(np.append(part, 0.0).round(12))
    parts = [_pieces_of(k, work[k], opened, int(whole[k]), float(part[k].round(12)), offsets) for k in range(classes)]
    if backlog is not None:
        parts.append(_backlog(backlog, work.shape, opened, offsets.size))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    size = np.tile(np.diff(np.append(offsets, 1.0)) * length, int(opened.sum()))
    cells = np.full(columns[0].size, size.size, dtype=np.int64)
    release, due, owner, interval = (column.astype(np.int64) for column in columns[1:])
    # What comes after the last open interval asks nothing here.
    due = np.where(release >= size.size, size.size, due)
    pieces = Pieces(columns[0], np.minimum(release, size.size - 1), np.minimum(due, size.size), cells, owner)
    return _Clock(offsets, size, np.flatnonzero(opened), pieces, interval), classes, intervals


def _pieces_of(
    owner: int, work: FloatArray, opened: BoolArray, whole: int, part: float, offsets: FloatArray
) -> tuple[FloatArray, IntArray, IntArray, IntArray, IntArray]:
    """Work, release cell, due cell, class and interval: cut so that each piece falls due within one cell."""
    cells = offsets.size
    turn = np.concatenate([[0], np.cumsum(opened)[:-1]]).astype(np.int64)
    cuts = np.unique(np.append(np.mod(offsets - part, 1.0), 0.0).round(12))
    cuts = cuts[cuts < 1.0 - _TIE]
    ends = np.append(cuts[1:], 1.0)
    begin = np.searchsorted(offsets, cuts + _TIE, side="right") - 1
    over = np.floor(ends + part + _TIE).astype(np.int64)
    last = np.searchsorted(offsets, ends + part - over - _TIE, side="left")
    at = np.flatnonzero(opened)
    amount = (work[at][:, None] * (ends - cuts)).reshape(-1)
    release = (turn[at][:, None] * cells + begin).reshape(-1)
    due = ((turn[at][:, None] + whole + over) * cells + last - 1).reshape(-1)
    shut = np.flatnonzero(~opened)
    ready = turn[shut] * cells
    due_shut = (turn[shut] + whole) * cells + int(np.searchsorted(offsets, part - _TIE, side="left")) - 1
    interval = np.append(np.repeat(at, cuts.size), shut)
    everything = np.append(amount, work[shut]), np.append(release, ready), np.append(due, due_shut)
    return (*everything, np.full(interval.size, owner), interval)


def _backlog(
    backlog: ArrayLike, shape: tuple[int, ...], opened: BoolArray, cells: int
) -> tuple[FloatArray, IntArray, IntArray, IntArray, IntArray]:
    amount = numbers("start_backlog_minutes", backlog, minimum=0.0)
    if amount.shape != shape:
        raise EngineInputError(
            f"start_backlog_minutes has shape {amount.shape}: give {shape}, by class and due interval"
        )
    # Due in a closed interval: by the end of the last open one before it, or the first.
    due = np.maximum(np.cumsum(opened), 1) * cells - 1
    owner = np.repeat(np.arange(shape[0]), shape[1])
    start = np.zeros(amount.size, dtype=np.int64)
    return amount.reshape(-1), start, np.tile(due, shape[0]), owner, np.zeros(amount.size, dtype=np.int64)


def _shifts(shift_of_interval: ArrayLike | None, intervals: int) -> IntArray:
    if shift_of_interval is None:
        return np.zeros(intervals, dtype=np.int64)
    shifts = whole_numbers("shift_of_interval", shift_of_interval, minimum=-(2**53), ndim=1)
    if shifts.size != intervals:
        raise EngineInputError(f"shift_of_interval has {shifts.size} entries: give {intervals}, one per interval")
    falling = np.concatenate([[False], np.diff(shifts) < 0])
    refuse_where(falling, "shift_of_interval", shifts, "give labels that never fall from one interval to the next")
    return shifts
