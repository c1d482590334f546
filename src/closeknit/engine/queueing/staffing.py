"""The fewest agents that meet every target, each target solved by itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import Flow, flow, numbers_or_infinity, rows
from closeknit.engine.queueing.performance import LevelDefinition, legendre
from closeknit.engine.queueing.staffing_kernels import required

BINDING = np.array(
    [
        "service_level",
        "mean_wait",
        "mean_wait_of_answered",
        "occupancy",
        "abandoned",
        "blocked",
        "stability",
        "no_work",
        "nothing",
    ]
)
"""What may set an answer, in the order of staffing_kernels' targets."""

DEFINITIONS = (LevelDefinition.OF_OFFERED, LevelDefinition.VIRTUAL, LevelDefinition.OF_ANSWERED)


@dataclass(frozen=True, slots=True, eq=False)
class StaffingRequirement:
    """The fewest agents per interval and what they give. Shares 0..1, times in minutes.

    `agents`: whole numbers (int64), or fractions where asked for. `service_level_share` is by `definition`;
    `mean_wait_minutes` that of all who get a line, those who give up included. `binding` names the target that sets the
    number, the first in this order that one agent fewer (or any fraction less) would miss: "stability",
    "service_level", "mean_wait", "mean_wait_of_answered", "occupancy", "abandoned", "blocked"; "no_work" where there
    are no arrivals, "nothing" where no target asks for anybody.
    """

    agents: NDArray[np.int64] | NDArray[np.float64]
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    occupancy_share: FloatArray
    abandoned_share: FloatArray
    blocked_share: FloatArray
    binding: NDArray[np.str_]
    definition: LevelDefinition


def required_agents(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    max_occupancy_share: ArrayLike = 1.0,
    max_mean_wait_minutes: ArrayLike = np.inf,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
    max_mean_wait_of_answered_minutes: ArrayLike = np.inf,
    max_abandoned_share: ArrayLike = 1.0,
    max_blocked_share: ArrayLike = 1.0,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
    whole: bool = True,
) -> StaffingRequirement:
    """The smallest number of agents that meets all targets in each interval, proven minimal.

    Parameters (broadcast together): `arrivals_per_hour` (lambda >= 0), `handle_minutes` (1/mu > 0),
    `threshold_minutes` (T >= 0), `target_share` (answered within T, 0 <= share < 1, by `definition`),
    `max_occupancy_share` (0 < share <= 1; 1 asks nothing), `max_mean_wait_minutes` (of all),
    `max_mean_wait_of_answered_minutes` (speed of answer), `max_abandoned_share`, `max_blocked_share` (of offered; 1
    asks nothing), `patience_minutes` (1/theta; infinity: nobody gives up), `lines` (K; infinity: no limit). `whole`
    False gives the least real number of agents, by the formulas at real c.
    Method: each target improves with every agent, so each is solved by itself, bracketed by a number that meets it and
    one fewer that doesn't; the largest of their answers meets all and is the smallest that does. Where callers give up,
    or lines are limited, the search starts at nobody: fewer agents than erlangs may do. Zero arrivals need 0 agents.
    Validity: as `queue_performance`; 1.0 cannot be promised by any finite team.

    >>> need = required_agents([200.0, 3.0, 0.0], [3.0, 10.0, 5.0], [0.33, 30.0, 1.0], 0.8)
    >>> need.agents.tolist(), need.binding.tolist()
    ([14, 1, 0], ['service_level', 'stability', 'no_work'])
    >>> int(required_agents(2000.0, 3.0, 1 / 3, 0.5, patience_minutes=3.0).agents)
    91
    """
    given, limits = checked_targets(
        (arrivals_per_hour, handle_minutes, patience_minutes, lines, threshold_minutes),
        target_share,
        (max_mean_wait_minutes, max_mean_wait_of_answered_minutes),
        (max_occupancy_share, max_abandoned_share, max_blocked_share),
    )
    if not whole and np.any(given.lines < np.inf):
        raise EngineInputError("lines are limited: ask for whole agents (a fraction of a line has no meaning)")
    out = np.empty((7, given.load.size))
    inputs = rows(given.load, given.theta, given.lines, given.others[0] / given.handle)
    nodes, weights = (array.copy() for array in legendre())
    work = _work(given)
    asked = DEFINITIONS.index(definition)
    run_in_parts(required, given.load.size, work, inputs, limits, asked, whole, nodes, weights, out)
    agents = out[0].reshape(given.shape)
    refuse_where(
        np.isinf(agents),
        "required agents",
        agents,
        "no number of agents up to the number of lines meets the targets: give more lines, or ask for less",
    )
    return StaffingRequirement(
        agents=frozen(agents.astype(np.int64) if whole else agents.copy()),
        service_level_share=frozen(out[2].reshape(given.shape).copy()),
        mean_wait_minutes=frozen((out[3] * given.handle).reshape(given.shape)),
        occupancy_share=frozen(out[4].reshape(given.shape).copy()),
        abandoned_share=frozen(out[5].reshape(given.shape).copy()),
        blocked_share=frozen(out[6].reshape(given.shape).copy()),
        binding=frozen(BINDING[out[1].astype(np.int64)].reshape(given.shape)),
        definition=definition,
    )


def checked_targets(
    offered: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    target_share: ArrayLike,
    waits: tuple[ArrayLike, ArrayLike],
    shares: tuple[ArrayLike, ArrayLike, ArrayLike],
    *more: tuple[str, FloatArray],
) -> tuple[Flow, FloatArray]:
    """What is offered (threshold first, `more` last of its others), and the limits in the kernel's order and units."""
    arrivals, handle, patience, lines, threshold = offered
    within = numbers("threshold_minutes", threshold, minimum=0.0, maximum=1e9)
    given = flow(
        arrivals,
        handle,
        patience,
        lines,
        ("threshold_minutes", within),
        ("target_share", checked_level(target_share)),
        ("max_mean_wait_minutes", numbers_or_infinity("max_mean_wait_minutes", waits[0], above=0.0)),
        (
            "max_mean_wait_of_answered_minutes",
            numbers_or_infinity("max_mean_wait_of_answered_minutes", waits[1], above=0.0),
        ),
        ("max_occupancy_share", numbers("max_occupancy_share", shares[0], above=0.0, maximum=1.0)),
        ("max_abandoned_share", numbers("max_abandoned_share", shares[1], above=0.0, maximum=1.0)),
        ("max_blocked_share", numbers("max_blocked_share", shares[2], above=0.0, maximum=1.0)),
        *more,
    )
    _, level, wait, answered_wait, busy, abandoned, blocked = given.others[:7]
    return given, rows(level, wait / given.handle, answered_wait / given.handle, busy, abandoned, blocked)


def checked_level(target_share: ArrayLike) -> FloatArray:
    level = numbers("target_share", target_share, minimum=0.0, maximum=1.0)
    refuse_where(
        level >= 1.0,
        "target_share",
        level,
        "give a share below 1: with random arrivals no finite team answers every call in time",
    )
    return level


def _work(given: Flow) -> float:
    """Elementary steps, estimated: small loads count up, large ones take some evaluations."""
    waiting = 10.0 * np.where(given.lines < np.inf, given.lines, 0.0)
    return float(np.sum(100.0 + 300.0 * (given.theta > 0.0) + waiting))
