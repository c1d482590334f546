"""Checked pools whose load moves, and the room that kernels need to follow them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, numbers, refuse_where, together, whole_numbers
from closeknit.engine.compiled import core_count, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.transient_kernels import WEIGHTS
from closeknit.engine.queueing.transient_plan_kernels import MEASURES, MOST_ROUNDS, STATES, transient_days

LOST_ALLOWED = 1e-9
"""Largest probability that may fall outside the states followed."""
LARGEST_CALLS = 60_000
"""Most calls in one pool's system that are followed."""
_MOST_CELLS = 6_000_000
_GROWS = "repeats: the backlog grows from day to day: give more agents, or a patience"


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Pools: `days[pool, interval]` holds arrivals, 1/handling, 1/patience per minute, length, threshold."""

    days: FloatArray
    opening: IntArray
    shape: tuple[int, ...]

    @property
    def loads(self) -> FloatArray:
        """Offered erlangs of each interval's own rates."""
        loads: FloatArray = self.days[:, :, 0] / self.days[:, :, 1]
        return loads

    def at(self, chosen: Any) -> "Pools":
        """Some of the pools."""
        days = self.days[chosen]
        return Pools(days, self.opening[chosen], days.shape[:2])


def patience_rates(patience: ArrayLike | None) -> FloatArray:
    """1/patience per minute; None and infinity: nobody gives up."""
    raw = np.asarray(np.inf if patience is None else patience)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError("patience_minutes must be plain numbers: give minutes, or None where nobody gives up")
    endless = raw == np.inf
    minutes = numbers(
        "patience_minutes", np.where(endless, 1.0, raw), above=0.0, fix="mean time until a caller gives up"
    )
    return np.where(endless, 0.0, 1.0 / minutes)


