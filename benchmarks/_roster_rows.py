"""A rostering problem as whole-number rows, the same for CP-SAT and for HiGHS: what a general solver is given."""

from collections import defaultdict
from typing import Any

import numpy as np

from closeknit.engine.rostering import RosterProblem


class Rows:
    """Variables (largest value, cost), rows (lower, terms, upper); `work[person, day, shift]` is a variable or -1."""

    def __init__(self, problem: RosterProblem) -> None:
        self.largest: list[int] = []
        self.cost: list[float] = []
        self.rows: list[tuple[float, list[int], list[int], float]] = []
        self.constant = float(problem.action_cost[:, :, 0].sum())
        may = problem.may_work
        shape = (problem.people, problem.days, problem.shifts)
        self.work = np.full(shape, -1, dtype=int)
        for person, day, shift in np.argwhere(may).tolist():
            extra = problem.action_cost[person, day, shift + 1] - problem.action_cost[person, day, 0]
            self.work[person, day, shift] = self._variable(1, float(extra))
        for person in range(problem.people):
            self._person(problem, person)
        self._cover(problem)

    def _variable(self, largest: int, cost: float) -> int:
        self.largest.append(largest)
        self.cost.append(cost)
        return len(self.cost) - 1

    def _row(self, lower: float, terms: list[tuple[int, int]], upper: float) -> None:
        total: dict[int, int] = defaultdict(int)
        for variable, factor in terms:
            if variable >= 0:
                total[variable] += factor
        self.rows.append((lower, list(total), list(total.values()), upper))

    def _on(self, person: int, day: int, factor: int = 1) -> list[tuple[int, int]]:
        return [(int(v), factor) for v in self.work[person, day]]

    def _person(self, problem: RosterProblem, p: int) -> None:
        days, shifts = problem.days, problem.shifts
        for day in range(days):
            self._row(0, self._on(p, day), 1)
        for day in range(days - 1):
            for shift in range(shifts):
                barred = np.flatnonzero(~problem.may_follow[shift]).tolist()
                if barred:
                    after = [(int(self.work[p, day + 1, b]), 1) for b in barred]
                    self._row(-np.inf, [(int(self.work[p, day, shift]), 1), *after], 1)
        every = [(int(self.work[p, d, s]), s) for d in range(days) for s in range(shifts)]
        minutes = [(v, int(problem.shift_minutes[s])) for v, s in every]
        self._row(int(problem.least_minutes[p]), minutes, int(problem.most_minutes[p]))
        self._row(int(problem.least_shifts[p]), [(v, 1) for v, _ in every], int(problem.most_shifts[p]))
        for shift in range(shifts):
            if problem.most_of_shift[p, shift] < days:
                self._row(0, [(v, 1) for v, s in every if s == shift], int(problem.most_of_shift[p, shift]))
        self._runs(problem, p)
        self._weekends(problem, p)

    def _runs(self, problem: RosterProblem, p: int) -> None:
        days, most = problem.days, int(problem.most_days_on[p])
        for first in range(days - most):
            self._row(0, [t for d in range(first, first + most + 1) for t in self._on(p, d)], most)
        for least, sign in ((int(problem.least_days_on[p]), 1), (int(problem.least_days_off[p]), -1)):
            for length in range(1, least):
                for first in range(days - length - 1):
                    inside = [t for d in range(first + 1, first + length + 1) for t in self._on(p, d, -sign)]
                    edges = self._on(p, first, sign) + self._on(p, first + length + 1, sign)
                    self._row(1 - length if sign > 0 else -1, inside + edges, np.inf)

    def _weekends(self, problem: RosterProblem, p: int) -> None:
        numbers = np.unique(problem.weekend_of_day[problem.weekend_of_day >= 0]).tolist()
        if problem.most_weekends[p] >= len(numbers):
            return
        worked = []
        for number in numbers:
            worked.append((self._variable(1, 0.0), 1))
            for day in np.flatnonzero(problem.weekend_of_day == number).tolist():
                self._row(-np.inf, [*self._on(p, day), (worked[-1][0], -1)], 0)
        self._row(0, worked, int(problem.most_weekends[p]))

    def _cover(self, problem: RosterProblem) -> None:
        cover = problem.cover
        for day in range(problem.days):
            for shift in range(problem.shifts):
                row = day * problem.shifts + shift
                need = int(cover.need[row])
                there = [(int(v), 1) for v in self.work[:, day, shift]]
                short = self._variable(need, float(cover.under_weight[row]))
                many = self._variable(problem.people, float(cover.over_weight[row]))
                self._row(need, [*there, (short, 1), (many, -1)], need)
                if cover.least[row] > 0:
                    self._row(int(cover.least[row]), there, np.inf)

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        bounds = [[None if np.isinf(end) else end for end in (row[0], row[3])] for row in self.rows]
        return {
            "largest": self.largest,
            "cost": self.cost,
            "rows": [[*bound, row[1], row[2]] for bound, row in zip(bounds, self.rows, strict=True)],
        }

    def roster(self, values: list[float]) -> list[list[int]]:
        """The roster that a solver's values stand for."""
        on = np.array([*values, 0.0])[self.work] > 0.5
        days: list[list[int]] = np.where(on.any(axis=2), on.argmax(axis=2), -1).tolist()
        return days


def by_highs(rows: Rows, seconds: float, threads: int) -> tuple[list[float] | None, float]:
    """HiGHS' values (None: none found) and its bound."""
    import highspy

    new: Any = highspy.Highs
    highs = new()
    for option, value in (("output_flag", False), ("time_limit", seconds), ("threads", threads)):
        highs.setOptionValue(option, value)
    count = len(rows.cost)
    none = np.zeros(0)
    highs.addCols(
        count, np.array(rows.cost), np.zeros(count), np.array(rows.largest, dtype=float), 0,
        np.zeros(count, dtype=np.int32), none.astype(np.int32), none,
    )  # fmt: skip
    highs.changeColsIntegrality(count, np.arange(count, dtype=np.int32), np.full(count, highspy.HighsVarType.kInteger))
    starts = np.concatenate([[0], np.cumsum([len(row[1]) for row in rows.rows])])[:-1]
    index = np.array([v for row in rows.rows for v in row[1]], dtype=np.int32)
    factors = np.array([v for row in rows.rows for v in row[2]], dtype=float)
    lower, upper = np.array([row[0] for row in rows.rows]), np.array([row[3] for row in rows.rows])
    highs.addRows(len(rows.rows), lower, upper, index.size, starts.astype(np.int32), index, factors)
    highs.run()
    found = list(highs.getSolution().col_value) if highs.getInfo().primal_solution_status == 2 else None
    return found, float(highs.getInfo().mip_dual_bound) + rows.constant
