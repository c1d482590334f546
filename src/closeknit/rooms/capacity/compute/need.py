"""What the promises ask of a pool, period by period, and who asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_agents
from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.capacity.compute.deadline import MINUTES_PER_DAY, deadline_need
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, RosterInput, shrinkage_of
from closeknit.rooms.capacity.compute.planned import Planned, planned_units
from closeknit.rooms.capacity.compute.promises import Spell, spells_of, worded
from closeknit.rooms.capacity.compute.routing import Route
from closeknit.rooms.capacity.compute.sharing import Sized, share_in_steps
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers, Grain, wall_clock

FloatArray = NDArray[np.float64]

ROSTERS_KEPT = 64
"""Rosters laid out over a plan's periods: each question about a plan asks for those of its pools again."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims hours: an account of a top tier, or the rest of a tier together (account "")."""

    tier: str
    account_number: str


@dataclass(frozen=True, slots=True)
class PoolNeed:
    """One pool's need and capacity over its periods (P), and how the need splits among claimants (C x P).

    All in productive hours. `starts` are wall-clock starts in the operation's zone, which order the weeks,
    `local_starts` the same instants on the pool's own wall clock, by which its roster works. `unit_hours`: hours one
    more unit would work in each period. `hours_per_period` turns hours into units. `shortfall_cost_per_hour` (C x P)
    changes only with the week. `terms`: the strictest promise per claimant and week, in words; `binding`: the one that
    sets the pool's need in each week.
    """

    pool: PoolInput
    starts: NDArray[np.datetime64]
    local_starts: NDArray[np.datetime64]
    hours_per_period: float
    need: FloatArray
    capacity: FloatArray
    unit_hours: FloatArray
    claimants: tuple[Claimant, ...]
    claims: FloatArray
    shortfall_cost_per_hour: FloatArray
    terms: tuple[tuple[str, ...], ...]
    binding: tuple[str, ...]
    overtime_cost_per_hour: float

    def short_cost(self, short: FloatArray) -> FloatArray:
        """Return what hours short (C x P) cost in each period."""
        costs = self.shortfall_cost_per_hour
        if (costs == costs[:, :1]).all():
            # Plans of before that promises could change by week are replayed bit for bit.
            return np.asarray(costs[:, 0] @ short)
        return np.asarray((costs * short).sum(axis=0))


def need_of(
    inputs: PlanInputs,
    pool: PoolInput,
    numbers: ForecastNumbers,
    route: Route,
    usual: tuple[ForecastNumbers, Route] | None = None,
    only_need: bool = False,
) -> PoolNeed:
    """Return what a pool needs and has. `usual`: the same series as they were before the plan, where they differ.

    `only_need`: not who asks for it nor what being short of it costs; the first claimant is then given all of it.
    """
    work = work_of(inputs, pool, numbers, route)
    keys, planned, starts, clock, open_share = work.keys, work.planned, work.starts, work.clock, work.open_share
    spells = spells_of(inputs, keys)
    before = planned_units(inputs, usual[0], usual[1], list(work.rows)) if usual and not work.as_arrives else None
    minutes = 30 if work.as_arrives else MINUTES_PER_DAY
    heads, presence = (hours * open_share for hours in rostered(pool.roster, clock, minutes))
    if before is not None:
        days = before.by_day() if route.panel.grain is Grain.HALF_HOUR else before
        before = days.of(work.inside).quiet_on(open_share == 0)
    if work.as_arrives:
        sized = _answered_need(pool, planned, spells, only_need)
    else:
        opened = open_share > 0 if inputs.fewest_hours else None
        sized = _due_need(pool, planned, spells, starts, heads, before, opened, only_need)
    return _pool_need(inputs, pool, keys, spells, sized, starts, clock, heads, presence, minutes, only_need)


@dataclass(frozen=True, slots=True)
class PoolWork:
    """The series that a pool serves (S) and what to plan for of them, from the plan's first day on (P periods).

    `rows`: their places in the panel; `inside`: the panel's periods that count (whole days where days are planned);
    `clock`: the starts on the pool's own wall clock; `open_share`: 0 on days on which it is closed. `as_arrives`:
    periods are half-hours, whose work is answered as it comes; else days.
    """

    rows: tuple[int, ...]
    keys: tuple[ForecastKey, ...]
    planned: Planned
    starts: NDArray[np.datetime64]
    clock: NDArray[np.datetime64]
    open_share: FloatArray
    inside: NDArray[np.bool_]
    as_arrives: bool


