"""What the promises ask of a pool, period by period, and who asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_agents, required_daily_capacity
from closeknit.rooms.agreements.contracts import Clock, Term, pick_term
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, RosterInput, shrinkage_of
from closeknit.rooms.capacity.compute.routing import Route
from closeknit.rooms.capacity.compute.sharing import share_in_steps
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers, Grain, mondays_of, wall_clock

MINUTES_PER_DAY = 1440
NO_PROMISE_WINDOW_DAYS = 6
MOST_LEAD_WEEKS = 9
GROUP_CORRELATION = 0.25
"""How errors of different services and regions of one pool are taken to go together: 0 independent, 1 all at once.

Weekly totals of a real service desk's 65 groups and of a city's 15 agencies vary as if independent; a common season or
campaign, which short histories do not show, would tie them.
"""

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


def need_of(inputs: PlanInputs, pool: PoolInput, numbers: ForecastNumbers, route: Route) -> PoolNeed:
    rows = [i for i, total in enumerate(route.panel.total_of_series) if int(total) in route.totals]
    keys = [route.panel.keys[i] for i in rows]
    terms = [_term(inputs.terms, key) for key in keys]
    planned = _planned_units(inputs, numbers, route, rows)
    starts = route.panel.local_starts
    as_arrives = pool.staffing == Staffing.INTERVAL and route.panel.grain is Grain.HALF_HOUR
    if route.panel.grain is Grain.HALF_HOUR and not as_arrives:
        planned, starts = planned.by_day(), starts[::48]
    inside = starts >= np.datetime64(inputs.first_on, "m")
    planned, starts = planned.of(inside), starts[inside]
    minutes = 30 if as_arrives else MINUTES_PER_DAY
    clock = wall_clock(starts, numbers.card.time_zone, pool.time_zone) if as_arrives else starts
    heads, presence = _rostered(pool.roster, clock, minutes)
    sized = _answered_need(pool, planned, terms) if as_arrives else _deadline_need(pool, planned, terms, starts, heads)
    return _pool_need(inputs, pool, keys, terms, sized, starts, clock, heads, presence, minutes)


def _term(terms: Sequence[Term], key: ForecastKey) -> Term | None:
    return pick_term(
        terms, account_number=key.account_number, tier=key.tier, service=key.service, work_class=key.work_class
    )


@dataclass(frozen=True, slots=True)
class _Planned:
    """Expected units (S x P), the factors up to the planning quantile of a period's total and of its week's (S x P).

    `rate_surplus` (P): what to plan for beyond the mean because the rate is not known, the chance in counts left out.
    """

    expected: FloatArray
    by_period: FloatArray
    by_week: FloatArray
    rate_surplus: FloatArray

    def of(self, periods: slice | NDArray[np.bool_]) -> "_Planned":
        return _Planned(
            self.expected[:, periods], self.by_period[:, periods], self.by_week[:, periods], self.rate_surplus[periods]
        )

    def by_day(self) -> "_Planned":
        """Add half-hours up to days; a day's factor is then its week's, the only one known for sums of half-hours."""
        days = self.expected.reshape(self.expected.shape[0], -1, 48).sum(axis=2)
        weekly = self.by_week[:, ::48]
        return _Planned(days, weekly, weekly, self.rate_surplus.reshape(-1, 48).sum(axis=1))


def _planned_units(inputs: PlanInputs, numbers: ForecastNumbers, route: Route, rows: Sequence[int]) -> _Planned:
    """Return each series' expected units, and how much more to plan for: per period, and per week."""
    level = int(np.argmin(np.abs(numbers.quantile_levels - inputs.planning_quantile)))
    panel, totals = route.panel, list(route.totals)
    expected = np.maximum(panel.mean[rows], 0.0)
    member = np.array([panel.total_of_series[rows] == total for total in totals])
    mean = member.astype(np.float64) @ expected
    week = np.searchsorted(panel.week_on, mondays_of(panel.local_starts))
    by_period = _surplus(panel.total_quantiles[level, totals], panel.total_mean[totals])
    by_week = _surplus(panel.total_weekly_quantiles[level, totals], panel.total_weekly_mean[totals])
    weekly_mean = panel.total_weekly_mean[totals]
    return _Planned(
        expected,
        1.0 + member.T @ (by_period * _shrunk(by_period * mean)),
        1.0 + (member.T @ (by_week * _shrunk(by_week * weekly_mean)))[:, week],
        _rate_surplus(mean, by_period, inputs.planning_quantile),
    )


