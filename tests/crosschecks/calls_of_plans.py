"""One call of each public function of plans at scale: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import allocation

PROBLEM = {
    "capacity_hours": np.array([[10.0, 8.0], [4.0, 6.0]]),
    "need_hours": np.array([[8.0, 9.0], [8.0, 5.0], [3.0, 4.0]]),
    "floor_hours": np.array([[2.0, 3.0], [0.0, 0.0], [1.0, 1.0]]),
    "floor_cost_per_hour": np.array([150.0, 60.0, 80.0]),
    "short_cost_per_hour": np.array([90.0, 30.0, 20.0]),
    "option_job": np.array([0, 1, 1, 2]),
    "option_pool": np.array([0, 0, 1, 1]),
    "option_cost_per_hour": np.array([5.0, 5.0, 8.0, 4.0]),
    "extra_hours": np.array([[[1.0, 2.0], [0.0, 1.0]]]),
    "extra_cost_per_hour": np.array([[[40.0, 40.0], [35.0, 35.0]]]),
    "extra_total_hours": np.array([[2.0, 1.0]]),
    "job_commitment": np.array([-1, -1, 0]),
    "commitment_hours": np.array([5.0]),
    "commitment_cost_per_hour": np.array([25.0]),
}
SHARED = {
    "from_cell": np.array([0, -1]),
    "to_cell": np.array([1, 1]),
    "most_hours": np.array([2.0, 1.5]),
    "source_of_way": np.array([0, 1]),
    "source_hours": np.array([1.5, 3.0]),
    "cost_per_hour": np.array([0.5, 0.0]),
}
CELLS = allocation.AllocationProblem.of(
    capacity_hours=[10.0, 4.0],
    overtime_cost_per_hour=[30.0, 40.0],
    overtime_limit_hours=[1.0, 1.0],
    overtime_budget_of_cell=[0, 0],
    overtime_budget_hours=[1.5],
    claim_cell=[0, 0, 1],
    claim_hours=[8.0, 3.0, 9.0],
    shortfall_cost_per_hour=[90.0, 20.0, 50.0],
)
GIVEN = allocation.ServicePlanProblem.of(**PROBLEM)

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    allocation.ServicePlanProblem.of: PROBLEM,
    allocation.plan_services: {"problem": GIVEN},
    allocation.measured_plan_prices: {
        "problem": GIVEN,
        "pools": np.array([1, 0]),
        "periods": np.array([0, 1]),
        "step_hours": np.array(0.5),
    },
    allocation.SharedHours.of: SHARED,
    allocation.allocate_shared: {"problem": CELLS, "shared": allocation.SharedHours.of(**SHARED)},
    allocation.find_plan_conflicts: {
        "problem": allocation.ServicePlanProblem.of(**{**PROBLEM, "capacity_hours": np.ones((2, 2))}),
        "most": np.array(2),
    },
}