def work_of(inputs: PlanInputs, pool: PoolInput, numbers: ForecastNumbers, route: Route) -> PoolWork:
    """Return a pool's work as its need is computed from it."""
    rows = [i for i, total in enumerate(route.panel.total_of_series) if int(total) in route.totals]
    planned = planned_units(inputs, numbers, route, rows)
    starts = route.panel.local_starts
    as_arrives = pool.staffing == Staffing.INTERVAL and route.panel.grain is Grain.HALF_HOUR
    if route.panel.grain is Grain.HALF_HOUR and not as_arrives:
        planned, starts = planned.by_day(), starts[::48]
    inside = starts >= np.datetime64(inputs.first_on, "m")
    planned, starts = planned.of(inside), starts[inside]
    clock = wall_clock(starts, numbers.card.time_zone, pool.time_zone) if as_arrives else starts
    open_share = np.where(np.isin(clock.astype("datetime64[D]"), _days(pool.closed_on)), 0.0, 1.0)
    # Some orders and mail arrive on closed days too and wait; nobody rings a desk that is shut.
    planned = planned.scaled(open_share) if as_arrives else planned.quiet_on(open_share == 0)
    keys = tuple(route.panel.keys[i] for i in rows)
    return PoolWork(tuple(rows), keys, planned, starts, clock, open_share, inside, as_arrives)


def _days(days: Sequence[date]) -> NDArray[np.datetime64]:
    return np.array(days, dtype="datetime64[D]")


def _answered_need(pool: PoolInput, planned: Planned, spells: Sequence[Spell], only_need: bool) -> list[Sized]:
    """Size a queue for its strictest promise; each step of strictness is carried by those who were promised it.

    The queueing formula holds the chance in arrivals at a known rate; what is planned for beyond the mean is only that
    the rate itself is not known. So the Poisson part is taken out of the forecast's spread before it is added.
    Each spell is sized over all periods: what comes later in the plan changes nothing before.
    """
    units = planned.expected
    arrivals_per_hour = 2.0 * (units.sum(axis=0) + planned.rate_surplus)
    agents: dict[tuple[float, float], NDArray[Any]] = {
        (threshold, share): required_agents(arrivals_per_hour, pool.handle_minutes, threshold, share).agents
        for threshold, share, _ in {promise_of(term) for spell in spells for term in spell.terms}
    }
    return [_answered_in(spell, agents, units, only_need) for spell in spells]


def _answered_in(
    spell: Spell, agents: Mapping[tuple[float, float], NDArray[Any]], units: FloatArray, only_need: bool
) -> Sized:
    promises = sorted({promise_of(term) for term in spell.terms})
    hours = np.array([agents[promise[:2]] for promise in promises], dtype=np.float64) * 0.5
    if only_need:
        return Sized(hours.max(axis=0), np.zeros_like(units), "")
    level_of_series = np.array([promises.index(promise_of(term)) for term in spell.terms])
    binding = promises[int(np.argmax(hours.sum(axis=1)))][2] if promises else ""
    return Sized(hours.max(axis=0), share_in_steps(hours, level_of_series, units), binding)


def _due_need(
    pool: PoolInput,
    planned: Planned,
    spells: Sequence[Spell],
    starts: NDArray[np.datetime64],
    heads: FloatArray,
    before: Planned | None,
    open_days: NDArray[np.bool_] | None,
    only_need: bool,
) -> list[Sized]:
    found: list[Sized] = []
    hours: FloatArray | None = None
    for k, spell in enumerate(spells):
        sized = deadline_need(pool, planned, spells[: k + 1], starts, heads, before, hours, open_days, only_need)
        hours = (
            sized.need
            if hours is None
            else np.append(hours[: 7 * spell.first_week], sized.need[7 * spell.first_week :])
        )
        found.append(sized)
    return found


def promise_of(term: Term | None) -> tuple[float, float, str]:
    """Return (threshold in minutes, target share, words). Without a promise only stability is asked for."""
    if term is None:
        return (60.0, 0.5, "no promise: only kept stable")
    return (float(term.threshold_minutes), float(term.target_share), term.sentence)


def rostered(
    roster: Sequence[RosterInput], starts: NDArray[np.datetime64], minutes: int
) -> tuple[FloatArray, FloatArray]:
    """Return head-hours and hours of presence (somebody is there) per period, by the wall clock."""
    return _rostered(tuple(roster), starts.astype("datetime64[m]").tobytes(), minutes)


@lru_cache(maxsize=ROSTERS_KEPT)
def _rostered(roster: tuple[RosterInput, ...], clock: bytes, minutes: int) -> tuple[FloatArray, FloatArray]:
    starts = np.frombuffer(clock, dtype="datetime64[m]")
    day = starts.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7
    begin = (starts.astype("datetime64[m]") - day.astype("datetime64[m]")).astype(np.int64)
    heads, present, worked = np.zeros(starts.size), np.zeros(starts.size), []
    for line in roster:
        active = (weekday == line.weekday) & (day >= np.datetime64(line.from_on))
        if line.to_on is not None:
            active &= day < np.datetime64(line.to_on)
        at = np.flatnonzero(active)
        first = np.maximum(begin[at], line.starts_minute)
        last = np.minimum(begin[at] + minutes, line.ends_minute)
        heads[at] += np.maximum(last - first, 0) / 60.0 * line.headcount
        if line.headcount > 0:
            worked.append((line.starts_minute, at, first, last))
    # By their start, lines cover a period from left to right: what one adds lies behind all before it.
    reached = begin.copy()
    for _, at, first, last in sorted(worked, key=lambda part: part[0]):
        present[at] += np.maximum(last - np.maximum(first, reached[at]), 0)
        reached[at] = np.maximum(reached[at], last)
    present /= 60.0
    for hours in (heads, present):
        hours.setflags(write=False)
    return heads, present


