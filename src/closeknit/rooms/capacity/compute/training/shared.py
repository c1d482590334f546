"""A plan's least cost when some people's hours may go to other pools: solved again, each hour used once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.allocation import AllocationProblem, SharedAllocation, SharedHours, allocate_shared
from closeknit.rooms.capacity.compute.allocation import OVERTIME_SHARE_OF_A_PERIOD, PoolPlan
from closeknit.rooms.capacity.compute.inputs import shrinkage_of
from closeknit.rooms.capacity.compute.need import Claimant
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.training.inputs import Trainee

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LEAST_HOURS = 1e-9
MOVE_COST_PER_HOUR = 1e-6
"""So little that it changes no worth, and enough that an hour which helps nobody stays where it is."""


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """People of a pool who may work in `targets` too: the paid minutes a week of each."""

    pool: str
    targets: tuple[str, ...]
    minutes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost, hours over and moved over all weeks, hours short by claimant, and prices per pool and period.

    `arrival`: what an hour more that comes in saves; `departure`: what an hour that leaves costs.
    """

    cost: float
    overtime_hours: float
    moved_hours: float
    short: Mapping[Claimant, float]
    arrival: Mapping[str, FloatArray]
    departure: Mapping[str, FloatArray]

    @property
    def short_hours(self) -> float:
        """Hours short of everybody."""
        return float(sum(self.short.values()))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which period of one pool falls together with which of another; a day holds its half-hours."""

    here: IntArray
    there: IntArray


class SharedPlan:
    """A plan's pools, some of whose people may work in others. Pools share no hours but through them."""

    def __init__(self, result: PlanResult, people: Sequence[Trainee]) -> None:
        self.plans: Mapping[str, PoolPlan] = {plan.need.pool.pool: plan for plan in result.pools}
        self.weeks = len(result.week_on)
        self._worked = {name: self._shares(plan, people) for name, plan in self.plans.items()}
        self._pairs: dict[tuple[str, str], _Pairs] = {}
        self._found: dict[tuple[Flow, ...], Outcome] = {}

    def outcome(self, flows: Iterable[Flow]) -> Outcome:
        """Return the least cost with these people's hours free to go either way. Pools that none joins stay."""
        groups = _joined(_merged(flows))
        touched = {pool for flow in (f for group in groups for f in group) for pool in (flow.pool, *flow.targets)}
        parts = [self._as_planned(name) for name in self.plans if name not in touched]
        return _added([*parts, *(self._solved(group) for group in groups)])

    def hours_of(self, pool: str, minutes: int) -> FloatArray:
        """Return somebody's productive hours in each period of a pool, as the plan's hours are spread.

        A week's contract, less absences, over the periods as the pool's lines are: never more than one unit is there,
        and the pool's people together never more than the plan counts.
        """
        need, (divisor, present) = self.plans[pool].need, self._worked[pool]
        share = np.divide(minutes / 60.0 * present, divisor, out=np.zeros_like(divisor), where=divisor > 0.0)
        week = self.plans[pool].week_index
        hours: FloatArray = np.minimum(need.unit_hours, need.capacity * np.minimum(share, 1.0)[week])
        return hours

    def at_most(self, now: Outcome, pool: str, target: str, minutes: int) -> float:
        """Return a bound on what a person's hours free for another pool save: by prices, without solving."""
        pairs, hours = self._together(pool, target), self.hours_of(pool, minutes)
        margin = now.arrival[target][pairs.there] - now.departure[pool][pairs.here]
        open_there = self.plans[target].need.unit_hours[pairs.there] > 0.0
        best = np.zeros(hours.size)
        np.maximum.at(best, pairs.here, np.where(open_there, np.maximum(margin, 0.0), 0.0))
        return float(best @ hours)

    def _shares(self, plan: PoolPlan, people: Sequence[Trainee]) -> tuple[FloatArray, float]:
        """Return the productive hours a week that all people of a pool share, and what is left of a paid hour."""
        present = float(1 - shrinkage_of(plan.need.pool.shrinkage_parts))
        stated = sum(each.week_minutes for each in people if each.pool == plan.need.pool.pool) / 60.0 * present
        weekly = np.bincount(plan.week_index, weights=plan.need.capacity, minlength=self.weeks)
        return np.where(weekly > 0.0, np.maximum(weekly, stated), 0.0), present

    def _as_planned(self, name: str) -> Outcome:
        plan = self.plans[name]
        short = dict(zip(plan.need.claimants, plan.short.sum(axis=1).tolist(), strict=True))
        prices = {name: plan.price_per_hour}
        return Outcome(float(plan.week_cost.sum()), float(plan.overtime.sum()), 0.0, short, prices, prices)

    def _solved(self, flows: tuple[Flow, ...]) -> Outcome:
        if flows not in self._found:
            self._found[flows] = _added([_Week(self, flows, week).solved() for week in range(self.weeks)])
        return self._found[flows]

    def _together(self, pool: str, target: str) -> _Pairs:
        if (pool, target) not in self._pairs:
            self._pairs[pool, target] = _pairs(self.plans[pool], self.plans[target])
        return self._pairs[pool, target]


