"""Prices of pools, extra totals and commitments together: Newton's method on the smoothed dual, cooled step by step.

Every job takes its cheapest option at given prices, so the dual is one sum over jobs. Smoothed by a temperature
(currency per hour) it has a curvature; commitments enter it as a diagonal and leave by a Schur complement, so periods
coupled by yearly rows are solved jointly and not in turns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from closeknit.engine.allocation.price_kernels import price_periods, smooth_periods, spread_periods
from closeknit.engine.allocation.service_plan import ServicePlanProblem
from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.compiled import array, run_in_parts


@dataclass(frozen=True, slots=True)
class PlanArrays:
    """A problem as the kernels take it: period first, options in order of their jobs, costs in order of steps."""

    first_option: IntArray
    option_pool: IntArray
    option_cost: FloatArray
    commitment: IntArray
    floor: FloatArray
    above: FloatArray
    floor_cost: FloatArray
    above_cost: FloatArray
    capacity: FloatArray
    extra: FloatArray
    extra_cost: FloatArray
    extra_total: FloatArray
    commitment_hours: FloatArray
    commitment_cost: FloatArray
    option_order: IntArray

    @classmethod
    def of(cls, problem: ServicePlanProblem) -> "PlanArrays":
        """Sort and transpose once."""
        order = np.lexsort((problem.option_pool, problem.option_job))
        jobs = problem.need_hours.shape[0]
        return cls(
            first_option=array(np.searchsorted(problem.option_job[order], np.arange(jobs + 1)), np.int64),
            option_pool=array(problem.option_pool[order], np.int64),
            option_cost=array(problem.option_cost_per_hour[order]),
            commitment=array(problem.job_commitment, np.int64),
            floor=array(problem.floor_hours.T),
            above=array((problem.need_hours - problem.floor_hours).T),
            floor_cost=array(problem.floor_cost_per_hour),
            above_cost=array(problem.short_cost_per_hour),
            capacity=array(problem.capacity_hours.T),
            extra=array(problem.extra_hours.transpose(0, 2, 1)),
            extra_cost=array(problem.extra_cost_per_hour.transpose(0, 2, 1)),
            extra_total=array(problem.extra_total_hours),
            commitment_hours=array(problem.commitment_hours),
            commitment_cost=array(problem.commitment_cost_per_hour),
            option_order=order.astype(np.int64),
        )

    @property
    def work(self) -> float:
        """Elementary steps of one pass over all jobs."""
        return float(self.capacity.shape[0] * (self.option_pool.size + 4 * self.commitment.size))


@dataclass(frozen=True, slots=True)
class Prices:
    """Price per hour of a pool in a period, of a kind's total in a pool, and of a commitment: all at least 0."""

    pool: FloatArray
    extra: FloatArray
    commitment: FloatArray

    def flat(self) -> FloatArray:
        """All prices in one row."""
        return np.concatenate([self.pool.ravel(), self.extra.ravel(), self.commitment])


@dataclass(frozen=True, slots=True)
class Standing:
    """What jobs would save at some prices by period and job, the margins of their choices, and the bound proven."""

    regret: FloatArray
    margin: FloatArray
    bound: float
    cost: float


@dataclass(frozen=True, slots=True)
class _Curve:
    value: float
    slope: FloatArray
    block: FloatArray
    margin_curve: FloatArray
    spread: FloatArray
    cross: FloatArray


def spread_at(plan: PlanArrays, prices: Prices, temperature: float) -> FloatArray:
    """Hours by period and option that every job takes at these prices; near ties are shared."""
    given = np.zeros((plan.capacity.shape[0], plan.option_pool.size))
    run_in_parts(
        spread_periods, given.shape[0], plan.work, temperature, *_jobs(plan), prices.pool, prices.commitment, given
    )
    return given


def stand_at(plan: PlanArrays, prices: Prices, given: FloatArray) -> Standing:
    """Price out every job exactly at these prices, against the hours `given` to it."""
    regret, margin = np.zeros(plan.floor.shape), np.zeros(plan.floor.shape)
    value, cost = np.zeros(plan.floor.shape[0]), np.zeros(plan.floor.shape[0])
    run_in_parts(
        price_periods,
        value.size,
        plan.work,
        *_jobs(plan),
        prices.pool,
        prices.commitment,
        given,
        regret,
        margin,
        value,
        cost,
    )
    return Standing(regret, margin, float(value.sum()) + _outside(plan, prices), float(cost.sum()))


