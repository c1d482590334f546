"""One class, one group, first come first served, staff that never changes: no events are needed.

A call is taken by the agent who is free first, so a calendar of the times at which agents are free is all there is.
"""

from closeknit.engine.compiled import IntMatrix, IntVector, Matrix, Vector, kernel
from closeknit.engine.simulation.calendar_kernels import NONE, _day_of_earliest


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
    per_minute: float,
    until: Matrix,
    following: IntMatrix,
    first_of_day: IntMatrix,
) -> None:
    """Replications `start` to `stop`, with the answers of `simulate_events` for the same calls."""
    for replication in range(start, stop):
        _simulate_pool(
            first[replication, 0], last[replication, 0], agents, stop_at, factor, enter, patience, handle, start_at,
            taken_by, flows[replication], per_minute, until[replication], following[replication],
            first_of_day[replication],
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
    per_minute: float,
    until: Vector,
    following: IntVector,
    first_of_day: IntVector,
) -> None:
    mask = first_of_day.size - 1
    for day in range(first_of_day.size):
        first_of_day[day] = NONE
    today = 0
    unused = agents
    waited = 0.0
    idle = 0.0
    taken = 0
    for call in range(first, last):
        since = enter[call]
        now = 0.0
        if unused == 0:
            now = until[first_of_day[today & mask]]
        begin = max(now, since)
        if begin >= stop_at:
            break
        start_at[call] = begin
        waited += begin - since
        if begin > since + patience[call]:
            continue
        taken_by[call] = 0
        taken += 1
        idle += begin - now
        free_at = begin + handle[call] * factor
        if unused > 0:
            unused -= 1
            node = unused
        else:
            node = first_of_day[today & mask]
            first_of_day[today & mask] = following[node]
        until[node] = free_at
        day = int(free_at * per_minute) & mask
        before = NONE
        after = first_of_day[day]
        while after != NONE and until[after] < free_at:
            before = after
            after = following[after]
        following[node] = after
        if before == NONE:
            first_of_day[day] = node
        else:
            following[before] = node
        if unused == 0:
            today = _day_of_earliest(today, per_minute, until, first_of_day)
    # Agents' time is their work and what was idle before it.
    worked = -idle
    for node in range(unused, agents):
        worked += until[node]
    flows[0] = waited
    flows[1] = worked
    flows[2] = taken
    flows[3] = last - first
