"""Steps of the event kernel: how queues, agents and the calendar change."""

import math

from closeknit.engine.compiled import IntVector, Vector, inlined
from closeknit.engine.simulation.calendar_kernels import INDEX, NONE, _add


@inlined
def _clear(
    first: IntVector,
    arrivals: IntVector,
    enter: Vector,
    head: IntVector,
    tail: IntVector,
    cursor: IntVector,
    head_enter: Vector,
    upcoming: Vector,
    free: IntVector,
    rule_open: IntVector,
    flows: Vector,
    first_of_day: IntVector,
    following: IntVector,
) -> None:
    """Empty queues, no agents, no rules, and the first arrival of every class ahead."""
    for k in range(first.size):
        head[k] = first[k]
        tail[k] = first[k]
        cursor[k] = first[k]
        head_enter[k] = math.inf
        upcoming[k] = enter[first[k]] if arrivals[k] > 0 else math.inf
    for g in range(free.size):
        free[g] = 0
    for rule in range(rule_open.size):
        rule_open[rule] = 0
    for place in range(flows.size):
        flows[place] = 0.0
    for day in range(first_of_day.size):
        first_of_day[day] = NONE
    for node in range(following.size):
        following[node] = node - 1


@inlined
def _apply_changes(
    change: int,
    now: float,
    change_at: Vector,
    change_what: IntVector,
    change_value: IntVector,
    free: IntVector,
    rule_open: IntVector,
) -> int:
    """Make all changes that are due; the place of the next."""
    while change_at[change] <= now:
        what = change_what[change]
        if what < free.size:
            free[what] += change_value[change]
        else:
            rule_open[what - free.size] += change_value[change]
        change += 1
    return change


@inlined
def _next_arrival(
    k: int, first: IntVector, arrivals: IntVector, enter: Vector, cursor: IntVector, upcoming: Vector
) -> int:
    """The call of class k that arrives now; the one behind it is upcoming."""
    call = cursor[k] & INDEX
    cursor[k] = call + 1
    upcoming[k] = math.inf
    if call + 1 < first[k] + arrivals[k]:
        upcoming[k] = enter[call + 1]
    return int(call)


@inlined
def _least(values: Vector) -> int:
    """Where the least value is, the first of equals; without branches, for any class may be next."""
    place = 0
    least = values[0]
    for other in range(1, values.size):
        value = values[other]
        place = other if value < least else place
        least = min(value, least)
    return place


@inlined
def _leave_queue(k: int, queue: IntVector, head: IntVector, tail: IntVector, head_enter: Vector, enter: Vector) -> int:
    """The call that waits longest in class k, out of its queue."""
    call = queue[head[k] & INDEX]
    after = (head[k] + 1) & INDEX
    head[k] = after
    head_enter[k] = math.inf
    if after < tail[k]:
        head_enter[k] = enter[queue[after] & INDEX]
    return int(call)


@inlined
def _begin(
    node: int,
    at: float,
    now: float,
    group: int,
    per_minute: float,
    free: IntVector,
    worked: Vector,
    until: Vector,
    whose: IntVector,
    following: IntVector,
    first_of_day: IntVector,
) -> None:
    """An agent of the group is busy from now until `at`."""
    free[group] -= 1
    worked[group] -= now
    _add(node, at, group, int(at * per_minute) & (first_of_day.size - 1) & INDEX, until, whose, following, first_of_day)


@inlined
def _settle(
    head: IntVector,
    tail: IntVector,
    queue: IntVector,
    enter: Vector,
    waited: Vector,
    first_of_day: IntVector,
    following: IntVector,
    whose: IntVector,
    until: Vector,
    worked: Vector,
) -> None:
    """Where the clock stopped: calls in hand count to their end, calls that wait not at all."""
    for k in range(head.size):
        for place in range(head[k], tail[k]):
            waited[k] += enter[queue[place]]
    for day in range(first_of_day.size):
        node = first_of_day[day]
        while node != NONE:
            worked[whose[node]] += until[node]
            node = following[node]
