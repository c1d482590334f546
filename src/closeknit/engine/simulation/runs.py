"""Replications of a plan: drawn, run through the fitting kernel, added up and checked."""

import math
from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.compiled import core_count, run_in_parts
from closeknit.engine.errors import EngineError
from closeknit.engine.simulation.draws import WORK_PER_CALL, Draws, Memory, expected_calls
from closeknit.engine.simulation.event_kernels import NOBODY, simulate_events
from closeknit.engine.simulation.line_kernels import simulate_lines
from closeknit.engine.simulation.model import SimulationPlan
from closeknit.engine.simulation.pool_kernels import simulate_pool
from closeknit.engine.simulation.tables import Tables
from closeknit.engine.simulation.tally_kernels import (
    ABANDONED,
    ACCOUNT_MEASURES,
    BLOCKED_CALLS,
    GROUP_MEASURES,
    LEFT,
    MEASURES,
    OFFERED,
    QUEUED,
    SERVED,
    WAITED,
    tally_calls,
)

CALLS_AT_ONCE = 200_000
"""Calls drawn together: enough to share among cores, few enough to stay near the processor."""

SHORTEST_TIMER = 1e-6
"""Minutes that still tell a call's escalation from its arrival, late in the longest plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of drawn calls: when an agent was free to take each, who took it, and the kernel's own counts."""

    start_at: FloatArray
    taken_by: IntArray
    flows: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """Sums by replication: `by_class[replication, class, interval, measure]` ..., one interval more at the end."""

    by_class: FloatArray
    by_group: FloatArray
    by_account: FloatArray


def stop_at(plan: SimulationPlan) -> float:
    """When the clock stops."""
    return np.inf if plan.drain else plan.horizon_minutes


