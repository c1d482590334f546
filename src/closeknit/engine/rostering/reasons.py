"""Why no roster exists, and why this person is not on that shift: the rules in the way, or what it would cost."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, whole_number
from closeknit.engine.rostering.check import RosterRule, RuleBroken, check_roster, people_by_row, roster_of
from closeknit.engine.rostering.cover import cover_rows
from closeknit.engine.rostering.problem import LONGEST_DAYS, RosterProblem
from closeknit.engine.rostering.room import Room, room_of

RULES = tuple(rule for rule in RosterRule if rule is not RosterRule.LEAST_COVER)


@dataclass(frozen=True, slots=True)
class RosterConflict:
    """A person without any days that keep all `rules`; without any one of these there are some."""

    person: int
    rules: tuple[RosterRule, ...]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What stands against a person on a shift.

    `broken`: the rules of that person broken by the assignment alone, all else as it is. `in_the_way`: the rules that
    together forbid it whatever the person's other days (empty: it can be had). `cost_change`: what the whole roster
    then costs more with the person's other days rearranged at their best, others' as they are, None where it can't be
    had; `days` are those days. `least_missed` people fewer (or more, below 0) keep least cover.
    """

    broken: tuple[RuleBroken, ...]
    in_the_way: tuple[RosterRule, ...]
    cost_change: float | None
    least_missed: int
    days: tuple[int, ...]


def find_roster_conflicts(problem: RosterProblem) -> tuple[RosterConflict, ...]:
    """Everyone who cannot be rostered at all, with a smallest set of rules in conflict.

    Rules are left out one at a time and for good where the conflict stays: what is left cannot be made smaller.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[480], shift_minutes=[480], can_work=[[True], [True]], need=[[1], [1], [1]],
    ...     least_minutes=[960, 0], is_day_off=[[True, True, False], [False, False, False]],
    ... )
    >>> [(found.person, [rule.value for rule in found.rules]) for found in find_roster_conflicts(problem)]
    [(0, ['is_day_off', 'least_minutes'])]
    """
    room = room_of(problem)
    _, least = room.best(room.cost, np.arange(problem.people))
    stuck = np.flatnonzero(~np.isfinite(least)).tolist()
    return tuple(RosterConflict(person, _smallest(_alone(problem, person), -1, 0)) for person in stuck)


def why_not(problem: RosterProblem, roster: ArrayLike, *, person: int, day: int, shift: int) -> WhyNot:
    """Why a person doesn't work a shift (-1: isn't off) on a day of this roster.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360, 1320], shift_minutes=480, can_work=[[True, True]] * 2,
    ...     need=[[1, 1], [1, 1]], under_weight=10.0, least_rest_minutes=660,
    ... )
    >>> found = why_not(problem, [[1, 1], [0, 0]], person=0, day=1, shift=0)
    >>> [broken.rule.value for broken in found.broken], found.in_the_way, found.cost_change, found.days
    (['may_follow'], (), 21.0, (-1, 0))
    """
    days = roster_of(problem, roster)
    who = whole_number("person", person, minimum=0, maximum=problem.people - 1)
    on = whole_number("day", day, minimum=0, maximum=problem.days - 1)
    what = whole_number("shift", shift, minimum=-1, maximum=problem.shifts - 1)
    changed = days.copy()
    changed[who, on] = what
    broken = tuple(found for found in check_roster(problem, changed).broken if found.person == who)
    room = room_of(problem)
    price = _price(room, days, who, on, what)
    path, least = room.best(price[None], np.array([who]))
    if not np.isfinite(least[0]):
        return WhyNot(broken, _smallest(_alone(problem, who), on, what + 1), None, 0, ())
    changed[who] = path[0]
    was, now = check_roster(problem, days), check_roster(problem, changed)
    missed = _missed(problem, now.people_by_row) - _missed(problem, was.people_by_row)
    return WhyNot(broken, (), now.cost - was.cost, missed, tuple(path[0].tolist()))


