"""What would end a shortage: staff lent from pools with slack, people from outside, and when everyone is kept again."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.canonical import digest
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, shrinkage_of
from closeknit.rooms.capacity.compute.moves import MovedStaff
from closeknit.rooms.capacity.compute.need import PoolNeed
from closeknit.rooms.capacity.compute.plan import plan_of_needs
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.capacity.compute.what_if.quote import by_week
from closeknit.rooms.capacity.compute.what_if.result import plan_with
from closeknit.rooms.capacity.contracts.what_if import PlanChanges
from closeknit.rooms.demand.contracts import ForecastNumbers

SHORTAGE_VERSION = "shortage/1"
MOST_OUTSIDE_UNITS = 10_000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MoveNumbers:
    """One move, with the productive hours that the borrowing pool gets by it and what those people cost."""

    move: MovedStaff
    hours: float
    cost: Decimal


@dataclass(frozen=True, slots=True)
class RemedyNumbers:
    """A shortage and its remedy. Hours and costs are over the whole plan, before and after the moves.

    Costs: overtime and what shortfalls cost. `outside`: units that each pool still lacks which no pool can lend; 0
    where more of them would not help. `lender_claimants_short`: how many claimants of lending pools fall short by it.
    """

    moves: tuple[MoveNumbers, ...]
    outside: tuple[tuple[str, int], ...]
    first_short_on: date
    claimants_short: int
    short_hours: float
    short_hours_after: float
    lender_claimants_short: int
    recovery_on: date | None
    recovery_without_on: date | None
    cost_before: Decimal
    cost_after: Decimal
    inputs_digest: str
    digest: str


@dataclass(frozen=True, slots=True)
class ShortAfter:
    """What one claimant is short at a pool in a week, before and after moves."""

    pool: str
    week_on: date
    tier: str
    account_number: str
    before_hours: float
    after_hours: float


def find_remedy(
    inputs: PlanInputs, numbers: ForecastNumbers, *, not_before: date, outside_cost_per_hour: Decimal | None = None
) -> RemedyNumbers | None:
    """Return the fewest staff to lend that end a plan's shortage without anyone at the lending pool falling short.

    Lenders are pools with the same unit that serve every service of the short one, most hours free first. Where they
    cannot end it, people from outside do, if their cost per paid hour is stated; else their number is told. Weeks that
    begin before `not_before` stay as they are. Pure: equal inputs give equal digests. None: nobody is short.
    """
    search = _Search(inputs, numbers)
    if not search.is_short(search.base):
        return None
    moves: list[MoveNumbers] = []
    outside: list[tuple[str, int]] = []
    for pool in search.short_pools():
        window = search.window(pool, not_before)
        if window is not None:
            found, lacking = _mend(search, pool, window, outside_cost_per_hour)
            moves += found
            outside += [] if lacking is None else [(pool, lacking)]
    return _told(search, moves, outside, not_before, outside_cost_per_hour)


def short_after(inputs: PlanInputs, numbers: ForecastNumbers, moves: Iterable[MovedStaff]) -> tuple[ShortAfter, ...]:
    """Return who is short at which pool in which week, before or after moves."""
    search = _Search(inputs, numbers)
    for move in moves:
        search.move(move)
    found = []
    for pool, base in search.base.items():
        before, after = search.shorts(base), search.shorts(search.plan(pool))
        for c, w in np.argwhere((before > 0) | (after > 0)):
            who = base.need.claimants[int(c)]
            found.append(
                ShortAfter(
                    pool,
                    search.weeks[int(w)],
                    who.tier,
                    who.account_number,
                    round(float(before[c, w]), 6),
                    round(float(after[c, w]), 6),
                )
            )
    return tuple(found)


class _Search:
    """A plan's pools, with hours moved between them. Pools share no hours, so each is planned by itself."""

    def __init__(self, inputs: PlanInputs, numbers: ForecastNumbers) -> None:
        self.inputs = inputs
        whole = plan_with(inputs, numbers, PlanChanges(), pools=[pool.pool for pool in inputs.pools])
        self.weeks = whole.week_on
        self.base: Mapping[str, PoolPlan] = {plan.need.pool.pool: plan for plan in whole.pools}
        self.needs: dict[str, PoolNeed] = {name: plan.need for name, plan in self.base.items()}
        self._plans: dict[str, PoolPlan] = dict(self.base)

    def plan(self, pool: str) -> PoolPlan:
        return self._plans[pool]

    def plans(self) -> Mapping[str, PoolPlan]:
        return self._plans

    def shorts(self, plan: PoolPlan) -> FloatArray:
        """Hours short per claimant and week; less than three minutes are rounding."""
        hours = by_week(plan, plan.short, len(self.weeks))
        return np.where(hours > SHORT_FROM_HOURS, hours, 0.0)

    def is_short(self, plans: Mapping[str, PoolPlan]) -> bool:
        return any(self.shorts(plan).any() for plan in plans.values())

    def short_pools(self) -> list[str]:
        """Pools with a claimant short, the dearest shortage first."""
        cost = {name: float(plan.week_cost.sum()) for name, plan in self.base.items() if self.shorts(plan).any()}
        return sorted(cost, key=lambda name: (-cost[name], name))

    def window(self, pool: str, not_before: date) -> tuple[date, date] | None:
        """Return the first day and the day after the last week in which a pool is short and can still be helped."""
        hours = self.shorts(self.plan(pool)).sum(axis=0)
        weeks = [week for week, short in zip(self.weeks, hours, strict=True) if short > 0 and week >= not_before]
        return (weeks[0], weeks[-1] + timedelta(days=7)) if weeks else None

    def changed(self, pool: str, units: int, window: tuple[date, date]) -> PoolPlan:
        """Plan one pool with units more or fewer in a window."""
        need = self.needs[pool]
        hours = need.capacity + np.where(_inside(need, window), units * need.unit_hours, 0.0)
        return self._planned(replace(need, capacity=np.maximum(hours, 0.0)))

    def move(self, move: MovedStaff) -> None:
        window = (move.from_on, move.until_on)
        for pool, units in ((move.to_pool, move.units), (move.from_pool, -move.units)):
            if pool in self.needs:
                self._plans[pool] = self.changed(pool, units, window)
                self.needs[pool] = self._plans[pool].need

    def _planned(self, need: PoolNeed) -> PoolPlan:
        return plan_of_needs([need], self.inputs, measured=False).pools[0]


