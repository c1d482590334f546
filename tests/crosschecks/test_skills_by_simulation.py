"""Teams with several skills, and staffing for an uncertain rate, run through the engine's own event simulator."""

import numpy as np
import pytest

from closeknit.engine.queueing import (
    level_under_uncertain_rate,
    pooled_team_bound,
    raise_until_met,
    required_agents,
    required_agents_uncertain_rate,
    staff_skills,
)
from closeknit.engine.simulation import AgentGroup, Exponential, RoutingRule, SimulationPlan, WorkClass, simulate

ARRIVALS, HANDLE, WITHIN, TARGET = np.array([90.0, 60.0, 30.0]), 5.0, 1 / 3, 0.8
KNOWS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]], dtype=bool)
COST = np.array([1.0, 1.0, 1.0, 1.1, 1.1, 1.25])
HOURS, REPLICATIONS = 12, 40


def seen(agents, replications=REPLICATIONS, seed=3):
    """What the simulator sees: own people first, then those with more skills."""
    order = np.argsort(KNOWS.sum(axis=1), kind="stable")
    plan = SimulationPlan(
        classes=[
            WorkClass(arrivals_per_hour=np.full(HOURS, rate), handle=Exponential(HANDLE), threshold_minutes=WITHIN)
            for rate in ARRIVALS
        ],
        groups=[AgentGroup(agents=np.full(HOURS, int(count))) for count in agents],
        rules=[RoutingRule(work_class=s, group=int(p)) for s in range(3) for p in order if KNOWS[p, s]],
        interval_minutes=60.0,
        warm_up_intervals=2,
    )
    return simulate(plan, replications=replications, rng=np.random.default_rng(seed)).by_class


def level(agents):
    return seen(agents).served_in_time_of_offered.mean


def test_the_plan_that_shares_nothing_meets_every_class_and_a_shared_team_does_for_less():
    alone = required_agents(ARRIVALS, HANDLE, WITHIN, TARGET).agents
    plan = staff_skills(alone, KNOWS, COST)
    assert plan.agents.tolist() == [*alone, 0, 0, 0]
    assert (level(plan.agents) >= TARGET - 0.01).all()
    bound = pooled_team_bound(ARRIVALS, HANDLE, WITHIN, TARGET, KNOWS, COST)
    team = raise_until_met(level, bound.agents, KNOWS, TARGET, COST)
    assert team.is_met
    assert float(bound.cost_lower_bound) - 1e-9 <= team.cost < float(plan.cost)
    fresh = seen(team.agents, replications=3 * REPLICATIONS, seed=77).served_in_time_of_offered
    assert (fresh.mean >= TARGET - 2.0 * fresh.half_width - 0.01).all()


def test_a_plan_that_counts_people_for_every_skill_drowns_in_the_simulator():
    each = required_agents(ARRIVALS, HANDLE, WITHIN, TARGET).agents
    counted_twice = staff_skills(np.zeros(3), KNOWS, COST, present_by_skill=each)
    assert counted_twice.agents.sum() < staff_skills(each, KNOWS, COST).agents.sum()
    assert (level(counted_twice.agents) < 0.5).any()


@pytest.mark.parametrize("patience", [4.0])
def test_levels_under_an_uncertain_rate_are_those_of_days_that_differ(patience):
    mean, cv = 240.0, 0.25
    need = required_agents_uncertain_rate(mean, cv, HANDLE, WITHIN, TARGET, patience)
    for agents in (int(need.mean_rate_agents), int(need.agents)):
        day = WorkClass(
            arrivals_per_hour=np.full(8, mean),
            handle=Exponential(HANDLE),
            patience=Exponential(patience),
            threshold_minutes=WITHIN,
            busyness_cv=cv,
        )
        plan = SimulationPlan(
            classes=[day],
            groups=[AgentGroup(agents=np.full(8, agents))],
            rules=[RoutingRule(work_class=0, group=0)],
            interval_minutes=60.0,
            warm_up_intervals=2,
        )
        got = simulate(plan, replications=1_500, rng=np.random.default_rng(5)).by_class.served_in_time_of_offered
        expected = level_under_uncertain_rate(agents, mean, cv, HANDLE, WITHIN, TARGET, patience).of_calls_share
        assert got.mean[0] == pytest.approx(float(expected), abs=1.7 * got.half_width[0])
