"""Is a roster allowed, and what does it cost? Counted day by day, apart from how rosters are searched for."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, same_shape, whole_numbers
from closeknit.engine.rostering.problem import RosterProblem


class RosterRule(StrEnum):
    """A rule that a roster must keep."""

    CAN_WORK = "can_work"
    DAY_OFF = "is_day_off"
    BANNED = "is_banned"
    SUCCESSION = "may_follow"
    MOST_OF_SHIFT = "most_of_shift"
    LEAST_SHIFTS = "least_shifts"
    MOST_SHIFTS = "most_shifts"
    LEAST_MINUTES = "least_minutes"
    MOST_MINUTES = "most_minutes"
    LEAST_DAYS_ON = "least_days_on"
    MOST_DAYS_ON = "most_days_on"
    LEAST_DAYS_OFF = "least_days_off"
    MOST_WEEKENDS = "most_weekends"
    LEAST_COVER = "least"


@dataclass(frozen=True, slots=True)
class RuleBroken:
    """A rule broken by `person` (None: by all together) from `day` on (None: over the whole), `found` against `limit`.

    `shift` is the shift concerned, where one is: the one worked, the second of two, the one short of its least. Of a
    succession `found` is the second shift and `limit` the first.
    """

    rule: RosterRule
    person: int | None
    day: int | None
    shift: int | None
    found: int
    limit: int


@dataclass(frozen=True, slots=True, eq=False)
class RosterCheck:
    """The rules broken (none: the roster is allowed) and the cost by its parts.

    `cost` is their sum; `people_by_row[row]` are those at work, by row of `problem.cover`.
    """

    broken: tuple[RuleBroken, ...]
    cost: float
    action_cost: float
    under_cost: float
    over_cost: float
    turn_cost: float
    people_by_row: IntArray

    @property
    def is_allowed(self) -> bool:
        """Whether every rule is kept."""
        return not self.broken


def check_roster(problem: RosterProblem, roster: ArrayLike) -> RosterCheck:
    """Every rule that `roster[person, day]` (shift or -1) breaks, and what it costs: pay, requests, cover, turns.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360, 1320], shift_minutes=480, can_work=[[True, True]], need=[[1, 0], [1, 0]],
    ...     under_weight=10.0, least_rest_minutes=660,
    ... )
    >>> found = check_roster(problem, [[1, 0]])
    >>> found.cost, [(broken.rule.value, broken.day, broken.found) for broken in found.broken]
    (11.0, [('may_follow', 1, 0)])
    """
    days = roster_of(problem, roster)
    broken = [found for person in range(problem.people) for found in _broken_by(problem, person, days[person])]
    count = people_by_row(problem, days)
    cover = problem.cover
    for row in np.flatnonzero(count < cover.least).tolist():
        place = (int(cover.row_day[row]), int(cover.row_place[row]))
        broken.append(RuleBroken(RosterRule.LEAST_COVER, None, *place, int(count[row]), int(cover.least[row])))
    people, every = np.arange(problem.people)[:, None], np.arange(problem.days)[None, :]
    action = float(problem.action_cost[people, every, days + 1].sum())
    under = float(cover.under_weight @ np.maximum(cover.need - count, 0))
    over = float(cover.over_weight @ np.maximum(count - cover.need, 0))
    turns = float((np.abs(turns_of(problem, days) - problem.turn_target) @ problem.turn_weight).sum())
    return RosterCheck(tuple(broken), action + under + over + turns, action, under, over, turns, frozen(count))


def roster_of(problem: RosterProblem, roster: ArrayLike) -> IntArray:
    """The roster as whole numbers, its shape and shifts checked."""
    days = whole_numbers("roster", roster, minimum=-1, maximum=problem.shifts - 1, ndim=2)
    same_shape([("roster", days)], (problem.people, problem.days), "people, days")
    return days


def people_by_row(problem: RosterProblem, days: IntArray) -> IntArray:
    """How many people count in each row of the cover."""
    count = np.zeros(problem.cover.rows, dtype=np.int64)
    people, on = np.nonzero(days >= 0)
    for person, cell in zip(people.tolist(), (on * problem.shifts + days[people, on]).tolist(), strict=True):
        rows = problem.cover.cell_rows[problem.cover.cell_start[cell] : problem.cover.cell_start[cell + 1]]
        count[rows] += problem.cover.counts[person, rows]
    return count


def turns_of(problem: RosterProblem, days: IntArray) -> FloatArray:
    """How often each person works the shifts of each group."""
    worked = np.stack([(days == shift).sum(axis=1) for shift in range(problem.shifts)], axis=1)
    return np.asarray(worked @ problem.turn_shifts.T, dtype=np.float64)


def _broken_by(problem: RosterProblem, person: int, days: IntArray) -> list[RuleBroken]:
    return [
        *_days_broken(problem, person, days),
        *_sums_broken(problem, person, days),
        *_runs_broken(problem, person, days),
    ]


def _days_broken(problem: RosterProblem, person: int, days: IntArray) -> list[RuleBroken]:
    found = []
    before = int(problem.last_shift[person]) if problem.days_before[person] else -1
    for day, shift in enumerate(days.tolist()):
        if shift >= 0:
            for rule, kept in (
                (RosterRule.CAN_WORK, problem.can_work[person, shift]),
                (RosterRule.DAY_OFF, not problem.is_day_off[person, day]),
                (RosterRule.BANNED, not problem.is_banned[person, day, shift]),
            ):
                if not kept:
                    found.append(RuleBroken(rule, person, day, shift, 1, 0))
            if before >= 0 and not problem.may_follow[before, shift]:
                found.append(RuleBroken(RosterRule.SUCCESSION, person, day, shift, shift, before))
        before = shift
    return found


def _sums_broken(problem: RosterProblem, person: int, days: IntArray) -> list[RuleBroken]:
    worked = days[days >= 0]
    minutes, shifts = int(problem.shift_minutes[worked].sum()), int(worked.size)
    weekends = problem.weekend_of_day[(days >= 0) & (problem.weekend_of_day >= 0)]
    found = []
    for rule, value, limit, sign in (
        (RosterRule.LEAST_SHIFTS, shifts, problem.least_shifts[person], -1),
        (RosterRule.MOST_SHIFTS, shifts, problem.most_shifts[person], 1),
        (RosterRule.LEAST_MINUTES, minutes, problem.least_minutes[person], -1),
        (RosterRule.MOST_MINUTES, minutes, problem.most_minutes[person], 1),
        (RosterRule.MOST_WEEKENDS, int(np.unique(weekends).size), problem.most_weekends[person], 1),
    ):
        if sign * (value - int(limit)) > 0:
            found.append(RuleBroken(rule, person, None, None, value, int(limit)))
    for shift in range(problem.shifts):
        value, most = int((worked == shift).sum()), int(problem.most_of_shift[person, shift])
        if value > most:
            found.append(RuleBroken(RosterRule.MOST_OF_SHIFT, person, None, shift, value, most))
    return found


def _runs_broken(problem: RosterProblem, person: int, days: IntArray) -> list[RuleBroken]:
    """Runs too long or too short; what reaches over the edges, and isn't known, is given the benefit of doubt."""
    before = int(problem.days_before[person])
    was_on = before > 0 and int(problem.last_shift[person]) >= 0
    least_on, most_on = int(problem.least_days_on[person]), int(problem.most_days_on[person])
    found, first = [], 0
    on = (days >= 0).tolist()
    while first < len(on):
        last = first
        while last + 1 < len(on) and on[last + 1] == on[first]:
            last += 1
        joined = before if first == 0 and was_on == on[first] else 0
        length, at_end, unknown = last - first + 1 + joined, last == len(on) - 1, first == 0 and not before
        if on[first] and length > most_on:
            found.append(RuleBroken(RosterRule.MOST_DAYS_ON, person, first, None, length, most_on))
        if on[first] and length < least_on and not at_end and not unknown:
            found.append(RuleBroken(RosterRule.LEAST_DAYS_ON, person, first, None, length, least_on))
        least_off = int(problem.least_days_off[person])
        if not on[first] and length < least_off and not at_end and not unknown:
            found.append(RuleBroken(RosterRule.LEAST_DAYS_OFF, person, first, None, length, least_off))
        first = last + 1
    # A run that ended with the day before the first is judged as well.
    if before and was_on and not on[0] and before < least_on:
        found.append(RuleBroken(RosterRule.LEAST_DAYS_ON, person, 0, None, before, least_on))
    if before and not was_on and on[0] and before < int(problem.least_days_off[person]):
        found.append(
            RuleBroken(RosterRule.LEAST_DAYS_OFF, person, 0, None, before, int(problem.least_days_off[person]))
        )
    return found
