"""Rosters against every roster there is, rules against their words, and the same search twice."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crosschecks.roster_reference import all_rosters, cost_of, drawn_problem, is_allowed_alone

from closeknit.engine import rostering
from closeknit.engine.compiled import compiled
from closeknit.engine.errors import EngineInputError
from closeknit.engine.rostering import RosterProblem, RosterRule, check_roster, plan_roster, why_not
from closeknit.engine.rostering.room import room_of
from closeknit.engine.rostering.roster_kernels import best_days


def whole_cost(problem: RosterProblem, of: dict[str, Any], roster: Any) -> float:
    cost, missed = cost_of(of, tuple(tuple(row) for row in np.asarray(roster).tolist()))
    return cost + room_of(problem).rule_weight * missed


@pytest.mark.parametrize("seed", range(25))
def test_a_tiny_roster_is_the_cheapest_of_all_and_the_bound_is_below(seed: int) -> None:
    rng = np.random.default_rng(seed)
    of = drawn_problem(rng, *((2, 3, 2), (2, 4, 1), (3, 2, 2))[seed % 3])
    problem = RosterProblem.of(**of)
    every = [whole_cost(problem, of, roster) for roster in all_rosters(of)]
    if not every:
        with pytest.raises(EngineInputError, match="no days that keep all of"):
            plan_roster(problem, rng=rng)
        assert rostering.find_roster_conflicts(problem)
        return
    plan = plan_roster(problem, iterations=300, rng=rng)
    found = whole_cost(problem, of, plan.roster.shift)
    assert found == pytest.approx(min(every))
    assert plan.bound.cost <= min(every) + 1e-6
    assert all(is_allowed_alone(of, p, tuple(days)) for p, days in enumerate(plan.roster.shift.tolist()))
    assert plan.gap == pytest.approx(max(found - plan.bound.cost, 0.0), abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_check_agrees_with_the_words_of_the_rules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, days, shifts = 2, int(rng.integers(1, 8)), int(rng.integers(1, 4))
    of = drawn_problem(rng, people, days, shifts)
    roster = np.where(rng.random((people, days)) < 0.5, -1, rng.integers(0, shifts, (people, days)))
    got = check_roster(RosterProblem.of(**of), roster)
    broken = {found.person for found in got.broken}
    for person in range(people):
        assert (person not in broken) == is_allowed_alone(of, person, tuple(roster[person].tolist()))
    cost, missed = cost_of(of, tuple(tuple(row) for row in roster.tolist()))
    assert got.cost == pytest.approx(cost)
    assert (None in broken) == (missed > 0)
    assert got.cost == pytest.approx(got.action_cost + got.under_cost + got.over_cost + got.turn_cost)


@pytest.mark.parametrize("seed", range(6))
def test_the_search_keeps_every_rule_and_its_own_sums(seed: int) -> None:
    rng = np.random.default_rng(seed)
    of = drawn_problem(rng, 9, 9, 3)
    of |= {"least_shifts": 0, "least_minutes": 0, "days_before": 0, "least_days_on": 1, "least_days_off": 1}
    problem = RosterProblem.of(**of)
    start = rostering.start_roster(problem)
    better = rostering.improve_roster(problem, start.shift, iterations=60, rng=rng)
    assert {b.rule for b in better.check.broken} <= {RosterRule.LEAST_COVER}
    assert whole_cost(problem, _spread(of, 9), better.shift) <= whole_cost(problem, _spread(of, 9), start.shift) + 1e-6
    bound = rostering.roster_bound(problem, better.shift)
    assert bound.cost <= whole_cost(problem, _spread(of, 9), better.shift) + 1e-6


def _spread(of: dict[str, Any], people: int) -> dict[str, Any]:
    return {
        name: np.full(people, value) if isinstance(value, int) and name != "least_rest_minutes" else value
        for name, value in of.items()
    }


WEEK: dict[str, Any] = {
    "shift_start_minutes": [360, 840, 1320],
    "shift_minutes": [480, 480, 600],
    "can_work": [[True, True, True]],
    "need": np.zeros((7, 3), dtype=int),
    "weekend_of_day": [-1, -1, -1, -1, -1, 0, 0],
}
BROKEN: list[tuple[RosterRule, dict[str, Any], list[int], list[int]]] = [
    (RosterRule.CAN_WORK, {"can_work": [[True, True, False]]}, [2] + [-1] * 6, [1] + [-1] * 6),
    (RosterRule.DAY_OFF, {"is_day_off": np.eye(7, dtype=bool)[:1]}, [0] + [-1] * 6, [-1, 0] + [-1] * 5),
    (
        RosterRule.BANNED,
        {"is_banned": np.eye(21, dtype=bool)[:1].reshape(1, 7, 3)},
        [0] + [-1] * 6,
        [1] + [-1] * 6,
    ),
    (RosterRule.SUCCESSION, {"least_rest_minutes": 660}, [2, 1] + [-1] * 5, [1, 1] + [-1] * 5),
    (
        RosterRule.SUCCESSION,
        {"least_rest_minutes": 660, "last_shift": 2, "days_before": 1},
        [0] * 2 + [-1] * 5,
        [2] * 2 + [-1] * 5,
    ),
    (RosterRule.MOST_OF_SHIFT, {"most_of_shift": [[7, 7, 1]]}, [2, 2] + [-1] * 5, [2, -1, 0] + [-1] * 4),
    (RosterRule.LEAST_SHIFTS, {"least_shifts": 3}, [0, 0] + [-1] * 5, [0, 0, 0] + [-1] * 4),
    (RosterRule.MOST_SHIFTS, {"most_shifts": 2}, [0, 0, 0] + [-1] * 4, [0, 0] + [-1] * 5),
    (RosterRule.LEAST_MINUTES, {"least_minutes": 1000}, [0, 0] + [-1] * 5, [0, 2] + [-1] * 5),
    (RosterRule.MOST_MINUTES, {"most_minutes": 1000}, [0, 2] + [-1] * 5, [0, 0] + [-1] * 5),
    (RosterRule.LEAST_DAYS_ON, {"least_days_on": 2}, [-1, 0] + [-1] * 5, [0] + [-1] * 6),
    (RosterRule.LEAST_DAYS_ON, {"least_days_on": 3, "last_shift": 0, "days_before": 2}, [-1] * 7, [0] + [-1] * 6),
    (RosterRule.MOST_DAYS_ON, {"most_days_on": 2}, [0, 0, 0] + [-1] * 4, [0, 0, -1, 0] + [-1] * 3),
    (
        RosterRule.MOST_DAYS_ON,
        {"most_days_on": 2, "last_shift": 0, "days_before": 2},
        [0] + [-1] * 6,
        [-1, 0] + [-1] * 5,
    ),
    (RosterRule.LEAST_DAYS_OFF, {"least_days_off": 2}, [0, -1, 0] + [-1] * 4, [0, -1, -1, 0] + [-1] * 3),
    (
        RosterRule.LEAST_DAYS_OFF,
        {"least_days_off": 2, "last_shift": -1, "days_before": 1},
        [0] + [-1] * 6,
        [-1, 0] + [-1] * 5,
    ),
    (RosterRule.MOST_WEEKENDS, {"most_weekends": 0}, [-1] * 6 + [0], [0] * 5 + [-1] * 2),
    (RosterRule.LEAST_COVER, {"least": np.eye(7, 3, dtype=int)}, [0, 0, 2] + [-1] * 4, [0, 1, 2] + [-1] * 4),
]


@pytest.mark.parametrize(("rule", "of", "bad", "good"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)])
def test_each_rule_and_its_broken_twin(rule: RosterRule, of: dict[str, Any], bad: list[int], good: list[int]) -> None:
    problem = RosterProblem.of(**WEEK | of)
    assert [found.rule for found in check_roster(problem, [bad]).broken] == [rule]
    assert check_roster(problem, [good]).is_allowed
    # And the search keeps it, wherever cover pulls to the roster that breaks it.
    pull = np.zeros((7, 3), dtype=int)
    for day, shift in enumerate(bad):
        if shift >= 0:
            pull[day, shift] = 1
    pulled = plan_roster(RosterProblem.of(**WEEK | of | {"need": pull}), iterations=50, rng=np.random.default_rng(1))
    assert pulled.roster.check.is_allowed
    assert pulled.roster.shift[0].tolist() != bad


def test_a_search_replays_and_a_clock_is_said_to_be_none_to_replay() -> None:
    problem = RosterProblem.of(
        **drawn_problem(np.random.default_rng(5), 6, 7, 3) | {"least_shifts": 0, "least_minutes": 0}
    )
    first, second = (plan_roster(problem, iterations=200, rng=np.random.default_rng(3)) for _ in range(2))
    assert first.roster.shift.tobytes() == second.roster.shift.tobytes()
    assert first.bound.cost == second.bound.cost
    assert first.roster.is_replayable
    turns = iter([True] * 3)
    stopped = plan_roster(
        problem, iterations=10**6, rng=np.random.default_rng(3), keep_going=lambda: next(turns, False)
    )
    assert not stopped.roster.is_replayable
    assert {b.rule for b in stopped.roster.check.broken} <= {RosterRule.LEAST_COVER}


def test_compiled_or_not_the_days_are_the_same() -> None:
    problem = RosterProblem.of(
        **drawn_problem(np.random.default_rng(9), 4, 8, 3) | {"least_shifts": 0, "least_minutes": 0}
    )
    room, answers = room_of(problem), []
    for function in (best_days, compiled(best_days)):
        path, least = np.full((4, 8), -1, dtype=np.int64), np.zeros(4)
        function(room.cost, np.arange(4), *room.tables, room.value, room.back, path, least)
        answers.append((path.tobytes(), least.tobytes()))
    assert answers[0] == answers[1]


def test_conflicts_are_smallest_sets_of_rules() -> None:
    of = WEEK | {"least_shifts": 5, "most_minutes": 1440, "least_days_on": 2, "is_day_off": np.eye(7, dtype=bool)[:1]}
    problem = RosterProblem.of(**of)
    (found,) = rostering.find_roster_conflicts(problem)
    assert found.rules == (RosterRule.LEAST_SHIFTS, RosterRule.MOST_MINUTES)
    for name, loose in (("least_shifts", 3), ("most_minutes", 9999)):
        assert not rostering.find_roster_conflicts(RosterProblem.of(**of | {name: loose}))
    with pytest.raises(EngineInputError, match="person 0 has no days that keep all of: least_shifts, most_minutes"):
        rostering.start_roster(problem)


def test_why_not_says_the_rule_in_the_way_or_the_price() -> None:
    of = WEEK | {"can_work": np.ones((2, 3), dtype=bool), "need": np.eye(7, 3, dtype=int), "under_weight": 10.0}
    problem = RosterProblem.of(**of, least_rest_minutes=660, is_day_off=np.eye(7, dtype=bool)[[6, 6]])
    roster = [[0, -1, 2, -1, -1, -1, -1], [-1, 1, -1, -1, -1, -1, -1]]
    barred = why_not(problem, roster, person=0, day=6, shift=1)
    assert barred.in_the_way == (RosterRule.DAY_OFF,)
    assert barred.cost_change is None
    dear = why_not(problem, roster, person=0, day=1, shift=2)
    assert dear.in_the_way == ()
    assert dear.broken == ()
    # One too many at night: over_weight 1; the night after it may still follow.
    assert dear.cost_change == pytest.approx(1.0)
    after_night = why_not(problem, roster, person=0, day=3, shift=0)
    assert [b.rule for b in after_night.broken] == [RosterRule.SUCCESSION]
    assert after_night.cost_change == pytest.approx(11.0)
    everyone = check_roster(problem, roster).cost
    changed = np.array(roster)
    changed[0] = after_night.days
    assert check_roster(problem, changed).cost - everyone == pytest.approx(11.0)


def test_what_cannot_be_is_refused_with_the_fix() -> None:
    cases = [
        ({"least_shifts": 5, "most_shifts": 4}, "least_shifts.*give at most most_shifts"),
        ({"weekend_of_day": [0, 0, 0, -1, -1, -1, -1]}, "weekend_of_day names weekend 0 on 3 days"),
        ({"skill_need": np.ones((7, 3, 1), dtype=int)}, "has_skill"),
        ({"interval_need": np.ones((7, 7), dtype=int)}, "divide 1440"),
        ({"need": np.ones((7, 2), dtype=int)}, "need has 2 shifts: give 3"),
    ]
    for of, words in cases:
        with pytest.raises(EngineInputError, match=words):
            RosterProblem.of(**WEEK | of)
    with pytest.raises(EngineInputError, match="roster has shape"):
        check_roster(RosterProblem.of(**WEEK), [[0] * 6])
    with pytest.raises(EngineInputError, match="rng is no numpy Generator"):
        rostering.improve_roster(RosterProblem.of(**WEEK), [[-1] * 7], iterations=1, rng=None)  # type: ignore[arg-type]


def test_rules_with_too_many_sums_are_refused_with_ways_out() -> None:
    of = {
        "shift_start_minutes": np.arange(8) * 60,
        "shift_minutes": 480 + np.arange(8),
        "can_work": np.ones((1, 8), dtype=bool),
        "need": np.ones((60, 8), dtype=int),
        "most_of_shift": 20,
    }
    with pytest.raises(EngineInputError, match="roster fewer days at a time"):
        rostering.start_roster(RosterProblem.of(**of))
