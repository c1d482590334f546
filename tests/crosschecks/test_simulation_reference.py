"""The event kernel agrees, call by call, with a plain simulator on the same drawn numbers, over plans of every kind."""

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.crosschecks.reference_simulator import Reference

from closeknit.engine.simulation import (
    AgentGroup,
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Outage,
    RoutingRule,
    SimulationPlan,
    WorkClass,
    runs,
)
from closeknit.engine.simulation.draws import Draws, draw
from closeknit.engine.simulation.event_kernels import BLOCKED
from closeknit.engine.simulation.tables import tables_of

LONG = os.environ.get("CLOSEKNIT_SLOW") == "1"


def some_distribution(rng: np.random.Generator, mean: float, ticks: bool) -> Distribution:
    """Any kind; with `ticks`, whole quarters of a minute, so that many events fall on one time."""
    if ticks:
        return Empirical(rng.integers(1, int(8 * mean) + 2, 5) / 4.0)
    kinds = (Exponential(mean), Lognormal(mean, 0.9), Gamma(mean, 0.6), Deterministic(mean))
    return kinds[int(rng.integers(len(kinds)))]


def some_class(rng: np.random.Generator, intervals: int, horizon: float, ticks: bool) -> WorkClass:
    more: dict[str, Any] = {}
    if rng.random() < 0.35:
        more |= {"retry_share": 0.6, "retry_delay": some_distribution(rng, 3.0, ticks), "max_retries": 3}
    if rng.random() < 0.25:
        more["waiting_places"] = int(rng.integers(0, 5))
    if ticks:
        more["arrival_minutes"] = np.sort(rng.integers(0, int(4 * horizon), int(rng.integers(1, 50)))) / 4.0
    else:
        more["arrivals_per_hour"] = rng.uniform(0.0, 60.0, intervals)
        more["batch_shares"] = [0.7, 0.2, 0.1] if rng.random() < 0.2 else [1.0]
        more["busyness_cv"] = 0.3 if rng.random() < 0.2 else 0.0
    return WorkClass(
        handle=some_distribution(rng, 3.0, ticks),
        patience=some_distribution(rng, 4.0, ticks) if rng.random() < 0.7 else None,
        **more,
    )


def some_rule(rng: np.random.Generator, work_class: int, groups: int, horizon: float) -> RoutingRule:
    start = float(rng.integers(0, int(horizon)) * (rng.random() < 0.2))
    return RoutingRule(
        work_class=work_class,
        group=int(rng.integers(groups)),
        priority=int(rng.integers(1, 4)),
        after_minutes=float(rng.integers(0, 9) / 4.0 * (rng.random() < 0.5)),
        from_minute=start,
        until_minute=start + float(rng.integers(1, int(horizon))) if rng.random() < 0.2 else None,
    )


def some_outage(rng: np.random.Generator, groups: int, horizon: float) -> Outage:
    group, start = int(rng.integers(groups)), float(rng.integers(0, int(horizon)))
    return Outage(
        group=group,
        start_minute=start,
        end_minute=start + float(rng.integers(1, 30)),
        lost_agents=None if rng.random() < 0.5 else 1,
        failover_group=(group + 1) % groups if groups > 1 and rng.random() < 0.7 else None,
    )


def some_plan(seed: int) -> SimulationPlan:
    rng = np.random.default_rng(seed)
    intervals, classes, groups = int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(1, 5))
    horizon, ticks = intervals * 15.0, bool(rng.random() < 0.4)
    rules = [some_rule(rng, k % classes, groups, horizon) for k in range(classes * int(rng.integers(1, 4)))]
    return SimulationPlan(
        classes=[some_class(rng, intervals, horizon, ticks) for _ in range(classes)],
        groups=[
            AgentGroup(agents=rng.integers(0, 4, intervals), handle_factor=rng.choice([1.0, 0.5, 2.0], classes))
            for _ in range(groups)
        ],
        rules=[rules[i] for i in rng.permutation(len(rules))],
        outages=[some_outage(rng, groups, horizon) for _ in range(int(rng.integers(0, 3)))],
        interval_minutes=15.0,
        drain=bool(rng.random() < 0.7),
    )


def assert_same(plan: SimulationPlan, calls: Draws, outcomes: runs.Outcomes, enter: np.ndarray[Any, Any]) -> int:
    reference = Reference(plan, calls).run(runs.stop_at(plan))
    got = {
        call: (float(outcomes.start_at[call]), int(outcomes.taken_by[call]))
        for call in np.flatnonzero(outcomes.taken_by >= 0).tolist()
    }
    assert got == reference.begun
    assert set(np.flatnonzero(outcomes.taken_by == BLOCKED).tolist()) == reference.blocked
    happened = {call: float(enter[call]) for call in np.flatnonzero(np.isfinite(enter)).tolist()}
    assert happened == reference.entered
    # Who was found only after giving up was found later than that.
    late = (outcomes.taken_by == -1) & np.isfinite(outcomes.start_at)
    assert (outcomes.start_at[late] > (enter + calls.patience)[late]).all()
    return len(got)


@pytest.mark.parametrize("part", range(4))
def test_every_call_of_random_plans_meets_the_same_fate(part: int) -> None:
    served = 0
    for seed in range(part * 1000, part * 1000 + (1000 if LONG else 50)):
        plan = some_plan(seed)
        tables = tables_of(plan)
        calls = draw(plan, (seed,), range(1))
        outcomes = runs.simulate_draws(plan, tables, calls, general=True)
        served += assert_same(plan, calls, outcomes, calls.enter)
        runs.tally(plan, tables, calls, outcomes)
    assert served > 1000


@pytest.mark.parametrize("part", range(2))
def test_queues_that_are_stretches_of_calls_give_the_same_answers(part: int) -> None:
    served, escalated = 0, 0
    for seed in range(part * 1000, part * 1000 + (1000 if LONG else 60)):
        plan = some_plan(seed)
        plan = replace(plan, classes=[replace(k, retry_share=0.0, waiting_places=None) for k in plan.classes])
        tables = tables_of(plan)
        calls = draw(plan, (seed,), range(1))
        assert runs.has_lines(plan, tables, calls)
        outcomes, full = (runs.simulate_draws(plan, tables, calls, general=general) for general in (False, True))
        served += assert_same(plan, calls, outcomes, calls.enter)
        escalated += int(tables.late_rules.size > 0)
        np.testing.assert_array_equal(outcomes.start_at, full.start_at)
        np.testing.assert_allclose(outcomes.flows, full.flows, rtol=1e-9, atol=1e-9)
        runs.tally(plan, tables, calls, outcomes)
    assert served > 1000
    assert escalated > 20


def test_retrials_limited_queues_and_timers_too_short_for_the_clock_keep_the_general_kernel() -> None:
    plain = some_plan(3)
    plain = replace(plain, classes=[replace(k, retry_share=0.0, waiting_places=None) for k in plain.classes])
    patient = Exponential(1.0)
    others = (
        replace(plain, classes=[replace(k, patience=patient, retry_share=0.9, max_retries=3) for k in plain.classes]),
        replace(plain, classes=[replace(k, waiting_places=2) for k in plain.classes]),
        replace(plain, rules=[replace(rule, after_minutes=1e-9) for rule in plain.rules]),
    )
    for plan, expected in ((plain, True), *((plan, False) for plan in others)):
        assert runs.has_lines(plan, tables_of(plan), draw(plan, (1,), range(1))) is expected
