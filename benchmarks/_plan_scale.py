"""The plan of many accounts: time, memory, gap; HiGHS' interior point and linopy's building on the same program."""

import resource
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks._engine_peers import ROOT, NoPeer, ask, prepare
from benchmarks._engine_row import take
from benchmarks._report import show, verdict

LOCK = ROOT / "requirements" / "peers-plan.txt"
HOME = ROOT / ".closeknit" / "bench" / "peers-plan"
POOLS, OPTIONS = 20, 4
EXTRA_COST, COMMITMENT_COST = 40.0, 90.0


def scale(quick: bool) -> None:
    """Print the tables of plans at scale; `quick` leaves out the largest and samples less."""
    rows = [_row(200, 26, True)]
    if not quick:
        rows += [_row(10_000, 52, True), _row(10_000, 52, False)]
    headings = ("accounts x pools x weeks", "columns", "cpu s", "s", "aim s", "met", "gap", "binding", "GB", "way")
    show("A plan with its prices (cpu: this process; s: on the clock)", headings, [row for row, _, _ in rows])
    _replans(rows[-1 if quick else 1])
    accounts, weeks = (300, 13) if quick else (1_000, 52)
    _beside_interior_point(accounts, weeks)
    _beside_linopy(accounts, weeks)


def problem_of(accounts: int, weeks: int, *, binding: bool, seed: int = 2026) -> Any:
    """Seasonal needs, four pools each can use, overtime with a yearly limit, a tenth with a yearly commitment.

    `binding`: the commitments are of accounts whose shortage is cheapest, so they must be kept against the prices.
    """
    from closeknit.engine.allocation import ServicePlanProblem

    rng = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(weeks) / weeks + rng.random((accounts, 1))))
    need = rng.gamma(1.5, 8.0, (accounts, 1)) * season * rng.uniform(0.8, 1.2, (accounts, weeks))
    short = rng.choice([120.0, 60.0, 35.0, 20.0], accounts, p=[0.1, 0.2, 0.3, 0.4]) * rng.uniform(0.8, 1.2, accounts)
    pool = np.stack([rng.permutation(POOLS)[:OPTIONS] for _ in range(accounts)])
    capacity = np.zeros((POOLS, weeks))
    np.add.at(capacity, pool.ravel(), np.repeat(need / OPTIONS, OPTIONS, axis=0))
    capacity *= 0.9 * rng.uniform(0.8, 1.15, (POOLS, 1))
    committed = accounts // 10
    chosen = np.argsort(short if binding else -short)[:committed]
    whose = np.full(accounts, -1)
    whose[chosen] = np.arange(committed)
    asked = need[chosen].sum(axis=1) * (rng.uniform(0.5, 0.95, committed) if binding else 0.3)
    extra = capacity[None] * 0.1
    return ServicePlanProblem.of(
        capacity_hours=capacity,
        need_hours=need,
        floor_hours=need * rng.choice([0.0, 0.3, 0.5], (accounts, 1)),
        floor_cost_per_hour=2.0 * short + 30.0,
        short_cost_per_hour=short,
        option_job=np.repeat(np.arange(accounts), OPTIONS),
        option_pool=pool.ravel(),
        option_cost_per_hour=rng.uniform(5.0, 25.0, accounts * OPTIONS),
        extra_hours=extra,
        extra_cost_per_hour=EXTRA_COST,
        extra_total_hours=extra.sum(axis=2) * 0.4,
        job_commitment=whose,
        commitment_hours=asked,
        commitment_cost_per_hour=COMMITMENT_COST,
    )


def _row(accounts: int, weeks: int, binding: bool) -> tuple[tuple[object, ...], Any, Any]:
    from closeknit.engine.allocation import plan_services

    problem = problem_of(accounts, weeks, binding=binding)
    plan_services(problem_of(200, 60, binding=True))
    cpu, wall = time.process_time(), time.perf_counter()
    plan = plan_services(problem)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    aim = 1.0 if accounts <= 200 else 20.0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    tight = int((plan.commitment_price_per_hour > 1e-6).sum())
    row = (
        f"{accounts:,} x {POOLS} x {weeks}",
        f"{problem.columns:,}",
        f"{cpu:.2f}",
        f"{wall:.2f}",
        f"< {aim:.0f}",
        "yes" if wall < aim and plan.gap <= 1e-6 else "NO",
        f"{plan.gap:.1e}",
        f"{tight:,} of {problem.commitment_hours.size:,}",
        f"{memory:.2f}",
        plan.method,
    )
    return row, problem, plan


