"""Guaranteed capacity: hours held ready for an account in the pool that does its work, whether or not work comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.allocation import ServicePlanProblem, find_plan_conflicts
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours, PlanInputs
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.demand.contracts import ForecastNumbers

FloatArray = NDArray[np.float64]
_TINY = 1e-6
HELD = "; hours held ready by contract"
"""Said of a pool's week without naming whose: who may see the pool need not see the account."""


@dataclass(frozen=True, slots=True)
class NotHeld:
    """A smallest set of guarantees that a pool cannot all hold: without any one of them the others could be.

    `need_hours` and `have_hours`: over the weeks in which they stand in each other's way, the first of them `week_on`.
    """

    pool: str
    pool_name: str
    accounts: tuple[str, ...]
    contracts: tuple[str, ...]
    week_on: date
    need_hours: float
    have_hours: float


def hold_ready(needs: Sequence[PoolNeed], inputs: PlanInputs, numbers: ForecastNumbers) -> list[PoolNeed]:
    """Raise what an account needs of its pool, week by week, to what it is guaranteed there at least.

    The account's own work counts towards it; what is missing is held ready evenly over the pool's hours, at the cost
    of any hour of the account. A week in which a guarantee begins or ends counts whole, as it does for promises.
    """
    held = _by_pool(inputs, numbers)
    found = []
    for need in needs:
        for guarantees in held.get(need.pool.pool, {}).values():
            need = _holding(need, guarantees, inputs)
        found.append(need)
    return found


def not_held(needs: Sequence[PoolNeed], inputs: PlanInputs, numbers: ForecastNumbers) -> tuple[NotHeld, ...]:
    """Return which guarantees cannot all be held, even with all overtime and nobody else's work done."""
    held = _by_pool(inputs, numbers)
    return tuple(
        conflict
        for need in needs
        if need.pool.pool in held
        for conflict in _conflicts(need, held[need.pool.pool], inputs)
    )


def hold_also(
    need: PoolNeed, offered: Sequence[GuaranteedHours], inputs: PlanInputs, numbers: ForecastNumbers
) -> tuple[PoolNeed, tuple[NotHeld, ...]]:
    """Hold hours in one pool for an account beside what contracts guarantee; return too what cannot all be held."""
    held = dict(_by_pool(inputs, numbers).get(need.pool.pool, {}))
    account = offered[0].account_number
    held[account] = [*held.get(account, []), *offered]
    need = _holding(need, held[account], inputs)
    return need, tuple(_conflicts(need, held, inputs))


def guaranteed_hours(inputs: PlanInputs, guarantees: Sequence[GuaranteedHours]) -> FloatArray:
    """Return the hours guaranteed in each week of a plan."""
    weeks = [inputs.first_on + timedelta(days=7 * week) for week in range(inputs.weeks)]
    return np.array([sum(_hours_in(week, guarantees), 0.0) for week in weeks])


def _hours_in(week_on: date, guarantees: Sequence[GuaranteedHours]) -> list[float]:
    """Return what is guaranteed in a week; of two versions of one contract, which follow each other, the larger."""
    end = week_on + timedelta(days=7)
    largest: dict[tuple[str, str], dict[date, float]] = {}
    for g in guarantees:
        if g.starts_on < end and (g.ends_on is None or g.ends_on > week_on):
            versions = largest.setdefault((g.contract_number, g.service), {})
            versions[g.starts_on] = versions.get(g.starts_on, 0.0) + g.hours_per_week
    return [max(versions.values()) for versions in largest.values()]


def _by_pool(inputs: PlanInputs, numbers: ForecastNumbers) -> dict[str, dict[str, list[GuaranteedHours]]]:
    """Return the guarantees that each pool holds, by account in a fixed order; where no pool can, nobody does."""
    found: dict[str, dict[str, list[GuaranteedHours]]] = {}
    for each in sorted(inputs.guarantees, key=lambda g: g.account_number):
        place = pool_holding(each, inputs, numbers)
        if place:
            found.setdefault(place, {}).setdefault(each.account_number, []).append(each)
    return found


def pool_holding(guaranteed: GuaranteedHours, inputs: PlanInputs, numbers: ForecastNumbers) -> str:
    """Return the pool that holds it: of those serving its service, the one with most of the account's work; or ""."""
    best, most = "", -1.0
    for pool in inputs.pools:
        serves = not guaranteed.service or "*" in pool.services or guaranteed.service in pool.services
        route = route_of(pool, numbers) if serves else None
        if route is None:
            continue
        rows = [
            i
            for i, (key, total) in enumerate(zip(route.panel.keys, route.panel.total_of_series, strict=True))
            if key.account_number == guaranteed.account_number
            and int(total) in route.totals
            and guaranteed.service in ("", key.service)
        ]
        units = float(route.panel.mean[rows].sum())
        if units > most:
            best, most = pool.pool, units
    return best