def _surplus(quantile: FloatArray, mean: FloatArray) -> FloatArray:
    """Return quantile over mean less 1, 0 where nothing is expected; never below 0: a plan covers what is expected."""
    ratio = np.divide(quantile, mean, out=np.ones_like(mean), where=mean > 0)
    return np.maximum(ratio - 1.0, 0.0)


def _together(surplus: FloatArray) -> FloatArray:
    """Return the surplus of a sum of groups (T x P -> P): the groups of one pool are not all high at once."""
    squares, added = (surplus**2).sum(axis=0), surplus.sum(axis=0)
    return np.sqrt((1.0 - GROUP_CORRELATION) * squares + GROUP_CORRELATION * added**2)


def _shrunk(surplus: FloatArray) -> FloatArray:
    """Return the part of each group's own surplus that its pool needs (1 where the pool has one group)."""
    added = surplus.sum(axis=0)
    return np.divide(_together(surplus), added, out=np.ones_like(added), where=added > 0)


def _rate_surplus(mean: FloatArray, by_period: FloatArray, quantile: float) -> FloatArray:
    z = NormalDist().inv_cdf(quantile)
    if z <= 0:
        return np.zeros(mean.shape[1])
    return _together(z * np.sqrt(np.maximum((by_period * mean / z) ** 2 - mean, 0.0)))


@dataclass(frozen=True, slots=True)
class _Sized:
    """Need per period (P), its split among series (S x P), hours of one unit per period, and the binding promise."""

    need: FloatArray
    split: FloatArray
    binding: str


def _answered_need(pool: PoolInput, planned: _Planned, terms: Sequence[Term | None]) -> _Sized:
    """Size a queue for its strictest promise; each step of strictness is carried by those who were promised it.

    The queueing formula holds the chance in arrivals at a known rate; what is planned for beyond the mean is only that
    the rate itself is not known. So the Poisson part is taken out of the forecast's spread before it is added.
    """
    units = planned.expected
    arrivals_per_hour = 2.0 * (units.sum(axis=0) + planned.rate_surplus)
    promises = sorted({_promise(term) for term in terms})
    agents = np.array(
        [
            required_agents(arrivals_per_hour, pool.handle_minutes, threshold, share).agents
            for threshold, share, _ in promises
        ],
        dtype=np.float64,
    )
    level_of_series = np.array([promises.index(_promise(term)) for term in terms])
    hours = agents * 0.5
    binding = promises[int(np.argmax(hours.sum(axis=1)))][2] if promises else ""
    return _Sized(hours.max(axis=0), share_in_steps(hours, level_of_series, units), binding)


def _promise(term: Term | None) -> tuple[float, float, str]:
    """Return (threshold in minutes, target share, words). Without a promise only stability is asked for."""
    if term is None:
        return (60.0, 0.5, "no promise: only kept stable")
    return (float(term.threshold_minutes), float(term.target_share), term.sentence)


