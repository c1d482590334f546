"""The event kernel: many classes and groups, event by event.

A call is one attempt. What is known of all attempts lies in flat arrays (`enter`, `patience`, `handle`, ...), those of
one class in one replication side by side, in order of arrival. The kernel writes two things: when an agent was free to
take each (`start`), and the group that took it (`taken_by`; NOBODY where it had abandoned, BLOCKED where no place was
left). Abandonment needs no event: a call that has abandoned keeps its place until an agent turns to it, and that
moment is its virtual wait. Events of one time happen in this order: changes of staff and rules, completions,
escalations, retrials, arrivals.
"""

import math

from closeknit.engine.compiled import IntMatrix, IntVector, Matrix, Vector, inlined, kernel
from closeknit.engine.simulation.calendar_kernels import NONE, _add, _day_of_earliest
from closeknit.engine.simulation.heap_kernels import _push, _replace_top

NOBODY = -1
BLOCKED = -2
CHANGE, COMPLETION, ESCALATION, RETRIAL, ARRIVAL = range(5)


@inlined
def _choose(
    group: int,
    now: float,
    head_enter: Vector,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rule_open: IntVector,
) -> int:
    """The class whose longest waiting call a free agent of the group takes, or -1."""
    chosen = -1
    longest = math.inf
    priority = 0
    for rule in range(rules_of_group[group], rules_of_group[group + 1]):
        if chosen >= 0 and rule_priority[rule] != priority:
            break
        since = head_enter[rule_class[rule]]
        if (
            (since < longest or (since == longest and rule_class[rule] < chosen))
            and since + rule_after[rule] <= now
            and rule_open[rule] > 0
        ):
            chosen = rule_class[rule]
            longest = since
            priority = rule_priority[rule]
    return chosen


@inlined
def _earliest_escalation(
    late_rules: IntVector,
    rule_group: IntVector,
    rule_class: IntVector,
    rule_after: Vector,
    rule_open: IntVector,
    head_enter: Vector,
    free: IntVector,
) -> tuple[float, int]:
    """When the next waiting call comes into reach of an agent who is free, and that agent's group."""
    at = math.inf
    group = -1
    for rule in late_rules:
        due = head_enter[rule_class[rule]] + rule_after[rule]
        if due < at and free[rule_group[rule]] > 0 and rule_open[rule] > 0:
            at = due
            group = rule_group[rule]
    return at, group


@inlined
def _free_group(
    first: int, last: int, first_rules: IntVector, rule_group: IntVector, rule_open: IntVector, free: IntVector
) -> int:
    """The first group, in the order of a class's rules, that is free for a call that has just arrived; or -1."""
    for place in range(first, last):
        group = rule_group[first_rules[place]]
        if free[group] > 0 and rule_open[first_rules[place]] > 0:
            return int(group)
    return -1


@inlined
def _live(queue: IntVector, head: int, tail: int, now: float, enter: Vector, patience: Vector) -> int:
    """How many in a queue have not abandoned."""
    count = 0
    for place in range(head, tail):
        call = queue[place]
        if now <= enter[call] + patience[call]:
            count += 1
    return count


@kernel
def simulate_events(
    start: int,
    stop: int,
    stop_at: float,
    first: IntMatrix,
    arrivals: IntMatrix,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    delay: Vector,
    next_try: IntVector,
    factor: Matrix,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_group: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rules_of_class: IntVector,
    first_rules: IntVector,
    late_rules: IntVector,
    places: IntVector,
    change_at: Vector,
    change_what: IntVector,
    change_value: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Matrix,
    queue: IntVector,
    per_minute: float,
    until: Matrix,
    whose: IntMatrix,
    following: IntMatrix,
    first_of_day: IntMatrix,
    retry_at: Matrix,
    retry_call: IntMatrix,
    counts: IntMatrix,
    times: Matrix,
) -> None:
    """Replications `start` to `stop` of a plan; see `draws.py` for the arrays."""
    for replication in range(start, stop):
        _simulate_one(
            stop_at, first[replication], arrivals[replication], enter, patience, handle, delay, next_try, factor,
            rules_of_group, rule_class, rule_group, rule_priority, rule_after, rules_of_class, first_rules, late_rules,
            places, change_at, change_what, change_value, start_at, taken_by, flows[replication], queue,
            per_minute, until[replication], whose[replication], following[replication], first_of_day[replication],
            retry_at[replication], retry_call[replication],
            counts[replication], times[replication],
        )  # fmt: skip