def _jobs(plan: PlanArrays) -> tuple[NDArray[Any], ...]:
    return (
        plan.first_option,
        plan.option_pool,
        plan.option_cost,
        plan.commitment,
        plan.floor,
        plan.above,
        plan.floor_cost,
        plan.above_cost,
    )


def _outside(plan: PlanArrays, prices: Prices) -> float:
    """The dual's terms that are no job's: capacity, extra hours, totals and commitments."""
    left = prices.pool[None] - plan.extra_cost - prices.extra[:, None, :]
    return float(
        np.minimum(prices.commitment, plan.commitment_cost) @ plan.commitment_hours
        - (prices.pool * plan.capacity).sum()
        - (np.maximum(left, 0.0) * plan.extra).sum()
        - np.where(prices.extra > 0.0, prices.extra * np.where(prices.extra > 0.0, plan.extra_total, 0.0), 0.0).sum()
    )


def search_prices(plan: PlanArrays, start: Prices | None = None, few: int = 6_000) -> tuple[Prices, float, FloatArray]:
    """Prices near the best, the temperature they were found at, and the hours by period and option there.

    Cools until at most `few` jobs and periods could still choose otherwise, or sharing near ties costs nothing; from
    `start`, prices of a nearly equal problem, there is nothing left to cool.
    """
    costs = np.concatenate([plan.above_cost, plan.floor_cost])
    scale = float(np.median(costs[costs > 0.0])) if (costs > 0.0).any() else 1.0
    temperature = scale * (0.25 if start is None else 4e-6)
    prices = start or Prices(
        np.full(plan.capacity.shape, 0.3 * scale), np.zeros(plan.extra_total.shape), np.zeros(plan.commitment_cost.size)
    )
    if start is not None:
        prices = _climb(plan, prices, temperature, 1e-6, 8)
        return prices, temperature, spread_at(plan, prices, temperature)
    while True:
        prices = _climb(plan, prices, temperature, 2e-4)
        given = spread_at(plan, prices, temperature)
        seen = stand_at(plan, prices, given)
        doubtful = int((seen.margin < 10.0 * temperature).sum())
        if doubtful <= few or seen.regret.sum() <= 4e-7 * abs(seen.bound) or temperature <= 1e-7 * scale:
            break
        temperature /= 4.0
    prices = _climb(plan, prices, temperature, 1e-7, 20)
    return prices, temperature, spread_at(plan, prices, temperature)


def _climb(plan: PlanArrays, prices: Prices, temperature: float, exactness: float, steps: int = 12) -> Prices:
    upper = np.concatenate(
        [
            np.full(plan.capacity.size, np.inf),
            np.where(np.isfinite(plan.extra_total), np.inf, 0.0).ravel(),
            plan.commitment_cost,
        ]
    )
    here, curve = prices, _curve(plan, prices, temperature)
    enough = exactness * max(float(plan.floor.sum() + plan.above.sum()), 1e-9)
    for _ in range(steps):
        at = here.flat()
        held = ((at <= 0.0) & (curve.slope < 0.0)) | ((at >= upper) & (curve.slope > 0.0))
        if np.abs(curve.slope[~held]).sum() <= enough:
            break
        step = _newton(plan, curve, held, temperature)
        length, found = 1.0, False
        for _ in range(6):
            trial = _unflat(plan, np.clip(at + length * step, 0.0, upper))
            new = _curve(plan, trial, temperature)
            if new.value > curve.value:
                here, curve, found = trial, new, True
                break
            length *= 0.25
        if not found:
            break
    return here


def _unflat(plan: PlanArrays, row: FloatArray) -> Prices:
    first, second = plan.capacity.size, plan.capacity.size + plan.extra_total.size
    return Prices(
        np.ascontiguousarray(row[:first].reshape(plan.capacity.shape)),
        np.ascontiguousarray(row[first:second].reshape(plan.extra_total.shape)),
        np.ascontiguousarray(row[second:]),
    )