def _pool_need(
    inputs: PlanInputs,
    pool: PoolInput,
    keys: Sequence[ForecastKey],
    spells: Sequence[Spell],
    sized: Sequence[Sized],
    starts: NDArray[np.datetime64],
    clock: NDArray[np.datetime64],
    heads: FloatArray,
    presence: FloatArray,
    minutes: int,
    only_need: bool,
) -> PoolNeed:
    end = np.datetime64(inputs.first_on + timedelta(days=7 * inputs.weeks), "m")
    planned = starts < end
    present_share = float(1 - shrinkage_of(pool.shrinkage_parts))
    overtime_cost = float(pool.overtime_cost_per_hour) / present_share
    names = [Claimant(key.tier, key.account_number) for key in keys]
    claimants = tuple(sorted(set(names), key=lambda c: (c.tier, c.account_number)))
    rows = np.array([claimants.index(name) for name in names])
    size = int(planned.sum())
    week = (starts[planned].astype("datetime64[D]") - np.datetime64(inputs.first_on)).astype(np.int64) // 7
    need, claims, costs = np.zeros(size), np.zeros((len(claimants), size)), np.zeros((len(claimants), size))
    words: list[list[str]] = [[] for _ in claimants]
    binding: list[str] = []
    for spell, found in zip(spells, sized, strict=True):
        mine = (week >= spell.first_week) & (week < spell.until_week)
        split = found.split[:, planned]
        need[mine] = found.need[planned][mine]
        if only_need:
            claims[:1, mine] = need[mine]
            continue
        shared = np.zeros((len(claimants), size))
        np.add.at(shared, rows, split)
        claims[:, mine] = shared[:, mine]
        asked = _asked(claimants, names, spell.terms, split.sum(axis=1))
        costs[:, mine] = _shortfall_costs(inputs, pool, claimants, asked, overtime_cost)[:, None]
        weeks = spell.until_week - spell.first_week
        binding += [_since(found.binding, spell.terms, inputs)] * weeks
        for line, claimant in zip(words, claimants, strict=True):
            line += [_strictest(asked[claimant], inputs)] * weeks
    unit_hours = presence[planned] * present_share
    usual_day = float(unit_hours[unit_hours > 0].mean()) if (unit_hours > 0).any() else 7.5 * present_share
    return PoolNeed(
        pool=pool,
        starts=starts[planned],
        local_starts=clock[planned],
        hours_per_period=0.5 if minutes == 30 else usual_day,
        need=need,
        capacity=heads[planned] * present_share,
        unit_hours=unit_hours,
        claimants=claimants,
        claims=claims,
        shortfall_cost_per_hour=costs,
        terms=tuple(map(tuple, words)),
        binding=tuple(binding),
        overtime_cost_per_hour=overtime_cost,
    )


_Asked = Sequence[tuple[Term | None, float]]
"""A claimant's promises, each with the hours asked under it."""


def _asked(
    claimants: Sequence[Claimant], names: Sequence[Claimant], terms: Sequence[Term | None], hours: FloatArray
) -> dict[Claimant, _Asked]:
    return {c: [(t, float(h)) for name, t, h in zip(names, terms, hours, strict=True) if name == c] for c in claimants}


def _shortfall_costs(
    inputs: PlanInputs,
    pool: PoolInput,
    claimants: Sequence[Claimant],
    asked: Mapping[Claimant, _Asked],
    overtime_cost: float,
) -> FloatArray:
    """Return the cost of one hour not given: the credits it causes, and at least the policy's floor for the tier.

    An hour short is an hour of the claimant's own mix of work: each promise's credit counts by the hours asked for it.
    """
    lowest = min(inputs.tier_floor_multiples.values())
    costs = np.zeros(len(claimants))
    for i, claimant in enumerate(claimants):
        floor = inputs.tier_floor_multiples.get(claimant.tier, lowest) * overtime_cost
        hours = sum(a for _, a in asked[claimant])
        credits = sum(float(t.credit_per_miss or 0) * a for t, a in asked[claimant] if t is not None)
        costs[i] = max(floor, credits / hours * 60.0 / pool.handle_minutes if hours > 0 else 0.0)
    return costs


def _strictest(asked: _Asked, inputs: PlanInputs) -> str:
    known = [t for t, _ in asked if t is not None]
    return worded(min(known, key=lambda t: (t.threshold_minutes, -t.target_share)), inputs) if known else "no promise"


def _since(said: str, terms: Sequence[Term | None], inputs: PlanInputs) -> str:
    """Say of a promise in words from when it holds, where that is within the plan."""
    named = next((t for t in terms if t is not None and t.sentence == said), None)
    return worded(named, inputs) if named else said