class _Week:
    """One week of the pools that some people join, as the engine takes it: only periods where anything may lack."""

    def __init__(self, shared: SharedPlan, flows: tuple[Flow, ...], week: int) -> None:
        self.shared, self.flows, self.week = shared, flows, week
        self.names = sorted({pool for flow in flows for pool in (flow.pool, *flow.targets)})
        self.hours = [_hours(shared, flow) for flow in flows]
        self.place: dict[str, IntArray] = {}
        self.cells: dict[str, IntArray] = {}
        size = 0
        for name in self.names:
            need = shared.plans[name].need
            leaves = sum(
                (h for f, h in zip(flows, self.hours, strict=True) if f.pool == name), np.zeros(need.need.size)
            )
            lacks = need.claims.sum(axis=0) - need.capacity + leaves > LEAST_HOURS
            cells = np.flatnonzero(lacks & (shared.plans[name].week_index == week))
            self.cells[name], place = cells, np.full(need.need.size, -1, dtype=np.int64)
            place[cells] = np.arange(size, size + cells.size)
            self.place[name], size = place, size + cells.size

    def solved(self) -> Outcome:
        """Return the week's least cost and prices."""
        return self._told(allocate_shared(self._problem(), self._ways()))

    def _problem(self) -> AllocationProblem:
        needs = [(self.shared.plans[name], self.cells[name]) for name in self.names]
        budgets = [
            float(plan.need.capacity[plan.week_index == self.week].sum()) * plan.need.pool.overtime_share_max
            for plan, _ in needs
        ]
        capacity = [plan.need.capacity[cells] for plan, cells in needs]
        count = [len(plan.need.claimants) for plan, _ in needs]
        return AllocationProblem.of(
            capacity_hours=np.concatenate(capacity),
            overtime_cost_per_hour=np.concatenate([np.full(c.size, p.need.overtime_cost_per_hour) for p, c in needs]),
            overtime_limit_hours=np.concatenate([hours * OVERTIME_SHARE_OF_A_PERIOD for hours in capacity]),
            overtime_budget_of_cell=np.repeat(np.arange(len(needs)), [cells.size for _, cells in needs]),
            overtime_budget_hours=np.array(budgets),
            claim_cell=np.concatenate(
                [np.tile(self.place[name][self.cells[name]], c) for name, c in zip(self.names, count, strict=True)]
            ),
            claim_hours=np.concatenate([plan.need.claims[:, cells].ravel() for plan, cells in needs]),
            shortfall_cost_per_hour=np.concatenate(
                [plan.need.shortfall_cost_per_hour[:, cells].ravel() for plan, cells in needs]
            ),
        )

    def _ways(self) -> SharedHours:
        source, parts = 0, []
        sources: list[FloatArray] = []
        for flow, hours in zip(self.flows, self.hours, strict=True):
            for target in flow.targets:
                parts.append(self._way(flow, hours, target, source))
            sources.append(hours)
            source += hours.size
        here, there, most, of_way = (np.concatenate(column) for column in zip(*parts, strict=True))
        used, of_way = np.unique(of_way, return_inverse=True)
        return SharedHours.of(
            from_cell=here,
            to_cell=there,
            most_hours=most,
            source_of_way=of_way,
            source_hours=np.concatenate(sources)[used],
            cost_per_hour=MOVE_COST_PER_HOUR,
        )

    def _way(
        self, flow: Flow, hours: FloatArray, target: str, source: int
    ) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        pairs = self.shared._together(flow.pool, target)
        most = np.minimum(hours[pairs.here], len(flow.minutes) * self.shared.plans[target].need.unit_hours[pairs.there])
        keep = (self.place[target][pairs.there] >= 0) & (most > LEAST_HOURS)
        here, there = pairs.here[keep], pairs.there[keep]
        return self.place[flow.pool][here], self.place[target][there], most[keep], source + here

    def _told(self, found: SharedAllocation) -> Outcome:
        short: dict[Claimant, float] = {}
        arrival, departure, claim = {}, {}, 0
        for name in self.names:
            plan, cells = self.shared.plans[name], self.cells[name]
            claims = slice(claim, claim + len(plan.need.claimants) * cells.size)
            claim = claims.stop
            hours = found.short_hours[claims].reshape(len(plan.need.claimants), cells.size).sum(axis=1)
            for who, each in zip(plan.need.claimants, hours.tolist(), strict=True):
                short[who] = short.get(who, 0.0) + each
            arrival[name], departure[name] = np.zeros(plan.need.need.size), np.zeros(plan.need.need.size)
            arrival[name][cells] = found.arrival_price_per_hour[self.place[name][cells]]
            departure[name][cells] = found.departure_price_per_hour[self.place[name][cells]]
        over, moved = float(found.overtime_hours.sum()), float(found.moved_hours.sum())
        return Outcome(found.cost - MOVE_COST_PER_HOUR * moved, over, moved, short, arrival, departure)


