"""The program over whole rosters of single people: relaxed, for prices and for rounding."""

from typing import Any

import numpy as np
from scipy import sparse

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineSolverError
from closeknit.engine.rostering.room import Room


class Master:
    """Choose one column (the days of one person) per person, so that pay, wishes, turns and cover cost least.

    Rows: one per person (a sum of 1), then one per row of the cover (people at work there, less steps of its cost by
    count). It is held in HiGHS, so that new columns are solved from the last basis.
    """

    def __init__(self, room: Room) -> None:
        import highspy

        self._highspy, self._room = highspy, room
        self._people, self._rows = room.problem.people, room.problem.cover.rows
        self._constant = float(room.row_cost[:, 0].sum())
        self._highs = self._opened()
        self.paths: list[IntArray] = []
        self._known: set[tuple[int, bytes]] = set()
        self._steps = self._add_steps()

    def _opened(self) -> Any:
        new: Any = self._highspy.Highs
        highs: Any = new()
        for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 0)):
            highs.setOptionValue(option, value)
        once, nothing = np.ones(self._people), np.zeros(self._rows)
        lower, upper = np.concatenate([once, nothing]), np.concatenate([once, nothing])
        count = lower.size
        empty = np.zeros(0)
        highs.addRows(count, lower, upper, 0, np.zeros(count, dtype=np.int32), empty.astype(np.int32), empty)
        return highs

    def _add_steps(self) -> int:
        """The cost of a row by count is convex: equal slopes make one step; the number of steps."""
        slopes = np.diff(self._room.row_cost, axis=1)
        cost, upper, rows = [], [], []
        for row in range(self._rows):
            values, counts = np.unique(np.round(slopes[row], 9), return_counts=True)
            cost += values.tolist()
            upper += counts.tolist()
            rows += [self._people + row] * values.size
        number = len(cost)
        self._add(np.array(cost), np.array(upper, dtype=float), np.arange(number), np.array(rows), -np.ones(number))
        return number

    def _add(self, cost: FloatArray, upper: FloatArray, starts: IntArray, index: IntArray, value: FloatArray) -> None:
        self._highs.addCols(
            cost.size,
            cost,
            np.zeros(cost.size),
            upper,
            index.size,
            starts.astype(np.int32),
            index.astype(np.int32),
            value.astype(np.float64),
        )

    def add(self, people: IntArray, days: IntArray, cost: FloatArray, counted: sparse.csr_array) -> int:
        """Add the days of some people at their own cost, those not yet known; how many were new.

        `counted` [place, row of the cover]: how often these days count there.
        """
        new = []
        for place, person in enumerate(people.tolist()):
            key = (person, days[place].tobytes())
            if key not in self._known:
                self._known.add(key)
                self.paths.append(np.append(days[place], person))
                new.append(place)
        if new:
            owners = sparse.coo_array((np.ones(len(new)), (np.arange(len(new)), people[new])), (len(new), self._people))
            both = sparse.csr_array(sparse.hstack([owners, counted[new]]))
            self._add(cost[new], np.full(len(new), np.inf), both.indptr[:-1], both.indices, both.data)
        return len(new)

    def fix(self, columns: IntArray, lower: float) -> None:
        """Choose these columns for good (`lower` 1), or let them free again (0)."""
        places = (self._steps + columns).astype(np.int32)
        self._highs.changeColsBounds(places.size, places, np.full(places.size, lower), np.full(places.size, np.inf))

    def shares(self) -> FloatArray:
        """How much of each column the relaxed program took."""
        return np.array(self._highs.getSolution().col_value[self._steps :])

    def relaxed(self, primal: bool = True) -> tuple[float, FloatArray]:
        """The relaxed cost, and the price of one person on each row of the cover."""
        # New columns leave the last point feasible, newly fixed ones the last prices.
        self._highs.setOptionValue("simplex_strategy", 4 if primal else 1)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status != self._highspy.HighsModelStatus.kOptimal:
            raise EngineSolverError(f"HiGHS stopped without an optimum: {self._highs.modelStatusToString(status)}")
        found = self._highs.getSolution()
        prices = np.array(found.row_dual[self._people :])
        return float(self._highs.getInfo().objective_function_value) + self._constant, prices
