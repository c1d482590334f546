"""Simulation in the engine's benchmark: one pool beside Ciw and SimPy, several skills beside SimPy."""

from typing import Any

import numpy as np

from benchmarks._engine_row import Row, Setting, ask_peer, take

POOL = {
    "arrivals_per_minute": 25.0,
    "handle_minutes": 4.0,
    "patience_minutes": 4.0,
    "agents": 100,
    "minutes": 720.0,
    "threshold_minutes": 1 / 3,
}
COUNTS = ("in_time", "abandoned", "waited")


def pool_beside_ciw(setting: Setting) -> Row:
    """One pool of 100 agents with abandonment, twelve hours a day."""
    return _pool("Ciw", "ciw_pool", 400.0, setting)


def pool_beside_simpy(setting: Setting) -> Row:
    """The same pool."""
    return _pool("SimPy", "simpy_pool", 200.0, setting)


def _pool(peer: str, task: str, aim: float, setting: Setting) -> Row:
    from closeknit.engine.simulation import Exponential, simulate, staffing_plan

    intervals = round(POOL["minutes"] / 30.0)
    plan = staffing_plan(
        np.full((1, intervals), 60.0 * POOL["arrivals_per_minute"]),
        np.full((1, intervals), POOL["agents"]),
        [[1]],
        [Exponential(POOL["handle_minutes"])],
        [Exponential(POOL["patience_minutes"])],
        threshold_minutes=[POOL["threshold_minutes"]],
    )
    days = 40 if setting.quick else 200
    ours = take(lambda: simulate(plan, replications=days, rng=np.random.default_rng(1)), times=3)
    calls = float(ours.answer.by_class.offered_calls[0]) * days
    row = Row(f"simulation, one pool (beside {peer})", peer, "calls", aim, calls / ours.cpu, calls / ours.wall)
    each = 1e9 * ours.cpu / calls
    row.notes = [
        (
            f"Limit: {each:.0f} ns a call, Little's law and flow balance checked on every day, all measures by class "
            "and interval. Three random numbers, a logarithm each, and a place among the busy agents take some 60 ns; "
            "the rest is the call's record and its tally."
        ),
    ]
    _compare_days(row, task, {**POOL, "seed": 1, "seconds": 2.0 if setting.quick else 10.0}, ours.answer.by_class)
    return row


def several_skills(setting: Setting) -> Row:
    """Six classes, four groups, priorities, overflow after a delay, escalation, shifts that change by half-hour."""
    return _skills("SimPy", "simpy_skills", 80.0, setting)


def several_skills_bare(setting: Setting) -> Row:
    """The same, beside a SimPy model without a process per call: callbacks on bare events."""
    return _skills("SimPy, callbacks", "simpy_skills_bare", 0.0, setting)


def _skills(peer: str, task: str, aim: float, setting: Setting) -> Row:
    from closeknit.engine.simulation import simulate

    problem = _skills_problem()
    days = 20 if setting.quick else 120
    plan = _skills_plan(problem)
    ours = take(lambda: simulate(plan, replications=days, rng=np.random.default_rng(2)), times=3)
    calls = float(ours.answer.by_class.offered_calls.sum()) * days
    row = Row(f"simulation, several skills ({peer})", peer, "calls", aim, calls / ours.cpu, calls / ours.wall)
    row.notes = [
        f"{days / ours.cpu:,.0f} days a second of one thread, {calls / days:,.0f} calls a day.",
        (
            f"Limit: {1e9 * ours.cpu / calls:.0f} ns a call: some 28 for three random numbers and their streams, 80 "
            "for its events, 15 for the tally. Calls that come while all are busy are no events. Samples lie where "
            "branches cannot be foreseen: which queue a free agent serves, whether the caller is still there, which "
            "day of the calendar of completions comes next. One pool without events takes 33."
        ),
    ]
    _compare_days(row, task, {**problem, "seed": 2, "seconds": 3.0 if setting.quick else 20.0}, ours.answer.by_class)
    return row


