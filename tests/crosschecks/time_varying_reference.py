"""A small pool whose load and agents change, as dense Markov chains over (busy agents, calls waiting).

Written from the rules alone: forwards throughout, matrix exponentials, many quadrature nodes. And the same as events.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import expm_multiply

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Arrivals, 1/handling and 1/patience per minute, length, threshold and agents."""

    arrivals: float
    mu: float
    theta: float
    length: float
    threshold: float
    agents: int


class Chain:
    """All states of one pool up to so many busy and so many waiting."""

    def __init__(self, most_busy: int, most_waiting: int, finish: bool) -> None:
        self.finish = finish
        self.states = [(b, w) for b in range(most_busy + 1) for w in range(most_waiting + 1)]
        self.index = {state: k for k, state in enumerate(self.states)}
        self.busy, self.waiting = (np.array(column) for column in zip(*self.states, strict=True))

    def settle(self, busy: int, waiting: int, agents: int) -> int:
        """The state once just so many agents are scheduled; the last one where the line is too long."""
        if busy > agents and not self.finish:
            busy, waiting = agents, waiting + busy - agents
        started = max(0, min(waiting, agents - busy))
        return self.index.get((busy + started, waiting - started), len(self.states) - 1)

    def generator(self, now: Interval) -> Array:
        q = np.zeros((len(self.states), len(self.states)))
        for k, (b, w) in enumerate(self.states):
            moves = [(self.index.get((b + 1, w) if b < now.agents else (b, w + 1)), now.arrivals)]
            if b:
                moves.append(
                    (self.settle(b - 1, w, now.agents) if b <= now.agents else self.index[b - 1, w], b * now.mu)
                )
            if w:
                moves.append((self.index[b, w - 1], w * now.theta))
            for to, rate in moves:
                if to is not None:
                    q[k, to] += rate
                    q[k, k] -= rate
        return q

    def tagged(self, now: Interval, may_leave: bool) -> Array:
        """For a call that waits: (busy, ahead of it), then one more state: it has been answered."""
        answered = len(self.states)
        q = np.zeros((answered + 1, answered + 1))
        for k, (b, w) in enumerate(self.states):
            if b > now.agents:
                moves = [(self.index[b - 1, w], b * now.mu)]
            else:
                moves = [(self.index[b, w - 1] if w else answered, b * now.mu)]
            if w:
                moves.append((self.index[b, w - 1], w * now.theta))
            for to, rate in moves:
                q[k, to] += rate
                q[k, k] -= rate
            q[k, k] -= now.theta if may_leave else 0.0
        return q

    def tagged_change(self, p: Array, agents: int) -> Array:
        result = np.zeros_like(p)
        result[-1] = p[-1]
        for k, (b, w) in enumerate(self.states):
            result[len(self.states) if b + w < agents else self.settle(b, w, agents)] += p[k]
        return result


def moved(p: Array, rates: Array, minutes: float) -> Array:
    """The distribution after some time at constant rates."""
    return np.asarray(expm_multiply(csr_array(rates.T * minutes), p, traceA=float(np.trace(rates)) * minutes))


def chance(chain: Chain, days: Sequence[Interval], i: int, at: float, p: Array, may_leave: bool) -> float:
    """Chance of a call at one moment to be answered within its threshold."""
    idle = chain.busy < days[i].agents
    ahead = np.append(np.where(idle, 0.0, p), p[idle].sum())
    left, j, start = days[i].threshold, i, at
    while left > 0.0:
        span = left if j == len(days) - 1 else min(left, days[j].length - start)
        ahead = moved(ahead, chain.tagged(days[j], may_leave), span)
        left -= span
        if left > 1e-12:
            j, start = j + 1, 0.0
            ahead = chain.tagged_change(ahead, days[j].agents)
        else:
            break
    return float(ahead[-1])


