"""Simulations by Ciw and SimPy, day by day until a time is used up, in the peers' own environment.

The SimPy model of several skills is written for speed: no Resource, calls that wait are plain records in one queue per
class, and a call that has given up is met only when it comes to the head of its queue. Service is a process per call,
as SimPy's manual has it, or (`simpy_skills_bare`) a callback on a bare event, which its manual leaves to its insides.
"""

import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

Day = dict[str, list[float]]


def until_used(run_day: Callable[[random.Random], Day], problem: dict[str, Any]) -> dict[str, Any]:
    """Days with their counts, as many as the time allows, two at least."""
    rng = random.Random(problem["seed"])
    days: list[Day] = []
    started = time.process_time()
    while len(days) < 2 or time.process_time() - started < problem["seconds"]:
        days.append(run_day(rng))
    return {"days": days, "cpu": time.process_time() - started}


def ciw_pool(problem: dict[str, Any]) -> dict[str, Any]:
    """One pool with abandonment in Ciw."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(problem["arrivals_per_minute"])],
        service_distributions=[ciw.dists.Exponential(1.0 / problem["handle_minutes"])],
        reneging_time_distributions=[ciw.dists.Exponential(1.0 / problem["patience_minutes"])],
        number_of_servers=[problem["agents"]],
    )

    def run_day(rng: random.Random) -> Day:
        ciw.seed(rng.randrange(2**31))
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(problem["minutes"])
        calls = in_time = lost = waited = 0.0
        for record in simulation.get_all_records():
            calls += 1
            waited += record.waiting_time
            if record.record_type == "renege":
                lost += 1
            elif record.waiting_time <= problem["threshold_minutes"]:
                in_time += 1
        return {"calls": [calls], "in_time": [in_time], "abandoned": [lost], "waited": [waited]}

    return until_used(run_day, problem)


def simpy_pool(problem: dict[str, Any]) -> dict[str, Any]:
    """One pool with abandonment in SimPy, as its manual writes it: a Resource, and a request or a timeout."""
    import simpy

    def run_day(rng: random.Random) -> Day:
        env = simpy.Environment()
        agents = simpy.Resource(env, capacity=problem["agents"])
        seen = [0, 0, 0, 0.0]
        draw, threshold = rng.expovariate, problem["threshold_minutes"]
        ask, serve, leave = (
            problem["arrivals_per_minute"],
            1 / problem["handle_minutes"],
            1 / problem["patience_minutes"],
        )

        def call() -> Any:
            begun = env.now
            seen[0] += 1
            with agents.request() as turn:
                yield turn | env.timeout(draw(leave))
                waited = env.now - begun
                seen[3] += waited
                if not turn.triggered:
                    seen[2] += 1
                    return
                if waited <= threshold:
                    seen[1] += 1
                yield env.timeout(draw(serve))

        def arrivals() -> Any:
            while True:
                yield env.timeout(draw(ask))
                env.process(call())

        env.process(arrivals())
        env.run(until=problem["minutes"])
        return {"calls": [seen[0]], "in_time": [seen[1]], "abandoned": [seen[2]], "waited": [seen[3]]}

    return until_used(run_day, problem)


class SkillsDay:
    """One day of several skills with priorities, overflow after a delay, escalation and shifts."""

    def __init__(self, env: Any, problem: dict[str, Any], rng: random.Random) -> None:
        self.env, self.problem, self.rng = env, problem, rng
        classes, groups = len(problem["arrivals_per_hour"]), len(problem["agents"])
        self.queues: list[deque[tuple[float, float]]] = [deque() for _ in range(classes)]
        self.on_duty = [row[0] for row in problem["agents"]]
        self.busy = [0] * groups
        self.rules_of_class = [[r for r in problem["rules"] if r[0] == k] for k in range(classes)]
        # A second, later rule for the same group changes the order only: nobody has to be told.
        self.late_groups = [
            [(r[1], r[3]) for r in rules if r[3] == min(q[3] for q in rules if q[1] == r[1]) > 0.0]
            for rules in self.rules_of_class
        ]
        self.rules_of_group = [[r for r in problem["rules"] if r[1] == g] for g in range(groups)]
        self.seen: Day = {name: [0.0] * classes for name in ("calls", "in_time", "abandoned", "waited")}

    def start(self) -> None:
        """Set the arrivals of all classes and the shifts going."""
        for work_class in range(len(self.queues)):
            self.env.process(self.arrivals(work_class))
        self.env.process(self.shifts())

    def arrivals(self, work_class: int) -> Any:
        """Poisson arrivals at each interval's rate."""
        env, draw, length = self.env, self.rng.expovariate, self.problem["interval_minutes"]
        for interval, per_hour in enumerate(self.problem["arrivals_per_hour"][work_class]):
            ends = (interval + 1) * length
            at = interval * length + draw(per_hour / 60.0)
            while at < ends:
                yield env.timeout(at - env.now)
                self.arrive(work_class)
                at += draw(per_hour / 60.0)

    def arrive(self, work_class: int) -> None:
        """Take a free agent of the first group that may, or wait."""
        self.seen["calls"][work_class] += 1
        now = self.env.now
        for _, group, _, after in self.rules_of_class[work_class]:
            if after == 0.0 and self.busy[group] < self.on_duty[group]:
                self.begin(work_class, group, 0.0)
                return
        patience = self.rng.expovariate(1.0 / self.problem["patience_minutes"][work_class])
        self.queues[work_class].append((now, now + patience))
        for group, after in self.late_groups[work_class]:
            if after < patience:
                self.tell_later(group, after)

    def tell_later(self, group: int, after: float) -> None:
        """Have the group look again after a delay."""
        self.env.timeout(after, value=group).callbacks.append(self.reconsider)

    def reconsider(self, event: Any) -> None:
        """A call has waited long enough for one more group: it may have agents free."""
        self.fill(event.value)

    def begin(self, work_class: int, group: int, waited: float) -> None:
        """Give the call to an agent of the group."""
        self.busy[group] += 1
        if waited <= self.problem["threshold_minutes"]:
            self.seen["in_time"][work_class] += 1
        self.seen["waited"][work_class] += waited
        handle = self.rng.expovariate(1.0 / self.problem["handle_minutes"][work_class])
        self.env.timeout(handle, value=group).callbacks.append(self.finish)

    def finish(self, event: Any) -> None:
        """Free the agent."""
        self.busy[event.value] -= 1
        self.fill(event.value)

    def fill(self, group: int) -> None:
        """Give waiting calls to the group's free agents: lowest priority number, then longest wait."""
        now = self.env.now
        while self.busy[group] < self.on_duty[group]:
            best: tuple[int, float, int] | None = None
            for work_class, _, priority, after in self.rules_of_group[group]:
                queue = self.queues[work_class]
                while queue and queue[0][1] <= now:
                    arrived, gone = queue.popleft()
                    self.give_up(work_class, gone - arrived)
                if queue and now - queue[0][0] >= after - 1e-9:
                    key = (priority, queue[0][0], work_class)
                    if best is None or key < best:
                        best = key
            if best is None:
                return
            arrived, _ = self.queues[best[2]].popleft()
            self.begin(best[2], group, now - arrived)

    def give_up(self, work_class: int, waited: float) -> None:
        """Count a call that left."""
        self.seen["abandoned"][work_class] += 1
        self.seen["waited"][work_class] += waited

    def shifts(self) -> Any:
        """Change the agents on duty at each interval; after the last, all who still wait are served."""
        for interval in range(1, len(self.problem["agents"][0])):
            yield self.env.timeout(interval * self.problem["interval_minutes"] - self.env.now)
            self.on_duty = [row[interval] for row in self.problem["agents"]]
            for group in range(len(self.on_duty)):
                self.fill(group)


