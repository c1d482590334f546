"""A roster and how far it can be from the cheapest: search, prices, rounding, and search again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import IntArray, whole_number
from closeknit.engine.rostering.bound import MOST_ROUNDS, Columns, RosterBound
from closeknit.engine.rostering.check import RosterCheck
from closeknit.engine.rostering.problem import RosterProblem
from closeknit.engine.rostering.room import Room, room_of
from closeknit.engine.rostering.search import MOST_ITERATIONS, Roster, improved, started

DIVES = 6
DIVE_ROUNDS = 2
SHORT_SEARCH = 2000
"""Iterations at most before the bound and after each dive: a clock must leave time for both."""


@dataclass(frozen=True, slots=True, eq=False)
class RosterPlan:
    """The cheapest roster found and the bound below all.

    `least_missed` people fail least cover; `gap` is the roster's cost, these at the bound's `rule_weight`, above the
    bound: no roster is cheaper by more.
    """

    roster: Roster
    bound: RosterBound
    least_missed: int
    gap: float

    @property
    def is_optimal(self) -> bool:
        """Whether no roster is cheaper."""
        return self.gap <= 1e-6 * (1.0 + abs(self.bound.cost))


def plan_roster(
    problem: RosterProblem,
    *,
    iterations: int = 3000,
    rounds: int = 200,
    rng: np.random.Generator,
    keep_going: Callable[[], bool] | None = None,
) -> RosterPlan:
    """The cheapest roster to be found, with the gap to a bound that holds for all rosters.

    A start at once; a short search; a bound by at most `rounds` of column generation; the relaxed program rounded into
    rosters, each searched on; then the rest of the `iterations` from the best. It ends early when the gap is closed.
    The same problem, iterations, rounds and generator give the same bits. `keep_going`, asked now and then, ends the
    work early when it says no (a clock): what there is by then comes back, and is not replayable.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360, 840], shift_minutes=480, can_work=[[True, True]] * 3,
    ...     need=[[1, 1]] * 4,
    ...     under_weight=10.0, least_rest_minutes=660, most_shifts=2, pay=1.0,
    ... )
    >>> plan = plan_roster(problem, rng=np.random.default_rng(1))
    >>> plan.roster.cost, plan.bound.cost, plan.is_optimal
    (26.0, 26.0, True)
    """
    wanted = whole_number("iterations", iterations, minimum=0, maximum=MOST_ITERATIONS)
    limit = whole_number("rounds", rounds, minimum=1, maximum=MOST_ROUNDS)
    work = _Work(room_of(problem), rng, keep_going)
    short = min(wanted // 10, SHORT_SEARCH)
    work.search(short)
    work.find_bound(limit)
    for _ in range(DIVES):
        if work.is_done:
            break
        work.dive(short)
    work.search(max(wanted - work.spent, 0))
    return work.plan()


class _Work:
    """The best roster and the bound, as they stand."""

    def __init__(self, room: Room, rng: np.random.Generator, keep_going: Callable[[], bool] | None) -> None:
        self._room, self._rng, self._asked = room, rng, keep_going
        self.best = started(room)
        self._columns = Columns(room, self.best.shift)
        self._bound = self._columns.bound()
        self.spent = 0

    def _goes_on(self) -> bool:
        return self._asked is None or self._asked()

    @property
    def is_done(self) -> bool:
        return self.plan().is_optimal or not self._goes_on()

    def search(self, iterations: int) -> None:
        """Search on from the best."""
        if iterations and not self.is_done:
            self._take(self.best.shift, iterations)

    def _take(self, roster: IntArray, iterations: int) -> None:
        found = improved(self._room, roster, iterations, self._rng, self._asked)
        self.spent += found.iterations
        self._columns.add_roster(found.shift)
        if _whole_cost(self._room, found.check) < _whole_cost(self._room, self.best.check):
            self.best = found

    def find_bound(self, rounds: int) -> None:
        """Column generation until no price bounds better."""
        while not self._columns.is_tight and self._columns.rounds < rounds and self._goes_on():
            self._columns.round()
        self._bound = self._columns.bound()

    def dive(self, iterations: int) -> None:
        """Round the relaxed program, then search on from there."""
        self._take(self._columns.dive(self._goes_on, DIVE_ROUNDS), iterations)

    def plan(self) -> RosterPlan:
        """What there is."""
        best, problem = self.best, self._room.problem
        missed = int(np.maximum(problem.cover.least - best.check.people_by_row, 0).sum())
        gap = max(_whole_cost(self._room, best.check) - self._bound.cost, 0.0)
        roster = Roster(best.shift, best.check, self.spent, self._asked is None)
        return RosterPlan(roster, self._bound, missed, gap)


def _whole_cost(room: Room, check: RosterCheck) -> float:
    missed = np.maximum(room.problem.cover.least - check.people_by_row, 0).sum()
    return check.cost + room.rule_weight * float(missed)
