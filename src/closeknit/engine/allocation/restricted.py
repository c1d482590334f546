"""The restricted program: the few jobs and periods that could choose otherwise, with every price left to HiGHS.

All other hours are taken as given. The program is feasible by construction: a pool may be overfilled at a cost above
its price, and whoever calls raises that cost until nothing is overfilled.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from closeknit.engine.allocation.linear import Model
from closeknit.engine.allocation.price_search import PlanArrays, Prices
from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineSolverError


@dataclass(frozen=True, slots=True)
class RestrictedAnswer:
    """Hours of the restricted program's options and extra kinds, its prices, and what is overfilled."""

    given: FloatArray
    extra: FloatArray
    prices: Prices
    overfilled_hours: FloatArray


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the restricted program's columns and rows begin, and which hours its option columns stand for."""

    period: IntArray
    option: IntArray
    first_extra: int
    first_over: int
    first_missed: int
    cell_row: int
    total_row: int
    owed_row: int


def restricted_program(
    plan: PlanArrays, given: FloatArray, rows: IntArray, dearest: FloatArray, overfill: float = np.inf
) -> tuple[Layout, tuple[FloatArray, sparse.csc_array, FloatArray, FloatArray, FloatArray, FloatArray]]:
    """The program in which only the jobs and periods `rows` (period * jobs + job) may change their hours.

    Columns: options, floors short, other hours short, extra, overfilled, missed. Rows: jobs, pools in periods, extra
    totals, commitments. `dearest[period, pool]` is the cost of an overfilled hour, `overfill` their bound. Columns are
    written in their final order: no loop, no sorting.
    """
    periods, pools = plan.capacity.shape
    jobs, kinds, owed = plan.commitment.size, plan.extra_total.shape[0], plan.commitment_hours.size
    cells, many, extras = periods * pools, rows.size, plan.extra.size
    period, job = rows // jobs, rows % jobs
    counts = plan.first_option[job + 1] - plan.first_option[job]
    column_row = np.repeat(np.arange(many), counts)
    options = column_row.size
    option = np.arange(options) + np.repeat(plan.first_option[job] - np.cumsum(counts) + counts, counts)
    own_cell = period[column_row] * pools + plan.option_pool[option]
    whose = plan.commitment[job][column_row]
    held = whose >= 0
    used, counted = fixed_use(plan, given)
    own = given[period[column_row], option]
    used -= np.bincount(own_cell, own, cells)
    counted -= np.bincount(whose[held], own[held], owed)

    cell_row, total_row, owed_row = many, many + cells, many + cells + kinds * pools
    first_extra = options + 2 * many
    first_over = first_extra + extras
    first_missed = first_over + cells
    size = first_missed + owed
    entries = np.ones(size, dtype=np.int64)
    entries[:options] = 2 + held
    entries[first_extra:first_over] = 2
    start = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(entries, out=start[1:])
    index, value = np.empty(start[-1], dtype=np.int32), np.ones(start[-1])
    begin = start[:options]
    index[begin] = column_row
    index[begin + 1] = cell_row + own_cell
    index[begin[held] + 2] = owed_row + whose[held]
    index[start[options:first_extra]] = np.tile(np.arange(many), 2)
    begin = start[first_extra:first_over]
    extra_cell = np.tile(np.arange(cells), kinds)
    index[begin] = cell_row + extra_cell
    value[begin] = -1.0
    index[begin + 1] = total_row + np.repeat(np.arange(kinds) * pools, cells) + extra_cell % pools
    index[start[first_over:first_missed]] = cell_row + np.arange(cells)
    value[start[first_over:first_missed]] = -1.0
    index[start[first_missed:size]] = owed_row + np.arange(owed)
    matrix = sparse.csc_array((value, index, start), shape=(owed_row + owed, size))
    cost = np.concatenate(
        [
            plan.option_cost[option],
            plan.floor_cost[job],
            plan.above_cost[job],
            plan.extra_cost.ravel(),
            dearest.ravel(),
            plan.commitment_cost,
        ]
    )
    upper = np.full(size, np.inf)
    upper[options : options + many] = plan.floor[period, job]
    upper[options + many : first_extra] = plan.above[period, job]
    upper[first_extra:first_over] = plan.extra.ravel()
    upper[first_over:first_missed] = overfill
    need = (plan.floor + plan.above)[period, job]
    row_lower = np.concatenate([need, np.full(owed_row - many, -np.inf), plan.commitment_hours - counted])
    row_upper = np.concatenate([need, plan.capacity.ravel() - used, plan.extra_total.ravel(), np.full(owed, np.inf)])
    layout = Layout(period[column_row], option, first_extra, first_over, first_missed, cell_row, total_row, owed_row)
    return layout, (cost, matrix, row_lower, row_upper, np.zeros(size), upper)


def solve_restricted(
    plan: PlanArrays,
    given: FloatArray,
    rows: IntArray,
    dearest: FloatArray,
    overfill: float = np.inf,
    solver: str = "simplex",
) -> RestrictedAnswer:
    """The least cost of `restricted_program`, by HiGHS; its prices are kept within their signs."""
    layout, program = restricted_program(plan, given, rows, dearest, overfill)
    solution = Model(*program, solver=solver).solve()
    if solution is None:
        raise EngineSolverError("HiGHS found no answer to a restricted program that has one: please report the data")
    new = given.copy()
    new[layout.period, layout.option] = np.maximum(solution.x[: layout.option.size], 0.0)
    dual = solution.row_dual
    prices = Prices(
        np.maximum(-dual[layout.cell_row : layout.total_row], 0.0).reshape(plan.capacity.shape),
        np.maximum(-dual[layout.total_row : layout.owed_row], 0.0).reshape(plan.extra_total.shape),
        np.clip(dual[layout.owed_row :], 0.0, plan.commitment_cost),
    )
    extra = np.clip(solution.x[layout.first_extra : layout.first_over], 0.0, plan.extra.ravel())
    over = solution.x[layout.first_over : layout.first_missed].reshape(plan.capacity.shape)
    return RestrictedAnswer(new, extra.reshape(plan.extra.shape), prices, over)


def fixed_use(plan: PlanArrays, given: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Hours used per period and pool (flat), and hours counted per commitment."""
    periods, pools = plan.capacity.shape
    by_option = sparse.csr_array(
        (np.ones(plan.option_pool.size), (np.arange(plan.option_pool.size), plan.option_pool)),
        shape=(plan.option_pool.size, pools),
    )
    used = np.asarray(given @ by_option).reshape(periods * pools)
    job = np.repeat(np.arange(plan.commitment.size), np.diff(plan.first_option))
    whose = plan.commitment[job]
    held = whose >= 0
    counted = np.bincount(whose[held], given.sum(axis=0)[held], plan.commitment_hours.size)
    return used, counted.astype(np.float64)
