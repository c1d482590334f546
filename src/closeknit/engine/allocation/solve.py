"""The allocation program: built from sorted tiers, solved by HiGHS, certified from its prices."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from closeknit.engine.allocation.conflicts import MinimumsConflict, find_minimums_conflicts
from closeknit.engine.allocation.linear import LinearSolution, Model
from closeknit.engine.allocation.problem import AllocationProblem
from closeknit.engine.checks import FloatArray, IntArray, frozen
from closeknit.engine.errors import EngineSolverError

GAP_ALLOWED = 1e-7
"""Largest certified relative gap, and largest relative violation of hours, that counts as optimal."""


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """The least-cost allocation and its prices. Hours, and cost in the problem's currency.

    `price_per_hour[cell]` is the shadow price of regular capacity (>= 0): what one more hour saves, where the
    optimum is at no corner (see `measured_prices`); `budget_price_per_hour` the same for overtime budgets.
    `dual_cost` is a lower bound on any allocation's cost, computed from these prices alone, so
    `gap` = (cost - dual_cost) / max(1, cost) proves how near to optimal this one is. `status`: "optimal".
    """

    served_hours: FloatArray
    short_hours: FloatArray
    regular_hours: FloatArray
    overtime_hours: FloatArray
    price_per_hour: FloatArray
    budget_price_per_hour: FloatArray
    cost: float
    dual_cost: float
    gap: float
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """Claims of one cell with one shortfall cost, sharing a shortage in proportion to hours above minimum."""

    of_claim: IntArray
    cell: IntArray
    cost_per_hour: FloatArray
    above_minimum_hours: FloatArray


def allocate(problem: AllocationProblem) -> Allocation:
    """Give the hours of every cell to its claims at the least cost of regular time, overtime and shortfall.

    Formula: minimise r'u + o'v + s'w over regular u <= capacity, overtime v <= limit (with budgets),
    shortfall w <= asked - minimum, with u + v + sum of w >= asked in every cell. Within a cell, claims
    with the same shortfall cost share a shortage in proportion to their hours above the minimum.
    Raises `MinimumsConflict` when the guaranteed minimums cannot be kept. Validity: hours divisible, costs
    linear; between cells of one budget with equal costs several allocations may be optimal, and the same one
    is returned every time.

    >>> a = allocate(AllocationProblem.of(
    ...     capacity_hours=[80.0], claim_cell=[0, 0, 0], claim_hours=[50.0, 30.0, 20.0],
    ...     shortfall_cost_per_hour=7.0))
    >>> a.served_hours.tolist(), a.price_per_hour.tolist(), a.cost
    ([40.0, 24.0, 16.0], [7.0], 140.0)
    """
    conflicts = find_minimums_conflicts(problem)
    if conflicts:
        raise MinimumsConflict(conflicts)
    tiers = tiers_of(problem)
    solution = Model(*program(problem, tiers)).solve()
    if solution is None:
        raise EngineSolverError("HiGHS found no feasible allocation although the minimums fit: please report the data")
    return _certified(problem, tiers, solution)


def tiers_of(problem: AllocationProblem) -> Tiers:
    """Group claims by (cell, shortfall cost), the same way whatever the order of the claims."""
    above = problem.claim_hours - problem.claim_minimum_hours
    cost = problem.shortfall_cost_per_hour
    order = np.lexsort((above, cost, problem.claim_cell))
    cell, cost = problem.claim_cell[order], cost[order]
    first = np.ones(order.size, dtype=np.bool_)
    first[1:] = (np.diff(cell) != 0) | (np.diff(cost) != 0.0)
    of_claim = np.empty(order.size, dtype=np.int64)
    of_claim[order] = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    total = np.add.reduceat(above[order], starts) if starts.size else np.zeros(0)
    return Tiers(of_claim, cell[starts], cost[starts], total)


def program(
    problem: AllocationProblem, tiers: Tiers
) -> tuple[FloatArray, sparse.csc_array, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Columns: regular hours per cell, overtime per cell, shortfall per tier. Rows: cells, then budgets."""
    cells, budgets = problem.capacity_hours.size, problem.overtime_budget_hours.size
    cost = np.concatenate([problem.regular_cost_per_hour, problem.overtime_cost_per_hour, tiers.cost_per_hour])
    upper = np.concatenate([problem.capacity_hours, problem.overtime_limit_hours, tiers.above_minimum_hours])
    every = np.arange(cells)
    capped = np.flatnonzero(problem.overtime_budget_of_cell >= 0)
    rows = np.concatenate([every, every, tiers.cell, cells + problem.overtime_budget_of_cell[capped]])
    columns = np.concatenate([every, cells + every, 2 * cells + np.arange(tiers.cell.size), cells + capped])
    matrix = sparse.csc_array((np.ones(rows.size), (rows, columns)), shape=(cells + budgets, cost.size))
    row_lower = np.concatenate([problem.asked_hours, np.full(budgets, -np.inf)])
    row_upper = np.concatenate([np.full(cells, np.inf), problem.overtime_budget_hours])
    return cost, matrix, row_lower, row_upper, np.zeros(cost.size), upper


