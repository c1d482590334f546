"""The hours that every allocation leaves short: a bound in one pass, before anything is solved."""

import numpy as np

from closeknit.engine.allocation.problem import AllocationProblem


def least_short_hours(problem: AllocationProblem) -> float:
    """Return the fewest hours (all claims together) that any allocation of `problem` leaves short.

    Formula: with lack[c] = max(asked[c] - capacity[c], 0) and reach[c] = min(lack[c], overtime limit[c]), the sum of
    lack less, of each overtime budget, min(budget, sum of reach over its cells), and less reach of cells without a
    budget. Validity: costs and guaranteed minimums play no part, so a plan of least cost may leave more short, never
    less. Source: the program of `allocate` with every cost 0 but 1 per hour short; its cells meet in budgets alone.

    >>> least_short_hours(AllocationProblem.of(
    ...     capacity_hours=[10.0, 10.0], claim_cell=[0, 1], claim_hours=[14.0, 13.0], shortfall_cost_per_hour=9.0,
    ...     overtime_limit_hours=3.0, overtime_budget_of_cell=[0, 0], overtime_budget_hours=[5.0]))
    2.0
    """
    lack = np.maximum(problem.asked_hours - problem.capacity_hours, 0.0)
    reach = np.minimum(lack, problem.overtime_limit_hours)
    budgets = problem.overtime_budget_hours
    # Place -1, of cells without a budget, becomes the last.
    place = np.where(problem.overtime_budget_of_cell < 0, budgets.size, problem.overtime_budget_of_cell)
    by_budget = np.bincount(place, weights=reach, minlength=budgets.size + 1)
    return float(lack.sum() - np.minimum(by_budget, np.append(budgets, np.inf)).sum())
