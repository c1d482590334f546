"""A team that keeps every class's target where no formula says how shared people divide: ask, raise, trim."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_number, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.skill_cover import checked_skills, last_axis

Evaluator = Callable[[IntArray], ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class MetTeam:
    """The team found, what each skill reaches with it, and what it took. `is_met` False: the rounds ended first."""

    agents: IntArray
    reached_share: FloatArray
    cost: float
    is_met: bool
    evaluations: int


@dataclass(slots=True)
class _Search:
    evaluate: Evaluator
    target: FloatArray
    cost: FloatArray
    budget: int
    known: dict[tuple[int, ...], FloatArray]

    def reached(self, agents: IntArray) -> FloatArray:
        key = tuple(int(n) for n in agents)
        if key not in self.known:
            share = numbers("evaluate(agents)", self.evaluate(frozen(agents.copy())), minimum=0.0, maximum=1.0, ndim=1)
            last_axis("evaluate(agents)", share, self.target.size, "skill")
            self.known[key] = share
        return self.known[key]

    def shortfall(self, agents: IntArray) -> float:
        return float(np.maximum(self.target - self.reached(agents), 0.0).sum())

    @property
    def is_spent(self) -> bool:
        return len(self.known) >= self.budget


def raise_until_met(
    evaluate: Evaluator,
    start_agents: ArrayLike,
    knows_skill: ArrayLike,
    target_share: ArrayLike,
    cost_per_agent: ArrayLike = 1.0,
    largest_evaluations: int = 1_000,
) -> MetTeam:
    """A team that meets every skill's target by the evaluator's word, and that no single change makes cheaper.

    Parameters: `evaluate` takes agents (P) and gives the share reached per skill (S): a simulation with the same
    random numbers at each call, or its lower confidence bounds; `start_agents` (P) whole; `knows_skill` (P, S);
    `target_share` (S), 0..1; `cost_per_agent` (P) > 0.
    Method: while a target is missed, add the agent who lowers the sum of shortfalls most per cost; then drop agents,
    and exchange one for a cheaper one, dearest first, as long as every target is still met. A heuristic: the team is
    minimal against such single changes, not proven cheapest. `pooled_team_bound` says how far it can be off.
    Source: Wallace and Whitt, MSOM 7 (2005), the search from a lower bound, here with any evaluator.

    >>> grows = lambda n: [min(1.0, (n[0] + n[2]) / 10), min(1.0, (n[1] + n[2]) / 10)]
    >>> team = raise_until_met(grows, [5, 5, 0], [[True, False], [False, True], [True, True]], 0.8, [1.0, 1.0, 1.5])
    >>> team.agents.tolist(), team.cost, team.is_met
    ([5, 5, 3], 14.5, True)
    """
    knows = checked_skills(knows_skill)
    agents = whole_numbers("start_agents", start_agents, minimum=0, maximum=10**6, ndim=1)
    last_axis("start_agents", agents.astype(np.float64), knows.shape[0], "profile")
    target = numbers("target_share", target_share, minimum=0.0, below=1.0)
    cost = numbers("cost_per_agent", cost_per_agent, above=0.0, maximum=1e9)
    if target.shape not in ((), knows.shape[1:]) or cost.shape not in ((), knows.shape[:1]):
        raise EngineInputError("target_share and cost_per_agent: give one number, or one per skill and one per profile")
    budget = whole_number("largest_evaluations", largest_evaluations, minimum=1)
    search = _Search(
        evaluate, np.broadcast_to(target, knows.shape[1:]), np.broadcast_to(cost, knows.shape[:1]), budget, {}
    )
    agents = _raised(search, agents, knows)
    met = search.shortfall(agents) == 0.0
    if met:
        agents = _trimmed(search, agents)
    reached = search.reached(agents)
    return MetTeam(frozen(agents), frozen(reached.copy()), float(agents @ search.cost), met, len(search.known))


def _raised(search: _Search, agents: IntArray, knows: BoolArray) -> IntArray:
    """Agents added one at a time until nothing is short or the evaluations are spent."""
    while (short := search.shortfall(agents)) > 0.0 and not search.is_spent:
        missed = search.reached(agents) < search.target
        helpers = np.flatnonzero(knows[:, missed].any(axis=1)).tolist()
        if not helpers:
            raise EngineInputError("knows_skill: nobody knows a skill whose target is missed; add a profile")
        gains = [(short - search.shortfall(_changed(agents, more=p))) / search.cost[p] for p in helpers]
        best = int(np.argmax(gains))
        # Where nobody's step is felt alone, the cheapest who knows the most missed skills goes first.
        value = knows[helpers][:, missed].sum(axis=1) / search.cost[helpers]
        agents = _changed(agents, more=helpers[best if gains[best] > 0.0 else int(np.argmax(value))])
    return agents


def _trimmed(search: _Search, agents: IntArray) -> IntArray:
    """Agents dropped, then exchanged for cheaper ones, while every target is met."""
    profiles = range(agents.size)
    swaps = [(p, q) for p in profiles for q in profiles if search.cost[q] < search.cost[p]]
    swaps.sort(key=lambda pair: search.cost[pair[1]] - search.cost[pair[0]])
    drops = sorted(profiles, key=lambda p: -search.cost[p])
    changes: list[tuple[int, int | None]] = [*((p, None) for p in drops), *swaps]
    improved = True
    while improved and not search.is_spent:
        improved = False
        for fewer, more in changes:
            if agents[fewer] > 0 and not search.is_spent:
                tried = _changed(agents, fewer=fewer, more=more)
                if search.shortfall(tried) == 0.0:
                    agents, improved = tried, True
                    break
    return agents


def _changed(agents: IntArray, *, more: int | None = None, fewer: int | None = None) -> IntArray:
    changed = agents.copy()
    if more is not None:
        changed[more] += 1
    if fewer is not None:
        changed[fewer] -= 1
    return changed