def checked_pools(
    arrivals: ArrayLike,
    interval: ArrayLike,
    handle: ArrayLike,
    patience: ArrayLike | None,
    threshold: ArrayLike,
    calls: ArrayLike,
    *others: tuple[str, Any],
) -> tuple[Pools, list[Any]]:
    """The pools, and the other arrays in their shape (pool, interval)."""
    handling = numbers("handle_minutes", handle, above=0.0, maximum=1e6)
    rates = patience_rates(patience)
    named = [
        ("arrivals_per_hour", numbers("arrivals_per_hour", arrivals, minimum=0.0, maximum=1e9) / 60.0),
        ("handle_minutes", 1.0 / handling),
        ("patience_minutes", rates),
        ("interval_minutes", numbers("interval_minutes", interval, above=0.0, maximum=1e6)),
        ("threshold_minutes", numbers("threshold_minutes", threshold, minimum=0.0, maximum=1e6)),
        *others,
    ]
    arrays = together(*named)
    shape = arrays[0].shape
    if not shape or shape[-1] == 0:
        raise EngineInputError("arrivals_per_hour holds no intervals: give at least one, along the last axis")
    days = np.stack([array.reshape(-1, shape[-1]) for array in arrays[:5]], axis=-1)
    # Less than a call in a hundred million years is none: no quotient by it overflows.
    days[:, :, 0] = np.where(days[:, :, 0] < 1e-14, 0.0, days[:, :, 0])
    _refuse_extremes(days, shape)
    opening = whole_numbers("start_calls", calls, minimum=0, maximum=LARGEST_CALLS // 2)
    try:
        opening = np.broadcast_to(opening, shape[:-1]).reshape(-1, 1)
    except ValueError as error:
        raise EngineInputError(f"start_calls has shape {opening.shape}: give {shape[:-1]}, one per pool") from error
    pools = Pools(np.ascontiguousarray(days), np.array(opening), shape)
    return pools, [array.reshape(-1, shape[-1]) for array in arrays[5:]]


def _refuse_extremes(days: FloatArray, shape: tuple[int, ...]) -> None:
    loads = (days[:, :, 0] / days[:, :, 1]).reshape(shape)
    refuse_where(
        loads > LARGEST_CALLS / 3,
        "arrivals_per_hour x handle_minutes",
        loads,
        f"give at most {LARGEST_CALLS // 3} erlangs to one pool, or split it",
    )
    hasty = (days[:, :, 2] / days[:, :, 1]).reshape(shape)
    refuse_where(
        hasty > 1000.0,
        "handle_minutes / patience_minutes",
        hasty,
        "callers give up at once: use erlang_b, or give a patience of at least a thousandth of the handling time",
    )


def fluid_peak(pools: Pools, plans: IntArray, repeats: bool) -> FloatArray:
    """The largest mean number of calls in the system, roughly: it sets the room, never a result."""
    calls = pools.opening[:, 0].astype(np.float64)
    peak = calls.copy()
    for _ in range(2 if repeats else 1):
        for i in range(plans.shape[1]):
            arrivals, mu, theta, length, _ = pools.days[:, i].T
            agents, step = plans[:, i], length / 10.0
            for _ in range(10):
                over = (calls + step * (arrivals - agents * (mu - theta))) / (1.0 + step * theta)
                calls = np.where(calls > agents, over, (calls + step * arrivals) / (1.0 + step * mu))
                peak = np.maximum(peak, calls)
    return peak


def columns_for(peak: FloatArray, pools: Pools) -> int:
    """Numbers in the system to make room for."""
    grown = float(np.max(pools.days[:, :, 0] * pools.days[:, :, 3]))
    highest = float(np.max(peak))
    return int(min(1.2 * highest + 12.0 * np.sqrt(highest + min(grown, 20.0 * highest)) + 120.0, LARGEST_CALLS))


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Scratch space of the kernels."""

    lanes: int
    work: FloatArray
    metas: IntArray
    vectors: FloatArray


def make_room(lanes: int, states: int, rows: int, columns: int) -> Room:
    """Space for states of so many rows (agents who stay on) and columns (calls)."""
    rows = max(2, min(rows, _MOST_CELLS // columns))
    return Room(
        lanes,
        np.zeros((lanes * states, rows, columns)),
        np.zeros((lanes, states, 4), dtype=np.int64),
        np.zeros((lanes, 3, max(columns, WEIGHTS))),
    )


def effort(pools: Pools, plans: IntArray) -> float:
    """Elementary steps of one look at all pools, roughly."""
    arrivals, mu, _, length, _ = np.moveaxis(pools.days, -1, 0)
    busy = np.minimum(arrivals / mu, plans)
    return float(np.sum((arrivals + busy * mu) * length * (60.0 + 18.0 * np.sqrt(busy)) + 4000.0))


def too_large(what: str) -> EngineInputError:
    """The refusal of what outgrows the room."""
    return EngineInputError(
        f"agents_by_interval: {what} outgrows what can be followed: give more agents, a patience, fewer intervals at a "
        "time, or Leaving.AT_ONCE where very many agents leave together"
    )


def _refuse_growth(pools: Pools, plans: IntArray) -> None:
    """Refuse days that repeat with more calls than can be served, where nobody gives up."""
    arrivals, mu, theta, length, _ = np.moveaxis(pools.days, -1, 0)
    # Whoever leaves ends at most one call more.
    leaving = np.maximum(plans - np.roll(plans, -1, axis=1), 0)
    served = (plans * mu * length + leaving).sum(axis=1)
    if np.any((theta == 0.0).all(axis=1) & ((arrivals * length).sum(axis=1) >= served) & (arrivals > 0.0).any(axis=1)):
        raise EngineInputError(_GROWS)


def run_days(pools: Pools, plans: IntArray, repeats: bool, finish: bool) -> tuple[FloatArray, FloatArray]:
    """What each plan gives, (pool, interval, measure), and the largest probability lost."""
    count = plans.shape[0]
    if repeats:
        _refuse_growth(pools, plans)
    out = np.zeros((count, plans.shape[1], MEASURES))
    todo = np.arange(count)
    columns, margin = columns_for(fluid_peak(pools, plans, repeats), pools), 10.0
    while todo.size:
        some, part = pools.at(todo), np.ascontiguousarray(plans[todo])
        work = effort(some, part)
        room = make_room(min(todo.size, core_count()), STATES, int(part.max()) + 2, columns)
        found, status = np.zeros((todo.size, *out.shape[1:])), np.zeros((todo.size, 2), dtype=np.int64)
        run_in_parts(
            transient_days, room.lanes, work, room.lanes, some.days, part, some.opening, repeats, finish, margin,
            room.work, room.metas, room.vectors, found, status,
        )  # fmt: skip
        if np.any(status[:, 1] > MOST_ROUNDS):
            raise EngineInputError(_GROWS)
        out[todo] = found
        todo = todo[(status[:, 0] == 1) | (found[:, :, 8].max(axis=1) > LOST_ALLOWED)]
        if todo.size and columns >= LARGEST_CALLS:
            raise too_large("the backlog")
        columns, margin = min(2 * columns, LARGEST_CALLS), margin * 1.5
    lost: FloatArray = out[:, :, 8]
    return out, lost
