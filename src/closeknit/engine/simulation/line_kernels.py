"""The event kernel where nobody tries again and every queue has room: the answers of `simulate_events`, sooner.

Then the queue of a class is a stretch of its calls in order of arrival, and all that is known of it is who is ahead. An
arrival is an event only where an agent is free to take it: who comes while all are busy is found waiting by the agent
who turns to the class next. So a busy day costs one event a call. Events of one time happen in the same order: changes,
completions, escalations, arrivals.
"""

import math

from closeknit.engine.compiled import IntMatrix, IntVector, Matrix, Vector, inlined, kernel
from closeknit.engine.simulation.calendar_kernels import INDEX, NONE, _day_of_earliest
from closeknit.engine.simulation.routing_kernels import _earliest_escalation
from closeknit.engine.simulation.state_kernels import _apply_changes, _begin


@kernel
def simulate_lines(
    start: int,
    stop: int,
    stop_at: float,
    first: IntMatrix,
    arrivals: IntMatrix,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    factor: Matrix,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_group: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rules_of_class: IntVector,
    first_rules: IntVector,
    late_rules: IntVector,
    change_at: Vector,
    change_what: IntVector,
    change_value: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Matrix,
    per_minute: float,
    until: Matrix,
    whose: IntMatrix,
    following: IntMatrix,
    first_of_day: IntMatrix,
    counts: IntMatrix,
    times: Matrix,
) -> None:
    """Replications `start` to `stop` of a plan; see `draws.py` for the arrays."""
    for replication in range(start, stop):
        _simulate_lines(
            stop_at, first[replication], arrivals[replication], enter, patience, handle, factor, rules_of_group,
            rule_class, rule_group, rule_priority, rule_after, rules_of_class, first_rules, late_rules, change_at,
            change_what, change_value, start_at, taken_by, flows[replication], per_minute, until[replication],
            whose[replication], following[replication], first_of_day[replication], counts[replication],
            times[replication],
        )  # fmt: skip


@kernel
def _simulate_lines(
    stop_at: float,
    first: IntVector,
    arrivals: IntVector,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    factor: Matrix,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_group: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rules_of_class: IntVector,
    first_rules: IntVector,
    late_rules: IntVector,
    change_at: Vector,
    change_what: IntVector,
    change_value: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    flows: Vector,
    per_minute: float,
    until: Vector,
    whose: IntVector,
    following: IntVector,
    first_of_day: IntVector,
    counts: IntVector,
    times: Vector,
) -> None:
    classes = first.size
    groups = factor.shape[1]
    ahead = counts[0:classes]
    end = counts[classes : 2 * classes]
    taker = counts[2 * classes : 3 * classes]
    free = counts[3 * classes : 3 * classes + groups]
    rule_open = counts[3 * classes + groups : 3 * classes + groups + rule_class.size]
    ahead_at = times[0:classes]
    reach = times[classes : 2 * classes]
    waited = flows[0:classes]
    worked = flows[classes : classes + groups]
    for k in range(classes):
        ahead[k] = first[k]
        end[k] = first[k] + arrivals[k]
        ahead_at[k] = enter[first[k]] if arrivals[k] > 0 else math.inf
    free[:] = 0
    rule_open[:] = 0
    flows[:] = 0.0
    first_of_day[:] = NONE
    for node in range(following.size):
        following[node] = node - 1
    idle = False
    mask = (first_of_day.size - 1) & INDEX
    spare = following.size - 1
    today = 0
    completion_at = math.inf
    busy = 0
    taken = 0
    change = 0
    due_at = math.inf
    k = 0
    while True:
        # The order of these questions decides what comes first at the same time.
        now = min(completion_at, due_at)
        if change_at[change] <= now:
            now = change_at[change]
            if now >= stop_at:
                break
            change = _apply_changes(change, now, change_at, change_what, change_value, free, rule_open)
            for g in range(groups):
                while free[g] > 0:
                    call, k = _next_alive(
                        g, now, ahead, end, ahead_at, enter, patience, rules_of_group, rule_class, rule_priority,
                        rule_after, rule_open, start_at, waited,
                    )  # fmt: skip
                    if call < 0:
                        break
                    at = now + handle[call & INDEX] * factor[k & INDEX, g]
                    taken_by[call & INDEX] = g
                    node = spare & INDEX
                    spare = following[node]
                    _begin(node, at, now, g, per_minute, free, worked, until, whose, following, first_of_day)
                    busy += 1
                    taken += 1
                    if at < completion_at:
                        completion_at = at
                        today = int(at * per_minute)
            idle = _look_around(
                rules_of_class, first_rules, late_rules, rule_class, rule_group, rule_after, rule_open, free, reach,
                taker,
            )  # fmt: skip
        elif now >= stop_at:
            break
        elif completion_at <= now:
            day = today & mask
            node = first_of_day[day] & INDEX
            first_of_day[day] = following[node]
            g = whose[node] & INDEX
            free[g] += 1
            worked[g] += now
            call = -1
            if free[g] > 0:
                call, k = _next_alive(
                    g, now, ahead, end, ahead_at, enter, patience, rules_of_group, rule_class, rule_priority,
                    rule_after, rule_open, start_at, waited,
                )  # fmt: skip
            if call >= 0:
                at = now + handle[call & INDEX] * factor[k & INDEX, g]
                taken_by[call & INDEX] = g
                _begin(node, at, now, g, per_minute, free, worked, until, whose, following, first_of_day)
                taken += 1
            else:
                following[node] = spare
                spare = node
                busy -= 1
                if free[g] == 1:
                    idle = _look_around(
                        rules_of_class, first_rules, late_rules, rule_class, rule_group, rule_after, rule_open, free,
                        reach, taker,
                    )  # fmt: skip
            completion_at = math.inf
            if busy > 0:
                today = _day_of_earliest(today, per_minute, until, first_of_day)
                completion_at = until[first_of_day[today & mask] & INDEX]
        else:
            k &= INDEX
            if reach[k] == 0.0:
                call = _step_ahead(k, ahead, end, ahead_at, enter)
                start_at[call & INDEX] = now
                g = taker[k]
            else:
                _, g = _earliest_escalation(late_rules, rule_group, rule_class, rule_after, rule_open, ahead_at, free)
                call, k = _next_alive(
                    g & INDEX, now, ahead, end, ahead_at, enter, patience, rules_of_group, rule_class, rule_priority,
                    rule_after, rule_open, start_at, waited,
                )  # fmt: skip
            if call >= 0:
                g &= INDEX
                at = now + handle[call & INDEX] * factor[k & INDEX, g]
                taken_by[call & INDEX] = g
                node = spare & INDEX
                spare = following[node]
                _begin(node, at, now, g, per_minute, free, worked, until, whose, following, first_of_day)
                busy += 1
                taken += 1
                if at < completion_at:
                    completion_at = at
                    today = int(at * per_minute)
                if free[g] == 0:
                    idle = _look_around(
                        rules_of_class, first_rules, late_rules, rule_class, rule_group, rule_after, rule_open, free,
                        reach, taker,
                    )  # fmt: skip
        due_at = math.inf
        if idle:
            due_at, k = _next_due(ahead_at, reach)
    for day in range(first_of_day.size):
        node = first_of_day[day]
        while node != NONE:
            worked[whose[node]] += until[node]
            node = following[node]
    flows[classes + groups] = taken
    for k in range(classes):
        flows[classes + groups + 1] += end[k] - first[k]


