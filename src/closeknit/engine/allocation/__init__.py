"""Who gets scarce hours, what overtime is worth buying, and the price of one more hour.

- `AllocationProblem` -> `allocate` -> `Allocation`: one sparse linear program in HiGHS, with shadow prices
  and a gap that is certified from the prices alone, not taken from the solver.
- `measured_prices`: the price of one more and of one less hour, by re-solving, because a linear program at a
  corner has many right prices between those two.
- `MinimumsConflict`: which guaranteed minimums cannot all be kept, where, and by how much.
- `ServicePlanProblem` -> `plan_services` -> `ServicePlan`: pools that can each do many jobs, in periods coupled by
  yearly commitments, at millions of columns, replanned from an earlier plan's prices; `measured_plan_prices` and
  `find_plan_conflicts` (the smallest set of guarantees that cannot be kept, and the cheapest way out) for it.
- `SharedHours` -> `allocate_shared` -> `SharedAllocation`: the same program where hours of some cells may be used in
  others, each hour once; its prices bound what one more such way can save.
- `least_short_hours`: the hours that every allocation leaves short, in one pass, before anything is solved.
- `solve_linear_program`: the small door to HiGHS under it, guarded against what HiGHS lets through.

Words: a cell is one pool in one period; a claim is what one account asks of one cell; a budget caps the
overtime of several cells together. Money is float per hour in one currency: the caller keeps Decimals.
"""

from closeknit.engine.allocation.conflicts import Conflict, MinimumsConflict, find_minimums_conflicts
from closeknit.engine.allocation.linear import LinearSolution, solve_linear_program
from closeknit.engine.allocation.plan_conflicts import PlanConflict, find_plan_conflicts
from closeknit.engine.allocation.plan_prices import PlanPriceBracket, measured_plan_prices
from closeknit.engine.allocation.plan_services import ServicePlan, plan_services
from closeknit.engine.allocation.prices import PriceBracket, measured_prices
from closeknit.engine.allocation.problem import AllocationProblem
from closeknit.engine.allocation.service_plan import ServicePlanProblem
from closeknit.engine.allocation.shared import SharedAllocation, SharedHours, allocate_shared
from closeknit.engine.allocation.shortage import least_short_hours
from closeknit.engine.allocation.solve import Allocation, allocate

__all__ = [
    "Allocation",
    "AllocationProblem",
    "Conflict",
    "LinearSolution",
    "MinimumsConflict",
    "PlanConflict",
    "PlanPriceBracket",
    "PriceBracket",
    "ServicePlan",
    "ServicePlanProblem",
    "SharedAllocation",
    "SharedHours",
    "allocate",
    "allocate_shared",
    "find_minimums_conflicts",
    "find_plan_conflicts",
    "least_short_hours",
    "measured_plan_prices",
    "measured_prices",
    "plan_services",
    "solve_linear_program",
]
