"""Several skills: programs against brute force, covers against Hall's condition, teams against a simulation.

The simulation knows nothing of the engine: single calls arrive, wait in the queue of their skill and are taken by
people who know it.
"""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine import compiled
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    pooled_team_bound,
    pooling_gain,
    raise_until_met,
    required_agents,
    skills_are_covered,
    staff_skills,
)

TWO_AND_BOTH = np.array([[True, False], [False, True], [True, True]])


def hall_shortfall(agents, required, knows):
    """The largest amount by which a set of skills exceeds those who know any of it, over all sets."""
    worst = 0.0
    for size in range(1, len(required) + 1):
        for skills in itertools.combinations(range(len(required)), size):
            helps = knows[:, skills].any(axis=1)
            worst = max(worst, required[list(skills)].sum() - agents[helps].sum())
    return worst


def random_skills(rng, profiles, skills):
    knows = rng.random((profiles, skills)) < 0.45
    knows[np.arange(profiles), rng.integers(0, skills, profiles)] = True
    knows[rng.integers(0, profiles, skills), np.arange(skills)] = True
    return knows


# The peers' fault: people who know two skills counted in full for each


def test_ten_flexible_agents_do_not_serve_thirteen_erlangs():
    each = 80.0 * 5.0 / 60.0
    assert not skills_are_covered([10], [each, each], [[True, True]]).is_covered
    gain = pooling_gain([80.0, 80.0], 5.0, 20.0 / 60.0, 0.8)
    assert gain.separate_agents.tolist() == [10, 10]
    assert int(gain.pooled_agents) == 18
    team = staff_skills(gain.separate_agents, [[True, True]])
    assert team.agents.tolist() == [20]
    assert pooled_team_bound([80.0, 80.0], 5.0, 20.0 / 60.0, 0.8, [[True, True]]).agents.tolist() == [18]


def test_presence_alone_lets_a_person_count_for_all_that_he_knows():
    team = staff_skills([0.0, 0.0], TWO_AND_BOTH, [1.0, 1.0, 1.5], present_by_skill=[5.0, 3.0])
    assert team.agents.tolist() == [2, 0, 3]
    both = staff_skills([5.0, 3.0], TWO_AND_BOTH, [1.0, 1.0, 1.5], present_by_skill=[5.0, 5.0])
    assert both.agents.sum() == 8
    assert (both.agents @ TWO_AND_BOTH >= 5).all()


# Covers


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_covers_are_exactly_what_halls_condition_says(seed, whole):
    rng = np.random.default_rng(seed)
    profiles, skills = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    knows = random_skills(rng, profiles, skills) if seed % 3 else rng.random((profiles, skills)) < 0.6
    knows[~knows.any(axis=1), 0] = True
    agents = rng.integers(0, 9, profiles) * (1.0 if whole else rng.random())
    required = rng.integers(0, 9, skills) * (1.0 if whole else rng.random())
    got = skills_are_covered(agents, required, knows)
    expected = hall_shortfall(agents, required, knows)
    assert float(got.shortfall_agents) == pytest.approx(expected, abs=1e-7)
    assert bool(got.is_covered) == (expected <= 1e-7)
    assert (got.agents_on_skill[~knows] == 0.0).all()
    np.testing.assert_allclose(got.agents_on_skill.sum(axis=0), required - got.unmet_agents, atol=1e-7)
    np.testing.assert_allclose(got.agents_on_skill.sum(axis=1), agents - got.spare_agents, atol=1e-9)
    if not got.is_covered:
        helps = knows[:, got.short_skills].any(axis=1)
        named = required[got.short_skills].sum() - agents[helps].sum()
        assert named == pytest.approx(expected, abs=1e-7)


def test_many_cells_give_what_single_cells_give(monkeypatch):
    rng = np.random.default_rng(5)
    knows = random_skills(rng, 9, 6)
    agents, required = rng.uniform(0, 9, (300, 9)), rng.uniform(0, 12, (300, 6))
    together = skills_are_covered(agents, required, knows)
    monkeypatch.setattr(compiled, "SMALL_WORK", np.inf)
    for i in range(0, 300, 37):
        alone = skills_are_covered(agents[i], required[i], knows)
        np.testing.assert_array_equal(alone.agents_on_skill, together.agents_on_skill[i])
        assert alone.is_covered == together.is_covered[i]
    assert 0 < together.is_covered.sum() < 300


# Programs


def brute_force(required, knows, cost, works, largest, present):
    """The lowest cost over every team within `largest`."""
    best = np.inf
    for team in itertools.product(*(range(int(n) + 1) for n in largest)):
        price = float(np.dot(team, cost))
        if price < best and all(
            hall_shortfall(np.array(team) * works[:, t], required[t], knows) <= 1e-9
            and ((np.array(team) * works[:, t]) @ knows >= present).all()
            for t in range(works.shape[1])
        ):
            best = price
    return best


