"""The plans of each method: steady state for given loads, and the exact search."""

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.compiled import core_count, run_in_parts
from closeknit.engine.queueing.stationary_sizes_kernels import stationary_sizes
from closeknit.engine.queueing.time_varying_load import exponential_loads
from closeknit.engine.queueing.time_varying_run import (
    LARGEST_CALLS,
    Pools,
    columns_for,
    effort,
    fluid_peak,
    make_room,
    too_large,
)
from closeknit.engine.queueing.time_varying_targets import Asked
from closeknit.engine.queueing.transient_plan_kernels import MEASURES, STATES
from closeknit.engine.queueing.transient_staffing_kernels import staff_days


def steady_plan(pools: Pools, asked: Asked, loads: FloatArray) -> IntArray:
    """The fewest agents that keep each interval's targets in steady state at the given loads."""
    _, mu, theta, _, threshold = np.moveaxis(pools.days, -1, 0)
    rates = np.stack([loads, theta / mu, threshold * mu], axis=-1).reshape(-1, 3)
    wanted = asked.targets.copy()
    wanted[:, :, 4] *= mu
    out = np.zeros(len(rates), dtype=np.int64)
    work = float(np.sum(10.0 * (50.0 + 20.0 * np.sqrt(loads))))
    run_in_parts(stationary_sizes, len(out), work, rates, np.ascontiguousarray(wanted.reshape(-1, 5)), out)
    plan = np.maximum(out.reshape(loads.shape), asked.fewest)
    result: IntArray = np.where(asked.is_open, plan, 0)
    return result


def load_movement(pools: Pools, asked: Asked, repeats: bool) -> FloatArray:
    """Per pool, how far calls in progress get from the load of an interval's own rate, in standard deviations."""
    _, ends = exponential_loads(pools, repeats)
    own = pools.loads
    gap = np.maximum(np.abs(ends[:, :-1] - own), np.abs(ends[:, 1:] - own)) / np.sqrt(np.maximum(own, 1.0))
    result: FloatArray = np.where(asked.judged(pools), gap, 0.0).max(axis=1)
    return result


def exact_plan(pools: Pools, asked: Asked, guess: IntArray, repeats: bool, finish: bool) -> tuple[IntArray, BoolArray]:
    """Plans on the time-dependent distribution, from a guess; and whether each is proven minimal."""
    plans, minimal = np.ascontiguousarray(guess), np.zeros(len(guess), dtype=np.bool_)
    shortest = pools.days[:, :, 3].min()
    kept = int(min(np.ceil(pools.days[:, :, 4].max() / shortest), guess.shape[1])) + 1
    columns = columns_for(1.2 * _highest(pools, plans, repeats), pools)
    todo = np.arange(len(guess))
    while todo.size:
        some, part = pools.at(todo), np.ascontiguousarray(guess[todo])
        most = np.where(asked.is_open[todo], columns - 60, 0)
        bounds = np.stack([np.minimum(asked.fewest[todo], most), most], axis=-1).astype(np.int64)
        targets = np.ascontiguousarray(asked.targets[todo])
        room = make_room(min(todo.size, core_count()), STATES + kept, int(1.5 * part.max()) + 60, columns)
        out, status = np.zeros((todo.size, guess.shape[1] + 2, MEASURES)), np.zeros((todo.size, 3), dtype=np.int64)
        run_in_parts(
            staff_days, room.lanes, 6.0 * effort(some, part), room.lanes, some.days,
            targets, part, np.ascontiguousarray(bounds), some.opening, repeats, finish, kept,
            room.work, room.metas, room.vectors, out, status,
        )  # fmt: skip
        plans[todo], minimal[todo] = part, status[:, 2] == 1
        todo = todo[status[:, 0] == 1]
        if todo.size and columns >= LARGEST_CALLS:
            raise too_large("the load")
        columns = min(2 * columns, LARGEST_CALLS)
    return plans, minimal


def _highest(pools: Pools, plans: IntArray, repeats: bool) -> FloatArray:
    """Calls to make room for: of the plan, and those that may wait a long threshold."""
    arrivals, _, _, _, threshold = np.moveaxis(pools.days, -1, 0)
    peak = np.maximum(fluid_peak(pools, plans, repeats), plans.max(axis=1))
    highest: FloatArray = peak + (arrivals * np.minimum(threshold, 600.0)).max(axis=1)
    return highest
