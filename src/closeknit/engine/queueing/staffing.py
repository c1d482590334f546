"""The fewest agents that meet every target, proven minimal by exact integer search."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, refuse_where, together
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.erlang import offered_load, performance

_TIE = 1e-12
"""Relative slack for ties that only rounding breaks (8.5 erlangs on 10 agents is 85 %, not more)."""


@dataclass(frozen=True, slots=True, eq=False)
class StaffingRequirement:
    """The fewest agents per interval and what they give. Shares 0..1, times in minutes.

    `binding` names the first target that one agent fewer would miss, in the order "stability",
    "service_level", "mean_wait", "occupancy"; "no_work" where there are no arrivals.
    """

    agents: IntArray
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    occupancy_share: FloatArray
    binding: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class _Targets:
    """Flat, checked inputs of one length."""

    load: FloatArray
    handle: FloatArray
    threshold: FloatArray
    level: FloatArray
    occupancy: FloatArray
    wait: FloatArray

    def at(self, where: BoolArray) -> "_Targets":
        return _Targets(
            self.load[where],
            self.handle[where],
            self.threshold[where],
            self.level[where],
            self.occupancy[where],
            self.wait[where],
        )


def required_agents(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    max_occupancy_share: ArrayLike = 1.0,
    max_mean_wait_minutes: ArrayLike = np.inf,
) -> StaffingRequirement:
    """The smallest whole number of agents that meets all targets in each interval (M/M/c).

    Parameters (broadcast together): `arrivals_per_hour` (lambda >= 0), `handle_minutes` (1/mu > 0),
    `threshold_minutes` (T >= 0), `target_share` (answered within T, 0 <= share < 1),
    `max_occupancy_share` (0 < share <= 1; 1 asks nothing beyond stability), `max_mean_wait_minutes`
    (> 0, infinity asks nothing). Zero arrivals need 0 agents.
    Method: every target is monotone in agents, so the answer is found by doubling and bisection from
    floor(load) + 1. Validity: as `erlang_c_performance`; 1.0 cannot be promised by any finite team.

    >>> need = required_agents([200.0, 3.0, 0.0], [3.0, 10.0, 5.0], [0.33, 30.0, 1.0], 0.8)
    >>> need.agents.tolist(), need.binding.tolist()
    ([14, 1, 0], ['service_level', 'stability', 'no_work'])
    """
    targets, shape = _checked_targets(
        arrivals_per_hour,
        handle_minutes,
        threshold_minutes,
        target_share,
        max_occupancy_share,
        max_mean_wait_minutes,
    )
    agents = np.where(targets.load > 0.0, _fewest(targets), 0.0)
    reached = performance(agents, targets.load, targets.handle, targets.threshold)
    return StaffingRequirement(
        agents=frozen(agents.astype(np.int64).reshape(shape)),
        service_level_share=frozen(reached.service_level_share.reshape(shape)),
        mean_wait_minutes=frozen(reached.mean_wait_minutes.reshape(shape)),
        occupancy_share=frozen(reached.occupancy_share.reshape(shape)),
        binding=frozen(_binding(targets, agents).reshape(shape)),
    )


def _checked_targets(
    arrivals: ArrayLike,
    handle: ArrayLike,
    threshold: ArrayLike,
    target: ArrayLike,
    max_occupancy: ArrayLike,
    max_wait: ArrayLike,
) -> tuple[_Targets, tuple[int, ...]]:
    load, handling, within = offered_load(arrivals, handle, threshold)
    level = numbers("target_share", target, minimum=0.0, maximum=1.0)
    refuse_where(
        level >= 1.0,
        "target_share",
        level,
        "give a share below 1: with random arrivals no finite team answers every call in time",
    )
    occupancy = numbers("max_occupancy_share", max_occupancy, above=0.0, maximum=1.0)
    named: tuple[tuple[str, NDArray[Any]], ...] = (
        ("arrivals_per_hour", load),
        ("handle_minutes", handling),
        ("threshold_minutes", within),
        ("target_share", level),
        ("max_occupancy_share", occupancy),
        ("max_mean_wait_minutes", _waits(max_wait)),
    )
    arrays = together(*named)
    return _Targets(*(np.ravel(array) for array in arrays)), arrays[0].shape


def _waits(max_wait: ArrayLike) -> FloatArray:
    """Checked maximum waits, where +infinity (no limit) is the one infinite input the engine takes."""
    raw = np.asarray(max_wait)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError("max_mean_wait_minutes must be plain numbers: give minutes, or infinity for no limit")
    unlimited = raw == np.inf
    checked = numbers("max_mean_wait_minutes", np.where(unlimited, 1.0, raw), above=0.0)
    return np.where(unlimited, np.inf, checked)


def _fewest(targets: _Targets) -> FloatArray:
    """Fewest agents per interval as whole floats (undefined but harmless where the load is 0)."""
    floor = np.floor(targets.load * (1.0 + _TIE)) + 1.0
    low = np.maximum(floor, np.ceil(targets.load / targets.occupancy * (1.0 - _TIE)))
    answer = low.copy()
    below, above, open_ = low.copy(), low.copy(), ~_meets_waits(targets, low)
    step = np.ceil(np.sqrt(targets.load)) + 1.0
    growing = open_.copy()
    while np.any(growing):
        above[growing] = below[growing] + step[growing]
        reached = np.zeros_like(growing)
        reached[growing] = _meets_waits(targets.at(growing), above[growing])
        short = growing & ~reached
        below[short] = above[short]
        step[short] *= 2.0
        growing = short
    while np.any(open_ := open_ & (above - below > 1.0)):
        middle = np.floor((below[open_] + above[open_]) / 2.0)
        good = _meets_waits(targets.at(open_), middle)
        above[open_] = np.where(good, middle, above[open_])
        below[open_] = np.where(good, below[open_], middle)
    return np.maximum(answer, above)


def _meets_waits(targets: _Targets, agents: FloatArray) -> BoolArray:
    """Whether service level and mean wait are both met."""
    got = performance(agents, targets.load, targets.handle, targets.threshold)
    met: BoolArray = (got.service_level_share >= targets.level) & (got.mean_wait_minutes <= targets.wait)
    return met


def _binding(targets: _Targets, agents: FloatArray) -> NDArray[np.str_]:
    fewer = np.maximum(agents - 1.0, 0.0)
    got = performance(fewer, targets.load, targets.handle, targets.threshold)
    return np.select(
        [
            targets.load == 0.0,
            fewer <= targets.load * (1.0 + _TIE),
            got.service_level_share < targets.level,
            got.mean_wait_minutes > targets.wait,
        ],
        ["no_work", "stability", "service_level", "mean_wait"],
        default="occupancy",
    )
