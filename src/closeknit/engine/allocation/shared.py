"""Hours that may be used in one of several cells, each once: what it saves that people can do more than one job."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from closeknit.engine.allocation.conflicts import MinimumsConflict, find_minimums_conflicts
from closeknit.engine.allocation.linear import LinearSolution, Model
from closeknit.engine.allocation.problem import LARGEST_COST, AllocationProblem
from closeknit.engine.allocation.solve import GAP_ALLOWED, Tiers, program, tiers_of
from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, same_shape, whole_numbers
from closeknit.engine.errors import EngineInputError, EngineSolverError


@dataclass(frozen=True, slots=True, eq=False)
class SharedHours:
    """Ways by which hours may leave one cell for another.

    Way k moves at most `most_hours[k]` from cell `from_cell[k]` (-1: hours that no cell misses) to cell `to_cell[k]`.
    All ways of a source together move at most its `source_hours`: `source_of_way[k]` is the index of that source. Each
    hour moved costs `cost_per_hour[k]`. Build it with `SharedHours.of`, which checks.
    """

    from_cell: IntArray
    to_cell: IntArray
    most_hours: FloatArray
    source_of_way: IntArray
    source_hours: FloatArray
    cost_per_hour: FloatArray

    @classmethod
    def of(
        cls,
        *,
        from_cell: ArrayLike,
        to_cell: ArrayLike,
        most_hours: ArrayLike,
        source_of_way: ArrayLike,
        source_hours: ArrayLike,
        cost_per_hour: ArrayLike = 0.0,
    ) -> "SharedHours":
        """Ways and their sources, checked; moving costs nothing unless given.

        >>> SharedHours.of(
        ...     from_cell=[0], to_cell=[1], most_hours=[2.0], source_of_way=[0], source_hours=[3.0]
        ... ).most_hours.tolist()
        [2.0]
        """
        sources = numbers("source_hours", source_hours, minimum=0.0, ndim=1)
        ways = whole_numbers("from_cell", from_cell, minimum=-1, ndim=1)
        into = whole_numbers("to_cell", to_cell, minimum=0, ndim=1)
        most = numbers("most_hours", most_hours, minimum=0.0, ndim=1)
        of_way = whole_numbers("source_of_way", source_of_way, minimum=0, maximum=max(sources.size - 1, 0), ndim=1)
        cost = numbers("cost_per_hour", cost_per_hour, minimum=0.0, maximum=LARGEST_COST)
        cost = np.full(ways.shape, float(cost)) if cost.ndim == 0 else cost
        named = [("to_cell", into), ("most_hours", most), ("source_of_way", of_way), ("cost_per_hour", cost)]
        same_shape(named, ways.shape, "one per way")
        if ways.size and not sources.size:
            raise EngineInputError("source_of_way names sources, but source_hours is empty: give the sources")
        return cls(*(frozen(array) for array in (ways, into, most, of_way, sources, cost)))


@dataclass(frozen=True, slots=True, eq=False)
class SharedAllocation:
    """The least-cost allocation when some hours may be used elsewhere. Hours, and cost in the problem's currency.

    `moved_hours` per way. `arrival_price_per_hour[cell]`: what an hour more that comes into the cell saves;
    `departure_price_per_hour[cell]`: what an hour that leaves it costs there. One more source saves at most its hours
    times the largest difference of the two over its ways. `gap` is certified from the prices alone.
    """

    short_hours: FloatArray
    overtime_hours: FloatArray
    moved_hours: FloatArray
    arrival_price_per_hour: FloatArray
    departure_price_per_hour: FloatArray
    cost: float
    gap: float


def allocate_shared(problem: AllocationProblem, shared: SharedHours) -> SharedAllocation:
    """Allocate as `allocate` does, where hours of some cells may be used in others, each hour once.

    Formula: as in `allocate`, with y moved per way: regular u + what leaves <= capacity, u + v + what comes + shortfall
    >= asked in every cell, y <= most_hours, and the ways of one source together <= source_hours. Without ways the cost
    is that of `allocate`. Raises `MinimumsConflict` when the guaranteed minimums cannot be kept without moving.
    Validity: hours divisible, as productive there as here, costs linear.

    >>> problem = AllocationProblem.of(
    ...     capacity_hours=[10.0, 4.0], claim_cell=[0, 1], claim_hours=[9.0, 7.0], shortfall_cost_per_hour=[5.0, 8.0])
    >>> ways = SharedHours.of(from_cell=[0], to_cell=[1], most_hours=[2.0], source_of_way=[0], source_hours=[2.0])
    >>> found = allocate_shared(problem, ways)
    >>> found.cost, found.moved_hours.tolist()
    (13.0, [2.0])
    """
    cells = problem.capacity_hours.size
    if shared.to_cell.size and max(int(shared.to_cell.max()), int(shared.from_cell.max())) >= cells:
        raise EngineInputError(f"from_cell and to_cell name cells beyond the last of {cells}: give their indices")
    conflicts = find_minimums_conflicts(problem)
    if conflicts:
        raise MinimumsConflict(conflicts)
    tiers = tiers_of(problem)
    cost, matrix, row_lower, row_upper, lower, upper = _program(problem, tiers, shared)
    solution = Model(cost, matrix, row_lower, row_upper, lower, upper).solve()
    if solution is None:
        raise EngineSolverError("HiGHS found no feasible allocation although the minimums fit: please report the data")
    gap = _gap(solution, cost, matrix, row_lower, row_upper, upper)
    _refuse_unproven(gap, matrix @ solution.x, row_lower, row_upper)
    return _told(problem, tiers, shared, solution, gap)


def _program(
    problem: AllocationProblem, tiers: Tiers, shared: SharedHours
) -> tuple[FloatArray, sparse.csc_array, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Columns: those of `program`, then ways. Rows: those of `program`, then capacity of each cell, then sources."""
    cost, matrix, row_lower, row_upper, _, upper = program(problem, tiers)
    rows, columns = matrix.shape
    cells, ways, sources = problem.capacity_hours.size, shared.to_cell.size, shared.source_hours.size
    way, cell = np.arange(ways), np.arange(cells)
    leaves = np.flatnonzero(shared.from_cell >= 0)
    down = np.concatenate([shared.to_cell, rows + cell, rows + shared.from_cell[leaves]])
    down = np.concatenate([down, rows + cells + shared.source_of_way])
    across = np.concatenate([columns + way, cell, columns + leaves, columns + way])
    added = sparse.csc_array((np.ones(down.size), (down, across)), shape=(rows + cells + sources, columns + ways))
    base = matrix.tocoo()
    kept = sparse.csc_array((base.data, (base.row, base.col)), shape=added.shape)
    return (
        np.concatenate([cost, shared.cost_per_hour]),
        sparse.csc_array(kept + added),
        np.concatenate([row_lower, np.full(cells + sources, -np.inf)]),
        np.concatenate([row_upper, problem.capacity_hours, shared.source_hours]),
        np.zeros(columns + ways),
        np.concatenate([upper, shared.most_hours]),
    )


