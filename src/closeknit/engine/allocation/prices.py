"""What one more and one less hour are worth, measured by re-solving not read from one dual solution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.allocation.conflicts import MinimumsConflict, find_minimums_conflicts
from closeknit.engine.allocation.linear import Model
from closeknit.engine.allocation.problem import AllocationProblem
from closeknit.engine.allocation.solve import program, tiers_of
from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_numbers
from closeknit.engine.errors import EngineSolverError


@dataclass(frozen=True, slots=True, eq=False)
class PriceBracket:
    """Per asked cell: cost saved per hour by `step_hours` more, and cost added per hour by as many less.

    one_more <= any right shadow price <= one_less. Where less than a step of regular hours is there, the
    missing part counts as an hour that must be found elsewhere. `breaks_minimum` marks cells where losing the
    step leaves guaranteed minimums unkept: `one_less_per_hour` is infinite there, as no money buys that.
    """

    cells: IntArray
    step_hours: float
    one_more_per_hour: FloatArray
    one_less_per_hour: FloatArray
    breaks_minimum: BoolArray


def measured_prices(problem: AllocationProblem, cells: ArrayLike, step_hours: float = 1.0) -> PriceBracket:
    """The price of `step_hours` more and less regular capacity in each of `cells` (indices), one at a time.

    Only the cells that share the asked cell's overtime budget can change, so only they are re-solved, each
    time from the last basis. Formula: (v(q) - v(q + step)) / step and (v(q - step) - v(q)) / step for the
    least cost v as a function of the cell's capacity q.

    >>> p = AllocationProblem.of(
    ...     capacity_hours=[10.0], claim_cell=[0, 0], claim_hours=[10.0, 5.0],
    ...     shortfall_cost_per_hour=[9.0, 2.0])
    >>> b = measured_prices(p, [0], step_hours=5.0)
    >>> b.one_more_per_hour.tolist(), b.one_less_per_hour.tolist()
    ([2.0], [9.0])
    """
    size = problem.capacity_hours.size
    asked = whole_numbers("cells", cells, minimum=0, maximum=max(size - 1, 0), ndim=1)
    step = float(numbers("step_hours", step_hours, above=0.0, maximum=1e9, ndim=0))
    conflicts = find_minimums_conflicts(problem)
    if conflicts:
        raise MinimumsConflict(conflicts)
    more, less = np.zeros(asked.size), np.zeros(asked.size)
    group = np.where(problem.overtime_budget_of_cell >= 0, problem.overtime_budget_of_cell + size, np.arange(size))
    claims_by_cell = np.argsort(problem.claim_cell, kind="stable")
    claim_start = np.searchsorted(problem.claim_cell[claims_by_cell], np.arange(size + 1))
    for which in np.unique(group[asked]):
        members = np.flatnonzero(group == which)
        claims = np.concatenate([claims_by_cell[claim_start[c] : claim_start[c + 1]] for c in members])
        part = _part(problem, members, claims)
        places = np.flatnonzero(group[asked] == which)
        for place, brackets in zip(places, _brackets(part, np.searchsorted(members, asked[places]), step), strict=True):
            more[place], less[place] = brackets
    return PriceBracket(frozen(asked), step, frozen(more), frozen(less), frozen(np.isinf(less)))


def _part(problem: AllocationProblem, members: IntArray, claims: IntArray) -> AllocationProblem:
    """The problem of the cells that share one budget (or of one cell alone)."""
    budget = int(problem.overtime_budget_of_cell[members[0]])
    alone = budget < 0
    return AllocationProblem.of(
        capacity_hours=problem.capacity_hours[members],
        regular_cost_per_hour=problem.regular_cost_per_hour[members],
        overtime_cost_per_hour=problem.overtime_cost_per_hour[members],
        overtime_limit_hours=problem.overtime_limit_hours[members],
        overtime_budget_of_cell=np.full(members.size, -1 if alone else 0),
        overtime_budget_hours=() if alone else problem.overtime_budget_hours[budget : budget + 1],
        claim_cell=np.searchsorted(members, problem.claim_cell[claims]),
        claim_hours=problem.claim_hours[claims],
        claim_minimum_hours=problem.claim_minimum_hours[claims],
        shortfall_cost_per_hour=problem.shortfall_cost_per_hour[claims],
    )


def _brackets(part: AllocationProblem, cells: IntArray, step: float) -> list[tuple[float, float]]:
    model = Model(*program(part, tiers_of(part)))
    base = _cost(model)
    if not np.isfinite(base):
        raise EngineSolverError("HiGHS found no feasible allocation although the minimums fit: please report the data")
    found = []
    for cell in cells:
        capacity = float(part.capacity_hours[cell])
        model.set_column_bounds(int(cell), 0.0, capacity + step)
        more = base - _cost(model)
        fewer = capacity - step
        model.set_column_bounds(int(cell), min(0.0, fewer), fewer)
        less = _cost(model) - base
        model.set_column_bounds(int(cell), 0.0, capacity)
        found.append((max(more, 0.0) / step, max(less, 0.0) / step))
    return found


def _cost(model: Model) -> float:
    solution = model.solve()
    return np.inf if solution is None else solution.cost
