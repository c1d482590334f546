"""The fewest agents with which every tier keeps its own promise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, together
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import LARGEST_LOAD
from closeknit.engine.queueing.priority import Classes, PriorityPerformance, checked_classes, performance_of, waits
from closeknit.engine.queueing.search import limits, smallest_meeting

_TIE = 1e-12
"""Relative slack for ties that only rounding breaks."""


@dataclass(frozen=True, slots=True, eq=False)
class PriorityStaffing:
    """The fewest agents that keep every class's promise, and what each class then gets.

    `binding_class` is the first class whose target one agent fewer would miss; -1 where occupancy or stability
    decides, or nothing is asked. `binding` names it: "service_level", "mean_wait", "occupancy", "stability" or
    "no_work".
    """

    agents: IntArray
    binding_class: IntArray
    binding: NDArray[np.str_]
    performance: PriorityPerformance


def required_agents_with_priorities(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    max_mean_wait_minutes: ArrayLike = np.inf,
    max_occupancy_share: ArrayLike = 1.0,
    *,
    squared_cv: ArrayLike = 1.0,
    preemptive: bool = False,
) -> PriorityStaffing:
    """The smallest whole number of agents with which every class meets its own targets.

    Parameters as `priority_performance`; `target_share` (of class k begun within T_k, 0 <= share < 1) and
    `max_mean_wait_minutes` (> 0, infinity asks nothing) by class, `max_occupancy_share` (0 < share <= 1, shape of the
    cases). Every class is kept stable; a class that is promised nothing waits, but not without end.
    Method: each target is monotone in agents; doubling and bisection from floor(load) + 1.
    Validity and source: as `priority_performance`.

    >>> need = required_agents_with_priorities([30.0, 60.0, 210.0], 6.0, [0.5, 1.0, 5.0], [0.95, 0.9, 0.8])
    >>> int(need.agents), int(need.binding_class), str(need.binding)
    (33, 0, 'service_level')
    """
    classes, lead = checked_classes(arrivals_per_hour, handle_minutes, threshold_minutes, squared_cv)
    level = _by_class("target_share", numbers("target_share", target_share, minimum=0.0, below=1.0), classes, lead)
    limit = _by_class("max_mean_wait_minutes", limits("max_mean_wait_minutes", max_mean_wait_minutes), classes, lead)
    busy = numbers("max_occupancy_share", max_occupancy_share, above=0.0, maximum=1.0)
    busy = _per_case("max_occupancy_share", busy, lead)
    load = (classes.arrivals * classes.handle).sum(axis=1)

    def missed(cases: IntArray, team: IntArray) -> BoolArray:
        """[case, 2 x class + 1]: level of each class, mean wait of each, then occupancy."""
        found = waits(team.astype(np.float64), classes.at(cases), preemptive)
        asked = classes.arrivals[cases] > 0.0
        low = asked & (found.level < level[cases])
        slow = asked & (found.whole > limit[cases] * (1.0 + _TIE))
        full = (busy[cases] < 1.0) & (load[cases] > busy[cases] * team * (1.0 + _TIE))
        return np.concatenate([low, slow, full[:, None]], axis=1)

    def meets(cases: IntArray, team: IntArray) -> BoolArray:
        return np.logical_not(missed(cases, np.maximum(team, 1)).any(axis=1))

    lowest = np.where(load == 0.0, 0, np.floor(load).astype(np.int64) + 1)
    team = smallest_meeting(lowest, meets, int(LARGEST_LOAD), "target_share")
    late = missed(np.arange(team.size), np.maximum(team - 1, 1)) & (team > lowest)[:, None]
    kind, of_class = _binding(late, load == 0.0)
    return PriorityStaffing(
        agents=frozen(team.reshape(lead)),
        binding_class=frozen(of_class.reshape(lead)),
        binding=frozen(kind.reshape(lead)),
        performance=performance_of(np.maximum(team, 1).astype(np.float64), classes, preemptive, lead),
    )


def _binding(late: BoolArray, idle: BoolArray) -> tuple[NDArray[np.str_], IntArray]:
    """The first target that one agent fewer would miss, and its class or -1."""
    count = late.shape[1] // 2
    first = np.where(late.any(axis=1), late.argmax(axis=1), -1)
    kind = np.select(
        [idle, first < 0, first < count, first < 2 * count],
        ["no_work", "stability", "service_level", "mean_wait"],
        "occupancy",
    )
    return kind, np.where((first >= 0) & (first < 2 * count), first % count, -1).astype(np.int64)


def _by_class(name: str, values: FloatArray, classes: Classes, lead: tuple[int, ...]) -> FloatArray:
    return _per_case(name, values, (*lead, classes.arrivals.shape[1])).reshape(-1, classes.arrivals.shape[1])


def _per_case(name: str, values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    if together((name, values), ("arrivals_per_hour", np.zeros(shape)))[0].shape != shape:
        raise EngineInputError(f"{name} has shape {values.shape}: give what broadcasts to {shape}")
    return np.broadcast_to(values, shape).reshape(-1)
