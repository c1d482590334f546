"""Each person's rules as a small machine: where a run of days stands, and what has been used up so far.

A roster of one person is a path through it, one step a day; the best of all is found exactly, day by day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import gcd, inf
from typing import TypeAlias

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineInputError
from closeknit.engine.rostering.problem import RosterProblem

MOST_TALLIES = 20_000
"""Different states of what is used up: some millions of steps a day and person."""

Tally: TypeAlias = tuple[int, ...]
Run: TypeAlias = tuple[int, int, int]
"""Days in the run; 0 off or 1 + the group of the last shift; 1 where the least days on are waived."""


@dataclass(frozen=True, slots=True, eq=False)
class Machines:
    """The machines of all people, one after another in flat arrays, people alike sharing theirs.

    `layout[person]`: runs, tallies, where its parts of `step`, `tally`, `ending` and `is_work` begin; the
    start is run 0, tally 0.
    `step[run * actions + action]` is the next run or -1, `tally[(fresh * tallies + t) * actions + action]` the next
    tally or -1 (`fresh` 1: a weekend not yet counted), `ending[t]` the cost at the end or infinity. `day_kind`: 0 a
    weekday, 1 a weekend's first day, 2 its second.
    """

    layout: IntArray
    step: IntArray
    tally: IntArray
    ending: FloatArray
    is_work: IntArray
    day_kind: IntArray

    @property
    def largest(self) -> int:
        """The most states of any machine."""
        return int((self.layout[:, 0] * self.layout[:, 1]).max())


@dataclass(frozen=True, slots=True)
class _Limit:
    """Something counted: what each shift adds, its bounds, and whether more than the lower bound need be told apart."""

    use: tuple[int, ...]
    lower: int
    upper: int
    weekend: bool = False
    cost: Callable[[int], float] | None = None

    def after(self, used: int, shift: int, fresh: bool) -> int:
        total = used + (int(fresh) if self.weekend else self.use[shift])
        if total > self.upper:
            return -1
        return total if self.cost or self.upper < _ENDLESS else min(total, self.lower)


_ENDLESS = 10**9


def machines_of(problem: RosterProblem) -> Machines:
    """The machines of everyone; refuses horizons whose rules take too many states to be told apart."""
    step: list[int] = []
    tally: list[int] = []
    ending: list[float] = []
    is_work: list[int] = []
    known: dict[tuple[object, ...], tuple[int, ...]] = {}
    group = _groups(problem)
    layout = []
    for person in range(problem.people):
        key = _key(problem, person)
        if key not in known:
            steps, works = _runs(problem, person, group)
            tallies, ends = _tallies(_limits(problem, person), problem, person)
            known[key] = (len(works), len(ends), len(step), len(tally), len(ending), len(is_work))
            step += steps
            tally += tallies
            ending += ends
            is_work += works
        layout.append(known[key])
    return Machines(
        layout=np.array(layout, dtype=np.int64),
        step=np.array(step, dtype=np.int64),
        tally=np.array(tally, dtype=np.int64),
        ending=np.array(ending),
        is_work=np.array(is_work, dtype=np.int64),
        day_kind=_day_kinds(problem),
    )


def _key(problem: RosterProblem, person: int) -> tuple[object, ...]:
    names: tuple[str, ...] = (
        "least_shifts",
        "most_shifts",
        "least_minutes",
        "most_minutes",
        "least_days_on",
        "most_days_on",
    )
    names += ("least_days_off", "most_weekends", "last_shift", "days_before")
    target = tuple(problem.turn_target[person].tolist())
    most = tuple(problem.most_of_shift[person].tolist()) + tuple(problem.can_work[person].tolist())
    return (*(int(getattr(problem, name)[person]) for name in names), target, most)


def _day_kinds(problem: RosterProblem) -> IntArray:
    weekend = problem.weekend_of_day
    same = np.concatenate([[False], weekend[1:] == weekend[:-1]])
    return np.where(weekend < 0, 0, np.where(same, 2, 1)).astype(np.int64)


def _groups(problem: RosterProblem) -> list[int]:
    """Shifts after which the same may follow are one: 1, 2, ... by shift."""
    known: dict[bytes, int] = {}
    return [known.setdefault(problem.may_follow[s].tobytes(), len(known) + 1) for s in range(problem.shifts)]


def _runs(problem: RosterProblem, person: int, group: list[int]) -> tuple[list[int], list[int]]:
    """The steps between runs of days, the start first, and whether each is work."""
    least_on, most_on = int(problem.least_days_on[person]), int(problem.most_days_on[person])
    rest = int(problem.least_days_off[person])
    follow = {group[s]: problem.may_follow[s] for s in range(problem.shifts)}

    def after(run: Run, action: int, first: bool) -> Run | None:
        days, last, waived = run
        if action == 0:
            if last and days < least_on and not waived:
                return None
            return (1 if last else min(days + 1, rest), 0, 0)
        shift = action - 1
        if not last:
            if days < rest:
                return None
            return (1, group[shift], int(first and least_on > 1))
        if (binds and days >= most_on) or not follow[last][shift]:
            return None
        longer = days + 1 if binds else min(days + 1, least_on)
        return (longer, group[shift], int(waived and longer < least_on))

    before, last = int(problem.days_before[person]), int(problem.last_shift[person])
    # Days in a row are told apart only as far as a rule asks for it.
    binds = most_on < problem.days + (before if last >= 0 else 0)
    start: Run = (rest, 0, 0)
    if before:
        start = (min(before, most_on), group[last], 0) if last >= 0 else (min(before, rest), 0, 0)
    # The start is a place of its own: from it alone the least days on may be waived.
    names: dict[Run, int] = {(-1, -1, -1): 0}
    ahead, steps = [(-1, -1, -1)], []
    for run in ahead:
        for action in range(problem.shifts + 1):
            begins = run[0] < 0
            found = after(start if begins else run, action, begins and not before)
            if found is not None and found not in names:
                names[found] = len(names)
                ahead.append(found)
            steps.append(-1 if found is None else names[found])
    is_work = [int(run[1] > 0) for run in ahead]
    is_work[0] = int(bool(before) and last >= 0)
    return steps, is_work


def _limits(problem: RosterProblem, person: int) -> list[_Limit]:
    lengths = problem.shift_minutes.tolist()
    shifts, days = problem.shifts, problem.days
    once = (1,) * shifts
    unit = reduce(gcd, lengths)
    least, most = int(problem.least_shifts[person]), int(problem.most_shifts[person])
    lower, upper = -(-int(problem.least_minutes[person]) // unit), int(problem.most_minutes[person]) // unit
    limits = []
    weekends = np.unique(problem.weekend_of_day[problem.weekend_of_day >= 0]).size
    if problem.most_weekends[person] < weekends:
        limits.append(_Limit(once, 0, int(problem.most_weekends[person]), weekend=True))
    if min(lengths) == max(lengths):
        least, most, lower, upper = max(least, lower), min(most, upper), 0, days
    elif lower > 0 or upper < days * max(lengths) // unit:
        use = tuple(length // unit for length in lengths)
        limits.append(_Limit(use, lower, upper if upper < days * max(use) else _ENDLESS))
    if least > 0 or most < days:
        limits.append(_Limit(once, least, most if most < days else _ENDLESS))
    for shift in range(shifts):
        count = int(problem.most_of_shift[person, shift])
        if 0 < count < days and problem.can_work[person, shift]:
            limits.append(_Limit(tuple(int(s == shift) for s in range(shifts)), 0, count))
    for place in range(problem.turn_weight.size):
        limits.append(_turn(problem, person, place))
    return limits


def _turn(problem: RosterProblem, person: int, place: int) -> _Limit:
    target, weight = float(problem.turn_target[person, place]), float(problem.turn_weight[place])
    use = tuple(int(one) for one in problem.turn_shifts[place])
    return _Limit(use, 0, _ENDLESS, cost=lambda count: weight * abs(count - target))


def _tallies(limits: list[_Limit], problem: RosterProblem, person: int) -> tuple[list[int], list[float]]:
    """Every tally that days of work can reach: the next ones by action, not fresh first, and the cost at the end."""
    shifts, days = problem.shifts, problem.days
    start: Tally = (0,) * len(limits)
    names, depth = {start: 0}, [0]
    ahead: list[Tally] = [start]
    nexts: tuple[list[int], list[int]] = ([], [])
    for place, tally in enumerate(ahead):
        for fresh in (False, True):
            nexts[fresh].append(place)
            for shift in range(shifts):
                found = tuple(limit.after(used, shift, fresh) for limit, used in zip(limits, tally, strict=True))
                if -1 in found or (found not in names and depth[place] >= days):
                    nexts[fresh].append(-1)
                    continue
                if found not in names:
                    names[found] = len(names)
                    ahead.append(found)
                    depth.append(depth[place] + 1)
                nexts[fresh].append(names[found])
        if len(ahead) > MOST_TALLIES:
            raise EngineInputError(
                f"person {person} has too many sums of minutes and counts to tell apart: roster fewer days at a time "
                "(last_shift and days_before say what came before), give shift_minutes in rounder steps, or limit "
                "fewer shifts by most_of_shift and turn_shifts"
            )
    return nexts[0] + nexts[1], [_ending(limits, tally) for tally in ahead]


def _ending(limits: list[_Limit], tally: Tally) -> float:
    if any(used < limit.lower for limit, used in zip(limits, tally, strict=True)):
        return inf
    return sum((limit.cost(used) for limit, used in zip(limits, tally, strict=True) if limit.cost), 0.0)
