"""Pools' expected load, the rosters made from it, and what scarcity does to delays and waits.

Rosters are drawn for the expected load of about half a year *without* planted spikes, so the spike weeks are
short; the tight pool is rostered below its load from the last weeks on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.catalogue import (
    LATE_CONTACT_SHARE,
    PHONE_SHARE,
    POOL_OF,
    POOLS,
    STATUS_CONTACT_SHARE,
    TIGHT_LOAD_PER_CAPACITY,
    TIGHT_POOL,
    Pool,
)
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import Rates
from closeknit.demo.timeline import Bools, Floats, Ints, Timeline

HALF_HOURS = 20
PHONE_OPENS_MINUTE, PHONE_CLOSES_MINUTE = 8 * 60, 18 * 60
HALF_HOUR_WEIGHTS = np.array(
    [
        0.55,
        0.85,
        1.15,
        1.35,
        1.45,
        1.40,
        1.25,
        1.10,
        0.90,
        0.80,
        0.90,
        1.10,
        1.25,
        1.30,
        1.20,
        1.05,
        0.90,
        0.70,
        0.50,
        0.30,
    ]
)
HALF_HOUR_SHARE = HALF_HOUR_WEIGHTS / HALF_HOUR_WEIGHTS.sum()
ANSWER_MINUTES, ANSWERED_SHARE = 0.25, 0.90
_SHIFT_STARTS = (8 * 60, 13 * 60)
_SHIFT_MINUTES = 5 * 60
_SEGMENT_WEEKS = 26
_REGION_INDEX = {region.code: i for i, region in enumerate(REGIONS)}


@dataclass
class Load:
    """Expected units of work, added up granule by granule: shape [region, day]."""

    lines: Floats
    calls: Floats
    emails: Floats
    visits: Floats

    @classmethod
    def empty(cls, timeline: Timeline) -> Load:
        """No work yet."""
        return cls(*(np.zeros((len(REGIONS), timeline.days)) for _ in range(4)))

    def add(self, profiles: Profiles, rates: Rates) -> None:
        """Add a granule's expected work."""
        follow_ups = rates.orders * (STATUS_CONTACT_SHARE + LATE_CONTACT_SHARE * profiles.late_share[:, None])
        for r in range(len(REGIONS)):
            mine = profiles.region == r
            self.lines[r] += (rates.orders * profiles.lines_per_order[:, None])[mine].sum(axis=0)
            self.calls[r] += (rates.phone + PHONE_SHARE * follow_ups)[mine].sum(axis=0)
            self.emails[r] += (rates.email + (1.0 - PHONE_SHARE) * follow_ups)[mine].sum(axis=0)
            self.visits[r] += rates.incidents[mine].sum(axis=0)

    def pool_units(self, pool: Pool) -> Floats:
        """Expected units of work of `pool`, shape [day]."""
        by_service = {"picking": self.lines, "phone": self.calls, "email": self.emails, "repair": self.visits}
        units = by_service[pool.services]
        if pool.region != "*":
            units = units[[_REGION_INDEX[pool.region]]]
        total: Floats = units.sum(axis=0)
        return total

    def pool_hours(self, pool: Pool) -> Floats:
        """Expected hours of work of `pool` at its true handle time, shape [day]."""
        return self.pool_units(pool) * pool.true_handle_minutes / 60.0


@dataclass(frozen=True, slots=True)
class RosterRow:
    """`headcount` people on `weekday` (Monday 0) from `from_day` to `to_day` (not included; None: open)."""

    pool: str
    weekday: int
    starts_minute: int
    ends_minute: int
    headcount: int
    from_day: int
    to_day: int | None


@dataclass(frozen=True)
class Congestion:
    """What scarcity does: days of backlog [region, day], and calls' waits [region, day, half-hour]."""

    picking_delay_days: Floats
    repair_delay_days: Floats
    email_delay_days: Floats
    wait_share: Floats
    mean_wait_minutes: Floats


def erlang_c_table(offered: Floats, agents: Ints) -> Floats:
    """Probability of waiting for `offered` erlangs at `agents`; 1 where the load is not below the agents."""
    blocking = np.ones_like(offered)
    waiting = np.ones_like(offered)
    for n in range(1, int(agents.max(initial=1)) + 1):
        blocking = offered * blocking / (n + offered * blocking)
        now = (agents == n) & (offered < n)
        waiting[now] = (n * blocking / (n - offered * (1.0 - blocking)))[now]
    return waiting


