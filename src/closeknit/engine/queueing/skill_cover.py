"""Whether people with several skills cover what each skill asks, each agent counted once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, flags, frozen, numbers, same_shape, together
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.skill_cover_kernels import cover_skills
from closeknit.engine.queueing.skill_programs import LARGEST_TEAM

SLACK = 1e-9
"""Relative to the largest amount in a cell: less than this is rounding, not work."""


@dataclass(frozen=True, slots=True, eq=False)
class SkillCover:
    """Which agents serve which skill. All amounts are numbers of agents at work, fractions allowed.

    `agents_on_skill` (..., profiles, skills) is one way to serve; `spare_agents` (..., profiles) have nothing to do;
    `unmet_agents` (..., skills) nobody can serve. Where a cell is not covered, `short_skills` marks skills that
    together ask for more than all people who know any of them, and `shortfall_agents` says by how much.
    """

    is_covered: BoolArray
    agents_on_skill: FloatArray
    spare_agents: FloatArray
    unmet_agents: FloatArray
    shortfall_agents: FloatArray
    short_skills: BoolArray


def skills_are_covered(
    agents_by_profile: ArrayLike, required_by_skill: ArrayLike, knows_skill: ArrayLike
) -> SkillCover:
    """Whether `agents_by_profile` can serve `required_by_skill` when an agent serves one skill at a time.

    Parameters: `agents_by_profile` (..., P) and `required_by_skill` (..., S), in agents, whole or not, leading axes
    broadcast; `knows_skill` (P, S), booleans.
    Method: maximum flow from profiles to skills. Covered if and only if every set of skills asks for no more than the
    agents who know at least one of them (Hall's condition); a set that breaks it is named.
    Validity: agents may divide their time within the interval; what a skill needs is taken as given.
    Source: Hall (1935); Gale (1957); Ford and Fulkerson (1956).

    Ten agents who know both skills do not serve 6.67 + 6.67 erlangs, though each skill alone would be served:

    >>> cover = skills_are_covered([10], [6.67, 6.67], [[True, True]])
    >>> bool(cover.is_covered), round(float(cover.shortfall_agents), 2), cover.short_skills.tolist()
    (False, 3.34, [True, True])
    """
    knows = checked_skills(knows_skill)
    agents = numbers("agents_by_profile", agents_by_profile, minimum=0.0, maximum=LARGEST_TEAM)
    required = numbers("required_by_skill", required_by_skill, minimum=0.0, maximum=LARGEST_TEAM)
    last_axis("agents_by_profile", agents, knows.shape[0], "profile")
    last_axis("required_by_skill", required, knows.shape[1], "skill")
    cells, _ = together(("agents_by_profile", agents[..., 0]), ("required_by_skill", required[..., 0]))
    agents = np.broadcast_to(agents, (*cells.shape, knows.shape[0]))
    return serve(agents, np.broadcast_to(required, (*cells.shape, knows.shape[1])), knows)


def serve(agents: FloatArray, required: FloatArray, knows: BoolArray) -> SkillCover:
    """`skills_are_covered` on checked arrays with the same leading axes."""
    (profiles, skills), shape = knows.shape, agents.shape[:-1]
    cells = int(np.prod(shape, dtype=np.int64))
    # Those who know few skills serve first, so that the flexible keep their choice.
    order = np.argsort(knows.sum(axis=1), kind="stable")
    spare = array(agents.reshape(cells, profiles)[:, order])
    unmet = array(required.reshape(cells, skills))
    slack = SLACK * np.maximum(1.0, np.maximum(spare.max(axis=1, initial=0.0), unmet.max(axis=1, initial=0.0)))
    used = np.zeros((cells, profiles, skills))
    reached = np.zeros((cells, skills), dtype=np.bool_)
    nodes = np.zeros((2, cells, profiles + skills), dtype=np.int64)
    work = 10.0 * cells * profiles * skills * (profiles + skills)
    sorted_knows = array(knows[order], np.bool_)
    run_in_parts(cover_skills, cells, work, sorted_knows, spare, unmet, slack, used, reached, nodes[0], nodes[1])
    back = np.argsort(order, kind="stable")
    unmet = np.where(unmet > slack[:, None], unmet, 0.0)
    shortfall = unmet.sum(axis=1)
    return SkillCover(
        is_covered=frozen((shortfall == 0.0).reshape(shape)),
        agents_on_skill=frozen(used[:, back].reshape(*shape, profiles, skills)),
        spare_agents=frozen(spare[:, back].reshape(*shape, profiles)),
        unmet_agents=frozen(unmet.reshape(*shape, skills)),
        shortfall_agents=frozen(shortfall.reshape(shape)),
        short_skills=frozen(reached.reshape(*shape, skills)),
    )


def checked_skills(knows_skill: ArrayLike) -> BoolArray:
    """Checked `knows_skill`: at least one profile and one skill, and nobody without any."""
    knows = flags("knows_skill", knows_skill)
    if knows.ndim != 2 or 0 in knows.shape:
        raise EngineInputError(f"knows_skill has shape {knows.shape}: give one row per profile, one column per skill")
    idle = np.flatnonzero(~knows.any(axis=1))
    if idle.size:
        raise EngineInputError(f"knows_skill[{idle[0]}] knows no skill: give this profile one, or leave it out")
    return knows


def last_axis(name: str, values: FloatArray, size: int, what: str) -> None:
    """Refuse an array whose last axis does not have one entry per profile or skill."""
    if values.ndim == 0:
        raise EngineInputError(f"{name} is one number: give {size}, one per {what}")
    same_shape([(name, values)], (*values.shape[:-1], size), f"one per {what} on the last axis")
