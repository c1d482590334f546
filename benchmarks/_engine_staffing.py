"""Staffing in the engine's benchmark: Erlang C, Erlang A, and load that moves during the day."""

from typing import Any

import numpy as np

from benchmarks._engine_row import NO_PEER, Row, Setting, ask_peer, take

INTERVALS, INTERVAL_MINUTES, PEAK_LOAD = 40, 15.0, 160.0


def erlang_c_mixed(setting: Setting) -> Row:
    """Loads from 0.1 to 5,000 erlangs, most of them small, as plans have them."""
    rng = np.random.default_rng(1)
    load = np.clip(rng.lognormal(np.log(20.0), 1.5, 100_000), 0.1, 5_000.0)
    return _erlang_c("Erlang C, 100,000 mixed, loads 0.1 to 5,000", load, 250.0, setting)


def erlang_c_large(setting: Setting) -> Row:
    """Loads above 1,000 erlangs."""
    load = np.random.default_rng(2).uniform(1_000.0, 5_000.0, 20_000)
    return _erlang_c("Erlang C, loads 1,000 to 5,000", load, 10_000.0, setting)


def _erlang_c(work: str, load: Any, aim: float, setting: Setting) -> Row:
    from closeknit.engine.queueing import erlang_c_performance, required_agents

    problem = _problem(load, setting)
    columns = [problem[name] for name in ("calls", "handle", "threshold", "target")]
    ours = take(lambda: required_agents(*columns), times=3)
    row = Row(work, "pyworkforce", "sizings", aim, load.size / ours.cpu, load.size / ours.wall)
    agents = ours.answer.agents
    row.notes = [
        _limit(ours.cpu, load.size, setting, "about 8 sqrt(c) terms of one series, then steps of two divisions")
    ]
    theirs = ask_peer(row, "_peer_staffing", "erlang_c", _listed(problem))
    if theirs is None:
        return row
    answers = np.array(theirs["agents"])
    row.peer_rate = answers.size / theirs["cpu"]
    differ = np.flatnonzero(answers != agents[: answers.size])

    def level(servers: Any) -> Any:
        calls, handle, threshold = (column[differ] for column in columns[:3])
        return erlang_c_performance(servers, calls, handle, threshold).service_level_share

    row.agreement = _verdict(answers, agents, differ, level, columns[3][differ]) + (
        f" (pyworkforce sampled: the first {answers.size:,} of {load.size:,})"
    )
    return row


def erlang_a(setting: Setting) -> Row:
    """Abandonment with the exact service level of all offered calls, most loads small, as plans have them."""
    load = np.clip(np.random.default_rng(3).lognormal(np.log(20.0), 1.5, 100_000), 0.1, 5_000.0)
    return _erlang_a("Erlang A, exact level, mixed", load, setting)


def erlang_a_small(setting: Setting) -> Row:
    """Loads up to 10 erlangs, where the peer answers enough of them to be compared."""
    load = np.random.default_rng(5).uniform(0.05, 10.0, 100_000)
    return _erlang_a("Erlang A, exact level, loads to 10", load, setting, aim=0.0)


def _erlang_a(work: str, load: Any, setting: Setting, aim: float = 1e5) -> Row:
    from closeknit.engine import queueing

    problem = _problem(load, setting)
    problem["patience"] = problem["handle"] * np.random.default_rng(6).uniform(0.25, 4.0, load.size)
    columns = [problem[name] for name in ("calls", "handle", "threshold", "target")]
    ours = take(lambda: queueing.required_agents(*columns, patience_minutes=problem["patience"]), times=3)
    row = Row(work, "pyworkforce", "sizings", aim, load.size / ours.cpu, load.size / ours.wall)
    row.notes = [_limit(ours.cpu, load.size, setting, "two or three evaluations of two series of positive terms")]
    theirs = ask_peer(row, "_peer_staffing", "erlang_a", _listed(problem))
    if theirs is None:
        return row
    answers = np.array(theirs["agents"])
    row.peer_rate = answers.size / theirs["cpu"]
    differ = np.flatnonzero(answers != ours.answer.agents[: answers.size])

    def level(servers: Any) -> Any:
        given = [problem[name][differ] for name in ("calls", "handle", "patience", "threshold")]
        return queueing.erlang_a(servers, *given).level_of_offered_share

    row.agreement = _verdict(answers, ours.answer.agents, differ, level, columns[3][differ]) + (
        f" (pyworkforce sampled: {answers.size} of {load.size:,})"
    )
    return row