@kernel
def _simulate_one(
    stop_at: float,
    first: IntVector,
    arrivals: IntVector,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    delay: Vector,
    next_try: IntVector,
    factor: Matrix,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_group: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rules_of_class: IntVector,
    first_rules: IntVector,
    late_rules: IntVector,
    places: IntVector,
    change_at: Vector,
    change_what: IntVector,
    change_value: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Vector,
    queue: IntVector,
    per_minute: float,
    until: Vector,
    whose: IntVector,
    following: IntVector,
    first_of_day: IntVector,
    retry_at: Vector,
    retry_call: IntVector,
    counts: IntVector,
    times: Vector,
) -> None:
    classes = first.size
    groups = factor.shape[1]
    rules = rule_class.size
    head = counts[0:classes]
    tail = counts[classes : 2 * classes]
    cursor = counts[2 * classes : 3 * classes]
    free = counts[3 * classes : 3 * classes + groups]
    rule_open = counts[3 * classes + groups : 3 * classes + groups + rules]
    head_enter = times[0:classes]
    upcoming = times[classes : 2 * classes]
    waited = flows[0:classes]
    worked = flows[classes : classes + groups]
    for k in range(classes):
        head[k] = first[k]
        tail[k] = first[k]
        cursor[k] = first[k]
        head_enter[k] = math.inf
        upcoming[k] = math.inf
        waited[k] = 0.0
        if arrivals[k] > 0:
            upcoming[k] = enter[first[k]]
    for g in range(groups):
        free[g] = 0
        worked[g] = 0.0
    for rule in range(rules):
        rule_open[rule] = 0
    for day in range(first_of_day.size):
        first_of_day[day] = NONE
    for node in range(following.size):
        following[node] = node - 1
    retrials = next_try.size > 0
    mask = first_of_day.size - 1
    spare = following.size - 1
    today = 0
    completion_at = math.inf
    busy = 0
    waiting = 0
    idle = 0
    retries = 0
    taken = 0
    entered = 0
    change = 0
    arriving = _least(upcoming)
    arrival_at = upcoming[arriving]
    escalation_at = math.inf
    escalation_group = -1
    while True:
        # The order of these questions decides what comes first at the same time.
        kind = ARRIVAL
        now = arrival_at
        if retries > 0 and retry_at[0] <= now:
            kind = RETRIAL
            now = retry_at[0]
        if escalation_at <= now:
            kind = ESCALATION
            now = escalation_at
        if completion_at <= now:
            kind = COMPLETION
            now = completion_at
        if change_at[change] <= now:
            kind = CHANGE
            now = change_at[change]
        if now >= stop_at:
            break
        offer_from = 0
        offer_to = 0
        if kind == COMPLETION:
            day = today & mask
            node = first_of_day[day]
            first_of_day[day] = following[node]
            following[node] = spare
            spare = node
            busy -= 1
            offer_from = whose[node]
            offer_to = offer_from + 1
            free[offer_from] += 1
            if free[offer_from] == 1:
                idle += 1
            worked[offer_from] += now
        elif kind == ESCALATION:
            offer_from = escalation_group
            offer_to = offer_from + 1
        elif kind == CHANGE:
            offer_to = groups
            while change_at[change] <= now:
                what = change_what[change]
                if what < groups:
                    free[what] += change_value[change]
                else:
                    rule_open[what - groups] += change_value[change]
                change += 1
            idle = 0
            for g in range(groups):
                if free[g] > 0:
                    idle += 1
        else:
            if kind == ARRIVAL:
                k = arriving
                call = cursor[k]
                cursor[k] = call + 1
                upcoming[k] = math.inf
                if call + 1 < first[k] + arrivals[k]:
                    upcoming[k] = enter[call + 1]
                arriving = _least(upcoming)
                arrival_at = upcoming[arriving]
            else:
                tried = retry_call[0] // classes
                k = retry_call[0] - tried * classes
                retries -= 1
                _replace_top(retry_at, retry_call, retries, retry_at[retries], retry_call[retries])
                if taken_by[tried] >= 0:
                    continue
                call = next_try[tried]
                enter[call] = now
            entered += 1
            g = _free_group(rules_of_class[k], rules_of_class[k + 1], first_rules, rule_group, rule_open, free)
            if g >= 0:
                start_at[call] = now
                taken_by[call] = g
                free[g] -= 1
                if free[g] == 0:
                    idle -= 1
                worked[g] -= now
                taken += 1
                at = now + handle[call] * factor[k, g]
                day = int(at * per_minute)
                node = spare
                spare = following[node]
                _add(node, at, g, day & mask, until, whose, following, first_of_day)
                if at < completion_at:
                    completion_at = at
                    today = day
                busy += 1
            elif tail[k] - head[k] >= places[k] and _live(queue, head[k], tail[k], now, enter, patience) >= places[k]:
                taken_by[call] = BLOCKED
                if retrials and next_try[call] >= 0:
                    _push(retry_at, retry_call, retries, now + delay[next_try[call]], call * classes + k)
                    retries += 1
            else:
                if head[k] == tail[k]:
                    head_enter[k] = now
                queue[tail[k]] = call
                tail[k] += 1
                waiting += 1
                waited[k] -= now
                if retrials and next_try[call] >= 0 and patience[call] < math.inf:
                    _push(
                        retry_at, retry_call, retries, now + patience[call] + delay[next_try[call]], call * classes + k
                    )
                    retries += 1
        if waiting > 0:
            for g in range(offer_from, offer_to):
                while free[g] > 0:
                    k = _choose(g, now, head_enter, rules_of_group, rule_class, rule_priority, rule_after, rule_open)
                    if k < 0:
                        break
                    call = queue[head[k]]
                    head[k] += 1
                    head_enter[k] = math.inf
                    if head[k] < tail[k]:
                        head_enter[k] = enter[queue[head[k]]]
                    waiting -= 1
                    waited[k] += now
                    start_at[call] = now
                    if now <= enter[call] + patience[call]:
                        taken_by[call] = g
                        free[g] -= 1
                        if free[g] == 0:
                            idle -= 1
                        worked[g] -= now
                        taken += 1
                        at = now + handle[call] * factor[k, g]
                        day = int(at * per_minute)
                        node = spare
                        spare = following[node]
                        _add(node, at, g, day & mask, until, whose, following, first_of_day)
                        if at < completion_at:
                            completion_at = at
                            today = day
                        busy += 1
        if kind == COMPLETION:
            completion_at = math.inf
            if busy > 0:
                today = _day_of_earliest(today, per_minute, until, first_of_day)
                completion_at = until[first_of_day[today & mask]]
        escalation_at = math.inf
        if waiting > 0 and idle > 0:
            escalation_at, escalation_group = _earliest_escalation(
                late_rules, rule_group, rule_class, rule_after, rule_open, head_enter, free
            )
    for k in range(classes):
        for place in range(head[k], tail[k]):
            waited[k] += enter[queue[place]]
    for day in range(first_of_day.size):
        node = first_of_day[day]
        while node != NONE:
            worked[whose[node]] += until[node]
            node = following[node]
    flows[classes + groups] = taken
    flows[classes + groups + 1] = entered


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
