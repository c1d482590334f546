"""What a number of agents gives: one result for M/M/c, M/M/c+M and both with limited lines."""

from dataclasses import dataclass
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.queueing.arguments import Flow, checked_agents, flow, refuse_agents_beyond_lines, rows
from closeknit.engine.queueing.wait_kernels import fill_measures


class LevelDefinition(Enum):
    """What "80 % within 20 seconds" is a share of. On one system the three differ by several points."""

    OF_OFFERED = "answered within the time, of all offered"
    """Who gives up or is turned away counts as missed."""

    VIRTUAL = "answered within the time, or would have been"
    """Who gives up early is judged by the wait that patience would have met; who is turned away is missed."""

    OF_ANSWERED = "answered within the time, of those answered"
    """Who gives up or is turned away is not counted at all."""


@dataclass(frozen=True, slots=True, eq=False)
class QueuePerformance:
    """What a number of agents gives in steady state, per queue. Shares are 0..1; times in minutes.

    Shares of offered arrivals: `wait_share` (finds all agents busy and a free line), `abandoned_share`,
    `blocked_share`, `level_of_offered_share`, `level_virtual_share`; `level_of_answered_share` is of the answered.
    `service_level_share` is the one of the three that the caller named in `definition`.
    Means: `mean_wait_minutes` of all who get a line, those who give up included; `mean_wait_of_answered_minutes`, the
    speed of answer; `mean_wait_of_waiting_minutes` of who finds no agent free; `mean_wait_of_abandoned_minutes` (0
    where nobody gives up). `mean_queue` people wait, `mean_in_system` wait or are served.

    Not stable (nobody gives up, lines are unlimited, load not below agents): everybody waits without end, level 0,
    infinite waits and queue, occupancy 1. Without arrivals nobody waits: level 1, waits 0.
    """

    offered_erlangs: FloatArray
    wait_share: FloatArray
    level_of_offered_share: FloatArray
    level_virtual_share: FloatArray
    level_of_answered_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_wait_of_answered_minutes: FloatArray
    mean_wait_of_waiting_minutes: FloatArray
    mean_wait_of_abandoned_minutes: FloatArray
    abandoned_share: FloatArray
    blocked_share: FloatArray
    occupancy_share: FloatArray
    mean_queue: FloatArray
    mean_in_system: FloatArray
    is_stable: BoolArray
    definition: LevelDefinition

    @property
    def service_level_share(self) -> FloatArray:
        return self.level(self.definition)

    def level(self, definition: LevelDefinition) -> FloatArray:
        """The service level by another definition."""
        if definition is LevelDefinition.OF_OFFERED:
            return self.level_of_offered_share
        return self.level_virtual_share if definition is LevelDefinition.VIRTUAL else self.level_of_answered_share


def queue_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike = 0.0,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
) -> QueuePerformance:
    """Service level, waits, abandonment, blocking and occupancy of `agents` serving one Poisson stream.

    Parameters (broadcast together): `agents` (c, whole or fractional, <= 1e6), `arrivals_per_hour` (lambda),
    `handle_minutes` (1/mu), `threshold_minutes` (T), `patience_minutes` (1/theta, exponential; infinity: nobody gives
    up), `lines` (K >= c, those served and those waiting; infinity: no limit).
    Formulas: M/M/c, M/M/c+M, M/M/c/K, M/M/c/K+M, each exact; docs/methods/queueing.md. A fractional number of agents
    takes the formulas at real c, as `erlang_b` does; with limited lines agents are whole.
    Validity: steady state; relative error below 1e-10 (absolute 1e-13 in deep overload) to 100,000 agents.
    Source: Gross and Harris, Fundamentals of Queueing Theory; Mandelbaum and Zeltyn (2005) for M/M/c+M.

    >>> got = queue_performance(5, 60.0, 6.0, 0.5, patience_minutes=3.0, lines=8)
    >>> [round(float(x), 4) for x in (got.blocked_share, got.abandoned_share, got.level_of_offered_share)]
    [0.069, 0.2167, 0.4802]
    """
    count = checked_agents("agents", agents)
    threshold = numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9)
    given = flow(
        arrivals_per_hour,
        handle_minutes,
        patience_minutes,
        lines,
        ("agents", count),
        ("threshold_minutes", threshold),
    )
    count, threshold = given.others
    refuse_agents_beyond_lines(count, given.lines)
    return _performance(given, count, threshold, definition)


def erlang_a(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    threshold_minutes: ArrayLike = 0.0,
    *,
    lines: ArrayLike = np.inf,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
) -> QueuePerformance:
    """What `agents` give where callers give up after an exponential patience (Palm's model, M/M/c+M).

    Parameters as in `queue_performance`. Formula, with s = c mu/theta, z = lambda/theta and
    A = 1 + z/(s+1) + z^2/((s+1)(s+2)) + ...: P(wait) = A/(1/B + A - 1), B Erlang's loss; the rest on
    docs/methods/queueing.md. Validity: any load, overload too. Source: Palm (1957); Mandelbaum and Zeltyn, "Service
    engineering in action: the Palm/Erlang-A queue" (2005).

    >>> got = erlang_a(50, 48 * 60.0, 1.0, 2.0)
    >>> round(float(got.abandoned_share), 3), round(float(got.mean_wait_minutes) * 60, 1)
    (0.031, 3.7)
    """
    return queue_performance(
        agents,
        arrivals_per_hour,
        handle_minutes,
        threshold_minutes,
        patience_minutes=patience_minutes,
        lines=lines,
        definition=definition,
    )


