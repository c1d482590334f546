"""No roster is cheaper than this: a bound from prices alone, and the columns that a good roster is made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from closeknit.engine.checks import FloatArray, IntArray, frozen, whole_number
from closeknit.engine.rostering.check import check_roster, roster_of, turns_of
from closeknit.engine.rostering.master import Master
from closeknit.engine.rostering.problem import RosterProblem
from closeknit.engine.rostering.room import Room, room_of

MOST_ROUNDS = 10_000
CLOSE = 1e-6
DIVE_STEPS = 8
"""A dive fixes everybody in at most about so many steps."""
SURE = 0.9
"""A share of a column from which on a dive takes it as settled."""


@dataclass(frozen=True, slots=True, eq=False)
class RosterBound:
    """No roster of the problem costs less than `cost`; least cover missed counts at `rule_weight` per person.

    `price[row]` is the worth of one person more on each row of the cover at that bound. `is_tight`: the relaxed
    program is solved, no prices bound better.
    """

    cost: float
    price: FloatArray
    rule_weight: float
    rounds: int
    is_tight: bool


def roster_bound(
    problem: RosterProblem,
    roster: ArrayLike,
    *,
    rounds: int = 200,
    keep_going: Callable[[], bool] | None = None,
) -> RosterBound:
    """A cost below which no roster goes, from prices on the cover found by column generation from `roster` on.

    L(y) = sum_row min_c [cost_row(c) + y_row c] + sum_person min_days [cost(days) - y . people(days)]: whatever the
    prices y, no roster is cheaper. Where all weights are whole numbers it's rounded up. Minutes: one linear program and
    one best roster per person in each of the `rounds`. Bounds from a search cut short hold as well.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360], shift_minutes=480, can_work=np.ones((2, 1), bool), need=[[1], [2], [1]],
    ...     under_weight=10.0, most_shifts=1,
    ... )
    >>> roster_bound(problem, [[-1, 0, -1], [-1, 0, -1]]).cost
    20.0
    """
    days = roster_of(problem, roster)
    limit = whole_number("rounds", rounds, minimum=1, maximum=MOST_ROUNDS)
    columns = Columns(room_of(problem), days)
    for _ in range(limit):
        if columns.is_tight or (keep_going is not None and not keep_going()):
            break
        columns.round()
    return columns.bound()


class Columns:
    """Column generation between rounds."""

    def __init__(self, room: Room, roster: IntArray) -> None:
        self.room, self.master = room, Master(room)
        self._cells = _Cells(room)
        self._whole_costs = _are_whole(room)
        self._people = np.arange(room.problem.people)
        self.best, self.rounds, self.is_tight = -np.inf, 0, False
        self.price = np.zeros(room.problem.cover.rows)
        self._toward = 0.0
        self.add_roster(roster)

    def add_roster(self, roster: IntArray) -> None:
        """Let the program choose from everybody's days in this roster."""
        problem = self.room.problem
        every = np.arange(problem.days)
        turns = np.abs(turns_of(problem, roster) - problem.turn_target) @ problem.turn_weight
        cost = problem.action_cost[self._people[:, None], every[None, :], roster + 1].sum(axis=1) + turns
        broken = {found.person for found in check_roster(problem, roster).broken}
        people = [p for p in self._people.tolist() if p not in broken]
        chosen, paths, costs = np.array(people, dtype=np.int64), roster[people], cost[people]
        # A person without a column has no sum of 1: where a roster breaks rules, the cheapest days stand in.
        if chosen.size < problem.people and not self.master.paths:
            paths, costs = self.room.best(self.room.cost, self._people)
            chosen = self._people
        self.master.add(chosen, paths, costs, self._cells.counted(chosen, paths))

    def round(self) -> None:
        """Price the cover, ask for everyone's best days at these prices, add them."""
        self.rounds += 1
        relaxed, price = self.master.relaxed()
        if self.best >= relaxed - CLOSE * (1.0 + abs(relaxed)):
            self.is_tight = True
            return
        # Prices jump between rounds: halfway to the best so far they bound better. Alone they end the search.
        asked = self._toward * self.price + (1.0 - self._toward) * price
        new = self._ask(asked)
        if not new and self._toward > 0.0:
            new = self._ask(price)
        self._toward = 0.5 if np.isfinite(self.best) else 0.0
        if not new:
            self.is_tight = True

    def _ask(self, price: FloatArray) -> int:
        room = self.room
        new, least = self._price(price, self._people)
        steps = room.row_cost + price[:, None] * np.arange(room.row_cost.shape[1])
        bound = float(least.sum() + steps.min(axis=1).sum())
        if bound > self.best:
            self.best, self.price = bound, price
        return new

    def _price(self, price: FloatArray, people: IntArray) -> tuple[int, FloatArray]:
        """Add the best days of some people at this price; how many were new, and what each comes to."""
        paths, least = self.room.best(self._cells.priced(self.room.cost, price, people), people)
        counted = self._cells.counted(people, paths)
        return self.master.add(people, paths, least + counted @ price, counted), least

    def dive(self, keep_going: Callable[[], bool], rounds: int = 3) -> IntArray:
        """A roster by rounding: fix whom the relaxed program is surest of, price again, until all are fixed."""
        fixed: list[int] = []
        free = np.ones(self._people.size, dtype=np.bool_)
        some = max(1, self._people.size // DIVE_STEPS)
        while free.any():
            _, price = self.master.relaxed(primal=not fixed)
            for _ in range(rounds if keep_going() else 0):
                if not self._price(price, np.flatnonzero(free))[0]:
                    break
                _, price = self.master.relaxed()
            shares = self.master.shares()
            owner = np.array([path[-1] for path in self.master.paths])
            shares = np.where(free[owner], shares, -1.0)
            chosen = np.flatnonzero(shares > SURE)
            if chosen.size < some:
                chosen = _surest(shares, owner, some)
            free[owner[chosen]] = False
            fixed += chosen.tolist()
            self.master.fix(chosen, 1.0)
        self.master.fix(np.array(fixed), 0.0)
        roster = np.full((self._people.size, self.room.problem.days), -1, dtype=np.int64)
        for column in fixed:
            roster[self.master.paths[column][-1]] = self.master.paths[column][:-1]
        return roster

    def bound(self) -> RosterBound:
        """What is known so far."""
        cost = self.best
        if self._whole_costs and np.isfinite(cost):
            cost = float(np.ceil(cost - CLOSE * (1.0 + abs(cost))))
        return RosterBound(cost, frozen(self.price.copy()), self.room.rule_weight, self.rounds, self.is_tight)


def _surest(shares: FloatArray, owner: IntArray, count: int) -> IntArray:
    """The columns of the largest shares, one per person, of so many people."""
    chosen: dict[int, int] = {}
    for column in np.argsort(-shares, kind="stable").tolist():
        if shares[column] < 0.0 or len(chosen) == count:
            break
        chosen.setdefault(int(owner[column]), column)
    return np.array(list(chosen.values()), dtype=np.int64)


class _Cells:
    """How often a day's shift counts on the rows of the cover, by what people can do."""

    def __init__(self, room: Room) -> None:
        problem, cover = room.problem, room.problem.cover
        cells = problem.days * problem.shifts
        ones = np.ones(cover.cell_rows.size)
        self._rows = sparse.csr_array((ones, cover.cell_rows, cover.cell_start), (cells, cover.rows))
        self._counts = cover.counts
        self._kinds, self._kind = np.unique(cover.counts, axis=0, return_inverse=True)
        self._shape = (problem.days, problem.shifts)

    def counted(self, people: IntArray, paths: IntArray) -> sparse.csr_array:
        """How often each path counts on each row: [place, row]."""
        place, day = np.nonzero(paths >= 0)
        cell = day * self._shape[1] + paths[place, day]
        taken = sparse.csr_array((np.ones(place.size), (place, cell)), (people.size, self._rows.shape[0]))
        counted = sparse.csr_array(taken @ self._rows)
        of_place = np.repeat(np.arange(people.size), np.diff(counted.indptr))
        counted.data *= self._counts[people[of_place], counted.indices]
        counted.eliminate_zeros()
        counted.sort_indices()
        return counted

    def priced(self, cost: FloatArray, price: FloatArray, people: IntArray) -> FloatArray:
        """These people's costs less the worth of the rows that they count on: [place, day, action]."""
        worth = np.stack([self._rows @ np.where(kind, price, 0.0) for kind in self._kinds])
        priced = cost[people]
        priced[:, :, 1:] -= worth[self._kind.ravel()[people]].reshape(people.size, *self._shape)
        return priced


def _are_whole(room: Room) -> bool:
    problem, cover = room.problem, room.problem.cover
    costs = [problem.action_cost, cover.under_weight, cover.over_weight, np.array([room.rule_weight])]
    if problem.turn_weight.size:
        costs += [problem.turn_weight, problem.turn_target * problem.turn_weight]
    return all(bool(np.all(cost == np.round(cost))) for cost in costs)
