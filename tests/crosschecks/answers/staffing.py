"""Known answers of several skills and shifts: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine.queueing import pooling_gain, staff_skills

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


def present_team(given: Answer) -> Answer:
    """The cover that counts a person for everything he knows: who is present, not who can serve."""
    skills = list(given["required"])
    knows = np.array([[skill in profile["skills"] for skill in skills] for profile in given["profiles"]])
    cost = [profile["cost"] for profile in given["profiles"]]
    asked = [float(given["required"][skill]) for skill in skills]
    team = staff_skills(np.zeros(len(skills)), knows, cost, present_by_skill=asked)
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


def two_queues(calls_per_hour: list[float], handle_minutes: float, threshold_minutes: float, share: float) -> Answer:
    gain = pooling_gain(calls_per_hour, handle_minutes, threshold_minutes, share)
    return {"separate": int(gain.separate_total_agents), "pooled": int(gain.pooled_agents)}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "skill_capacity_valid": cheapest_team,
    "shift_min_cost": cheapest_shifts,
}