def _replans(of: tuple[tuple[object, ...], Any, Any]) -> None:
    """One account's needs changed, by little and by much: from the changed numbers to its price."""
    from closeknit.engine.allocation import plan_services

    row, problem, plan = of
    table = []
    for account, factor in ((7, 1.2), (7, 0.5), (500 % problem.need_hours.shape[0], 2.0)):
        need = problem.need_hours.copy()
        need[account] *= factor
        floor = np.minimum(problem.floor_hours, need)
        cpu, wall = time.process_time(), time.perf_counter()
        new = plan_services(replace(problem, need_hours=need, floor_hours=floor), start=plan)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        doubt = (new.cost - new.dual_cost) + (plan.cost - plan.dual_cost)
        said = f"{new.cost - plan.cost:,.0f} +- {doubt:,.0f}"
        met = "yes" if wall < 1.0 else "NO"
        table.append((f"x {factor:g}", f"{cpu:.2f}", f"{wall:.2f}", "< 1", met, f"{new.gap:.1e}", said))
    show(f"One contract changed, {row[0]}", ("change", "cpu s", "s", "aim s", "met", "gap", "price"), table)


def _beside_interior_point(accounts: int, weeks: int) -> None:
    from closeknit.engine.allocation.linear import Model
    from closeknit.engine.allocation.plan_services import plan_services
    from closeknit.engine.allocation.price_search import PlanArrays
    from closeknit.engine.allocation.restricted import restricted_program

    problem = problem_of(accounts, weeks, binding=True)
    ours = take(lambda: plan_services(problem), times=1)
    plan = PlanArrays.of(problem)
    nothing = np.zeros((weeks, plan.option_pool.size))
    _, program = restricted_program(plan, nothing, np.arange(plan.floor.size), np.zeros((weeks, POOLS)), 0.0)
    cpu = time.process_time()
    solved = Model(*program, solver="ipm").solve()
    cpu = time.process_time() - cpu
    assert solved is not None
    if not np.isclose(solved.cost, ours.answer.cost, rtol=2e-6):
        raise SystemExit(f"The two disagree: {ours.answer.cost} and {solved.cost}.")
    show(
        f"HiGHS' interior point, no crossover, {accounts:,} x {POOLS} x {weeks} (a sample: the largest takes minutes)",
        ("", "cpu s", "cost"),
        [("Closeknit", f"{ours.cpu:.2f}", f"{ours.answer.cost:,.2f}"), ("HiGHS", f"{cpu:.2f}", f"{solved.cost:,.2f}")],
    )


def _beside_linopy(accounts: int, weeks: int) -> None:
    from closeknit.engine.allocation.linear import Model
    from closeknit.engine.allocation.price_search import PlanArrays
    from closeknit.engine.allocation.restricted import restricted_program

    p = problem_of(accounts, weeks, binding=True)

    def build() -> Any:
        plan = PlanArrays.of(p)
        nothing = np.zeros((weeks, plan.option_pool.size))
        return restricted_program(plan, nothing, np.arange(plan.floor.size), np.zeros((weeks, POOLS)), 0.0)[1]

    ours, handed = take(build), take(lambda: Model(*build()))
    given = {
        "capacity": p.capacity_hours,
        "need": p.need_hours,
        "floor": p.floor_hours,
        "floor_cost": p.floor_cost_per_hour,
        "short_cost": p.short_cost_per_hour,
        "option_job": p.option_job,
        "option_pool": p.option_pool,
        "option_cost": p.option_cost_per_hour,
        "extra": p.extra_hours[0],
        "extra_total": p.extra_total_hours[0],
        "commitment": p.job_commitment,
        "commitment_hours": p.commitment_hours,
    }
    try:
        prepare(LOCK, HOME)
        lists = {name: value.tolist() for name, value in given.items()}
        theirs = ask("_peer_plan", "build", {**lists, "solve": accounts <= 300}, HOME)
    except NoPeer as reason:
        print(f"\nlinopy was not run: {reason}")
        return
    if theirs["cost"] is not None:
        from closeknit.engine.allocation import plan_services

        least = plan_services(p).cost
        if not np.isclose(theirs["cost"], least, rtol=2e-6):
            raise SystemExit(f"linopy's model is another one: {least} and {theirs['cost']}.")
    rows = []
    for what, mine, other in (
        ("model built", ours.cpu, theirs["built"]),
        ("built and in HiGHS", handed.cpu, theirs["handed"]),
    ):
        rows.append((what, f"{mine:.3f}", f"{other:.3f}", *verdict(other / mine, 20.0)))
    show(f"Building, {theirs['columns']:,} columns", ("", "cpu s", "linopy", "ratio", "aim", "met"), rows)