def _deadline_need(
    pool: PoolInput,
    planned: _Planned,
    terms: Sequence[Term | None],
    starts: NDArray[np.datetime64],
    heads: FloatArray,
) -> _Sized:
    """Size daily hours so that nothing is late; the extra of a shorter deadline is carried by those who have it."""
    work = _units_by_window(planned, terms) * (pool.handle_minutes / 60.0)
    days = starts.astype("datetime64[D]").astype(np.int64)
    promises = sorted({_grace(term) for term in terms})
    level_of_series = np.array([promises.index(_grace(term)) for term in terms])
    lead = 7 * min(max(grace for grace, _ in promises) // 7 + 1, MOST_LEAD_WEEKS)
    by_promise = _led_in(np.array([work[level_of_series == i].sum(axis=0) for i in range(len(promises))]), lead)
    led_week = np.arange(lead + days.size) // 7
    usual = np.where((days + 3) % 7 < 5, 1.0, 0.0)
    rostered = _led_in(heads if heads.any() else usual, lead)
    shapes = [(rostered > 0).astype(np.float64), _shape(rostered, led_week)]
    levels = min(
        (_levels(by_promise, promises, led_week, shape)[:, lead:] for shape in shapes),
        key=lambda found: float(found.max(axis=0).sum()),
    )
    week = (days - days[0]) // 7
    split = share_in_steps(levels, level_of_series, _weekly_work(work, week))
    return _Sized(levels.max(axis=0), split, _tightest(terms, levels, promises))


def _shape(heads: FloatArray, week: NDArray[np.int64]) -> FloatArray:
    """Return how large each day's roster is beside the mean open day of its week; 0 on closed days."""
    hours = np.bincount(week, weights=heads)
    days = np.bincount(week, weights=heads > 0)
    mean = np.divide(hours, days, out=np.ones_like(hours), where=days > 0)
    return heads / mean[week]


def _levels(
    by_promise: FloatArray, promises: Sequence[tuple[int, bool]], week: NDArray[np.int64], shape: FloatArray
) -> FloatArray:
    """Return the daily hours (L x D), spread over a week's days by `shape`, if no promise were stricter than each."""
    windows = np.array([_windows(promise, shape > 0) for promise in promises])
    kept = [_kept(by_promise, np.maximum(windows, window), week, shape) for window in windows]
    return np.maximum(np.array(kept), _pace(by_promise, [grace for grace, _ in promises], week, shape))


def _led_in(daily: NDArray[Any], lead_days: int) -> NDArray[Any]:
    """Put whole weeks like the first before the horizon, so that a plan begins with the open work of a steady state."""
    return np.concatenate([np.tile(daily[..., :7], lead_days // 7), daily], axis=-1)


def _units_by_window(planned: _Planned, terms: Sequence[Term | None]) -> FloatArray:
    """Return units to plan for: a longer promise lets days even out, so it needs less than each day's quantile.

    The factor of n days lies between the day's (n = 1) and the week's (n = 7), as the spread of a sum of n days shrinks
    with the square root of n.
    """
    days = np.array([min(_grace(term)[0] + 1, 7) for term in terms], dtype=np.float64)[:, None]
    week_root = 1.0 / np.sqrt(7.0)
    towards_day = (1.0 / np.sqrt(days) - week_root) / (1.0 - week_root)
    factor: FloatArray = planned.by_week + (planned.by_period - planned.by_week) * towards_day
    return planned.expected * factor


def _grace(term: Term | None) -> tuple[int, bool]:
    """Return (whole days of grace, whether only open days count).

    A promise of 24 hours gives one day: done by the end of the next. Where work arrives over the day as it is served,
    oldest first, keeping the ends of the days keeps every hour between them: both curves are straight within a day.
    """
    if term is None:
        return (NO_PROMISE_WINDOW_DAYS, False)
    return (int(term.threshold_minutes // MINUTES_PER_DAY), term.clock is Clock.BUSINESS)


def _windows(promise: tuple[int, bool], is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for work of each day, how many calendar days later it is due (far beyond the horizon: the horizon)."""
    grace, business = promise
    size = is_open.size
    if not business:
        return np.full(size, grace, dtype=np.int64)
    open_days = np.flatnonzero(is_open)
    first_open = np.searchsorted(open_days, np.arange(size))
    due = np.append(open_days, np.full(grace + 1, 2 * size))[np.minimum(first_open + grace, open_days.size + grace)]
    return due - np.arange(size)


def _kept(work: FloatArray, windows: NDArray[np.int64], week: NDArray[np.int64], shape: FloatArray) -> FloatArray:
    """Return the daily hours that keep work with a window per class and day: one class of its own per window length."""
    lengths = np.unique(windows)
    by_length = np.array([np.where(windows == length, work, 0.0).sum(axis=0) for length in lengths])
    return required_daily_capacity(
        by_length, lengths, week_of_day=week, is_open=shape > 0, day_size=shape
    ).daily_capacity_hours


def _pace(work: FloatArray, grace_days: Sequence[int], week: NDArray[np.int64], shape: FloatArray) -> FloatArray:
    """Return the daily hours at which no more stays open than came in: the mean work of the weeks that a promise spans.

    Deadlines alone would let every plan put work off beyond its end; a plan that is made again each week never may.
    """
    weeks = int(week[-1]) + 1
    sizes = np.bincount(week, weights=shape, minlength=weeks)
    weekly = np.array([np.bincount(week, weights=row, minlength=weeks) for row in work])
    smooth = np.zeros(weeks)
    for row, grace in zip(weekly, grace_days, strict=True):
        span = min(grace // 7 + 1, weeks)
        total = np.concatenate([[0.0], np.cumsum(row)])
        first = np.maximum(np.arange(weeks) + 1 - span, 0)
        smooth += (total[1:] - total[first]) / (np.arange(weeks) + 1 - first)
    per_size = np.divide(smooth, sizes, out=np.zeros(weeks), where=sizes > 0)
    return per_size[week] * shape


def _tightest(terms: Sequence[Term | None], levels: FloatArray, promises: Sequence[tuple[int, bool]]) -> str:
    """Say the promise that asks for most hours."""
    hardest = promises[int(np.argmax(levels.sum(axis=1)))]
    named = next((t for t in terms if t is not None and _grace(t) == hardest), None)
    return named.sentence if named else "no promise: done within a week"


def _weekly_work(work: FloatArray, week: NDArray[np.int64]) -> FloatArray:
    """Spread each series' work evenly over the days of its week, the base on which a week's need is shared."""
    weeks, index = np.unique(week, return_inverse=True)
    member = np.zeros((week.size, weeks.size))
    member[np.arange(week.size), index] = 1.0
    even: FloatArray = work @ member / member.sum(axis=0)
    return even[:, index]


def _rostered(
    roster: Sequence[RosterInput], starts: NDArray[np.datetime64], minutes: int
) -> tuple[FloatArray, FloatArray]:
    """Return head-hours and hours of presence (somebody is there) per period, by the wall clock."""
    day = starts.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7
    begin = (starts.astype("datetime64[m]") - day.astype("datetime64[m]")).astype(np.int64)
    heads, present = np.zeros(starts.size), np.zeros(starts.size)
    for line in roster:
        active = (weekday == line.weekday) & (day >= np.datetime64(line.from_on))
        if line.to_on is not None:
            active &= day < np.datetime64(line.to_on)
        overlap = np.minimum(begin + minutes, line.ends_minute) - np.maximum(begin, line.starts_minute)
        hours = np.where(active, np.maximum(overlap, 0), 0) / 60.0
        heads += hours * line.headcount
        present = np.maximum(present, hours * (line.headcount > 0)) if minutes < MINUTES_PER_DAY else present + hours
    return heads, np.minimum(present, minutes / 60.0)


def _pool_need(
    inputs: PlanInputs,
    pool: PoolInput,
    keys: Sequence[ForecastKey],
    terms: Sequence[Term | None],
    sized: _Sized,
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
        credits = sum(float(t.credit_per_miss) * a for t, a in asked[claimant] if t is not None)
        costs[i] = max(floor, credits / hours * 60.0 / pool.handle_minutes if hours > 0 else 0.0)
    return costs


def _strictest(asked: _Asked) -> str:
    known = [t for t, _ in asked if t is not None]
    return min(known, key=lambda t: (t.threshold_minutes, -t.target_share)).sentence if known else "no promise"