def _week_of(need: PoolNeed, inputs: PlanInputs) -> NDArray[np.int64]:
    return (need.starts.astype("datetime64[D]") - np.datetime64(inputs.first_on)).astype(np.int64) // 7


def _holding(need: PoolNeed, guarantees: Sequence[GuaranteedHours], inputs: PlanInputs) -> PoolNeed:
    need = _with_claimant(need, guarantees[0], inputs)
    account = guarantees[0].account_number
    rows = [i for i, claimant in enumerate(need.claimants) if claimant.account_number == account]
    week = _week_of(need, inputs)
    claims, hours = need.claims.copy(), need.need.copy()
    terms, binding = [list(line) for line in need.terms], list(need.binding)
    for w, least in enumerate(guaranteed_hours(inputs, guarantees)):
        if least <= 0.0:
            continue
        mine = week == w
        week_on = inputs.first_on + timedelta(days=7 * w)
        contracts = sorted({g.contract_number for g in guarantees if _hours_in(week_on, [g])})
        said = f"held ready for {account}: {_worded(least, need, mine)} ({', '.join(contracts)})"
        for row in rows:
            terms[row][w] += f"; {said}"
        more = least - float(claims[rows][:, mine].sum())
        if more <= _TINY:
            continue
        shape = need.unit_hours[mine] if need.unit_hours[mine].sum() > 0 else np.ones(int(mine.sum()))
        claims[rows[0], mine] += more * shape / shape.sum()
        hours[mine] += more * shape / shape.sum()
        binding[w] += HELD
    return replace(need, claims=claims, need=hours, terms=tuple(map(tuple, terms)), binding=tuple(binding))


def _worded(least: float, need: PoolNeed, mine: NDArray[np.bool_]) -> str:
    one = float(need.unit_hours[mine].sum())
    people = f", {least / one:.4g} {need.pool.unit}{'' if abs(least - one) < _TINY else 's'}" if one > 0 else ""
    return f"{least:,.4g} hours a week{people}"


def _with_claimant(need: PoolNeed, guaranteed: GuaranteedHours, inputs: PlanInputs) -> PoolNeed:
    """Add the account where its work is planned with its tier: what is held for it is then on top of that work."""
    if any(claimant.account_number == guaranteed.account_number for claimant in need.claimants):
        return need
    floor = inputs.tier_floor_multiples.get(guaranteed.tier, min(inputs.tier_floor_multiples.values()))
    costs = np.full((1, need.need.size), floor * need.overtime_cost_per_hour)
    return replace(
        need,
        claimants=(*need.claimants, Claimant(guaranteed.tier, guaranteed.account_number)),
        claims=np.concatenate([need.claims, np.zeros((1, need.need.size))]),
        shortfall_cost_per_hour=np.concatenate([need.shortfall_cost_per_hour, costs]),
        terms=(*need.terms, ("planned with its tier",) * inputs.weeks),
    )


def _conflicts(need: PoolNeed, held: Mapping[str, Sequence[GuaranteedHours]], inputs: PlanInputs) -> list[NotHeld]:
    accounts, mine = list(held), list(held.values())
    floors = np.array([guaranteed_hours(inputs, guarantees) for guarantees in mine])
    week = _week_of(need, inputs)
    regular = np.bincount(week, weights=need.capacity, minlength=inputs.weeks)
    hours = regular * (1.0 + need.pool.overtime_share_max)
    if (floors.sum(axis=0) <= hours + _TINY).all():
        return []
    costs = [need.shortfall_cost_per_hour[[c.account_number for c in need.claimants].index(a)].max() for a in accounts]
    problem = ServicePlanProblem.of(
        capacity_hours=hours[None, :],
        need_hours=floors,
        floor_hours=floors,
        short_cost_per_hour=np.array(costs),
        option_job=np.arange(len(accounts)),
        option_pool=np.zeros(len(accounts), dtype=np.int64),
    )
    found = []
    for conflict in find_plan_conflicts(problem):
        weeks = sorted({period for _, period in conflict.cells})
        first = inputs.first_on + timedelta(days=7 * (weeks[0] if weeks else 0))
        names = tuple(accounts[job] for job in conflict.jobs)
        contracts = sorted({g.contract_number for job in conflict.jobs for g in mine[job]})
        asked = float(floors[list(conflict.jobs)][:, weeks].sum()) if weeks else conflict.need_hours
        have = float(hours[weeks].sum()) if weeks else conflict.have_hours
        found.append(NotHeld(need.pool.pool, need.pool.name, names, tuple(contracts), first, asked, have))
    return found
