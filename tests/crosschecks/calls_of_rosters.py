"""One call of each public function of rostering, for the laws of the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import rostering

PROBLEM: dict[str, Any] = {
    "shift_start_minutes": np.array([360, 1320]),
    "shift_minutes": np.array([480, 600]),
    "can_work": np.array([[True, True], [True, False], [True, True]]),
    "need": np.array([[1, 1], [2, 0], [1, 1]]),
    "least": np.array([[1, 0], [0, 0], [0, 1]]),
    "under_weight": np.full((3, 2), 20.0),
    "over_weight": np.full((3, 2), 2.0),
    "skill_need": np.ones((3, 2, 1), dtype=int),
    "has_skill": np.array([[True], [False], [True]]),
    "skill_under_weight": np.full((3, 2, 1), 5.0),
    "interval_need": np.ones((3, 4), dtype=int),
    "interval_under_weight": np.full((3, 4), 3.0),
    "interval_over_weight": np.full((3, 4), 1.0),
    "is_day_off": np.array([[False, False, True], [False] * 3, [False] * 3]),
    "is_banned": np.zeros((3, 3, 2), dtype=bool),
    "may_follow": np.array([[True, True], [False, True]]),
    "least_rest_minutes": 660,
    "most_of_shift": np.array([[2, 1], [3, 0], [3, 3]]),
    "least_shifts": np.array([1, 0, 0]),
    "most_shifts": np.array([2, 3, 2]),
    "least_minutes": np.array([480, 0, 0]),
    "most_minutes": np.array([1080, 1440, 1200]),
    "least_days_on": np.array([1, 1, 2]),
    "most_days_on": np.array([2, 3, 2]),
    "least_days_off": np.array([1, 1, 2]),
    "most_weekends": np.array([1, 1, 0]),
    "weekend_of_day": np.array([-1, 0, 0]),
    "last_shift": np.array([-1, 0, 1]),
    "days_before": np.array([0, 1, 1]),
    "pay": np.array([[1.0, 2.0]] * 3),
    "wanted_weight": np.full((3, 3, 2), 0.5),
    "unwanted_weight": np.full((3, 3, 2), 0.25),
    "turn_shifts": np.array([[False, True]]),
    "turn_target": np.array([[1.0], [0.0], [1.0]]),
    "turn_weight": np.array([2.0]),
}
MADE = rostering.RosterProblem.of(**PROBLEM)
DAYS = np.array([[0, -1, -1], [-1, 0, 0], [1, -1, -1]])

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    rostering.RosterProblem.of: PROBLEM,
    rostering.check_roster: {"problem": MADE, "roster": DAYS},
    rostering.start_roster: {"problem": MADE},
    rostering.improve_roster: {
        "problem": MADE,
        "roster": DAYS,
        "iterations": 5,
        "rng": np.random.default_rng(1),
    },
    rostering.roster_bound: {"problem": MADE, "roster": DAYS},
    rostering.plan_roster: {"problem": MADE, "iterations": 10, "rng": np.random.default_rng(1)},
    rostering.find_roster_conflicts: {"problem": MADE},
    rostering.place_breaks: {
        "need": np.array([1, 2, 1, 1]),
        "begins": np.array([0, 0, 1]),
        "ends": np.array([3, 4, 4]),
        "earliest": np.array([1, 1, 2]),
        "latest": np.array([2, 2, 3]),
    },
    rostering.why_not: {"problem": MADE, "roster": DAYS, "person": 0, "day": 1, "shift": 1},
}