def agents_for_calls(offered: Floats, handle_minutes: float) -> Ints:
    """Smallest number of agents that keeps the strictest default promise on the phone."""
    agents = np.floor(offered).astype(np.int64) + 1
    while True:
        late = erlang_c_table(offered, agents) * np.exp(-(agents - offered) * ANSWER_MINUTES / handle_minutes)
        short = (late > 1.0 - ANSWERED_SHARE) & (offered > 0)
        if not short.any():
            return agents
        agents = agents + short


def _segments(timeline: Timeline, pool: str) -> list[tuple[int, int]]:
    weeks = timeline.spec.weeks
    pieces = max(1, round(weeks / _SEGMENT_WEEKS))
    edges = {round(weeks * k / pieces) for k in range(pieces + 1)}
    if pool == TIGHT_POOL:
        tight_from = tight_week(weeks)
        edges = {e for e in edges if e < tight_from or e == weeks} | {tight_from}
    ordered = sorted(edges)
    return list(pairwise(ordered))


def tight_week(weeks: int) -> int:
    """The week from which the tight pool is short."""
    return weeks - max(1, min(4, weeks // 4))


def _typical_weeks(pool: Pool, timeline: Timeline, spikes: Bools, first: int, last: int) -> list[int]:
    """Weeks without spike or closed weekday; all weeks if there are none."""
    regions = range(len(REGIONS)) if pool.region == "*" else (_REGION_INDEX[pool.region],)
    weeks = []
    for week in range(first, last):
        workdays = timeline.is_open[:, 7 * week : 7 * week + 5]
        if all(workdays[r].all() and not spikes[r, week] for r in regions):
            weeks.append(week)
    return weeks or list(range(first, last))


def _clock_span(row_from: int, row_to: int, weeks: int) -> tuple[int, int | None]:
    return 7 * row_from, None if row_to == weeks else 7 * row_to


def _deadline_rows(pool: Pool, load: Load, timeline: Timeline, spikes: Bools) -> list[RosterRow]:
    weekly = load.pool_hours(pool).reshape(-1, 7).sum(axis=1)
    weeks = timeline.spec.weeks
    rows = []
    for first, last in _segments(timeline, pool.code):
        tight = pool.code == TIGHT_POOL and first >= tight_week(weeks)
        basis = range(max(0, weeks - 8), weeks) if tight else range(first, last)
        typical = _typical_weeks(pool, timeline, spikes, basis.start, basis.stop)
        target = TIGHT_LOAD_PER_CAPACITY if tight else pool.target_load_share
        hours = float(weekly[typical].mean()) / 5.0 / target / pool.available_share
        headcount = max(1, int(np.ceil(hours / 8.0)))
        steps = hours / headcount * 12.0
        minutes = 5 * max(6, round(steps) if tight else int(np.ceil(steps)))
        span = _clock_span(first, last, weeks)
        rows += [
            RosterRow(pool.code, weekday, pool.opens_minute, pool.opens_minute + minutes, headcount, *span)
            for weekday in range(5)
        ]
    return rows


def _shift_headcounts(agents: Ints) -> list[int]:
    """People on the morning and the afternoon shift so that every half-hour has its `agents`."""
    half = HALF_HOURS // 2
    return [int(agents[:half].max()), int(agents[half:].max())]


def _interval_rows(pool: Pool, load: Load, timeline: Timeline, spikes: Bools) -> list[RosterRow]:
    calls = load.pool_units(pool).reshape(-1, 7)
    weeks = timeline.spec.weeks
    rows = []
    for first, last in _segments(timeline, pool.code):
        typical = _typical_weeks(pool, timeline, spikes, first, last)
        offered = calls[typical].mean(axis=0)[:5, None] * HALF_HOUR_SHARE * 2.0 * pool.true_handle_minutes / 60.0
        net = agents_for_calls(offered, pool.true_handle_minutes)
        gross = np.ceil(net / pool.available_share - 1e-9).astype(np.int64)
        span = _clock_span(first, last, weeks)
        for weekday in range(5):
            for start, people in zip(_SHIFT_STARTS, _shift_headcounts(gross[weekday]), strict=True):
                if people:
                    rows.append(RosterRow(pool.code, weekday, start, start + _SHIFT_MINUTES, people, *span))
    return rows


def draw_rosters(load: Load, timeline: Timeline, spikes: Bools) -> list[RosterRow]:
    """The rosters of all pools; `spikes` [region, week] are the weeks nobody planned for."""
    rows: list[RosterRow] = []
    for pool in POOLS:
        make = _interval_rows if pool.staffing == "interval" else _deadline_rows
        rows += make(pool, load, timeline, spikes)
    return rows


def capacity_hours(rows: list[RosterRow], timeline: Timeline) -> dict[str, Floats]:
    """Worked hours (after shrinkage) of each pool on each day with data; none on closed days."""
    capacity = {pool.code: np.zeros(timeline.days) for pool in POOLS}
    for row in rows:
        stop = timeline.days if row.to_day is None else row.to_day
        pool = POOL_OF[row.pool]
        hours = row.headcount * (row.ends_minute - row.starts_minute) / 60.0 * pool.available_share
        capacity[row.pool][row.from_day + row.weekday : stop : 7] += hours
    for pool in POOLS:
        capacity[pool.code] *= pool_open(pool, timeline)[: timeline.days]
    return capacity


def pool_open(pool: Pool, timeline: Timeline) -> Bools:
    """Days the pool works; a pool for all regions keeps its own site's calendar."""
    site = next(i for i, r in enumerate(REGIONS) if r.depot_id == pool.site)
    days: Bools = timeline.is_open[site]
    return days


def _backlog_days(load_hours: Floats, capacity: Floats) -> Floats:
    """Days of unfinished work at the end of each day, with a twentieth of overtime worked when short."""
    delay = np.zeros_like(load_hours)
    usual = capacity[capacity > 0].mean() if (capacity > 0).any() else 1.0
    backlog = 0.0
    for day in range(len(load_hours)):
        backlog = max(0.0, backlog + load_hours[day] - 1.05 * capacity[day])
        delay[day] = backlog / usual if capacity[day] > 0 else (delay[day - 1] if day else 0.0)
    return delay


def _phone_agents(rows: list[RosterRow], timeline: Timeline) -> Ints:
    """Rostered agents on the phone, shape [region, day, half-hour]."""
    agents = np.zeros((len(REGIONS), timeline.days, HALF_HOURS))
    starts = PHONE_OPENS_MINUTE + 30 * np.arange(HALF_HOURS)
    for row in rows:
        pool = POOL_OF[row.pool]
        if pool.staffing == "interval":
            stop = timeline.days if row.to_day is None else row.to_day
            present = (starts >= row.starts_minute) & (starts < row.ends_minute)
            agents[_REGION_INDEX[pool.region], row.from_day + row.weekday : stop : 7] += row.headcount * present
    shares = np.array([POOL_OF[f"phone-{r.short}"].available_share for r in REGIONS])
    net: Ints = np.maximum(1, np.floor(agents * shares[:, None, None] + 1e-9)).astype(np.int64)
    return net


def congestion(load: Load, rows: list[RosterRow], timeline: Timeline) -> Congestion:
    """Delays and waits that follow from the expected load and the rosters."""
    capacity = capacity_hours(rows, timeline)

    def delays(service: str) -> Floats:
        pools = [POOL_OF[f"{service}-{r.short}"] for r in REGIONS]
        return np.stack([_backlog_days(load.pool_hours(p), capacity[p.code]) for p in pools])

    handle = np.array([POOL_OF[f"phone-{r.short}"].true_handle_minutes for r in REGIONS])[:, None, None]
    agents = _phone_agents(rows, timeline)
    offered = load.calls[:, :, None] * HALF_HOUR_SHARE * 2.0 * handle / 60.0
    # Above 0.97 callers hang up before the formula's queue would grow without bound.
    offered = np.minimum(offered, 0.97 * agents)
    email = POOL_OF["email-all"]
    email_delay = _backlog_days(load.pool_hours(email), capacity[email.code])
    return Congestion(
        delays("picking"),
        delays("repair"),
        np.tile(email_delay, (len(REGIONS), 1)),
        erlang_c_table(offered, agents),
        handle / (agents - offered),
    )