def erlang_c_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    *,
    lines: ArrayLike = np.inf,
) -> QueuePerformance:
    """Service level, waits and occupancy of `agents` where nobody gives up (M/M/c, steady state).

    Parameters as in `queue_performance`.
    Formula: a = lambda/mu; level = 1 - C exp(-(c - a) mu T); mean wait = C / (mu (c - a)).
    Source: Erlang (1917); Hillier and Lieberman, queueing chapter.

    >>> p = erlang_c_performance(14, 200.0, 3.0, 0.33)
    >>> round(float(p.service_level_share), 4), round(float(p.wait_share), 4), bool(p.is_stable)
    (0.8879, 0.1741, True)
    """
    return queue_performance(agents, arrivals_per_hour, handle_minutes, threshold_minutes, lines=lines)


@cache
def legendre() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights that integrate the density of a wait to full precision."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    return frozen(nodes), frozen(weights)


def work_of(given: Flow, agents: FloatArray) -> float:
    """Elementary steps of one evaluation of everything, estimated."""
    limited = given.lines < np.inf
    places = np.where(limited, np.where(limited, given.lines, 0.0) - agents, 0.0)
    return float(np.sum(30.0 + 30.0 * places + 600.0 * (~limited & (given.theta > 0.0))))


def _performance(
    given: Flow, agents: FloatArray, threshold: FloatArray, definition: LevelDefinition
) -> QueuePerformance:
    out = np.empty((8, agents.size))
    inputs = rows(agents, given.load, given.theta, given.lines, threshold / given.handle)
    nodes, weights = (array.copy() for array in legendre())
    run_in_parts(fill_measures, agents.size, work_of(given, agents), inputs, nodes, weights, out)
    blocked, waits, late, answered_late, abandoned, queue, answered_wait, abandoned_wait = out
    waits, abandoned = np.minimum(waits, 1.0), np.minimum(abandoned, 1.0)
    load, handle = given.load, given.handle
    stable = (load == 0.0) | (load < agents) | (given.theta > 0.0) | (given.lines < np.inf)
    answered = np.where((agents > 0.0) | (load == 0.0), np.maximum(1.0 - blocked - abandoned, 0.0), 0.0)
    stuck = (agents == 0.0) & (load > 0.0) & (given.theta == 0.0)
    in_time = np.where(stable, np.maximum(answered - answered_late, 0.0), 0.0)
    admitted_wait = answered_wait + abandoned_wait
    busy = np.where(stable, load * answered, agents)
    result = {
        "offered_erlangs": load,
        "wait_share": waits,
        "level_of_offered_share": in_time,
        "level_virtual_share": np.maximum(1.0 - blocked - late, 0.0),
        "level_of_answered_share": np.minimum(_ratio(in_time, answered, 0.0), 1.0),
        "mean_wait_minutes": np.where(stuck, np.inf, handle * _ratio(admitted_wait, 1.0 - blocked, 0.0)),
        "mean_wait_of_answered_minutes": handle * _ratio(answered_wait, answered, np.inf),
        "mean_wait_of_waiting_minutes": np.where(
            stuck, np.inf, handle * _of_waiting(given, agents, admitted_wait, waits)
        ),
        "mean_wait_of_abandoned_minutes": handle * _ratio(abandoned_wait, abandoned, 0.0),
        "abandoned_share": abandoned,
        "blocked_share": blocked,
        "occupancy_share": np.where(agents > 0.0, np.minimum(_ratio(busy, agents, 0.0), 1.0), load > 0.0),
        "mean_queue": queue,
        "mean_in_system": queue + busy,
    }
    shaped = {name: frozen(np.array(value, dtype=np.float64).reshape(given.shape)) for name, value in result.items()}
    return QueuePerformance(is_stable=frozen(stable.reshape(given.shape)), definition=definition, **shaped)


def _ratio(part: FloatArray, whole: FloatArray, otherwise: float) -> FloatArray:
    """part / whole, and what to say where there is no whole."""
    some = whole > 0.0
    return np.where(some, part / np.where(some, whole, 1.0), otherwise)


def _of_waiting(given: Flow, agents: FloatArray, wait: FloatArray, waits: FloatArray) -> FloatArray:
    """Mean wait of who waits; in M/M/c it's known also where the probability of waiting is too small for a float."""
    plain = (given.theta == 0.0) & (given.lines == np.inf) & (given.load > 0.0) & (given.load < agents)
    spare = np.where(plain, agents - given.load, 1.0)
    return np.where(plain, 1.0 / spare, _ratio(wait, waits, 0.0))