def _gap(
    solution: LinearSolution,
    cost: FloatArray,
    matrix: sparse.csc_array,
    row_lower: FloatArray,
    row_upper: FloatArray,
    upper: FloatArray,
) -> float:
    """Return how far the cost lies above what weak duality proves, relative; every column lies in 0..upper."""
    up = np.where(np.isfinite(row_lower), np.maximum(solution.row_dual, 0.0), 0.0)
    down = np.where(np.isfinite(row_upper), np.minimum(solution.row_dual, 0.0), 0.0)
    reduced = cost - (up + down) @ matrix
    bound = (
        up @ np.where(np.isfinite(row_lower), row_lower, 0.0)
        + down @ np.where(np.isfinite(row_upper), row_upper, 0.0)
        + np.minimum(reduced, 0.0) @ upper
    )
    return float(solution.cost - bound) / max(1.0, abs(solution.cost))


def _refuse_unproven(gap: float, activity: FloatArray, row_lower: FloatArray, row_upper: FloatArray) -> None:
    under = np.where(np.isfinite(row_lower), row_lower - activity, 0.0).max(initial=0.0)
    over = np.where(np.isfinite(row_upper), activity - row_upper, 0.0).max(initial=0.0)
    scale = 1.0 + np.abs(activity).max(initial=0.0)
    worst = max(float(under), float(over)) / scale
    if abs(gap) > GAP_ALLOWED or worst > GAP_ALLOWED:
        raise EngineSolverError(
            f"the allocation could not be proven: relative gap {gap:.1e}, excess of hours {worst:.1e}, "
            f"allowed {GAP_ALLOWED:.0e}; scale hours and costs nearer to 1"
        )


def _told(
    problem: AllocationProblem, tiers: Tiers, shared: SharedHours, solution: LinearSolution, gap: float
) -> SharedAllocation:
    cells, budgets = problem.capacity_hours.size, problem.overtime_budget_hours.size
    most = tiers.above_minimum_hours
    tier_short = np.clip(solution.x[2 * cells : 2 * cells + most.size], 0.0, most)
    part = np.divide(tier_short, most, out=np.zeros_like(tier_short), where=tier_short > 0.0)
    arrival = np.maximum(solution.row_dual[:cells], 0.0)
    # The bound of the column says the same as the row of capacity: whichever holds its price, both stand for it.
    reached = np.maximum(-solution.row_dual[cells + budgets : 2 * cells + budgets], 0.0)
    departure = np.maximum(reached, arrival - problem.regular_cost_per_hour)
    return SharedAllocation(
        short_hours=frozen((problem.claim_hours - problem.claim_minimum_hours) * part[tiers.of_claim]),
        overtime_hours=frozen(np.clip(solution.x[cells : 2 * cells], 0.0, problem.overtime_limit_hours)),
        moved_hours=frozen(np.clip(solution.x[2 * cells + most.size :], 0.0, shared.most_hours)),
        arrival_price_per_hour=frozen(arrival),
        departure_price_per_hour=frozen(departure),
        cost=float(solution.cost),
        gap=gap,
    )
