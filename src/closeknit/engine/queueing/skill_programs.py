"""The integer programs behind staffing by skills, as rows for HiGHS.

Two forms of one condition. By flow: the work of each skill is split over profiles, in columns of its own. By sets:
every set of skills has enough people who know any of them (Hall); no columns but the team, and a set's need may be
rounded up, which leaves the solver little to do; but there are 2^skills - 1 sets.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray
from closeknit.engine.errors import EngineInputError, EngineSolverError

LARGEST_TEAM = 1e6
_MOST_SKILLS_BY_SETS = 10
_MOST_SETS = 20_000
_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Team:
    """Agents (problems, profiles) not yet rounded, a proven bound below their cost, and whether it is the optimum."""

    agents: FloatArray
    bound: float
    is_optimal: bool


@dataclass(frozen=True, slots=True, eq=False)
class TeamRules:
    """What all problems of one call share: `knows` (P, S), `works` (T, P), and by profile cost and most agents."""

    knows: BoolArray
    works: BoolArray
    cost: FloatArray
    largest: FloatArray
    present: FloatArray
    node_limit: int

    @property
    def columns(self) -> int:
        """Columns of one problem by flow."""
        return len(self.cost) + int((self.works[:, :, None] & self.knows).sum())


def all_sets(skills: int) -> BoolArray:
    """Every non-empty set of skills, one per row; single skills first, then pairs, and so on."""
    chosen = np.bitwise_and(np.arange(1, 2**skills)[:, None] >> np.arange(skills), 1)
    return np.asarray(chosen[np.argsort(chosen.sum(axis=1), kind="stable")] > 0)


def fits_sets(rules: TeamRules) -> bool:
    """Whether the form by sets is small enough."""
    intervals, skills = len(rules.works), rules.knows.shape[1]
    return skills <= _MOST_SKILLS_BY_SETS and bool(intervals * 2**skills <= _MOST_SETS)


def cheapest_by_sets(needs: FloatArray, sets: BoolArray, rules: TeamRules) -> Team:
    """The cheapest whole team of one problem where set k of skills needs `needs` (T, K) agents who know any of it."""
    from scipy import sparse

    helps: BoolArray = np.asarray(sets @ rules.knows.T)
    rows = (helps[None, :, :] & rules.works[:, None, :]).reshape(-1, len(rules.cost))
    least = np.ceil(needs - _TIE * np.maximum(1.0, needs)).ravel()
    singles = rules.works[:, None, :] & rules.knows.T[None, :, :]
    rows = np.concatenate([rows, singles.reshape(-1, len(rules.cost))])
    least = np.concatenate([least, np.tile(np.ceil(rules.present - _TIE), len(rules.works))])
    rows, where = np.unique(rows, axis=0, return_inverse=True)
    tightest = np.zeros(len(rows))
    np.maximum.at(tightest, where.reshape(-1), least)
    return _solve(sparse.csc_array(rows.astype(np.float64)), tightest, 1, rules, whole=True)


def cheapest_by_flow(problems: FloatArray, rules: TeamRules, *, whole: bool) -> Team:
    """The cheapest teams of independent problems (count, T, S) side by side."""
    matrix, lower = _flow_rows(problems, rules)
    return _solve(matrix, lower, len(problems), rules, whole=whole)


def _flow_rows(problems: FloatArray, rules: TeamRules) -> tuple[Any, FloatArray]:
    """Rows and their lower bounds; columns are first all agents, then all pieces of work."""
    from scipy import sparse

    count, intervals, skills = problems.shape
    profiles = len(rules.cost)
    at, who, what = np.nonzero(rules.works[:, :, None] & rules.knows)
    pieces, shifts = at.size, np.flatnonzero(rules.works)
    row_of = np.full(rules.works.size, -1)
    row_of[shifts] = np.arange(shifts.size)
    ones, index = np.ones(pieces), np.arange(pieces)
    given = sparse.coo_array((ones, (row_of[at * profiles + who], index)), shape=(shifts.size, pieces))
    served = sparse.coo_array((ones, (at * skills + what, index)), shape=(intervals * skills, pieces))
    team = sparse.coo_array(
        (np.ones(shifts.size), (np.arange(shifts.size), shifts % profiles)), shape=(shifts.size, profiles)
    )
    present = sparse.coo_array((ones, (at * skills + what, who)), shape=(intervals * skills, profiles))
    many = sparse.eye_array(count)
    matrix = sparse.block_array(
        [
            [sparse.kron(many, team), -sparse.kron(many, given)],
            [None, sparse.kron(many, served)],
            [sparse.kron(many, present), None],
        ],
        format="csc",
    )
    least = np.tile(rules.present, count * intervals)
    return matrix, np.concatenate([np.zeros(count * shifts.size), problems.ravel(), least])


def _solve(matrix: Any, lower: FloatArray, count: int, rules: TeamRules, *, whole: bool) -> Team:
    from scipy.optimize import Bounds, LinearConstraint, milp

    columns, team = matrix.shape[1], count * len(rules.cost)
    cost, kinds, upper = np.zeros(columns), np.zeros(columns), np.full(columns, LARGEST_TEAM)
    cost[:team], upper[:team] = np.tile(rules.cost, count), np.tile(rules.largest, count)
    kinds[:team] = 1.0 if whole else 0.0
    found = milp(
        cost,
        integrality=kinds,
        bounds=Bounds(np.zeros(columns), upper),
        constraints=LinearConstraint(matrix, lower, np.full(len(lower), np.inf)),
        options={"mip_rel_gap": 0.0, "node_limit": rules.node_limit},
    )
    if found.status == 2:
        raise EngineInputError("largest_agents is too low for required_by_skill: allow more agents, or ask for less")
    if found.x is None:
        raise EngineSolverError(f"HiGHS stopped without a team: {found.message}; raise node_limit")
    bound = found.mip_dual_bound if whole and found.mip_dual_bound is not None else found.fun
    agents = np.asarray(found.x[:team], dtype=np.float64).reshape(count, len(rules.cost))
    return Team(agents, float(bound), found.status == 0)
