"""How many agents each interval needs while load moves: in steady state, by modified offered load, exactly."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen
from closeknit.engine.queueing.performance import LevelDefinition
from closeknit.engine.queueing.time_varying import Leaving, TransientPerformance, follow
from closeknit.engine.queueing.time_varying_load import lagged_rates, mean_loads, variability
from closeknit.engine.queueing.time_varying_methods import exact_plan, load_movement, steady_plan
from closeknit.engine.queueing.time_varying_run import Pools
from closeknit.engine.queueing.time_varying_targets import Asked, checked_targets

SLOW_MOVEMENT = 0.1
"""AUTO trusts each interval's own rate where calls in progress are within so many standard deviations of its load."""
LARGEST_EXACT_LOAD = 5000.0
"""AUTO staffs larger pools by their modified offered load: the exact method would take many seconds."""


class StaffingMethod(Enum):
    """How agents are found while load moves."""

    AUTO = "auto"
    """STATIONARY where load hardly moves within a handling time and the exact check agrees; else EXACT."""
    STATIONARY = "stationary"
    """Each interval by its own rate in steady state (SIPP)."""
    LAGGED = "lagged"
    """The same, with the rate as it was one handling time before (lagged SIPP)."""
    MODIFIED_LOAD = "modified_load"
    """Steady state for the modified offered load (MOL)."""
    EXACT = "exact"
    """On the time-dependent distribution: every interval keeps its targets, and none can give an agent back."""


@dataclass(frozen=True, slots=True, eq=False)
class IntervalStaffing:
    """Agents per interval and what they really give, whatever the method.

    `performance`: the exact performance of `agents`. `keeps_targets`, per interval. `is_minimal`, per pool: no interval
    can give one agent back without a target of some interval being missed (proven by trying; exact method only).
    `method` and `why`, per pool: what was used, and the reason in words. `load_movement`, per pool: how far the calls
    in progress are from what an interval's own rate says, in standard deviations, at worst. The stationary method's
    plan for the same targets, its exact level per interval, and the worst of it: `stationary_agents`,
    `stationary_level_share`, `stationary_worst_share`, `stationary_worst_interval`, `stationary_missed_intervals`.
    """

    agents: IntArray
    performance: TransientPerformance
    keeps_targets: BoolArray
    is_minimal: BoolArray
    method: NDArray[np.str_]
    why: NDArray[np.str_]
    load_movement: FloatArray
    modified_load_erlangs: FloatArray
    stationary_agents: IntArray
    stationary_level_share: FloatArray
    stationary_worst_share: FloatArray
    stationary_worst_interval: IntArray
    stationary_missed_intervals: IntArray


def required_agents_by_interval(
    arrivals_per_hour: ArrayLike,
    interval_minutes: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    patience_minutes: ArrayLike | None = None,
    *,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
    max_occupancy_share: ArrayLike = 1.0,
    max_abandoned_share: ArrayLike = 1.0,
    max_mean_wait_minutes: ArrayLike = np.inf,
    minimum_agents: ArrayLike = 0,
    is_open: ArrayLike = True,
    start_calls: ArrayLike = 0,
    repeats: bool = False,
    leaving: Leaving = Leaving.FINISH_CALL,
    method: StaffingMethod = StaffingMethod.AUTO,
    handle_variability: float = 1.0,
) -> IntervalStaffing:
    """The agents that every interval needs while load moves, and what the stationary method would have reached.

    Parameters (broadcast together; the last axis is the interval) as in `transient_performance`, and the targets of
    every interval: `target_share` (answered within the threshold by `definition`, 0 <= share < 1),
    `max_occupancy_share`, `max_abandoned_share`, `max_mean_wait_minutes` (infinity: no limit). `minimum_agents`;
    `is_open`: False has no agents and no targets, its calls wait. `method`: see `StaffingMethod`. `handle_variability`:
    of handling time, in the modified offered load only. Intervals without arrivals have no targets either.
    Method, exact: forwards, the smallest number that keeps the interval's targets and those of earlier intervals whose
    calls still wait; then every interval is tried with one agent fewer, until none can give one back.
    Validity: as `transient_performance`; minimal means so, not that no other plan has fewer agent-hours.
    Source: Green, Kolesar and Soares, Operations Research 49 (2001); Jennings et al., Management Science 42 (1996);
    Feldman, Mandelbaum, Massey and Whitt, Management Science 54 (2008); Ingolfsson et al., INFORMS J. Comp. 22 (2010).

    >>> day = required_agents_by_interval([60.0, 180.0, 60.0], 30.0, 12.0, 1 / 3, 0.8, 5.0)
    >>> day.agents.tolist(), day.performance.level_of_offered_share.round(3).tolist()
    ([11, 33, 24], [0.8, 0.81, 0.801])
    >>> day.stationary_agents.tolist(), day.stationary_level_share.round(3).tolist()
    ([15, 40, 15], [0.964, 0.965, 0.383])
    """
    flow = (arrivals_per_hour, interval_minutes, handle_minutes, patience_minutes, threshold_minutes, start_calls)
    pools, asked = checked_targets(
        flow, target_share, definition, max_occupancy_share, max_abandoned_share, max_mean_wait_minutes, minimum_agents,
        is_open,
    )  # fmt: skip
    spread, cyclic = variability(handle_variability), bool(repeats)
    loads = mean_loads(pools, spread, cyclic)
    stationary = steady_plan(pools, asked, pools.loads)
    reached = follow(pools, stationary, cyclic, leaving)
    movement = load_movement(pools, asked, cyclic)
    chosen = _choose(pools, method, movement, np.all(asked.kept(pools, reached), axis=1))
    agents, minimal = _planned([way for way, _ in chosen], pools, asked, stationary, loads, cyclic, leaving)
    final = follow(pools, agents, cyclic, leaving)
    return _staffing(pools, asked, agents, minimal, chosen, movement, loads, stationary, reached, final)