def _curve(plan: PlanArrays, prices: Prices, temperature: float) -> _Curve:
    periods, pools = plan.capacity.shape
    owed = plan.commitment_cost.size
    most = int(np.diff(plan.first_option).max(initial=1))
    value, used = np.zeros(periods), np.zeros((periods, pools))
    block, counted = np.zeros((periods, pools * pools)), np.zeros((periods, owed))
    spread, cross = np.zeros((periods, owed)), np.zeros((periods * pools, owed))
    run_in_parts(
        smooth_periods,
        periods,
        10.0 * plan.work,
        temperature,
        *_jobs(plan),
        prices.pool,
        prices.commitment,
        np.zeros((periods, most)),
        value,
        used,
        block,
        counted,
        spread,
        cross,
    )
    away = (prices.pool[None] - plan.extra_cost - prices.extra[:, None, :]) / temperature
    bought = plan.extra / (1.0 + np.exp(np.clip(-away, -700.0, 700.0)))
    total = np.where(np.isfinite(plan.extra_total), plan.extra_total, 0.0)
    worth = temperature * float((plan.extra * np.logaddexp(0.0, away)).sum())
    slope = np.concatenate(
        [
            (used - plan.capacity - bought.sum(axis=0)).ravel(),
            (bought.sum(axis=1) - total).ravel(),
            plan.commitment_hours - counted.sum(axis=0),
        ]
    )
    outside = (
        float(prices.commitment @ plan.commitment_hours)
        - float((prices.pool * plan.capacity).sum())
        - float((prices.extra * total).sum())
    )
    curvature = np.where(plan.extra > 0.0, bought * (1.0 - bought / np.where(plan.extra > 0, plan.extra, 1.0)), 0.0)
    return _Curve(
        float(value.sum()) - worth + outside, slope, block, curvature / temperature, spread.sum(axis=0), cross
    )


def _newton(plan: PlanArrays, curve: _Curve, held: BoolArray, temperature: float) -> FloatArray:
    """Newton's step over the prices that are not held at a bound; the commitments leave by a Schur complement."""
    periods, pools = plan.capacity.shape
    cells, kinds = plan.capacity.size, plan.extra_total.shape[0]
    size = cells + kinds * pools
    # The ridge keeps a step within some temperatures where the curve is flat, and fades where the slope does.
    ridge = np.abs(curve.slope) / (1000.0 * temperature) + 1e-9
    whole: NDArray[np.float64] = np.zeros((size, size))
    for t in range(periods):
        own = slice(t * pools, (t + 1) * pools)
        whole[own, own] = curve.block[t].reshape(pools, pools)
    cell = np.arange(cells)
    whole[cell, cell] += curve.margin_curve.sum(axis=0).ravel()
    for kind in range(kinds):
        total = cells + kind * pools + np.arange(pools)
        whole[total, total] += curve.margin_curve[kind].sum(axis=0)
        pair = np.tile(total, periods)
        whole[cell, pair] -= curve.margin_curve[kind].ravel()
        whole[pair, cell] -= curve.margin_curve[kind].ravel()
    diagonal = np.arange(size)
    whole[diagonal, diagonal] += ridge[:size]
    step = np.zeros(held.size)
    near, owed = np.flatnonzero(~held[:size]), np.flatnonzero(~held[size:])
    below = curve.spread[owed] + ridge[size:][owed]
    cross = np.zeros((size, owed.size))
    cross[:cells] = curve.cross[:, owed]
    cross = cross[near]
    right, over = curve.slope[:size][near], curve.slope[size:][owed]
    matrix = whole[np.ix_(near, near)]
    active = np.flatnonzero(curve.spread[owed] > 0.0)
    if active.size:
        root = np.ascontiguousarray(cross[:, active] / np.sqrt(below[active]))
        matrix = linalg.blas.dsyrk(-1.0, root.T, beta=1.0, c=np.asfortranarray(matrix), trans=1, lower=1, overwrite_c=1)
        right = right - cross @ (over / below)
    if near.size:
        lower = np.arange(near.size)
        matrix[lower, lower] += 1e-12 * np.trace(matrix) / near.size
        factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        step[near] = linalg.cho_solve(factor, right, check_finite=False)
    step[size + owed] = (over - cross.T @ step[near]) / below
    return step
