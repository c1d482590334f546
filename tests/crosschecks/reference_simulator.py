"""A simulator that is slow and plain, to judge the kernel by: one list of waiting calls, searched from end to end.

It shares nothing with the engine but the drawn numbers. A call that abandons leaves the list by an event of its own.
"""

import heapq
from dataclasses import dataclass
from typing import Any

from closeknit.engine.simulation import RoutingRule, SimulationPlan
from closeknit.engine.simulation.draws import Draws

CHANGE, COMPLETION, ESCALATION, RETRIAL, ARRIVAL, ABANDONMENT = range(6)


@dataclass
class Waiting:
    call: int
    work_class: int
    since: float


class Reference:
    def __init__(self, plan: SimulationPlan, calls: Draws, replication: int = 0) -> None:
        self.plan, self.calls = plan, calls
        self.busy = [0] * len(plan.groups)
        self.waiting: list[Waiting] = []
        self.begun: dict[int, tuple[float, int]] = {}
        self.blocked: set[int] = set()
        self.entered: dict[int, float] = {}
        self.events: list[tuple[Any, ...]] = []
        times = {t * plan.interval_minutes for t in range(plan.intervals)}
        times |= {minute for o in plan.outages for minute in (o.start_minute, o.end_minute)}
        times |= {minute for r in plan.rules for minute in (r.from_minute, r.until_minute) if minute is not None}
        for minute in times:
            self.at(minute, CHANGE, (0,))
        for k in range(len(plan.classes)):
            first = int(calls.first[replication, k])
            for call in range(first, first + int(calls.arrivals[replication, k])):
                self.at(float(calls.enter[call]), ARRIVAL, (k, call))

    def at(self, minute: float, kind: int, what: tuple[Any, ...]) -> None:
        heapq.heappush(self.events, (minute, kind, what))

    def agents(self, group: int, now: float) -> int:
        plan = self.plan
        given = list(plan.groups[group].agents)
        interval = max(t for t in range(plan.intervals) if t * plan.interval_minutes <= now)
        here = int(given[interval if len(given) > 1 else 0])
        for outage in plan.outages:
            if outage.group == group and outage.start_minute <= now < outage.end_minute:
                here -= here_all(given) if outage.lost_agents is None else outage.lost_agents
        return max(here, 0)

    def reach(self, work_class: int, now: float) -> list[tuple[int, float, int]]:
        """Groups open to a class now, in order: (group, after, priority)."""
        rules = [rule for rule in self.plan.rules if rule.work_class == work_class]
        return [(group, rule.after_minutes, rule.priority) for rule in rules for group in self.led_to(rule, now)]

    def led_to(self, rule: RoutingRule, now: float) -> list[int]:
        """The rule's group and those that stand in for it."""
        if now < rule.from_minute or (rule.until_minute is not None and now >= rule.until_minute):
            return []
        others = [
            outage.failover_group
            for outage in self.plan.outages
            if outage.group == rule.group and outage.start_minute <= now < outage.end_minute
        ]
        return [rule.group, *(other for other in others if other is not None)]

    def begin(self, call: int, k: int, group: int, now: float) -> None:
        self.busy[group] += 1
        self.begun[call] = (now, group)
        factors = list(self.plan.groups[group].handle_factor)
        factor = float(factors[k if len(factors) > 1 else 0])
        self.at(now + float(self.calls.handle[call]) * factor, COMPLETION, (group,))

    def arrive(self, call: int, k: int, now: float) -> None:
        self.entered[call] = now
        for group, after, _ in self.reach(k, now):
            if after == 0.0 and self.busy[group] < self.agents(group, now):
                self.begin(call, k, group, now)
                return
        places = self.plan.classes[k].waiting_places
        leaves = now + float(self.calls.patience[call])
        if places is not None and sum(w.work_class == k for w in self.waiting) >= places:
            self.blocked.add(call)
            self.try_again(call, k, now)
            return
        self.waiting.append(Waiting(call, k, now))
        self.at(leaves, ABANDONMENT, (k, call))
        for order, rule in enumerate(self.plan.rules):
            if rule.work_class == k and rule.after_minutes > 0.0:
                self.at(now + rule.after_minutes, ESCALATION, (order, call))

    def try_again(self, call: int, k: int, now: float) -> None:
        following = int(self.calls.next_try[call]) if self.calls.next_try.size else -1
        if following >= 0:
            self.at(now + float(self.calls.delay[following]), RETRIAL, (call, k, following))

    def take(self, group: int, now: float) -> None:
        """Let the group's free agents take waiting calls."""
        while self.busy[group] < self.agents(group, now):
            best: tuple[Any, ...] | None = None
            for waiting in self.waiting:
                levels = [
                    priority
                    for g, after, priority in self.reach(waiting.work_class, now)
                    if g == group and waiting.since + after <= now
                ]
                key = (min(levels, default=0), waiting.since, waiting.work_class)
                if levels and (best is None or key < best[:3]):
                    best = (*key, waiting)
            if best is None:
                return
            self.waiting.remove(best[3])
            self.begin(best[3].call, best[3].work_class, group, now)

    def waits(self, call: int) -> bool:
        return any(waiting.call == call for waiting in self.waiting)

    def run(self, stop_at: float) -> "Reference":
        while self.events:
            now, kind, what = heapq.heappop(self.events)
            if now >= stop_at:
                break
            if kind == CHANGE:
                for group in range(len(self.busy)):
                    self.take(group, now)
            elif kind == ESCALATION:
                for group in self.led_to(self.plan.rules[what[0]], now):
                    if self.waits(what[1]):
                        self.take(group, now)
            elif kind == COMPLETION:
                self.busy[what[0]] -= 1
                self.take(what[0], now)
            elif kind == RETRIAL:
                self.arrive(what[2], what[1], now)
            elif kind == ARRIVAL:
                self.arrive(what[1], what[0], now)
            elif self.waits(what[1]):
                self.waiting = [waiting for waiting in self.waiting if waiting.call != what[1]]
                self.try_again(what[1], what[0], now)
        return self


def here_all(given: list[Any]) -> int:
    return int(max(given)) + 10**9
