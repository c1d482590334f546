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
from closeknit.engine.simulation.calendar_kernels import INDEX, _day_of_earliest
from closeknit.engine.simulation.heap_kernels import _push, _replace_top
from closeknit.engine.simulation.routing_kernels import _choose, _earliest_escalation, _free_group, _live
from closeknit.engine.simulation.state_kernels import (
    _apply_changes,
    _begin,
    _clear,
    _least,
    _leave_queue,
    _next_arrival,
    _settle,
)

NOBODY = -1
BLOCKED = -2
CHANGE, COMPLETION, ESCALATION, RETRIAL, ARRIVAL = range(5)


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
    late_after: Vector,
    late_groups: IntVector,
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
            late_after, late_groups, places, change_at, change_what, change_value, start_at, taken_by,
            flows[replication], queue, per_minute, until[replication], whose[replication], following[replication],
            first_of_day[replication], retry_at[replication], retry_call[replication], counts[replication],
            times[replication],
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
    late_after: Vector,
    late_groups: IntVector,
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
    _clear(
        first,
        arrivals,
        enter,
        head,
        tail,
        cursor,
        head_enter,
        upcoming,
        free,
        rule_open,
        flows,
        first_of_day,
        following,
    )
    retrials = next_try.size > 0
    mask = (first_of_day.size - 1) & INDEX
    spare = following.size - 1
    today = 0
    completion_at = math.inf
    busy = 0
    waiting = 0
    retries = 0
    taken = 0
    entered = 0
    change = 0
    arriving = _least(upcoming)
    arrival_at = upcoming[arriving]
    escalation_at = math.inf
    # `escalation_at` may be too early, never too late: who leaves a queue does not move it.
    stale = False
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
            node = first_of_day[day] & INDEX
            first_of_day[day] = following[node]
            following[node] = spare
            spare = node
            busy -= 1
            offer_from = whose[node] & INDEX
            offer_to = offer_from + 1
            free[offer_from] += 1
            stale = free[offer_from] == 1 and late_groups[offer_from] > 0
            worked[offer_from] += now
        elif kind == ESCALATION:
            stale = True
            due, offer_from = _earliest_escalation(
                late_rules, rule_group, rule_class, rule_after, rule_open, head_enter, free
            )
            if due <= now:
                offer_to = offer_from + 1
        elif kind == CHANGE:
            offer_to = groups
            change = _apply_changes(change, now, change_at, change_what, change_value, free, rule_open)
            stale = True
        else:
            if kind == ARRIVAL:
                k = arriving & INDEX
                call = _next_arrival(k, first, arrivals, enter, cursor, upcoming)
                arriving = _least(upcoming)
                arrival_at = upcoming[arriving]
            else:
                tried = retry_call[0] // classes
                k = (retry_call[0] - tried * classes) & INDEX
                retries -= 1
                _replace_top(retry_at, retry_call, retries, retry_at[retries], retry_call[retries])
                if taken_by[tried] >= 0:
                    continue
                call = next_try[tried]
                enter[call] = now
            entered += 1
            call &= INDEX
            g = _free_group(rules_of_class[k], rules_of_class[k + 1], first_rules, rule_group, rule_open, free)
            if g >= 0:
                start_at[call] = now
                taken_by[call] = g
                g &= INDEX
                node = spare & INDEX
                spare = following[node]
                at = now + handle[call] * factor[k, g]
                _begin(node, at, now, g, per_minute, free, worked, until, whose, following, first_of_day)
                if at < completion_at:
                    completion_at = at
                    today = int(at * per_minute)
                busy += 1
                taken += 1
            elif tail[k] - head[k] >= places[k] and _live(queue, head[k], tail[k], now, enter, patience) >= places[k]:
                taken_by[call] = BLOCKED
                if retrials and next_try[call] >= 0:
                    _push(retry_at, retry_call, retries, now + delay[next_try[call]], call * classes + k)
                    retries += 1
            else:
                if head[k] == tail[k]:
                    head_enter[k] = now
                    escalation_at = min(escalation_at, now + late_after[k])
                queue[tail[k] & INDEX] = call
                tail[k] += 1
                waiting += 1
                waited[k] -= now
                if retrials and next_try[call] >= 0 and patience[call] < math.inf:
                    _push(
                        retry_at, retry_call, retries, now + patience[call] + delay[next_try[call]], call * classes + k
                    )
                    retries += 1
        if waiting > 0:
            for g in range(offer_from & INDEX, offer_to):
                while free[g] > 0:
                    k = _choose(g, now, head_enter, rules_of_group, rule_class, rule_priority, rule_after, rule_open)
                    if k < 0:
                        break
                    k &= INDEX
                    call = INDEX & _leave_queue(k, queue, head, tail, head_enter, enter)
                    waiting -= 1
                    waited[k] += now
                    start_at[call] = now
                    if now <= enter[call] + patience[call]:
                        taken_by[call] = g
                        node = spare & INDEX
                        spare = following[node]
                        at = now + handle[call] * factor[k, g]
                        _begin(node, at, now, g, per_minute, free, worked, until, whose, following, first_of_day)
                        if at < completion_at:
                            completion_at = at
                            today = int(at * per_minute)
                        busy += 1
                        taken += 1
        if kind == COMPLETION:
            completion_at = math.inf
            if busy > 0:
                today = _day_of_earliest(today, per_minute, until, first_of_day)
                completion_at = until[first_of_day[today & mask]]
        if stale:
            stale = False
            escalation_at = math.inf
            if waiting > 0:
                escalation_at, _ = _earliest_escalation(
                    late_rules, rule_group, rule_class, rule_after, rule_open, head_enter, free
                )
    _settle(head, tail, queue, enter, waited, first_of_day, following, whose, until, worked)
    flows[classes + groups] = taken
    flows[classes + groups + 1] = entered
