"""Who takes which call: the questions that rules answer."""

import math

from closeknit.engine.compiled import IntVector, Vector, inlined
from closeknit.engine.simulation.calendar_kernels import INDEX


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
    for place in range(rules_of_group[group], rules_of_group[group + 1]):
        rule = place & INDEX
        if chosen >= 0 and rule_priority[rule] != priority:
            break
        k = rule_class[rule] & INDEX
        since = head_enter[k]
        if (
            (since < longest or (since == longest and k < chosen))
            and since + rule_after[rule] <= now
            and rule_open[rule] > 0
        ):
            chosen = k
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
    for place in range(late_rules.size):
        rule = late_rules[place] & INDEX
        due = head_enter[rule_class[rule] & INDEX] + rule_after[rule]
        if due < at and free[rule_group[rule] & INDEX] > 0 and rule_open[rule] > 0:
            at = due
            group = rule_group[rule]
    return at, group


@inlined
def _free_group(
    first: int, last: int, first_rules: IntVector, rule_group: IntVector, rule_open: IntVector, free: IntVector
) -> int:
    """The first group, in the order of a class's rules, that is free for a call that has just arrived; or -1."""
    for place in range(first, last):
        rule = first_rules[place & INDEX] & INDEX
        group = rule_group[rule] & INDEX
        if free[group] > 0 and rule_open[rule] > 0:
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