def _planned(
    methods: list[StaffingMethod],
    pools: Pools,
    asked: Asked,
    stationary: IntArray,
    loads: FloatArray,
    repeats: bool,
    leaving: Leaving,
) -> tuple[IntArray, BoolArray]:
    """Each pool's plan by its method, and whether it is proven minimal."""
    agents, minimal = stationary.copy(), np.zeros(len(stationary), dtype=np.bool_)
    for way in sorted(set(methods), key=lambda one: one.value):
        rows = np.array([one is way for one in methods])
        some, what = pools.at(rows), asked.at(rows)
        if way is StaffingMethod.LAGGED:
            agents[rows] = steady_plan(some, what, lagged_rates(some, repeats) / some.days[:, :, 1])
        elif way is StaffingMethod.MODIFIED_LOAD:
            agents[rows] = steady_plan(some, what, loads[rows])
        elif way is StaffingMethod.EXACT:
            guess = steady_plan(some, what, loads[rows])
            agents[rows], minimal[rows] = exact_plan(some, what, guess, repeats, leaving is Leaving.FINISH_CALL)
    return agents, minimal


def _choose(
    pools: Pools, method: StaffingMethod, movement: FloatArray, stationary_keeps: BoolArray
) -> list[tuple[StaffingMethod, str]]:
    """The method of each pool and why."""
    if method is not StaffingMethod.AUTO:
        return [(method, f"{method.value}: as asked")] * len(movement)
    result = []
    for moved, keeps, load in zip(movement.tolist(), stationary_keeps.tolist(), pools.loads.max(axis=1), strict=True):
        says = f"calls in progress get {moved:.2f} standard deviations away from the load of an interval's own rate"
        if load > LARGEST_EXACT_LOAD:
            why = f"modified_load: {says}, and {load:.0f} erlangs are too many for the exact method in a few seconds"
            result.append((StaffingMethod.MODIFIED_LOAD, why))
        elif moved <= SLOW_MOVEMENT and keeps:
            why = f"stationary: {says} (at most {SLOW_MOVEMENT:g}), and the exact check finds every target kept"
            result.append((StaffingMethod.STATIONARY, why))
        elif moved <= SLOW_MOVEMENT:
            why = f"exact: {says}, which is little, but the exact check finds a target that stationary staffing misses"
            result.append((StaffingMethod.EXACT, why))
        else:
            why = (
                f"exact: {says} (more than {SLOW_MOVEMENT:g}), so steady state within the interval is not to be trusted"
            )
            result.append((StaffingMethod.EXACT, why))
    return result


def _staffing(
    pools: Pools,
    asked: Asked,
    agents: IntArray,
    minimal: BoolArray,
    chosen: list[tuple[StaffingMethod, str]],
    movement: FloatArray,
    loads: FloatArray,
    stationary: IntArray,
    reached: TransientPerformance,
    final: TransientPerformance,
) -> IntervalStaffing:
    """The result in the caller's shape."""
    kept, levels = asked.kept(pools, final), asked.levels(reached)
    judged = np.where(asked.judged(pools), levels, 1.0)
    missed = (~asked.kept(pools, reached)).sum(axis=1)
    inner, outer = pools.shape, pools.shape[:-1]
    return IntervalStaffing(
        agents=frozen(agents.reshape(inner)),
        performance=final,
        keeps_targets=frozen(kept.reshape(inner)),
        is_minimal=frozen((minimal & kept.all(axis=1)).reshape(outer)),
        method=frozen(np.array([way.value for way, _ in chosen]).reshape(outer)),
        why=frozen(np.array([words for _, words in chosen]).reshape(outer)),
        load_movement=frozen(movement.reshape(outer)),
        modified_load_erlangs=frozen(loads.reshape(inner)),
        stationary_agents=frozen(stationary.reshape(inner)),
        stationary_level_share=frozen(levels.reshape(inner)),
        stationary_worst_share=frozen(judged.min(axis=1).reshape(outer)),
        stationary_worst_interval=frozen(judged.argmin(axis=1).astype(np.int64).reshape(outer)),
        stationary_missed_intervals=frozen(missed.astype(np.int64).reshape(outer)),
    )