class ProcessDay(SkillsDay):
    """The same with processes: one for each service, one for each call that waits for another group."""

    def begin(self, work_class: int, group: int, waited: float) -> None:
        """Give the call to an agent of the group."""
        self.busy[group] += 1
        if waited <= self.problem["threshold_minutes"]:
            self.seen["in_time"][work_class] += 1
        self.seen["waited"][work_class] += waited
        self.env.process(self.serve(work_class, group))

    def serve(self, work_class: int, group: int) -> Any:
        """Handle the call, then look for the next."""
        yield self.env.timeout(self.rng.expovariate(1.0 / self.problem["handle_minutes"][work_class]))
        self.busy[group] -= 1
        self.fill(group)

    def tell_later(self, group: int, after: float) -> None:
        """Have the group look again after a delay."""
        self.env.process(self.look(group, after))

    def look(self, group: int, after: float) -> Any:
        """A call has waited long enough for one more group: it may have agents free."""
        yield self.env.timeout(after)
        self.fill(group)


def simpy_skills(problem: dict[str, Any]) -> dict[str, Any]:
    """Several skills in SimPy, a process per call."""
    return _skills(ProcessDay, problem)


def simpy_skills_bare(problem: dict[str, Any]) -> dict[str, Any]:
    """Several skills in SimPy, callbacks on bare events."""
    return _skills(SkillsDay, problem)


def _skills(kind: type[SkillsDay], problem: dict[str, Any]) -> dict[str, Any]:
    import simpy

    def run_day(rng: random.Random) -> Day:
        env = simpy.Environment()
        day = kind(env, problem, rng)
        day.start()
        env.run()
        for work_class, queue in enumerate(day.queues):
            for arrived, gone in queue:
                day.give_up(work_class, gone - arrived)
        return day.seen

    return until_used(run_day, problem)


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
