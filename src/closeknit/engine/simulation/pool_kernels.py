"""One class, one group, first come first served, staff that never changes: no events are needed.

The next call that waits is taken by the agent who is free first, so one heap of free times is all there is.
"""

import math

from closeknit.engine.compiled import IntMatrix, IntVector, Matrix, Vector, kernel


@kernel
def simulate_pool(
    start: int,
    stop: int,
    agents: int,
    stop_at: float,
    factor: float,
    first: IntMatrix,
    last: IntMatrix,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Matrix,
    free_at: Matrix,
) -> None:
    """Replications `start` to `stop`, with the answers of `simulate_events` for the same calls."""
    for replication in range(start, stop):
        _simulate_pool(
            first[replication, 0], last[replication, 0], agents, stop_at, factor, enter, patience, handle, start_at,
            taken_by, flows[replication], free_at[replication],
        )  # fmt: skip


@kernel
def _simulate_pool(
    first: int,
    last: int,
    agents: int,
    stop_at: float,
    factor: float,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Vector,
    free_at: Vector,
) -> None:
    for agent in range(free_at.size):
        free_at[agent] = 0.0 if agent < agents else math.inf
    waited = 0.0
    idle = 0.0
    taken = 0
    for call in range(first, last):
        since = enter[call]
        now = free_at[0]
        if now < since:
            idle += since - now
            now = since
        if now >= stop_at:
            break
        start_at[call] = now
        waited += now - since
        if now <= since + patience[call]:
            taken_by[call] = 0
            taken += 1
            _replace_earliest(free_at, agents, now + handle[call] * factor)
    worked = -idle
    for agent in range(agents):
        worked += free_at[agent]
    flows[0] = waited
    flows[1] = worked
    flows[2] = taken
    flows[3] = last - first


@kernel
def _replace_earliest(free_at: Vector, agents: int, at: float) -> None:
    """Put a time in place of the top of a 4-ary heap that is followed by three infinite times."""
    i = 0
    child = 1
    while child < agents:
        left = child
        if free_at[child + 1] < free_at[child]:
            left = child + 1
        right = child + 2
        if free_at[child + 3] < free_at[child + 2]:
            right = child + 3
        if free_at[right] < free_at[left]:
            left = right
        if at <= free_at[left]:
            break
        free_at[i] = free_at[left]
        i = left
        child = 4 * i + 1
    free_at[i] = at
