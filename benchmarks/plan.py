"""How long do the parts of the main job take: forecast and plan of the sample company, one large allocation, sizing?"""

import argparse
import time
from uuid import uuid4

import numpy as np

from benchmarks import rosters
from benchmarks._plan_requests import requests
from benchmarks._plan_scale import scale
from benchmarks._report import seconds, show
from benchmarks._scratch import load_company, scratch, write_company

ACCOUNTS, WEEKS, WEEKS_AHEAD = 400, 104, 8
CELLS, CLAIMS_PER_CELL, CELLS_PER_BUDGET = 1_000, 25, 7
SIZINGS = 100_000


def main() -> None:
    """Run the parts and print each as a table; `--scale`: only the plan of many accounts, `--quick`: small ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no plan of 10,000 accounts")
    parser.add_argument("--scale", action="store_true", help="the plan of many accounts alone")
    parser.add_argument("--part", choices=("roster", "requests"), help="rosters, or the price of one request, alone")
    asked = parser.parse_args()
    if asked.part == "roster":
        raise SystemExit(rosters.main(["--quick"] if asked.quick else []))
    if asked.part == "requests":
        with scratch() as home:
            load_company(write_company(home, accounts=ACCOUNTS, weeks=WEEKS))
            _operations()
            requests(home)
        return
    scale(asked.quick)
    if asked.scale:
        return
    show("Sizing by Erlang C, 80 % in 20 s", ("intervals", "seconds", "sizings/s", "of one at a time"), _sizing())
    show("One allocation", ("columns", "seconds", "gap", "times scipy's linprog"), _allocation())
    with scratch() as home:
        load_company(write_company(home, accounts=ACCOUNTS, weeks=WEEKS))
        rows = _operations()
        requests(home)
    show(
        f"Main job, {ACCOUNTS} accounts, {WEEKS} weeks of history, {WEEKS_AHEAD} weeks ahead",
        ("operation", "rows of work", "forecast s", "plan s", "series/s"),
        rows,
    )


def _sizing() -> list[tuple[object, ...]]:
    from closeknit.engine.queueing import required_agents

    arrivals = np.random.default_rng(7).uniform(1.0, 600.0, SIZINGS)
    whole = seconds(lambda: required_agents(arrivals, 4.0, 1 / 3, 0.8), times=3)
    few = arrivals[:300]
    single = seconds(lambda: [required_agents(rate, 4.0, 1 / 3, 0.8) for rate in few], times=1) / few.size
    return [
        (f"{SIZINGS:,} at once", f"{whole:.2f}", f"{SIZINGS / whole:,.0f}", f"{single * SIZINGS / whole:,.0f}"),
        (f"{few.size:,} one at a time", f"{single * few.size:.2f}", f"{1 / single:,.0f}", "1"),
    ]


def _allocation() -> list[tuple[object, ...]]:
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    from closeknit.engine.allocation import AllocationProblem, allocate

    rng = np.random.default_rng(7)
    claims = CELLS * CLAIMS_PER_CELL
    cell = np.repeat(np.arange(CELLS), CLAIMS_PER_CELL)
    hours = rng.gamma(2.0, 4.0, claims)
    asked = np.bincount(cell, hours)
    budgets = -(-CELLS // CELLS_PER_BUDGET)
    budget_of = np.arange(CELLS) // CELLS_PER_BUDGET
    problem = AllocationProblem.of(
        capacity_hours=asked * rng.uniform(0.6, 1.1, CELLS),
        regular_cost_per_hour=20.0,
        overtime_cost_per_hour=45.0,
        overtime_limit_hours=asked * 0.2,
        overtime_budget_of_cell=budget_of,
        overtime_budget_hours=np.bincount(budget_of, asked) * 0.05,
        claim_cell=cell,
        claim_hours=hours,
        shortfall_cost_per_hour=rng.uniform(50.0, 200.0, claims),
    )
    found = allocate(problem)
    ours = seconds(lambda: allocate(problem), times=3)
    cost = np.concatenate([np.full(CELLS, 20.0), np.full(CELLS, 45.0), problem.shortfall_cost_per_hour])
    upper = np.concatenate([problem.capacity_hours, problem.overtime_limit_hours, hours])
    every, columns = np.arange(CELLS), cost.size
    give = (np.concatenate([every, every, cell]), np.arange(columns))
    spend = (CELLS + budget_of, CELLS + every)
    matrix = coo_array(
        (
            np.concatenate([-np.ones(columns), np.ones(CELLS)]),
            (np.concatenate([give[0], spend[0]]), np.concatenate([give[1], spend[1]])),
        ),
        shape=(CELLS + budgets, columns),
    ).tocsr()
    right = np.concatenate([-asked, problem.overtime_budget_hours])
    bounds = np.column_stack([np.zeros(columns), upper])
    other = linprog(cost, A_ub=matrix, b_ub=right, bounds=bounds, method="highs")
    if not np.isclose(other.fun, found.cost, rtol=1e-6):
        raise SystemExit(f"The two solvers disagree: {found.cost} and {other.fun}.")
    theirs = seconds(lambda: linprog(cost, A_ub=matrix, b_ub=right, bounds=bounds, method="highs"), times=3)
    return [
        (f"{columns:,}, Closeknit", f"{ours:.2f}", f"{found.gap:.1e}", f"{ours / theirs:.2f}"),
        (f"{columns:,}, scipy linprog", f"{theirs:.2f}", "not given", "1.00"),
    ]


def _operations() -> list[tuple[object, ...]]:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.actions.propose_plan import propose_plan
    from closeknit.rooms.demand import reads as demand
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.org.reads import console_actor
    from closeknit.rooms.sensing import reads as sensing

    by = console_actor()
    rows: list[tuple[object, ...]] = []
    for operation in capacity.list_operations_planned(by=by):
        thread_id, now = uuid4(), clock.now()
        started = time.perf_counter()
        run_id = refresh_forecast(operation, as_of=None, weeks=WEEKS_AHEAD, thread_id=thread_id, by=by, at=now)
        forecast = time.perf_counter() - started
        started = time.perf_counter()
        propose_plan(run_id, thread_id=thread_id, by=by, at=now)
        plan = time.perf_counter() - started
        series = demand.get_run(run_id, by=by).series
        work = sensing.get_operation(operation, by=by).rows
        rows.append((operation, f"{work:,}", f"{forecast:.2f}", f"{plan:.2f}", f"{series / forecast:,.0f}"))
    return rows


if __name__ == "__main__":
    main()
