"""Guaranteed minimums that cannot all be kept: where, whose, and by how much.

Every cell belongs to at most one budget, so the test is exact without a solver: a cell fails when its
minimums exceed regular plus overtime hours; a budget fails when the overtime its cells must have exceeds it.
"""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.allocation.problem import AllocationProblem
from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineError

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Conflict:
    """A smallest set of guaranteed minimums that cannot all be kept.

    `cells` and `claims` are indices; `budget` is the overtime budget's index, or -1 when one cell fails by
    itself. `need_hours` is what those minimums (for a budget: the overtime they force) add up to,
    `have_hours` what there is. No smaller set fails: leaving out any one of its cells or,
    in a single cell, any one of its claims makes the rest fit.
    """

    cells: tuple[int, ...]
    claims: tuple[int, ...]
    budget: int
    need_hours: float
    have_hours: float

    def __str__(self) -> str:
        where = f"cell {self.cells[0]}" if self.budget < 0 else f"overtime budget {self.budget}, cells {self.cells}"
        return f"{where}: claims {self.claims} need {self.need_hours:g} h, have {self.have_hours:g} h"


class MinimumsConflict(EngineError):
    """The guaranteed minimums cannot all be kept; `conflicts` says which, where and by how much."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        listed = "; ".join(str(conflict) for conflict in conflicts[:5])
        more = f"; and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
        super().__init__(
            f"guaranteed minimums exceed capacity in {len(conflicts)} place(s): {listed}{more}. "
            "Nothing was allocated: lower a minimum, or add capacity or overtime there"
        )

    def __reduce__(self) -> tuple[type["MinimumsConflict"], tuple[tuple[Conflict, ...]]]:
        # the default rebuilds an exception from its message, which loses the conflicts between processes
        return MinimumsConflict, (self.conflicts,)


def find_minimums_conflicts(problem: AllocationProblem) -> tuple[Conflict, ...]:
    """All places where the guaranteed minimums cannot be kept, cells first; empty when they can.

    >>> p = AllocationProblem.of(
    ...     capacity_hours=[10.0], claim_cell=[0, 0, 0], claim_hours=[8.0, 7.0, 1.0],
    ...     claim_minimum_hours=[8.0, 7.0, 1.0], shortfall_cost_per_hour=1.0)
    >>> [str(c) for c in find_minimums_conflicts(p)]
    ['cell 0: claims (0, 1) need 15 h, have 10 h']
    """
    forced = problem.minimum_hours - problem.capacity_hours
    limit = problem.overtime_limit_hours
    fails = forced > limit + _TOLERANCE * (1.0 + problem.capacity_hours + limit)
    cells = [_cell_conflict(problem, int(cell)) for cell in np.flatnonzero(fails)]
    return (*cells, *_budget_conflicts(problem, np.clip(forced, 0.0, limit)))


def _cell_conflict(problem: AllocationProblem, cell: int) -> Conflict:
    have = float(problem.capacity_hours[cell] + problem.overtime_limit_hours[cell])
    claims = np.flatnonzero(problem.claim_cell == cell)
    named = claims[_largest_over(problem.claim_minimum_hours[claims], have)]
    need = float(problem.claim_minimum_hours[named].sum())
    return Conflict((cell,), tuple(int(claim) for claim in named), -1, need, have)


def _budget_conflicts(problem: AllocationProblem, forced: FloatArray) -> list[Conflict]:
    found = []
    for budget, have in enumerate(problem.overtime_budget_hours):
        cells = np.flatnonzero((problem.overtime_budget_of_cell == budget) & (forced > 0.0))
        if forced[cells].sum() <= have + _TOLERANCE * (1.0 + have):
            continue
        named = cells[_largest_over(forced[cells], float(have))]
        guaranteed = np.isin(problem.claim_cell, named) & (problem.claim_minimum_hours > 0.0)
        claims = tuple(int(claim) for claim in np.flatnonzero(guaranteed))
        found.append(
            Conflict(tuple(int(cell) for cell in named), claims, budget, float(forced[named].sum()), float(have))
        )
    return found


def _largest_over(hours: FloatArray, have: float) -> IntArray:
    """Indices (ascending) of the fewest entries whose sum exceeds `have`: the largest ones."""
    order = np.argsort(-hours, kind="stable")
    count = int(np.searchsorted(np.cumsum(hours[order]), have, side="right")) + 1
    return np.sort(order[:count])