def crossings(days: Sequence[Interval], i: int) -> list[float]:
    """The moments of interval i whose threshold ends at the end of an interval."""
    cuts, end = {0.0, days[i].length}, 0.0
    for later in days[i:-1]:
        end += later.length
        cuts |= {end - days[i].threshold} if 0.0 < end - days[i].threshold < days[i].length else set()
    return sorted(cuts)


def dense_days(days: Sequence[Interval], most: int, finish: bool, nodes: int = 8) -> list[dict[str, float]]:
    """Level, line, work and backlog of every interval, with room for `most` waiting."""
    chain = Chain(max(now.agents for now in days), most, finish)
    points, weights = np.polynomial.legendre.leggauss(nodes)
    p = np.zeros(len(chain.states))
    p[0] = 1.0
    found = []
    for i, now in enumerate(days):
        changed = np.zeros_like(p)
        for k, (b, w) in enumerate(chain.states):
            changed[chain.settle(b, w, now.agents)] += p[k]
        p, at, total = changed, 0.0, np.zeros(5)
        q = chain.generator(now)
        for a, b in pairwise(crossings(days, i)):
            for x, weight in zip(points, weights, strict=True):
                to = a + (b - a) * (x + 1.0) / 2.0
                p, at = moved(p, q, to - at), to
                total += (weight * (b - a) / 2.0) * np.array(
                    [
                        chance(chain, days, i, at, p, True),
                        chance(chain, days, i, at, p, False),
                        p @ chain.waiting,
                        p @ np.minimum(chain.busy, now.agents),
                        p @ np.maximum(chain.busy - now.agents, 0),
                    ]
                )
        p = moved(p, q, now.length - at)
        found.append(
            {
                "level_of_offered_share": total[0] / now.length,
                "level_virtual_share": total[1] / now.length,
                "mean_queue": total[2] / now.length,
                "occupancy_share": total[3] / (now.length * now.agents) if now.agents else 0.0,
                "overtime_agent_hours": total[4] / 60.0,
                "waiting_at_end": float(p @ chain.waiting),
                "in_system_at_end": float(p @ (chain.busy + chain.waiting)),
            }
        )
    return found


def simulated_levels(days: Sequence[Interval], runs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Calls answered in time and calls offered per (run, interval), call by call; who leaves ends the call first."""
    starts = np.concatenate([[0.0], np.cumsum([now.length for now in days])])
    good, offered = np.zeros((runs, len(days))), np.zeros((runs, len(days)))
    for run in range(runs):
        calls = [
            (float(at), i)
            for i, now in enumerate(days)
            for at in np.sort(rng.uniform(starts[i], starts[i + 1], rng.poisson(now.arrivals * now.length)))
        ]
        waits = _waits(calls, days, starts, rng)
        for (_, i), wait in zip(calls, waits, strict=True):
            offered[run, i] += 1
            good[run, i] += wait <= days[i].threshold
    return good, offered


def _waits(
    calls: list[tuple[float, int]], days: Sequence[Interval], starts: Array, rng: np.random.Generator
) -> list[float]:
    """The wait until answered of each call, infinite where it gave up; one handling and patience rate for all days."""
    events = [(at, 2, k) for k, (at, _) in enumerate(calls)] + [(float(s), 1, k) for k, s in enumerate(starts[:-1])]
    heapq.heapify(events)
    waits = [np.inf] * len(calls)
    patience = [rng.exponential(1.0 / days[0].theta) if days[0].theta else np.inf for _ in calls]
    line: list[int] = []
    busy, agents = 0, days[0].agents
    while events:
        now, kind, k = heapq.heappop(events)
        if kind == 0:
            busy -= 1
        elif kind == 1:
            agents = days[k].agents
        else:
            line.append(k)
        while line and busy < agents:
            k = line.pop(0)
            wait = now - calls[k][0]
            if wait <= patience[k]:
                waits[k] = wait
                busy += 1
                heapq.heappush(events, (now + rng.exponential(1.0 / days[0].mu), 0, k))
        if not events and line and agents == 0:
            break
    return waits
