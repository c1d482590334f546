"""Who gets the hours, at what price."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.allocation import Allocation, AllocationProblem, allocate, least_short_hours
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import PoolNeed

OVERTIME_SHARE_OF_A_PERIOD = 0.5
"""Overtime in one day or half-hour is at most this share of its regular hours; the week has its own limit."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What the allocation gave one pool, per period (P) and claimant (C x P), and the worth of a unit more or less."""

    need: PoolNeed
    served: FloatArray
    short: FloatArray
    overtime: FloatArray
    price_per_hour: FloatArray
    week_index: NDArray[np.int64]
    week_cost: FloatArray
    week_cost_one_more: FloatArray
    week_cost_one_less: FloatArray


def share_hours(
    needs: Sequence[PoolNeed], inputs: PlanInputs, *, measured: bool = True
) -> tuple[list[PoolPlan], float]:
    if not needs:
        return [], 0.0
    base = allocate(_problem(needs, inputs, 0.0))
    more, less = (allocate(_problem(needs, inputs, step)) if measured else base for step in (1.0, -1.0))
    plans, cell, claim = [], 0, 0
    for need in needs:
        cells, claims = slice(cell, cell + need.need.size), slice(claim, claim + need.claims.size)
        cell, claim = cells.stop, claims.stop
        week = _week_index(need, inputs)
        costs = [_week_cost(need, result, cells, claims, week, inputs.weeks) for result in (base, more, less)]
        plans.append(
            PoolPlan(
                need=need,
                served=base.served_hours[claims].reshape(need.claims.shape),
                short=base.short_hours[claims].reshape(need.claims.shape),
                overtime=base.overtime_hours[cells],
                price_per_hour=base.price_per_hour[cells],
                week_index=week,
                week_cost=costs[0],
                week_cost_one_more=costs[1],
                week_cost_one_less=costs[2],
            )
        )
    return plans, base.gap


def least_short(needs: Sequence[PoolNeed], inputs: PlanInputs) -> float:
    """Return the hours that stay short in every plan of these pools: known without making one."""
    return least_short_hours(_problem(needs, inputs, 0.0)) if needs else 0.0


def _problem(needs: Sequence[PoolNeed], inputs: PlanInputs, extra_units: float) -> AllocationProblem:
    """Build the one allocation over all pools; `extra_units` more (or fewer) work in every pool and week."""
    cell_of, budget_of, budgets = [], [], []
    first_cell = first_budget = 0
    for need in needs:
        periods = need.need.size
        week = _week_index(need, inputs)
        cell_of.append(np.tile(np.arange(periods), len(need.claimants)) + first_cell)
        budget_of.append(week + first_budget)
        weekly_capacity = np.bincount(week, weights=need.capacity, minlength=inputs.weeks)
        budgets.append(weekly_capacity * need.pool.overtime_share_max)
        first_cell, first_budget = first_cell + periods, first_budget + inputs.weeks
    capacity = [np.maximum(n.capacity + extra_units * n.unit_hours, 0.0) for n in needs]
    return AllocationProblem.of(
        capacity_hours=np.concatenate(capacity),
        overtime_cost_per_hour=np.concatenate([np.full(n.need.size, n.overtime_cost_per_hour) for n in needs]),
        overtime_limit_hours=np.concatenate([n.capacity * OVERTIME_SHARE_OF_A_PERIOD for n in needs]),
        overtime_budget_of_cell=np.concatenate(budget_of),
        overtime_budget_hours=np.concatenate(budgets),
        claim_cell=np.concatenate(cell_of),
        claim_hours=np.concatenate([n.claims.ravel() for n in needs]),
        shortfall_cost_per_hour=np.concatenate([n.shortfall_cost_per_hour.ravel() for n in needs]),
    )


def _week_index(need: PoolNeed, inputs: PlanInputs) -> NDArray[np.int64]:
    days = need.starts.astype("datetime64[D]") - np.datetime64(inputs.first_on)
    return days.astype(np.int64) // 7


def _week_cost(
    need: PoolNeed, result: Allocation, cells: slice, claims: slice, week: NDArray[np.int64], weeks: int
) -> FloatArray:
    short = result.short_hours[claims].reshape(need.claims.shape)
    by_period = result.overtime_hours[cells] * need.overtime_cost_per_hour + need.short_cost(short)
    return np.bincount(week, weights=by_period, minlength=weeks).astype(np.float64)
