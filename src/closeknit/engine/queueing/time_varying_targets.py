"""What is asked of every interval, and whether it is kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, flags, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.performance import LevelDefinition
from closeknit.engine.queueing.time_varying import TransientPerformance
from closeknit.engine.queueing.time_varying_run import Pools, checked_pools

_UNLIMITED = 1e15
_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """`targets[pool, interval]`: level, 1 where it is the virtual one, occupancy, abandonment, mean wait in minutes."""

    targets: FloatArray
    fewest: IntArray
    is_open: BoolArray

    def at(self, chosen: Any) -> "Asked":
        """Of some of the pools."""
        return Asked(self.targets[chosen], self.fewest[chosen], self.is_open[chosen])

    def levels(self, performance: TransientPerformance) -> FloatArray:
        """The level that is asked for, (pool, interval)."""
        shape = self.is_open.shape
        offered = performance.level_of_offered_share.reshape(shape)
        return np.where(self.targets[:, :, 1] > 0.5, performance.level_virtual_share.reshape(shape), offered)

    def judged(self, pools: Pools) -> BoolArray:
        """Where targets apply: in open intervals with arrivals."""
        result: BoolArray = self.is_open & (pools.days[:, :, 0] > 0.0)
        return result

    def kept(self, pools: Pools, performance: TransientPerformance) -> BoolArray:
        """Where nothing that is asked is missed."""
        shape, targets = self.is_open.shape, self.targets
        met = self.levels(performance) >= targets[:, :, 0] - _TIE
        met &= performance.occupancy_share.reshape(shape) <= targets[:, :, 2] + _TIE
        met &= performance.abandoned_share.reshape(shape) <= targets[:, :, 3] + _TIE
        met &= performance.mean_wait_minutes.reshape(shape) <= targets[:, :, 4] * (1.0 + _TIE)
        result: BoolArray = met | ~self.judged(pools)
        return result


def checked_targets(
    flow: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike | None, ArrayLike, ArrayLike],
    target: ArrayLike,
    definition: LevelDefinition,
    occupancy: ArrayLike,
    abandoned: ArrayLike,
    wait: ArrayLike,
    fewest: ArrayLike,
    is_open: ArrayLike,
) -> tuple[Pools, Asked]:
    """Checked pools and what is asked of them. `flow` as the first arguments of `checked_pools`."""
    if definition is LevelDefinition.OF_ANSWERED:
        raise EngineInputError(
            "level OF_ANSWERED is a steady-state measure: give OF_OFFERED or VIRTUAL while load moves"
        )
    level = numbers("target_share", target, minimum=0.0, maximum=1.0)
    refuse_where(level >= 1.0, "target_share", level, "give a share below 1: no finite team answers every call in time")
    pools, arrays = checked_pools(
        *flow,
        ("target_share", level),
        ("max_occupancy_share", numbers("max_occupancy_share", occupancy, above=0.0, maximum=1.0)),
        ("max_abandoned_share", numbers("max_abandoned_share", abandoned, above=0.0, maximum=1.0)),
        ("max_mean_wait_minutes", _waits(wait)),
        ("minimum_agents", whole_numbers("minimum_agents", fewest, minimum=0, maximum=100_000)),
        ("is_open", flags("is_open", is_open)),
    )
    virtual = np.full_like(arrays[0], 1.0 if definition is LevelDefinition.VIRTUAL else 0.0)
    # Of a backlog more may give up than arrive: only below 1 is it a target.
    gone = np.where(arrays[2] < 1.0, arrays[2], _UNLIMITED)
    targets = np.stack([arrays[0], virtual, arrays[1], gone, arrays[3]], axis=-1)
    return pools, Asked(np.ascontiguousarray(targets), np.where(arrays[5], arrays[4], 0), np.array(arrays[5]))


def _waits(wait: ArrayLike) -> FloatArray:
    raw = np.asarray(wait)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError("max_mean_wait_minutes must be plain numbers: give minutes, or infinity for no limit")
    unlimited = raw == np.inf
    return np.where(unlimited, _UNLIMITED, numbers("max_mean_wait_minutes", np.where(unlimited, 1.0, raw), above=0.0))