@inlined
def _look_around(
    rules_of_class: IntVector,
    first_rules: IntVector,
    late_rules: IntVector,
    rule_class: IntVector,
    rule_group: IntVector,
    rule_after: Vector,
    rule_open: IntVector,
    free: IntVector,
    reach: Vector,
    taker: IntVector,
) -> bool:
    """How long a call of each class must have waited for someone who is free now, and who takes an arrival."""
    anyone = False
    for k in range(reach.size):
        reach[k] = math.inf
    for place in range(late_rules.size):
        rule = late_rules[place] & INDEX
        k = rule_class[rule] & INDEX
        there = free[rule_group[rule] & INDEX] > 0 and rule_open[rule] > 0
        reach[k] = min(reach[k], rule_after[rule]) if there else reach[k]
        anyone = anyone or there
    for k in range(reach.size):
        for place in range(rules_of_class[k], rules_of_class[k + 1]):
            rule = first_rules[place & INDEX] & INDEX
            group = rule_group[rule] & INDEX
            if free[group] > 0 and rule_open[rule] > 0:
                reach[k] = 0.0
                taker[k] = group
                anyone = True
                break
    return anyone


@inlined
def _next_due(ahead_at: Vector, reach: Vector) -> tuple[float, int]:
    """When someone who is free now gets the next call, and its class; escalations first, then the first class."""
    place = 0
    least = ahead_at[0] + reach[0]
    for other in range(1, reach.size):
        at = ahead_at[other] + reach[other]
        sooner = at < least or (at == least and reach[other] > 0.0)
        place = other if sooner else place
        least = min(at, least)
    return least, place


@inlined
def _step_ahead(k: int, ahead: IntVector, end: IntVector, ahead_at: Vector, enter: Vector) -> int:
    """The call ahead in class k; the one behind it moves up."""
    call = ahead[k] & INDEX
    after = call + 1
    ahead[k] = after
    ahead_at[k] = enter[after & INDEX] if after < end[k] else math.inf
    return int(call)


@inlined
def _next_alive(
    group: int,
    now: float,
    ahead: IntVector,
    end: IntVector,
    ahead_at: Vector,
    enter: Vector,
    patience: Vector,
    rules_of_group: IntVector,
    rule_class: IntVector,
    rule_priority: IntVector,
    rule_after: Vector,
    rule_open: IntVector,
    start_at: Vector,
    waited: Vector,
) -> tuple[int, int]:
    """The waiting call that a free agent of the group takes, and its class, or -1; who has abandoned is passed over."""
    while True:
        chosen = -1
        longest = math.inf
        priority = 0
        for place in range(rules_of_group[group], rules_of_group[group + 1]):
            rule = place & INDEX
            if chosen >= 0 and rule_priority[rule] != priority:
                break
            k = rule_class[rule] & INDEX
            since = ahead_at[k]
            if (
                (since < now)
                & ((since < longest) | ((since == longest) & (k < chosen)))
                & (since + rule_after[rule] <= now)
                & (rule_open[rule] > 0)
            ):
                chosen = k
                longest = since
                priority = rule_priority[rule]
        if chosen < 0:
            return -1, -1
        call = _step_ahead(chosen & INDEX, ahead, end, ahead_at, enter)
        start_at[call & INDEX] = now
        waited[chosen & INDEX] += now - longest
        if now <= longest + patience[call & INDEX]:
            return call, chosen
