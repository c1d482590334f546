"""What one hour more and one hour less of a pool are worth in a plan, by solving again."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.allocation.plan_services import ServicePlan, plan_services
from closeknit.engine.allocation.service_plan import ServicePlanProblem
from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, whole_numbers
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True, eq=False)
class PlanPriceBracket:
    """Per asked pool and period: cost saved per hour by `step_hours` more, and added per hour by as many less.

    one_more <= any right shadow price <= one_less, each within `uncertain_by`: the certified gaps of the plans that
    were compared, per hour.
    `lost_hours` is how much less was measured: what is not there cannot be lost, and its price is then 0.
    """

    pools: IntArray
    periods: IntArray
    step_hours: float
    price_per_hour: FloatArray
    one_more_per_hour: FloatArray
    one_less_per_hour: FloatArray
    lost_hours: FloatArray
    uncertain_by: FloatArray


def measured_plan_prices(
    problem: ServicePlanProblem,
    pools: ArrayLike,
    periods: ArrayLike,
    step_hours: float = 1.0,
    plan: ServicePlan | None = None,
) -> PlanPriceBracket:
    """The shadow price of each pool and period asked, beside the worth of `step_hours` more and less of it.

    Formula: (v(q) - v(q + step)) / step and (v(q - lost) - v(q)) / lost for the least cost v as a function of the
    capacity q, lost = min(step, q). At a corner (a degenerate optimum) the two differ and every price between them is
    right. Each is solved again from `plan`, the plan of `problem` (solved here where it is not given).

    >>> p = ServicePlanProblem.of(
    ...     capacity_hours=[[10.0]], need_hours=[[10.0], [5.0]], short_cost_per_hour=[9.0, 2.0],
    ...     option_job=[0, 1], option_pool=[0, 0])
    >>> b = measured_plan_prices(p, [0], [0])
    >>> b.one_more_per_hour.round(6).tolist(), b.one_less_per_hour.round(6).tolist()
    ([2.0], [9.0])
    """
    rows, columns = problem.capacity_hours.shape
    pool = whole_numbers("pools", pools, minimum=0, maximum=max(rows - 1, 0), ndim=1)
    period = whole_numbers("periods", periods, minimum=0, maximum=max(columns - 1, 0), ndim=1)
    step = float(numbers("step_hours", step_hours, above=0.0, maximum=1e9, ndim=0))
    if pool.shape != period.shape:
        raise EngineInputError(f"pools names {pool.size} and periods {period.size}: give one period per pool")
    base = plan_services(problem) if plan is None else plan
    more, less, lost, off = (np.zeros(pool.size) for _ in range(4))
    for i, (row, column) in enumerate(zip(pool, period, strict=True)):
        lost[i] = min(step, float(problem.capacity_hours[row, column]))
        wider = _with(problem, base, row, column, step)
        more[i] = max(base.cost - wider.cost, 0.0) / step
        off[i] = (_doubt(base) + _doubt(wider)) / step
        if lost[i] > 0.0:
            narrower = _with(problem, base, row, column, -lost[i])
            less[i] = max(narrower.cost - base.cost, 0.0) / lost[i]
            off[i] = max(off[i], (_doubt(base) + _doubt(narrower)) / lost[i])
    return PlanPriceBracket(
        pools=frozen(pool),
        periods=frozen(period),
        step_hours=step,
        price_per_hour=frozen(base.pool_price_per_hour[pool, period]),
        one_more_per_hour=frozen(more),
        one_less_per_hour=frozen(less),
        lost_hours=frozen(lost),
        uncertain_by=frozen(off),
    )


def _with(problem: ServicePlanProblem, base: ServicePlan, pool: int, period: int, hours: float) -> ServicePlan:
    capacity = problem.capacity_hours.copy()
    capacity[pool, period] += hours
    return plan_services(replace(problem, capacity_hours=capacity), start=base)


def _doubt(plan: ServicePlan) -> float:
    return max(plan.cost - plan.dual_cost, 0.0)
