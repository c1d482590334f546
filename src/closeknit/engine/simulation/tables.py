"""A plan as the tables that the event kernel reads: rules by group and by class, and all changes in order of time."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.simulation.model import RoutingRule, SimulationPlan

ANY_NUMBER = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Rules sorted by group and priority, and where each group's and class's begin; changes sorted by time.

    `change_what` is a group (whose free agents change by `change_value`) or groups + a rule (opened by 1, closed by
    -1). `late_rules` are those that a timer must watch, `late_after` the least waiting time among those of a class,
    `late_groups` how many a group has. `agents[group, step]` hold from `step_at[step]` on. `constant` says that
    nothing changes after the start.
    """

    factor: FloatArray
    rules_of_group: IntArray
    rule_class: IntArray
    rule_group: IntArray
    rule_priority: IntArray
    rule_after: FloatArray
    rules_of_class: IntArray
    first_rules: IntArray
    late_rules: IntArray
    late_after: FloatArray
    late_groups: IntArray
    places: IntArray
    change_at: FloatArray
    change_what: IntArray
    change_value: IntArray
    step_at: FloatArray
    agents: IntArray

    @property
    def constant(self) -> bool:
        """True where staff and rules stay as they are at the start."""
        return bool(self.change_at[:-1].max(initial=0.0) <= 0.0)


def tables_of(plan: SimulationPlan) -> Tables:
    """The tables of a checked plan."""
    rules = _with_failover(plan)
    order = sorted(range(len(rules)), key=lambda i: (rules[i].group, rules[i].priority, i))
    by_group = [rules[i] for i in order]
    by_plan = sorted(range(len(rules)), key=lambda place: order[place])
    classes, groups = range(len(plan.classes)), range(len(plan.groups))
    first = [[i for i in by_plan if by_group[i].work_class == k and by_group[i].after_minutes == 0.0] for k in classes]
    # Where a group may take a class at once and always, waiting longer brings it no call: no timer is needed.
    at_once = {(rule.work_class, rule.group) for rule in by_group if _always(rule)}
    late = [
        i
        for i in by_plan
        if by_group[i].after_minutes > 0.0 and (by_group[i].work_class, by_group[i].group) not in at_once
    ]
    step_at, agents = _steps(plan)
    at, what, value = _changes(by_group, step_at, agents)
    return Tables(
        factor=np.array(
            [np.broadcast_to(np.asarray(g.handle_factor, float), len(classes)) for g in plan.groups]
        ).T.copy(),
        rules_of_group=_ints(np.searchsorted([rule.group for rule in by_group], range(len(groups) + 1))),
        rule_class=_ints([rule.work_class for rule in by_group]),
        rule_group=_ints([rule.group for rule in by_group]),
        rule_priority=_ints([rule.priority for rule in by_group]),
        rule_after=np.array([float(rule.after_minutes) for rule in by_group]),
        rules_of_class=_ints(np.cumsum([0, *(len(part) for part in first)])),
        first_rules=_ints(list(chain.from_iterable(first))),
        late_rules=_ints(late),
        late_after=np.array(
            [
                min((by_group[i].after_minutes for i in late if by_group[i].work_class == k), default=np.inf)
                for k in classes
            ]
        ),
        late_groups=_ints([sum(by_group[i].group == g for i in late) for g in groups]),
        places=_ints([ANY_NUMBER if c.waiting_places is None else c.waiting_places for c in plan.classes]),
        change_at=at,
        change_what=what,
        change_value=value,
        step_at=step_at,
        agents=agents,
    )


def _always(rule: RoutingRule) -> bool:
    return rule.after_minutes == rule.from_minute == 0.0 and rule.until_minute is None


def _ints(values: object) -> IntArray:
    return np.array(values, dtype=np.int64)


def _with_failover(plan: SimulationPlan) -> list[RoutingRule]:
    rules = []
    for rule in plan.rules:
        rules.append(rule)
        for outage in plan.outages:
            if outage.group != rule.group or outage.failover_group is None:
                continue
            start = max(outage.start_minute, rule.from_minute)
            end = outage.end_minute if rule.until_minute is None else min(outage.end_minute, rule.until_minute)
            if start < end:
                rules.append(
                    RoutingRule(
                        work_class=rule.work_class,
                        group=outage.failover_group,
                        priority=rule.priority,
                        after_minutes=rule.after_minutes,
                        from_minute=start,
                        until_minute=end,
                    )
                )
    return rules


def _steps(plan: SimulationPlan) -> tuple[FloatArray, IntArray]:
    """Times at which staff may change, and the agents of every group from each on, outages taken off."""
    intervals = np.arange(plan.intervals) * plan.interval_minutes
    ends = [minute for outage in plan.outages for minute in (outage.start_minute, outage.end_minute)]
    at = np.unique(np.concatenate([intervals, np.array(ends, dtype=np.float64)]))
    interval = np.clip(np.searchsorted(intervals, at, side="right") - 1, 0, plan.intervals - 1)
    agents = np.array(
        [np.broadcast_to(np.asarray(group.agents, dtype=np.int64), plan.intervals)[interval] for group in plan.groups]
    )
    for outage in plan.outages:
        out = (at >= outage.start_minute) & (at < outage.end_minute)
        lost = agents[outage.group].max() if outage.lost_agents is None else outage.lost_agents
        agents[outage.group, out] -= lost
    return at, np.maximum(agents, 0)


def _changes(rules: list[RoutingRule], step_at: FloatArray, agents: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    groups = len(agents)
    changed = np.diff(agents, axis=1, prepend=0)
    entries = [(float(step_at[t]), g, int(changed[g, t])) for g, t in np.argwhere(changed != 0).tolist()]
    entries += [(float(rule.from_minute), groups + i, 1) for i, rule in enumerate(rules)]
    entries += [
        (float(rule.until_minute), groups + i, -1) for i, rule in enumerate(rules) if rule.until_minute is not None
    ]
    entries.sort()
    return (
        np.array([*(at for at, _, _ in entries), np.inf]),
        _ints([*(what for _, what, _ in entries), 0]),
        _ints([*(value for _, _, value in entries), 0]),
    )