def _hours(shared: SharedPlan, flow: Flow) -> FloatArray:
    first, *rest = (shared.hours_of(flow.pool, minutes) for minutes in flow.minutes)
    total: FloatArray = sum(rest, first)
    return total


def _pairs(home: PoolPlan, other: PoolPlan) -> _Pairs:
    """Join two pools' periods: half-hours to half-hours, days to days, and a day to each of its half-hours."""
    here, there = home.need.starts, other.need.starts
    if _is_daily(home) or _is_daily(other):
        here, there = here.astype("datetime64[D]"), there.astype("datetime64[D]")
    if _is_daily(other):
        place = np.clip(np.searchsorted(there, here), 0, max(there.size - 1, 0))
        found = np.flatnonzero(there[place] == here) if there.size else np.zeros(0, dtype=np.int64)
        return _Pairs(found, place[found])
    place = np.clip(np.searchsorted(here, there), 0, max(here.size - 1, 0))
    found = np.flatnonzero(here[place] == there) if here.size else np.zeros(0, dtype=np.int64)
    return _Pairs(place[found], found)


def _is_daily(plan: PoolPlan) -> bool:
    starts = plan.need.starts.astype("datetime64[m]").astype(np.int64)
    return starts.size < 2 or bool(starts[1] - starts[0] >= 1440)


def _merged(flows: Iterable[Flow]) -> list[Flow]:
    """Put people of one pool together who may work in the same others."""
    found: dict[tuple[str, tuple[str, ...]], tuple[int, ...]] = {}
    for flow in flows:
        key = (flow.pool, flow.targets)
        found[key] = tuple(sorted((*found.get(key, ()), *flow.minutes)))
    return sorted(Flow(pool, targets, minutes) for (pool, targets), minutes in found.items())


def _joined(flows: Sequence[Flow]) -> list[tuple[Flow, ...]]:
    """Part flows into groups that have no pool in common."""
    groups: list[tuple[set[str], list[Flow]]] = []
    for flow in flows:
        pools, members = {flow.pool, *flow.targets}, [flow]
        for group in [each for each in groups if each[0] & pools]:
            groups.remove(group)
            pools, members = pools | group[0], members + group[1]
        groups.append((pools, members))
    return [tuple(sorted(members)) for _, members in groups]


def _added(parts: Sequence[Outcome]) -> Outcome:
    short: dict[Claimant, float] = {}
    arrival: dict[str, FloatArray] = {}
    departure: dict[str, FloatArray] = {}
    for part in parts:
        for who, hours in part.short.items():
            short[who] = short.get(who, 0.0) + hours
        for total, own in ((arrival, part.arrival), (departure, part.departure)):
            for name, prices in own.items():
                total[name] = total[name] + prices if name in total else prices
    return Outcome(
        cost=sum(part.cost for part in parts),
        overtime_hours=sum(part.overtime_hours for part in parts),
        moved_hours=sum(part.moved_hours for part in parts),
        short=short,
        arrival=arrival,
        departure=departure,
    )