def _problem(load: Any, setting: Setting) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    handle = rng.uniform(2.0, 10.0, load.size)
    return {
        "calls": load * 60.0 / handle,
        "handle": handle,
        "threshold": rng.choice([1 / 6, 1 / 3, 1.0], load.size),
        "target": rng.choice([0.7, 0.8, 0.9], load.size),
        "seconds": 2.0 if setting.quick else 12.0,
    }


def _listed(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in problem.items()}


def _limit(cpu: float, count: int, setting: Setting, work: str) -> str:
    each, moved = 1e9 * cpu / count, 8.0 * 10
    return (
        f"Limit: {each:,.0f} ns each; the {moved:.0f} bytes of its inputs and answers would pass memory in "
        f"{1e9 * moved / setting.bandwidth:.0f} ns, so arithmetic holds it: {work}."
    )


def _verdict(theirs: Any, ours: Any, differ: Any, level: Any, target: Any) -> str:
    text = f"{theirs.size:,} compared, {differ.size} differ"
    if differ.size == 0:
        return text
    reached, fewer = level(ours[differ]), level(np.maximum(ours[differ] - 1, 0))
    proven = int(np.count_nonzero((reached >= target - 1e-12) & (fewer < target)))
    more = int(np.count_nonzero(theirs[differ] > ours[differ]))
    failed = int(np.count_nonzero(theirs[differ] < 0))
    return (
        f"{text}: ours meets the target and one agent fewer would not in {proven}; theirs has more in {more}, "
        f"fewer in {differ.size - more - failed}, no answer in {failed}"
    )


def time_varying(setting: Setting) -> Row:
    """Daily patterns with a peak of 160 erlangs: the exact method beside stationary and modified offered load."""
    from closeknit.engine.queueing import StaffingMethod, required_agents_by_interval

    rates, handle = _days(4 if setting.quick else 24)
    given = (INTERVAL_MINUTES, handle[:, None], 1 / 3, 0.8, 2.0 * handle[:, None])
    plans = {
        method: required_agents_by_interval(rates, *given, method=method)
        for method in (StaffingMethod.STATIONARY, StaffingMethod.MODIFIED_LOAD, StaffingMethod.EXACT)
    }
    ours = take(lambda: required_agents_by_interval(rates, *given, method=StaffingMethod.EXACT), times=1)
    days = len(rates)
    row = Row("exact staffing while load moves", NO_PEER, "queue-days", 2.0, days / ours.cpu, days / ours.wall)
    lines = []
    for method, plan in plans.items():
        levels = plan.performance.level_of_offered_share
        worst = levels.min(axis=1)
        lines.append(
            f"{method.value}: worst interval {100 * worst.min():.1f} % (median day {100 * np.median(worst):.1f} %), "
            f"{np.count_nonzero(levels < 0.8 - 1e-9)} of {levels.size} intervals below 80 %, "
            f"{plan.agents.sum():,} agent-intervals"
        )
    row.agreement = f"{days} daily patterns, target 80 % in 20 s: {ours.cpu / days:.2f} s a queue-day (aim 0.5)"
    row.notes = [
        *lines,
        (
            "Limit: every pass is a chain of products with a sparse matrix whose vectors stay in cache: a few "
            "multiply-adds per state and step, held by arithmetic and by how many plans must be tried, not by memory."
        ),
    ]
    return row


def _days(count: int) -> tuple[Any, Any]:
    """Calls an hour by day and interval, and handling minutes: one or two peaks, narrow or wide, on a low base."""
    rng = np.random.default_rng(7)
    clock = (np.arange(INTERVALS) + 0.5) / INTERVALS
    handle = np.where(np.arange(count) % 2 == 0, 5.0, 20.0)
    shape = np.full((count, INTERVALS), 0.1)
    for day in range(count):
        for _ in range(int(rng.integers(1, 3))):
            centre, width = rng.uniform(0.15, 0.85), rng.uniform(0.04, 0.2)
            shape[day] += rng.uniform(0.5, 1.0) * np.exp(-0.5 * ((clock - centre) / width) ** 2)
    shape /= shape.max(axis=1, keepdims=True)
    return PEAK_LOAD * 60.0 / handle[:, None] * shape, handle


ROWS = (erlang_c_mixed, erlang_c_large, erlang_a, erlang_a_small, time_varying)