def _mend(
    search: _Search, pool: str, window: tuple[date, date], outside_cost_per_hour: Decimal | None
) -> tuple[list[MoveNumbers], int | None]:
    """Move staff to one pool; return the moves, and how many units it lacks after them (None: none)."""
    moves = []
    for lender in _lenders(search, pool, window):
        most = _most(_idle_units(search, lender, window), partial(_keeps, search, lender, window))
        units = _least(most, partial(_serves, search, pool, window)) or most
        if units and _helps(search, pool, units, window):
            move = MovedStaff(lender, pool, units, *window)
            moves.append(_numbers(search, move, Decimal(search.needs[lender].pool.cost_per_hour)))
            search.move(move)
        if not _is_short_in(search, search.plan(pool), window):
            return moves, None
    lacking = _outside(search, pool, window)
    if not lacking or outside_cost_per_hour is None:
        return moves, lacking
    hired = MovedStaff("", pool, lacking, *window)
    moves.append(_numbers(search, hired, outside_cost_per_hour))
    search.move(hired)
    return moves, None


def _lenders(search: _Search, pool: str, window: tuple[date, date]) -> list[str]:
    short = search.needs[pool].pool
    free = {
        name: float((need.capacity - need.need)[_inside(need, window)].sum())
        for name, need in search.needs.items()
        if name != pool and _has_skill(need.pool, short) and not _is_short_in(search, search.plan(name), window)
    }
    return sorted((name for name in free if free[name] > 0.0), key=lambda name: (-free[name], name))


def _has_skill(lender: PoolInput, short: PoolInput) -> bool:
    """Whoever serves every service of a pool, with the same kind of unit, can do its work."""
    return lender.unit == short.unit and ("*" in lender.services or set(short.services) <= set(lender.services))


def _idle_units(search: _Search, pool: str, window: tuple[date, date]) -> int:
    """Return the units that are there whenever the pool works in the window: no more of them can be lent."""
    need = search.needs[pool]
    works = _inside(need, window) & (need.unit_hours > 0) & (need.capacity > 0)
    return math.floor(float((need.capacity[works] / need.unit_hours[works]).min()) + 1e-9) if works.any() else 0


def _keeps(search: _Search, lender: str, window: tuple[date, date], units: int) -> bool:
    return not _is_short_in(search, search.changed(lender, -units, window), window)


def _serves(search: _Search, pool: str, window: tuple[date, date], units: int) -> bool:
    return not _is_short_in(search, search.changed(pool, units, window), window)


