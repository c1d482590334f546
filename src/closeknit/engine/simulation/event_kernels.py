"""The event kernel: many classes and groups, event by event.

A call is one attempt. What is known of all attempts lies in flat arrays (`enter`, `patience`, `handle`, ...), those of
one class in one replication side by side, in order of arrival. The kernel writes two things: when an agent was free to
take each (`start`), and the group that took it (`taken_by`; NOBODY where it had abandoned, BLOCKED where no place was
left). Abandonment needs no event: a call that has abandoned keeps its place until an agent turns to it, and that
moment is its virtual wait. Events of one time happen in this order: changes of staff and rules, completions,
escalations, retrials, arrivals.
"""

import math

from closeknit.engine.compiled import IntMatrix, IntVector, Matrix, Vector, kernel
from closeknit.engine.simulation.heap_kernels import _push, _replace_top

NOBODY = -1
BLOCKED = -2
CHANGE, COMPLETION, ESCALATION, RETRIAL, ARRIVAL = range(5)


@kernel
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


@kernel
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
        if free[rule_group[rule]] > 0 and rule_open[rule] > 0:
            due = head_enter[rule_class[rule]] + rule_after[rule]
            if due < at:
                at = due
                group = rule_group[rule]
    return at, group


@kernel
def _free_group(
    first: int, last: int, first_rules: IntVector, rule_group: IntVector, rule_open: IntVector, free: IntVector
) -> int:
    """The first group, in the order of a class's rules, that is free for a call that has just arrived; or -1."""
    for place in range(first, last):
        group = rule_group[first_rules[place]]
        if free[group] > 0 and rule_open[first_rules[place]] > 0:
            return int(group)
    return -1


@kernel
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
    busy_until: Matrix,
    busy_group: IntMatrix,
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
            busy_until[replication], busy_group[replication], retry_at[replication], retry_call[replication],
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
    busy_until: Vector,
    busy_group: IntVector,
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
    busy = 0
    waiting = 0
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
        if busy > 0 and busy_until[0] <= now:
            kind = COMPLETION
            now = busy_until[0]
        if change_at[change] <= now:
            kind = CHANGE
            now = change_at[change]
        if now >= stop_at:
            break
        offer_from = 0
        offer_to = 0
        ended = False
        if kind == COMPLETION:
            offer_from = busy_group[0]
            offer_to = offer_from + 1
            free[offer_from] += 1
            worked[offer_from] += now
            ended = True
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
                worked[g] -= now
                taken += 1
                _push(busy_until, busy_group, busy, now + handle[call] * factor[k, g], g)
                busy += 1
            elif tail[k] - head[k] >= places[k] and _live(queue, head[k], tail[k], now, enter, patience) >= places[k]:
                taken_by[call] = BLOCKED
                if next_try[call] >= 0:
                    _push(retry_at, retry_call, retries, now + delay[next_try[call]], call * classes + k)
                    retries += 1
            else:
                if head[k] == tail[k]:
                    head_enter[k] = now
                queue[tail[k]] = call
                tail[k] += 1
                waiting += 1
                waited[k] -= now
                if next_try[call] >= 0 and patience[call] < math.inf:
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
                        worked[g] -= now
                        taken += 1
                        if ended:
                            ended = False
                            _replace_top(busy_until, busy_group, busy, now + handle[call] * factor[k, g], g)
                        else:
                            _push(busy_until, busy_group, busy, now + handle[call] * factor[k, g], g)
                            busy += 1
        if ended:
            busy -= 1
            _replace_top(busy_until, busy_group, busy, busy_until[busy], busy_group[busy])
        escalation_at = math.inf
        if waiting > 0:
            escalation_at, escalation_group = _earliest_escalation(
                late_rules, rule_group, rule_class, rule_after, rule_open, head_enter, free
            )
    for k in range(classes):
        for place in range(head[k], tail[k]):
            waited[k] += enter[queue[place]]
    for place in range(busy):
        worked[busy_group[place]] += busy_until[place]
    flows[classes + groups] = taken
    flows[classes + groups + 1] = entered


@kernel
def _least(values: Vector) -> int:
    place = 0
    for other in range(1, values.size):
        if values[other] < values[place]:
            place = other
    return place
