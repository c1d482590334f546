"""Known answers of several skills and shifts: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine.queueing import staff_skills

Answer = dict[str, Any]


def cheapest_team(given: Answer) -> Answer:
    skills = list(given["required"])
    team = staff_skills(
        [given["required"][skill] for skill in skills],
        [[skill in profile["skills"] for skill in skills] for profile in given["profiles"]],
        [profile["cost"] for profile in given["profiles"]],
    )
    assert team.is_optimal
    return {"cost": float(team.cost), "total": int(team.agents.sum()), "agents": team.agents.tolist()}


def cheapest_shifts(given: Answer) -> Answer:
    names = list(given["coverage"])
    team = staff_skills(
        np.array(given["required"], dtype=float)[..., None],
        np.ones((len(names), 1), dtype=bool),
        [given["cost"][name] for name in names],
        np.array([given["coverage"][name] for name in names], dtype=bool),
    )
    assert team.is_optimal.all()
    return {"cost": float(team.cost.sum()), "agents": team.agents.tolist()}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "skill_capacity_valid": cheapest_team,
    "shift_min_cost": cheapest_shifts,
}
