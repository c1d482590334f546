"""The cheapest team of people with several skills: each agent-hour is used once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, flags, frozen, numbers, refuse_where
from closeknit.engine.errors import EngineInputError, EngineSolverError
from closeknit.engine.queueing.skill_cover import SkillCover, checked_skills, last_axis, serve
from closeknit.engine.queueing.skill_programs import (
    LARGEST_TEAM,
    Team,
    TeamRules,
    all_sets,
    cheapest_by_flow,
    cheapest_by_sets,
    fits_sets,
)

_COLUMNS_AT_ONCE = 60_000
_WHOLE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class SkillStaffing:
    """The cheapest numbers of agents by profile, and who serves what.

    `agents` (..., profiles) whole numbers; `cost` (...) their cost and `cost_lower_bound` (...) a proven bound below
    it, equal where `is_optimal`; `cover` says for each interval which agents serve which skill.
    """

    agents: IntArray
    cost: FloatArray
    cost_lower_bound: FloatArray
    is_optimal: BoolArray
    cover: SkillCover


def staff_skills(
    required_by_skill: ArrayLike,
    knows_skill: ArrayLike,
    cost_per_agent: ArrayLike = 1.0,
    works_in_interval: ArrayLike | None = None,
    largest_agents: ArrayLike = LARGEST_TEAM,
    present_by_skill: ArrayLike = 0.0,
    node_limit: int = 100_000,
) -> SkillStaffing:
    """The cheapest whole numbers of agents by profile that serve every skill, each agent counted once.

    Parameters: `required_by_skill` (..., S) agents needed per skill, whole or not (with `works_in_interval`:
    (..., T, S)); `knows_skill` (P, S) booleans; `cost_per_agent` (P) > 0; `works_in_interval` (P, T) booleans: a
    profile is then a shift with skills, and one number of agents works in all its intervals; `largest_agents` (P) most
    that can be had; `present_by_skill` (S) least number present who know a skill, where one person counts for all
    that he knows (a rule for keys or languages, not for load). Leading axes are problems of their own.
    Formula: min sum_p c_p n_p, n whole; in each interval t and skill s: sum_p x_tps >= r_ts, sum_s x_tps <= n_p.
    Validity: agents divide their time within an interval; the needs are taken as given and as not pooled
    (`pooling_gain` says what that leaves; `raise_until_met` starts from here or below and asks a simulation).
    Optimal to the solver's tolerance of 1e-6 unless `node_limit` ends the search: then `is_optimal` is False.
    Source: Cezik and L'Ecuyer, Management Science 54 (2008), the program before its cuts; Dantzig (1954) for shifts.

    >>> team = staff_skills([5, 3], [[True, False], [False, True], [True, True]], [1.0, 1.0, 1.5])
    >>> team.agents.tolist(), float(team.cost)
    ([5, 3, 0], 8.0)
    """
    knows = checked_skills(knows_skill)
    required = numbers("required_by_skill", required_by_skill, minimum=0.0, maximum=LARGEST_TEAM)
    last_axis("required_by_skill", required, knows.shape[1], "skill")
    works = _checked_works(works_in_interval, knows.shape[0])
    if works_in_interval is None:
        required = required[..., None, :]
    if required.ndim < 2 or required.shape[-2] != works.shape[0]:
        raise EngineInputError(f"required_by_skill has shape {required.shape}: give (..., {works.shape[0]}, skills)")
    rules = _checked_rules(knows, works, cost_per_agent, largest_agents, present_by_skill, node_limit)
    problems, which = np.unique(required.reshape(-1, *required.shape[-2:]), axis=0, return_inverse=True)
    agents, bound, optimal = _solve_all(problems, rules)
    lead, which = required.shape[:-2], which.reshape(-1)
    whole = agents[which].reshape(*lead, knows.shape[0])
    cover = serve(whole[..., None, :] * works, required, knows)
    if not np.all(cover.is_covered):
        raise EngineSolverError("HiGHS gave a team that does not cover: raise the needs by 1e-6 and try again")
    return SkillStaffing(
        agents=frozen(whole.astype(np.int64)),
        cost=frozen(np.asarray(whole @ rules.cost)),
        cost_lower_bound=frozen(bound[which].reshape(lead)),
        is_optimal=frozen(optimal[which].reshape(lead)),
        cover=cover if works_in_interval is not None else _one_interval(cover),
    )


def _one_interval(cover: SkillCover) -> SkillCover:
    return SkillCover(
        is_covered=frozen(cover.is_covered[..., 0]),
        agents_on_skill=frozen(cover.agents_on_skill[..., 0, :, :]),
        spare_agents=frozen(cover.spare_agents[..., 0, :]),
        unmet_agents=frozen(cover.unmet_agents[..., 0, :]),
        shortfall_agents=frozen(cover.shortfall_agents[..., 0]),
        short_skills=frozen(cover.short_skills[..., 0, :]),
    )


def _checked_works(works_in_interval: ArrayLike | None, profiles: int) -> BoolArray:
    """(T, P): who works when; one interval with everybody where no shifts are given."""
    if works_in_interval is None:
        return np.ones((1, profiles), dtype=np.bool_)
    works = flags("works_in_interval", works_in_interval)
    if works.ndim != 2 or works.shape[0] != profiles or works.shape[1] == 0:
        raise EngineInputError(f"works_in_interval has shape {works.shape}: give ({profiles}, intervals)")
    return works.T.copy()


def _checked_rules(
    knows: BoolArray,
    works: BoolArray,
    cost_per_agent: ArrayLike,
    largest_agents: ArrayLike,
    present_by_skill: ArrayLike,
    node_limit: int,
) -> TeamRules:
    profiles, skills = knows.shape
    cost = numbers("cost_per_agent", cost_per_agent, above=0.0, maximum=1e9)
    largest = numbers("largest_agents", largest_agents, minimum=0.0, maximum=LARGEST_TEAM)
    present = numbers("present_by_skill", present_by_skill, minimum=0.0, maximum=LARGEST_TEAM)
    for name, values, size in (
        ("cost_per_agent", cost, profiles),
        ("largest_agents", largest, profiles),
        ("present_by_skill", present, skills),
    ):
        if values.shape not in ((), (size,)):
            raise EngineInputError(f"{name} has shape {values.shape}: give one number, or {size} of them")
    if isinstance(node_limit, bool) or not isinstance(node_limit, int) or node_limit < 1:
        raise EngineInputError(f"node_limit is {node_limit}: give a whole number of at least 1")
    return TeamRules(
        knows,
        works,
        np.broadcast_to(cost, (profiles,)).copy(),
        np.broadcast_to(np.floor(largest), (profiles,)).copy(),
        np.broadcast_to(present, (skills,)).copy(),
        node_limit,
    )


def _solve_all(problems: FloatArray, rules: TeamRules) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Whole agents, lower bound and proof for each problem.

    Whole needs nearly always give whole teams in the relaxation: many at once, then those that did not.
    """
    _refuse_unservable(problems, rules)
    agents = np.zeros((len(problems), len(rules.cost)))
    done = (problems == np.floor(problems)).all(axis=(1, 2))
    candidates, step = np.flatnonzero(done), max(1, _COLUMNS_AT_ONCE // rules.columns)
    for part in (candidates[i : i + step] for i in range(0, len(candidates), step)):
        agents[part] = cheapest_by_flow(problems[part], rules, whole=False).agents
    rounded = np.round(agents)
    done &= (np.abs(agents - rounded).max(axis=1, initial=0.0) <= _WHOLE) & _is_served(rounded, problems, rules)
    bound, optimal = rounded @ rules.cost, np.ones(len(problems), dtype=np.bool_)
    for i in np.flatnonzero(~done):
        team = _cheapest_whole(problems[i], rules)
        rounded[i], optimal[i] = np.round(team.agents[0]), team.is_optimal
        bound[i] = min(team.bound, float(rounded[i] @ rules.cost))
    return rounded, bound, optimal


def _cheapest_whole(problem: FloatArray, rules: TeamRules) -> Team:
    if not fits_sets(rules):
        return cheapest_by_flow(problem[None], rules, whole=True)
    sets = all_sets(problem.shape[1])
    return cheapest_by_sets(problem @ sets.T, sets, rules)


def _is_served(agents: FloatArray, problems: FloatArray, rules: TeamRules) -> BoolArray:
    working = agents[:, None, :] * rules.works
    present = (working @ rules.knows >= rules.present).all(axis=(1, 2))
    return np.asarray(present & serve(working, problems, rules.knows).is_covered.all(axis=1))


def _refuse_unservable(problems: FloatArray, rules: TeamRules) -> None:
    asked = np.maximum(problems.max(axis=0, initial=0.0), rules.present) > 0.0
    nobody = ~((rules.works @ (rules.knows & (rules.largest > 0.0)[:, None])) > 0)
    refuse_where(
        (asked & nobody).any(axis=0),
        "required_by_skill",
        problems.max(axis=(0, 1), initial=0.0),
        "nobody who works then knows this skill: add a profile or a shift, or ask for none",
    )