def batches(plan: SimulationPlan, replications: int) -> list[range]:
    """The replications in pieces small enough to hold in memory at once."""
    size = int(CALLS_AT_ONCE / max(expected_calls(plan), 1.0))
    cells = (plan.intervals + 1) * (len(plan.classes) * MEASURES + len(plan.groups)) + plan.accounts * ACCOUNT_MEASURES
    cells += sum(int(np.max(np.asarray(group.agents))) for group in plan.groups)
    size = min(max(size, core_count()), max(4_000_000 // cells, 1), 500)
    return [range(begin, min(begin + size, replications)) for begin in range(0, replications, size)]


def is_pool(plan: SimulationPlan, tables: Tables) -> bool:
    """Whether one calendar of free agents says it all: one class, one group, staff that stays, no retrial, no limit."""
    work = plan.classes[0]
    return (
        len(plan.classes) == len(plan.groups) == 1
        and tables.constant
        and tables.first_rules.size > 0
        and work.retry_share * work.max_retries == 0.0
        and work.waiting_places is None
        and int(tables.agents[0, 0]) > 0
    )


def has_lines(plan: SimulationPlan, tables: Tables, calls: Draws) -> bool:
    """Whether queues are stretches of the calls: nobody tries again, all have room, no timer is too short to tell."""
    return (
        calls.next_try.size == 0
        and all(work.waiting_places is None for work in plan.classes)
        and float(tables.rule_after[tables.rule_after > 0.0].min(initial=np.inf)) >= SHORTEST_TIMER
    )


def simulate_draws(
    plan: SimulationPlan, tables: Tables, calls: Draws, memory: Memory | None = None, *, general: bool = False
) -> Outcomes:
    """Run drawn calls through the plan; `general` keeps it from short cuts."""
    count = len(calls.first)
    memory = memory or Memory()
    outcomes = Outcomes(
        start_at=memory.floats("start_at", calls.enter.size),
        taken_by=memory.ints("taken_by", calls.enter.size),
        flows=np.zeros((count, len(plan.classes) + len(plan.groups) + 2)),
    )
    outcomes.start_at.fill(np.inf)
    outcomes.taken_by.fill(NOBODY)
    if is_pool(plan, tables) and not general:
        _run_pool(plan, tables, calls, outcomes)
    elif has_lines(plan, tables, calls) and not general:
        _run_lines(plan, tables, calls, outcomes)
    else:
        _run_events(plan, tables, calls, outcomes, memory.ints("queue", calls.enter.size))
    return outcomes


def _run_pool(plan: SimulationPlan, tables: Tables, calls: Draws, outcomes: Outcomes) -> None:
    agents = int(tables.agents[0, 0])
    per_minute, until, _, following, first_of_day = _calendar(plan, calls, agents)
    run_in_parts(
        simulate_pool, len(calls.first), calls.enter.size * WORK_PER_CALL, agents, stop_at(plan),
        float(tables.factor[0, 0]), calls.first, calls.last, calls.enter, calls.patience, calls.handle,
        outcomes.start_at, outcomes.taken_by, outcomes.flows, per_minute, until, following, first_of_day,
    )  # fmt: skip


def _run_lines(plan: SimulationPlan, tables: Tables, calls: Draws, outcomes: Outcomes) -> None:
    count, classes, groups = len(calls.first), len(plan.classes), len(plan.groups)
    run_in_parts(
        simulate_lines, count, calls.enter.size * WORK_PER_CALL, stop_at(plan), calls.first, calls.arrivals,
        calls.enter, calls.patience, calls.handle, tables.factor, tables.rules_of_group, tables.rule_class,
        tables.rule_group, tables.rule_priority, tables.rule_after, tables.rules_of_class, tables.first_rules,
        tables.late_rules, tables.change_at, tables.change_what, tables.change_value, outcomes.start_at,
        outcomes.taken_by, outcomes.flows, *_calendar(plan, calls, _most_busy(tables)),
        np.zeros((count, 3 * classes + groups + tables.rule_class.size), dtype=np.int64),
        np.zeros((count, 2 * classes)),
    )  # fmt: skip


def _most_busy(tables: Tables) -> int:
    return int(tables.agents.max(axis=1).sum()) + 1


def _run_events(plan: SimulationPlan, tables: Tables, calls: Draws, outcomes: Outcomes, queue: IntArray) -> None:
    count, classes, groups = len(calls.first), len(plan.classes), len(plan.groups)
    most_retries = int((calls.last - calls.first - calls.arrivals).sum(axis=1).max()) + 1
    run_in_parts(
        simulate_events, count, calls.enter.size * WORK_PER_CALL, stop_at(plan), calls.first, calls.arrivals,
        calls.enter, calls.patience, calls.handle, calls.delay, calls.next_try, tables.factor, tables.rules_of_group,
        tables.rule_class, tables.rule_group, tables.rule_priority, tables.rule_after, tables.rules_of_class,
        tables.first_rules, tables.late_rules, tables.late_after,
        tables.late_groups, tables.places, tables.change_at, tables.change_what, tables.change_value,
        outcomes.start_at, outcomes.taken_by, outcomes.flows, queue,
        *_calendar(plan, calls, _most_busy(tables)),
        np.zeros((count, most_retries)), np.zeros((count, most_retries), dtype=np.int64),
        np.zeros((count, 3 * classes + groups + tables.rule_class.size), dtype=np.int64),
        np.zeros((count, 2 * classes)),
    )  # fmt: skip


def _calendar(
    plan: SimulationPlan, calls: Draws, agents: int
) -> tuple[float, FloatArray, IntArray, IntArray, IntArray]:
    """Days per minute, so that about one call a day ends, and room for a calendar in every replication."""
    count = len(calls.first)
    mean_handle = float(calls.handle.mean()) if calls.handle.size else 1.0
    ended_per_minute = calls.enter.size / count / plan.horizon_minutes
    per_minute = min(max(1.5 * ended_per_minute, 1e-9), agents / max(mean_handle, 1e-9))
    year = 1 << max(4, math.ceil(math.log2(min(4.0 * per_minute * mean_handle + 1.0, 2.0**20))))
    whole = (count, agents)
    return (
        per_minute, np.empty(whole), np.empty(whole, dtype=np.int64), np.empty(whole, dtype=np.int64),
        np.empty((count, year), dtype=np.int64),
    )  # fmt: skip


def tally(plan: SimulationPlan, tables: Tables, calls: Draws, outcomes: Outcomes) -> Tallies:
    """Add up the calls, and refuse a run that breaks Little's law or loses a call."""
    count, classes, groups, steps = len(calls.first), len(plan.classes), len(plan.groups), plan.intervals + 1
    tallies = Tallies(
        by_class=np.zeros((count, classes, steps * MEASURES)),
        by_group=np.zeros((count, groups * steps * GROUP_MEASURES)),
        by_account=np.zeros((count, plan.accounts, ACCOUNT_MEASURES)),
    )
    threshold = np.array([float(work.threshold_minutes) for work in plan.classes])
    flows = np.zeros_like(outcomes.flows)
    run_in_parts(
        tally_calls, count, calls.enter.size * WORK_PER_CALL, stop_at(plan), plan.interval_minutes, plan.intervals,
        plan.warm_up_intervals, threshold, calls.first, calls.arrivals, calls.last, calls.enter, calls.patience,
        calls.handle, tables.factor, calls.next_try, calls.account, outcomes.start_at, outcomes.taken_by,
        tallies.by_class, tallies.by_group, tallies.by_account, flows,
    )  # fmt: skip
    check_flows(plan, outcomes.flows, flows)
    shaped = Tallies(
        by_class=tallies.by_class.reshape(count, classes, steps, MEASURES),
        by_group=tallies.by_group.reshape(count, groups, steps, GROUP_MEASURES),
        by_account=tallies.by_account,
    )
    check_balance(shaped)
    return shaped


def check_flows(plan: SimulationPlan, counted: FloatArray, added: FloatArray) -> None:
    """Refuse a run whose kernel counted other waits, work or calls than its records add up to.

    The kernel sums the number waiting and the number busy over time; the records give each call's wait and work. Both
    are equal by Little's law, L T = sum of W.
    """
    slack = 1e-8 * (1.0 + np.abs(added)) + 1e-14 * plan.horizon_minutes * added[:, -1:]
    wrong = np.argwhere(np.abs(counted - added) > slack)
    if wrong.size:
        classes, groups = len(plan.classes), len(plan.groups)
        what = [f"minutes waited in class {k}" for k in range(classes)] + [
            f"minutes worked in group {g}" for g in range(groups)
        ]
        replication, place = wrong[0].tolist()
        raise EngineError(
            f"Little's law fails in replication {replication}: {[*what, 'calls taken', 'calls entered'][place]} are "
            f"{counted[replication, place]!r} by time and {added[replication, place]!r} by call. This is a fault of "
            "the simulator: report it with the plan"
        )


def check_balance(tallies: Tallies) -> None:
    """Refuse sums in which a call has no end or two, or in which the queue over time isn't the waits of its calls."""
    sums = tallies.by_class.sum(axis=2)
    ends = sums[..., SERVED] + sums[..., ABANDONED] + sums[..., BLOCKED_CALLS] + sums[..., LEFT]
    queue_gap = np.abs(sums[..., QUEUED] - sums[..., WAITED])
    if (ends != sums[..., OFFERED]).any() or (queue_gap > 1e-8 * (1.0 + sums[..., WAITED])).any():
        raise EngineError(
            "flow balance fails: calls offered are not those served, abandoned, blocked and left. This is a fault of "
            "the simulator: report it with the plan"
        )
