"""What the promises ask of a pool, period by period, and who asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_agents
from closeknit.rooms.agreements.contracts import Term, pick_term
from closeknit.rooms.capacity.compute.deadline import MINUTES_PER_DAY, deadline_need
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, RosterInput, shrinkage_of
from closeknit.rooms.capacity.compute.planned import Planned, planned_units
from closeknit.rooms.capacity.compute.routing import Route
from closeknit.rooms.capacity.compute.sharing import Sized, share_in_steps
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers, Grain, wall_clock

FloatArray = NDArray[np.float64]


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
    more unit would work in each period. `hours_per_period` turns hours into units. `terms`: the strictest promise per
    claimant, in words; `binding`: the one that sets the pool's need.
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
    terms: tuple[str, ...]
    binding: str
    overtime_cost_per_hour: float


def need_of(
    inputs: PlanInputs,
    pool: PoolInput,
    numbers: ForecastNumbers,
    route: Route,
    usual: tuple[ForecastNumbers, Route] | None = None,
) -> PoolNeed:
    """Return what a pool needs and has. `usual`: the same series as they were before the plan, where they differ."""
    rows = [i for i, total in enumerate(route.panel.total_of_series) if int(total) in route.totals]
    keys = [route.panel.keys[i] for i in rows]
    terms = [_term(inputs.terms, key) for key in keys]
    planned = planned_units(inputs, numbers, route, rows)
    starts = route.panel.local_starts
    as_arrives = pool.staffing == Staffing.INTERVAL and route.panel.grain is Grain.HALF_HOUR
    if route.panel.grain is Grain.HALF_HOUR and not as_arrives:
        planned, starts = planned.by_day(), starts[::48]
    inside = starts >= np.datetime64(inputs.first_on, "m")
    planned, starts = planned.of(inside), starts[inside]
    before = planned_units(inputs, usual[0], usual[1], rows) if usual and not as_arrives else None
    minutes = 30 if as_arrives else MINUTES_PER_DAY
    clock = wall_clock(starts, numbers.card.time_zone, pool.time_zone) if as_arrives else starts
    open_share = np.where(np.isin(clock.astype("datetime64[D]"), _days(pool.closed_on)), 0.0, 1.0)
    # Some orders and mail arrive on closed days too and wait; nobody rings a desk that is shut.
    planned = planned.scaled(open_share) if as_arrives else planned.quiet_on(open_share == 0)
    heads, presence = (hours * open_share for hours in rostered(pool.roster, clock, minutes))
    if before is not None:
        days = before.by_day() if route.panel.grain is Grain.HALF_HOUR else before
        before = days.of(inside).quiet_on(open_share == 0)
    sized = (
        _answered_need(pool, planned, terms)
        if as_arrives
        else deadline_need(pool, planned, terms, starts, heads, before)
    )
    return _pool_need(inputs, pool, keys, terms, sized, starts, clock, heads, presence, minutes)


def _days(days: Sequence[date]) -> NDArray[np.datetime64]:
    return np.array(days, dtype="datetime64[D]")


def _term(terms: Sequence[Term], key: ForecastKey) -> Term | None:
    return pick_term(
        terms, account_number=key.account_number, tier=key.tier, service=key.service, work_class=key.work_class
    )


def _answered_need(pool: PoolInput, planned: Planned, terms: Sequence[Term | None]) -> Sized:
    """Size a queue for its strictest promise; each step of strictness is carried by those who were promised it.

    The queueing formula holds the chance in arrivals at a known rate; what is planned for beyond the mean is only that
    the rate itself is not known. So the Poisson part is taken out of the forecast's spread before it is added.
    """
    units = planned.expected
    arrivals_per_hour = 2.0 * (units.sum(axis=0) + planned.rate_surplus)
    promises = sorted({promise_of(term) for term in terms})
    agents = np.array(
        [
            required_agents(arrivals_per_hour, pool.handle_minutes, threshold, share).agents
            for threshold, share, _ in promises
        ],
        dtype=np.float64,
    )
    level_of_series = np.array([promises.index(promise_of(term)) for term in terms])
    hours = agents * 0.5
    binding = promises[int(np.argmax(hours.sum(axis=1)))][2] if promises else ""
    return Sized(hours.max(axis=0), share_in_steps(hours, level_of_series, units), binding)


def promise_of(term: Term | None) -> tuple[float, float, str]:
    """Return (threshold in minutes, target share, words). Without a promise only stability is asked for."""
    if term is None:
        return (60.0, 0.5, "no promise: only kept stable")
    return (float(term.threshold_minutes), float(term.target_share), term.sentence)


def rostered(
    roster: Sequence[RosterInput], starts: NDArray[np.datetime64], minutes: int
) -> tuple[FloatArray, FloatArray]:
    """Return head-hours and hours of presence (somebody is there) per period, by the wall clock."""
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
    return heads, present / 60.0


def _pool_need(
    inputs: PlanInputs,
    pool: PoolInput,
    keys: Sequence[ForecastKey],
    terms: Sequence[Term | None],
    sized: Sized,
    starts: NDArray[np.datetime64],
    clock: NDArray[np.datetime64],
    heads: FloatArray,
    presence: FloatArray,
    minutes: int,
) -> PoolNeed:
    end = np.datetime64(inputs.first_on + timedelta(days=7 * inputs.weeks), "m")
    planned = starts < end
    present_share = float(1 - shrinkage_of(pool.shrinkage_parts))
    names = [Claimant(key.tier, key.account_number) for key in keys]
    claimants = tuple(sorted(set(names), key=lambda c: (c.tier, c.account_number)))
    claims = np.zeros((len(claimants), int(planned.sum())))
    np.add.at(claims, [claimants.index(name) for name in names], sized.split[:, planned])
    overtime_cost = float(pool.overtime_cost_per_hour) / present_share
    asked = sized.split[:, planned].sum(axis=1)
    mine = {c: [(t, float(a)) for name, t, a in zip(names, terms, asked, strict=True) if name == c] for c in claimants}
    unit_hours = presence[planned] * present_share
    usual_day = float(unit_hours[unit_hours > 0].mean()) if (unit_hours > 0).any() else 7.5 * present_share
    return PoolNeed(
        pool=pool,
        starts=starts[planned],
        local_starts=clock[planned],
        hours_per_period=0.5 if minutes == 30 else usual_day,
        need=sized.need[planned],
        capacity=heads[planned] * present_share,
        unit_hours=unit_hours,
        claimants=claimants,
        claims=claims,
        shortfall_cost_per_hour=_shortfall_costs(inputs, pool, claimants, mine, overtime_cost),
        terms=tuple(_strictest(mine[c]) for c in claimants),
        binding=sized.binding,
        overtime_cost_per_hour=overtime_cost,
    )


_Asked = Sequence[tuple[Term | None, float]]
"""A claimant's promises, each with the hours asked under it."""


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


def _strictest(asked: _Asked) -> str:
    known = [t for t, _ in asked if t is not None]
    return min(known, key=lambda t: (t.threshold_minutes, -t.target_share)).sentence if known else "no promise"