def _helps(search: _Search, pool: str, units: int, window: tuple[date, date]) -> bool:
    before, after = search.shorts(search.plan(pool)).sum(), search.shorts(search.changed(pool, units, window)).sum()
    return bool(after < before - SHORT_FROM_HOURS)


def _is_short_in(search: _Search, plan: PoolPlan, window: tuple[date, date]) -> bool:
    inside = np.array([window[0] <= week < window[1] for week in search.weeks])
    return bool(search.shorts(plan)[:, inside].any())


def _outside(search: _Search, pool: str, window: tuple[date, date]) -> int:
    enough = partial(_serves, search, pool, window)
    high = 1
    while high < MOST_OUTSIDE_UNITS and not enough(high):
        high = min(2 * high, MOST_OUTSIDE_UNITS)
    return _least(high, enough) or 0


def _least(high: int, holds: Callable[[int], bool]) -> int | None:
    """Return the least number from 1 to `high` for which a rule holds that keeps holding; None: it never does."""
    if high < 1 or not holds(high):
        return None
    low = 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _most(high: int, holds: Callable[[int], bool]) -> int:
    """Return the largest number up to `high` for which a rule holds that holds for all smaller ones; 0 if none."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _inside(need: PoolNeed, window: tuple[date, date]) -> NDArray[np.bool_]:
    days = need.starts.astype("datetime64[D]")
    inside: NDArray[np.bool_] = (days >= np.datetime64(window[0])) & (days < np.datetime64(window[1]))
    return inside


def _numbers(search: _Search, move: MovedStaff, cost_per_hour: Decimal) -> MoveNumbers:
    need = search.needs[move.to_pool]
    hours = move.units * float(need.unit_hours[_inside(need, (move.from_on, move.until_on))].sum())
    paid = hours / float(1 - shrinkage_of(need.pool.shrinkage_parts))
    return MoveNumbers(move, round(hours, 6), _money(paid * float(cost_per_hour)))


def _told(
    search: _Search,
    moves: Sequence[MoveNumbers],
    outside: Sequence[tuple[str, int]],
    not_before: date,
    outside_cost_per_hour: Decimal | None,
) -> RemedyNumbers:
    lenders = {each.move.from_pool for each in moves if each.move.from_pool}
    before, after = search.base, search.plans()
    came_in = digest(
        [SHORTAGE_VERSION, search.inputs.forecast_digest, digest(search.inputs), not_before, outside_cost_per_hour]
    )
    return RemedyNumbers(
        moves=tuple(moves),
        outside=tuple(outside),
        first_short_on=min(_short_weeks(search, before)),
        claimants_short=len(set(_claimants(search, before))),
        short_hours=_short_hours(search, before),
        short_hours_after=_short_hours(search, after),
        lender_claimants_short=sum(
            int(np.sum((search.shorts(after[name]) > search.shorts(before[name])).any(axis=1))) for name in lenders
        ),
        recovery_on=_kept_from(search, after),
        recovery_without_on=_kept_from(search, before),
        cost_before=_cost(before),
        cost_after=_cost(after),
        inputs_digest=came_in,
        digest=digest([came_in, list(moves), list(outside), round(_short_hours(search, after), 6)]),
    )


def _short_weeks(search: _Search, plans: Mapping[str, PoolPlan]) -> set[date]:
    hours = np.sum([search.shorts(plan).sum(axis=0) for plan in plans.values()], axis=0)
    return {week for week, short in zip(search.weeks, hours, strict=True) if short > 0}


def _kept_from(search: _Search, plans: Mapping[str, PoolPlan]) -> date | None:
    """Return the first week from which everyone is kept to the plan's end; None: somebody is short in the last."""
    short = _short_weeks(search, plans)
    if not short:
        return min(_short_weeks(search, search.base), default=search.weeks[0])
    after = max(short) + timedelta(days=7)
    return after if after <= search.weeks[-1] else None


def _claimants(search: _Search, plans: Mapping[str, PoolPlan]) -> Iterator[tuple[str, str]]:
    for plan in plans.values():
        for who, short in zip(plan.need.claimants, search.shorts(plan), strict=True):
            if short.any():
                yield who.account_number, who.tier


def _short_hours(search: _Search, plans: Mapping[str, PoolPlan]) -> float:
    return round(sum(float(search.shorts(plan).sum()) for plan in plans.values()), 6)


def _cost(plans: Mapping[str, PoolPlan]) -> Decimal:
    return _money(sum(float(plan.week_cost.sum()) for plan in plans.values()))


def _money(value: float) -> Decimal:
    return Decimal(repr(round(float(value), 2)))