def _skills_problem() -> dict[str, Any]:
    """Three kinds of work in two tiers; a group for each kind, one for all; group, priority and delay of each rule."""
    clock = (np.arange(24) + 0.5) / 24
    wave = 0.6 + 0.4 * np.sin(np.pi * clock) + 0.25 * np.exp(-0.5 * ((clock - 0.3) / 0.06) ** 2)
    per_hour = np.outer([150.0, 250.0, 120.0, 300.0, 90.0, 200.0], wave)
    handle = np.array([4.0, 4.0, 6.0, 6.0, 8.0, 8.0])
    load = per_hour * handle[:, None] / 60.0
    own = np.array([load[0] + load[1], load[2] + load[3], load[4] + load[5]])
    agents = np.vstack([np.round(0.85 * own), np.round(0.16 * own.sum(axis=0))]).astype(int)
    rules = []
    for work_class in range(6):
        kind, tier = divmod(work_class, 2)
        rules.append((work_class, kind, 1 + tier, 0.0))
        rules.append((work_class, 3, 1 + tier, 0.5 if tier == 0 else 1.5))
        if tier == 1:
            rules.append((work_class, kind, 0, 3.0))
    return {
        "arrivals_per_hour": per_hour.tolist(),
        "handle_minutes": handle.tolist(),
        "patience_minutes": [6.0, 4.0, 6.0, 4.0, 8.0, 5.0],
        "agents": agents.tolist(),
        "rules": rules,
        "interval_minutes": 30.0,
        "threshold_minutes": 1 / 3,
    }


def _skills_plan(problem: dict[str, Any]) -> Any:
    from closeknit.engine.simulation import AgentGroup, Exponential, RoutingRule, SimulationPlan, WorkClass

    return SimulationPlan(
        classes=[
            WorkClass(
                arrivals_per_hour=problem["arrivals_per_hour"][k],
                handle=Exponential(problem["handle_minutes"][k]),
                patience=Exponential(problem["patience_minutes"][k]),
                threshold_minutes=problem["threshold_minutes"],
            )
            for k in range(6)
        ],
        groups=[AgentGroup(agents=row) for row in problem["agents"]],
        rules=[
            RoutingRule(work_class=k, group=group, priority=priority, after_minutes=after)
            for k, group, priority, after in problem["rules"]
        ],
        interval_minutes=problem["interval_minutes"],
    )


def _compare_days(row: Row, task: str, problem: dict[str, Any], ours: Any) -> None:
    """Service level, abandonment and wait by class: the largest difference in standard errors of both."""
    theirs = ask_peer(row, "_peer_simulation", task, problem)
    if theirs is None:
        return
    days = {name: np.array([day[name] for day in theirs["days"]]) for name in ("calls", *COUNTS)}
    row.peer_rate = float(days["calls"].sum()) / theirs["cpu"]
    mine = (ours.served_in_time_of_offered, ours.abandoned_share, ours.mean_wait_minutes)
    apart, largest = [], 0.0
    for name, seen in zip(COUNTS, mine, strict=True):
        share = days[name].sum(axis=0) / days["calls"].sum(axis=0)
        rest = days[name] - share * days["calls"]
        error = np.sqrt((rest**2).sum(axis=0)) / days["calls"].sum(axis=0)
        apart.append(np.abs(share - seen.mean) / np.hypot(error, seen.half_width / 1.96))
        largest = max(largest, float(np.abs(share - seen.mean)[...].max())) if name != "waited" else largest
    worst = float(np.max(apart))
    row.agreement = (
        f"{len(theirs['days'])} days of {row.peer}: shares differ by at most {largest:.4f}, at most {worst:.1f} "
        f"standard errors in {np.size(apart)} comparisons" + (": TOO FAR APART" if worst > 4.5 else "")
    )


ROWS = (pool_beside_ciw, pool_beside_simpy, several_skills, several_skills_bare)
