"""What a common team saves: separate against pooled need, and the least a team with given skills can be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, together
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import numbers_or_infinity
from closeknit.engine.queueing.skill_cover import checked_skills
from closeknit.engine.queueing.skill_programs import LARGEST_TEAM, TeamRules, all_sets, cheapest_by_sets, fits_sets
from closeknit.engine.queueing.staffing import required_agents


@dataclass(frozen=True, slots=True, eq=False)
class PoolingGain:
    """Separate teams against one team for all streams; the streams are the last axis of the input.

    `separate_agents` (..., streams); the rest (...). `square_root_agents` is what the square-root rule expects of the
    pool: the load, and the separate teams' spare agents shrunk from sum sqrt(load) to sqrt(sum load).
    """

    offered_erlangs: FloatArray
    separate_agents: IntArray
    separate_total_agents: IntArray
    pooled_agents: IntArray
    saved_agents: IntArray
    square_root_agents: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PooledTeamBound:
    """The cheapest team that is large enough for every set of skills if those who know any of it serve it as one queue.

    `agents` (..., P) is where a search by simulation starts, and `cost_lower_bound` what it is measured against.
    """

    agents: IntArray
    cost: FloatArray
    cost_lower_bound: FloatArray


def pooling_gain(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
) -> PoolingGain:
    """Agents that separate teams need, that one team for all needs, and what the square-root rule expects.

    Parameters (broadcast together; streams on the last axis): `arrivals_per_hour` (lambda), `handle_minutes` (1/mu),
    `threshold_minutes` (T), `target_share` (0..1, of all offered), `patience_minutes` (1/theta; infinity: nobody gives
    up). The pool keeps the shortest threshold and the highest target; its mix is handled in the mean time, and gives up
    at the mean rate, weighted by arrivals.
    Formula: square-root staffing n = R + beta sqrt(R); with one beta the pool's spare agents are sqrt(sum R) /
    sum sqrt(R) of the separate ones.
    Validity: Erlang C, or A with patience; everybody in the pool serves every stream as well as its own team did.
    Unequal handling times make the mix more variable than exponential: check such a pool by simulation.
    Source: Halfin and Whitt (1981); Borst, Mandelbaum and Reiman (2004); Whitt, Management Science 38 (1992).

    >>> gain = pooling_gain([80.0, 80.0], 5.0, 1 / 3, 0.8)
    >>> gain.separate_agents.tolist(), int(gain.pooled_agents), round(float(gain.square_root_agents), 1)
    ([10, 10], 18, 18.0)
    """
    streams = _streams(arrivals_per_hour, handle_minutes, threshold_minutes, target_share, patience_minutes)
    arrivals, handle, threshold, target, patience = streams
    separate = required_agents(arrivals, handle, threshold, target, patience_minutes=patience).agents
    everything = np.ones((1, arrivals.shape[-1]), dtype=np.bool_)
    pooled = _merged_agents(streams, everything)[..., 0]
    load = arrivals * handle / 60.0
    spare = np.where(load > 0.0, separate - load, 0.0).sum(axis=-1)
    root = np.sqrt(load).sum(axis=-1)
    shrunk = np.divide(np.sqrt(load.sum(axis=-1)), root, out=np.zeros_like(root), where=root > 0.0)
    total = separate.sum(axis=-1)
    return PoolingGain(
        offered_erlangs=frozen(load),
        separate_agents=frozen(np.array(separate)),
        separate_total_agents=frozen(np.asarray(total)),
        pooled_agents=frozen(np.asarray(pooled)),
        saved_agents=frozen(np.asarray(total - pooled)),
        square_root_agents=frozen(np.asarray(load.sum(axis=-1) + spare * shrunk)),
    )


def pooled_team_bound(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    knows_skill: ArrayLike,
    cost_per_agent: ArrayLike = 1.0,
    largest_agents: ArrayLike = LARGEST_TEAM,
    patience_minutes: ArrayLike = np.inf,
) -> PooledTeamBound:
    """The cheapest team by profile if every set of skills were served as one queue by all who know any of it.

    Parameters: streams as in `pooling_gain`, one per skill on the last axis (..., S), S at most 10; `knows_skill`
    (P, S) booleans; `cost_per_agent` and `largest_agents` (P).
    Formula: min sum c_p n_p, n whole; for each set A of skills, agents who know any of A >= Erlang C's need (with
    patience: A's) for the merged stream of A, first come first served, with A's longest threshold and its mean target
    by arrivals (which every plan that keeps the single targets keeps too).
    Validity: a bound, not a plan: real teams share less than this. `staff_skills` gives the plan that shares nothing;
    the truth lies between, and `raise_until_met` finds it with a simulation. Routing that leaves the late waiting can
    go below it, and with unequal handling times the merged queue is taken at its mean.

    >>> bound = pooled_team_bound([80.0, 80.0], 5.0, 1 / 3, 0.8, [[True, True]])
    >>> bound.agents.tolist(), float(bound.cost)
    ([18], 18.0)
    """
    knows = checked_skills(knows_skill)
    streams = _streams(arrivals_per_hour, handle_minutes, threshold_minutes, target_share, patience_minutes)
    skills = knows.shape[1]
    if streams[0].shape[-1] != skills:
        raise EngineInputError(f"arrivals_per_hour has {streams[0].shape[-1]} streams: give {skills}, one per skill")
    rules = _rules(knows, cost_per_agent, largest_agents)
    sets = all_sets(skills)
    lead = streams[0].shape[:-1]
    needs = _merged_agents(streams, sets, as_bound=True).reshape(-1, len(sets)).astype(np.float64)
    teams = [cheapest_by_sets(need[None], sets, rules) for need in needs]
    agents = np.round(np.array([team.agents[0] for team in teams]).reshape(*lead, len(knows)))
    return PooledTeamBound(
        agents=frozen(agents.astype(np.int64)),
        cost=frozen(np.asarray(agents @ rules.cost)),
        cost_lower_bound=frozen(np.array([team.bound for team in teams]).reshape(lead)),
    )


def _rules(knows: BoolArray, cost_per_agent: ArrayLike, largest_agents: ArrayLike) -> TeamRules:
    profiles, skills = knows.shape
    cost = numbers("cost_per_agent", cost_per_agent, above=0.0, maximum=1e9)
    largest = numbers("largest_agents", largest_agents, minimum=0.0, maximum=LARGEST_TEAM)
    for name, values in (("cost_per_agent", cost), ("largest_agents", largest)):
        if values.shape not in ((), (profiles,)):
            raise EngineInputError(f"{name} has shape {values.shape}: give one number, or {profiles}, one per profile")
    rules = TeamRules(
        knows,
        np.ones((1, profiles), dtype=np.bool_),
        np.broadcast_to(cost, (profiles,)),
        np.broadcast_to(np.floor(largest), (profiles,)),
        np.zeros(skills),
        100_000,
    )
    if not fits_sets(rules):
        raise EngineInputError(f"knows_skill has {skills} skills: give at most 10, or split those that share nobody")
    return rules


def _streams(
    arrivals: ArrayLike, handle: ArrayLike, threshold: ArrayLike, target: ArrayLike, patience: ArrayLike
) -> tuple[FloatArray, ...]:
    """Checked and broadcast; the last axis is the streams."""
    streams = together(
        ("arrivals_per_hour", numbers("arrivals_per_hour", arrivals, minimum=0.0, maximum=1e9)),
        ("handle_minutes", numbers("handle_minutes", handle, above=0.0, maximum=1e6)),
        ("threshold_minutes", numbers("threshold_minutes", threshold, minimum=0.0, maximum=1e9)),
        ("target_share", numbers("target_share", target, minimum=0.0, below=1.0)),
        ("patience_minutes", numbers_or_infinity("patience_minutes", patience, above=0.0, maximum=1e9)),
    )
    if streams[0].ndim == 0:
        raise EngineInputError("arrivals_per_hour is one number: give one per stream on the last axis")
    return streams


def _merged_agents(streams: tuple[FloatArray, ...], sets: BoolArray, *, as_bound: bool = False) -> IntArray:
    """Agents (..., sets) for the merged streams of each set, held to the hardest (or mean) target in it."""
    arrivals, handle, threshold, target, patience = (values[..., None, :] for values in streams)
    busy = sets & (arrivals > 0.0)
    total = np.where(busy, arrivals, 0.0).sum(axis=-1)
    work = np.where(busy, arrivals * handle, 0.0).sum(axis=-1)
    mean = np.divide(work, total, out=np.ones_like(work), where=total > 0.0)
    if as_bound:
        within = np.where(busy, threshold, 0.0).max(axis=-1)
        kept = np.where(busy, arrivals * target, 0.0).sum(axis=-1)
        share = np.divide(kept, total, out=np.zeros_like(kept), where=total > 0.0)
    else:
        within = np.where(busy, threshold, np.inf).min(axis=-1)
        share = np.where(busy, target, 0.0).max(axis=-1)
    leaving = np.where(busy, arrivals / patience, 0.0).sum(axis=-1)
    mean_patience = np.divide(total, leaving, out=np.full(total.shape, np.inf), where=leaving > 0.0)
    nothing = total == 0.0
    within, share = np.where(nothing, 0.0, within), np.where(nothing, 0.0, share)
    agents = required_agents(total, mean, within, share, patience_minutes=mean_patience).agents
    return agents.astype(np.int64)