def _certified(problem: AllocationProblem, tiers: Tiers, solution: LinearSolution) -> Allocation:
    cells = problem.capacity_hours.size
    demand_price = np.maximum(solution.row_dual[:cells], 0.0)
    budget_price = np.maximum(-solution.row_dual[cells:], 0.0)
    regular = np.clip(solution.x[:cells], 0.0, problem.capacity_hours)
    overtime = np.clip(solution.x[cells : 2 * cells], 0.0, problem.overtime_limit_hours)
    tier_short = np.clip(solution.x[2 * cells :], 0.0, tiers.above_minimum_hours)
    part = np.divide(tier_short, tiers.above_minimum_hours, out=np.zeros_like(tier_short), where=tier_short > 0.0)
    short = (problem.claim_hours - problem.claim_minimum_hours) * part[tiers.of_claim]
    served = problem.claim_hours - short
    regular = np.clip(problem.per_cell(served) - overtime, 0.0, regular)
    cost = float(
        regular @ problem.regular_cost_per_hour
        + overtime @ problem.overtime_cost_per_hour
        + tier_short @ tiers.cost_per_hour
    )
    bound = dual_bound(problem, tiers, demand_price, budget_price)
    gap = (cost - bound) / max(1.0, abs(cost))
    _refuse_unproven(problem, served, regular, overtime, gap)
    return Allocation(
        served_hours=frozen(served),
        short_hours=frozen(short),
        regular_hours=frozen(regular),
        overtime_hours=frozen(overtime),
        price_per_hour=frozen(np.maximum(demand_price - problem.regular_cost_per_hour, 0.0)),
        budget_price_per_hour=frozen(budget_price),
        cost=cost,
        dual_cost=bound,
        gap=gap,
        status="optimal",
    )


def dual_bound(problem: AllocationProblem, tiers: Tiers, demand_price: FloatArray, budget_price: FloatArray) -> float:
    """Lower bound on every allocation's cost from any non-negative prices (weak duality, no solver)."""
    of_cell = np.append(budget_price, 0.0)[problem.overtime_budget_of_cell]
    overtime_margin = np.maximum(demand_price - problem.overtime_cost_per_hour - of_cell, 0.0)
    short_margin = np.maximum(demand_price[tiers.cell] - tiers.cost_per_hour, 0.0)
    return float(
        demand_price @ problem.asked_hours
        - np.maximum(demand_price - problem.regular_cost_per_hour, 0.0) @ problem.capacity_hours
        - overtime_margin @ problem.overtime_limit_hours
        - budget_price @ problem.overtime_budget_hours
        - short_margin @ tiers.above_minimum_hours
    )


def _refuse_unproven(
    problem: AllocationProblem, served: FloatArray, regular: FloatArray, overtime: FloatArray, gap: float
) -> None:
    excess = problem.per_cell(served) - regular - overtime
    capped = problem.overtime_budget_of_cell >= 0
    spent = np.bincount(
        problem.overtime_budget_of_cell[capped],
        weights=overtime[capped],
        minlength=problem.overtime_budget_hours.size,
    )
    over = spent - problem.overtime_budget_hours
    worst = max(
        float((excess / (1.0 + problem.asked_hours)).max(initial=0.0)),
        float((over / (1.0 + problem.overtime_budget_hours)).max(initial=0.0)),
    )
    if abs(gap) > GAP_ALLOWED or worst > GAP_ALLOWED:
        raise EngineSolverError(
            f"the allocation could not be proven: relative gap {gap:.1e}, excess of hours {worst:.1e}, "
            f"allowed {GAP_ALLOWED:.0e}; scale hours and costs nearer to 1"
        )