def _missed(problem: RosterProblem, count: NDArray[np.int64]) -> int:
    return int(np.maximum(problem.cover.least - count, 0).sum())


def _price(room: Room, days: NDArray[np.int64], person: int, day: int, shift: int) -> FloatArray:
    """What the person's days cost beside the others', only this shift on this day."""
    problem, cover = room.problem, room.problem.cover
    others = days.copy()
    others[person] = -1
    count = people_by_row(problem, others)
    every = np.arange(cover.rows)
    extra = room.row_cost[every, np.minimum(count + 1, problem.people)] - room.row_cost[every, count]
    price: FloatArray = room.cost[person].copy()
    for cell in range(problem.days * problem.shifts):
        rows = cover.cell_rows[cover.cell_start[cell] : cover.cell_start[cell + 1]]
        price[cell // problem.shifts, 1 + cell % problem.shifts] += extra[rows[cover.counts[person, rows]]].sum()
    kept = price[day, shift + 1]
    price[day] = np.inf
    price[day, shift + 1] = kept
    return price


def _alone(problem: RosterProblem, person: int) -> RosterProblem:
    """The problem of one person, without cover."""
    one = slice(person, person + 1)
    names: tuple[str, ...] = (
        "can_work",
        "is_day_off",
        "is_banned",
        "most_of_shift",
        "least_shifts",
        "most_shifts",
        "least_minutes",
    )
    names += ("most_minutes", "least_days_on", "most_days_on", "least_days_off", "most_weekends", "last_shift")
    names += ("days_before", "action_cost", "turn_target")
    nothing = np.zeros((problem.days, problem.shifts))
    cover = cover_rows(
        problem.shift_start_minutes,
        problem.shift_minutes,
        1,
        need=nothing.astype(np.int64),
        least=nothing.astype(np.int64),
        under_weight=nothing,
        over_weight=nothing,
        skills=None,
        intervals=None,
    )
    return replace(problem, cover=cover, **{name: getattr(problem, name)[one] for name in names})


def _smallest(alone: RosterProblem, day: int, action: int) -> tuple[RosterRule, ...]:
    """The rules that cannot all be kept with this action on this day (-1: on no day in particular)."""
    needed = []
    for rule in RULES:
        without = _without(alone, rule)
        if _is_possible(without, day, action):
            needed.append(rule)
        else:
            alone = without
    return tuple(needed)


def _is_possible(alone: RosterProblem, day: int, action: int) -> bool:
    room = room_of(alone)
    price = room.cost.copy()
    if day >= 0:
        kept = price[0, day, action]
        price[0, day] = np.inf
        price[0, day, action] = kept
    _, least = room.best(price, np.array([0]))
    return bool(np.isfinite(least[0]))


def _without(problem: RosterProblem, rule: RosterRule) -> RosterProblem:
    """The problem with a rule that never binds."""
    days = problem.days
    loose: dict[RosterRule, object] = {
        RosterRule.CAN_WORK: True,
        RosterRule.DAY_OFF: False,
        RosterRule.BANNED: False,
        RosterRule.SUCCESSION: True,
        RosterRule.MOST_OF_SHIFT: days,
        RosterRule.LEAST_SHIFTS: 0,
        RosterRule.MOST_SHIFTS: days,
        RosterRule.LEAST_MINUTES: 0,
        RosterRule.MOST_MINUTES: days * int(problem.shift_minutes.max()),
        RosterRule.LEAST_DAYS_ON: 1,
        RosterRule.MOST_DAYS_ON: 2 * LONGEST_DAYS,
        RosterRule.LEAST_DAYS_OFF: 1,
        RosterRule.MOST_WEEKENDS: days,
    }
    given = getattr(problem, rule.value)
    return replace(problem, **{rule.value: np.full_like(given, loose[rule])})