@pytest.mark.parametrize("seed", range(40))
def test_teams_cost_what_trying_all_of_them_finds(seed):
    rng = np.random.default_rng(seed)
    profiles, skills, intervals = int(rng.integers(2, 5)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    knows, works = random_skills(rng, profiles, skills), rng.random((profiles, intervals)) < 0.8
    cost, largest = rng.integers(1, 9, profiles) / 2.0, rng.integers(2, 6, profiles)
    required = rng.uniform(0.0, 3.0, (intervals, skills)) if seed % 2 else rng.integers(0, 4, (intervals, skills))
    present = rng.integers(0, 3, skills) * (seed % 4 > 1)
    expected = brute_force(required * 1.0, knows, cost, works, largest, present)
    arguments = (required, knows, cost, works, largest, present)
    if np.isinf(expected):
        with pytest.raises(EngineInputError, match=r"largest_agents|nobody"):
            staff_skills(*arguments)
        return
    got = staff_skills(*arguments)
    assert got.is_optimal
    assert float(got.cost) == pytest.approx(expected, abs=1e-9)
    assert float(got.cost_lower_bound) == pytest.approx(expected, abs=1e-5)


def test_the_two_forms_of_the_program_agree(monkeypatch):
    rng = np.random.default_rng(11)
    knows, required = random_skills(rng, 7, 5), rng.uniform(0.0, 20.0, (12, 5))
    cost = rng.uniform(1.0, 2.0, 7)
    by_sets = staff_skills(required, knows, cost)
    monkeypatch.setattr("closeknit.engine.queueing.skills.fits_sets", lambda rules: False)
    by_flow = staff_skills(required, knows, cost)
    np.testing.assert_allclose(by_sets.cost, by_flow.cost, atol=1e-6)


def test_a_flexible_person_saves_the_rounding_up_of_each_skill():
    need = [2.4, 2.4, 2.1]
    knows = np.vstack([np.eye(3, dtype=bool), np.ones((1, 3), dtype=bool)])
    team = staff_skills(need, knows, [1.0, 1.0, 1.0, 1.2])
    assert team.agents.tolist() == [2, 2, 2, 1]
    on = team.cover.agents_on_skill
    np.testing.assert_allclose(on.sum(axis=0), need)
    assert team.cover.spare_agents.sum() == pytest.approx(0.1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_more_work_never_costs_less_and_more_skills_never_cost_more(seed):
    rng = np.random.default_rng(seed)
    knows, required = random_skills(rng, 4, 3), rng.uniform(0.0, 9.0, 3)
    cost = rng.uniform(1.0, 2.0, 4)
    plain = float(staff_skills(required, knows, cost).cost)
    assert float(staff_skills(required + rng.random(3), knows, cost).cost) >= plain - 1e-9
    wider = knows | (rng.random(knows.shape) < 0.3)
    assert float(staff_skills(required, wider, cost).cost) <= plain + 1e-9


def test_what_nobody_can_do_is_refused_in_words():
    with pytest.raises(EngineInputError, match="nobody who works then knows this skill"):
        staff_skills([1.0, 2.0], [[True, False]])
    with pytest.raises(EngineInputError, match="largest_agents is too low"):
        staff_skills([5.0], [[True]], largest_agents=4.0)
    with pytest.raises(EngineInputError, match="knows no skill"):
        skills_are_covered([1.0, 1.0], [1.0], [[True], [False]])
    with pytest.raises(EngineInputError, match="one per skill"):
        staff_skills([1.0, 2.0, 3.0], TWO_AND_BOTH)


# Pooling


def test_the_square_root_rule_foresees_the_pool():
    rng = np.random.default_rng(3)
    arrivals = rng.uniform(50.0, 900.0, (60, 5))
    at_once = pooling_gain(arrivals, 5.0, 0.0, 0.8)
    assert (at_once.saved_agents > 0).all()
    # Five separate teams are rounded up, each by less than one agent, and the rule shrinks that by sqrt(5).
    assert np.abs(at_once.square_root_agents - at_once.pooled_agents).max() < 5.0 / np.sqrt(5.0) + 0.5
    # Time to answer favours large teams more than the rule knows.
    in_time = pooling_gain(arrivals, 5.0, 1.0 / 3.0, 0.8)
    assert (in_time.pooled_agents < in_time.square_root_agents).all()
    assert (in_time.square_root_agents - in_time.pooled_agents < 0.03 * in_time.pooled_agents + 1.0).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_pooled_bound_lies_between_one_pool_and_separate_teams(seed):
    rng = np.random.default_rng(seed)
    knows, arrivals = random_skills(rng, 5, 4), rng.uniform(0.0, 200.0, 4)
    cost = rng.uniform(1.0, 2.0, 5)
    bound = pooled_team_bound(arrivals, 6.0, 0.5, 0.8, knows, cost)
    separate = staff_skills(required_agents(arrivals, 6.0, 0.5, 0.8).agents, knows, cost)
    gain = pooling_gain(arrivals, 6.0, 0.5, 0.8)
    assert float(bound.cost) <= float(separate.cost) + 1e-9
    assert bound.agents.sum() >= int(gain.pooled_agents)


def test_impatient_streams_pool_at_their_mean_rate_of_leaving():
    arrivals, patience = np.array([100.0, 300.0]), np.array([2.0, np.inf])
    gain = pooling_gain(arrivals, 5.0, 0.3, 0.8, patience)
    alone = required_agents(arrivals, 5.0, 0.3, 0.8, patience_minutes=patience)
    together = required_agents(400.0, 5.0, 0.3, 0.8, patience_minutes=8.0)
    np.testing.assert_array_equal(gain.separate_agents, alone.agents)
    assert int(gain.pooled_agents) == int(together.agents)
    bound = pooled_team_bound(arrivals, 5.0, 0.3, 0.8, [[True, True]], patience_minutes=patience)
    assert bound.agents.tolist() == [int(together.agents)]


# Against a simulation

ARRIVALS, HANDLE, WITHIN, TARGET = np.array([80.0, 80.0]), 5.0, 20.0 / 60.0, 0.8


def simulated_shares(agents, calls=24_000, seed=7):
    """Answered in time, by skill: own people first, then those who know both; the longest wait first."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(60.0 / ARRIVALS.sum(), calls))
    skill, handling = rng.integers(0, 2, calls), rng.exponential(HANDLE, calls)
    free, waiting, ends = [int(n) for n in agents], ([], []), []
    waits = np.full(calls, np.inf)
    heads = [0, 0]

    def start(call, profile, now):
        waits[call] = now - at[call]
        heapq.heappush(ends, (now + handling[call], profile))

    def release(until):
        while ends and ends[0][0] <= until:
            now, profile = heapq.heappop(ends)
            mine = (0, 1) if profile == 2 else (profile,)
            queued = [(waiting[s][heads[s]], s) for s in mine if heads[s] < len(waiting[s])]
            if queued:
                call, s = min(queued)
                heads[s] += 1
                start(call, profile, now)
            else:
                free[profile] += 1

    for call in range(calls):
        release(at[call])
        s = int(skill[call])
        profile = s if free[s] else 2
        if free[profile]:
            free[profile] -= 1
            start(call, profile, at[call])
        else:
            waiting[s].append(call)
    kept = slice(calls // 10, None)
    return [float((waits[kept][skill[kept] == s] <= WITHIN).mean()) for s in (0, 1)]


def test_the_search_finds_a_team_between_the_bound_and_the_plan_that_shares_nothing():
    cost = [1.0, 1.0, 1.25]
    bound = pooled_team_bound(ARRIVALS, HANDLE, WITHIN, TARGET, TWO_AND_BOTH, cost)
    shares_nothing = staff_skills(required_agents(ARRIVALS, HANDLE, WITHIN, TARGET).agents, TWO_AND_BOTH, cost)
    assert min(simulated_shares(shares_nothing.agents)) >= TARGET - 0.02
    # Two people in eighteen who know both are worth nearly as much as eighteen would be.
    assert min(simulated_shares(bound.agents)) == pytest.approx(TARGET, abs=0.02)
    too_small = [7, 7, 1]
    assert max(simulated_shares(too_small)) < TARGET - 0.05
    team = raise_until_met(simulated_shares, too_small, TWO_AND_BOTH, TARGET, cost)
    assert team.is_met
    assert float(bound.cost) <= team.cost < float(shares_nothing.cost)
    assert min(simulated_shares(team.agents, calls=60_000, seed=99)) >= TARGET - 0.02
    # A plan by the peers' count, ten flexible people, drowns.
    assert max(simulated_shares([0, 0, 10])) < 0.05


def test_the_simulated_pool_is_the_pool_of_the_formula():
    shares = np.mean([simulated_shares([0, 0, 18], calls=40_000, seed=seed) for seed in range(3)])
    formula = required_agents(160.0, HANDLE, WITHIN, TARGET)
    assert int(formula.agents) == 18
    assert shares == pytest.approx(float(formula.service_level_share), abs=0.012)


def test_a_search_without_enough_evaluations_says_so():
    team = raise_until_met(lambda n: [0.1, 0.1], [1, 1, 1], TWO_AND_BOTH, 0.8, largest_evaluations=9)
    assert not team.is_met
    with pytest.raises(EngineInputError, match=r"evaluate\(agents\)"):
        raise_until_met(lambda n: [np.nan, 0.1], [1, 1, 1], TWO_AND_BOTH, 0.8)
