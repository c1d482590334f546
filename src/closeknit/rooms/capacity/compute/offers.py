"""Units of a pool held ready, costed: what they take, what others lose by it, and which guarantees stand in the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_agents
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.holding import NotHeld, hold_also, not_held
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours, PlanInputs, shrinkage_of
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed
from closeknit.rooms.capacity.compute.plan import PlanResult, plan_of_needs
from closeknit.rooms.capacity.compute.prices import PricePolicy, list_price_per_hour, money
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.capacity.compute.what_if.checked import mondays
from closeknit.rooms.capacity.compute.what_if.quote import by_week, sufferers_of
from closeknit.rooms.capacity.contracts.prices import OfferAsked, OfferWeek
from closeknit.rooms.capacity.contracts.quotes import QuoteSufferer
from closeknit.rooms.demand.contracts import ForecastNumbers

FloatArray = NDArray[np.float64]
OFFERED = "this offer"
FOR_NOBODY = "(held ready)"
MOST_UNITS = 100_000.0
MOST_WORK = 10_000_000.0


@dataclass(frozen=True, slots=True)
class OfferNumbers:
    """An offer beside the plan as it is: the units held, week by week, who would get less, and what is in the way."""

    units: float
    sizing: str
    weeks: tuple[OfferWeek, ...]
    own_short_hours: float
    price: Decimal
    sufferers: tuple[QuoteSufferer, ...]
    conflicts: tuple[NotHeld, ...]


def check_offer(inputs: PlanInputs, asked: OfferAsked) -> None:
    """Raise Invalid for an offer that cannot be computed: no such pool, no size or two, weeks outside the plan."""
    known = [pool.pool for pool in inputs.pools]
    if asked.pool not in known:
        raise Invalid(
            f"The plan has no pool {asked.pool!r}.", where="pool", todo=f"Name one of {', '.join(known[:8])}."
        )
    response = (asked.work_per_week, asked.within_minutes, asked.target_share)
    if (asked.units is None) == all(value is None for value in response):
        raise Invalid(
            "Say how much is to be held, in one way.",
            where="units",
            todo="Give units, or work per week with a time and a share.",
        )
    if asked.units is not None:
        _check("units", asked.units, 0.0, MOST_UNITS)
    else:
        if None in response:
            raise Invalid(
                "A response needs work, a time and a share.",
                where="work_per_week, within_minutes, target_share",
                todo="Give all three.",
            )
        _check("work_per_week", asked.work_per_week, 0.0, MOST_WORK)
        _check("within_minutes", asked.within_minutes, 0.0, 525_600.0, lowest_too=True)
        _check("target_share", asked.target_share, 0.0, 0.9999)
    if asked.from_on is not None and asked.from_on not in set(mondays(inputs)):
        first = list(mondays(inputs))
        raise Invalid(
            f"The plan has no week of {asked.from_on}.",
            where="from_on",
            todo=f"Give a Monday from {first[0]} to {first[-1]}.",
        )
    if asked.weeks is not None and not 1 <= asked.weeks <= 104:
        raise Invalid("This is no number of weeks.", where="weeks", todo="Give 1 to 104 weeks, or none for all.")


def cost_of_offer(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    asked: OfferAsked,
    *,
    tier: str,
    before: PlanResult,
    policy: PricePolicy,
) -> OfferNumbers:
    """Plan the offer's pool with units held ready, beside `before`, the plan of that pool as it is. Checked before.

    The price of a week is its hours at list price, or what others lose by them, whichever is larger.
    """
    (plan,) = before.pools
    inside = _inside(inputs, asked)
    units, sizing = _sized(plan, inside, asked)
    need, conflicts = _held(plan.need, plan, inputs, numbers, asked, tier, units, inside)
    after = plan_of_needs([need], inputs, measured=False).pools[0]
    own = asked.account_number or FOR_NOBODY
    count = inputs.weeks
    short = _own_short(after, own, count) - _own_short(plan, own, count)
    rows = _weeks(plan, after, own, units, inside, before.week_on, list_price_per_hour(plan, policy))
    return OfferNumbers(
        units=units,
        sizing=sizing,
        weeks=tuple(rows),
        own_short_hours=float(np.where(short > SHORT_FROM_HOURS, short, 0.0).sum()),
        price=sum((row.price for row in rows if row.price is not None), Decimal(0)),
        sufferers=sufferers_of([(plan, after)], own),
        conflicts=conflicts,
    )


def held_conflicts(result: PlanResult, inputs: PlanInputs, numbers: ForecastNumbers) -> tuple[NotHeld, ...]:
    """Return which guarantees of contracts a plan's pools cannot all hold."""
    return not_held([plan.need for plan in result.pools], inputs, numbers) if inputs.guarantees else ()


def _check(name: str, value: float | None, least: float, most: float, *, lowest_too: bool = False) -> None:
    if value is None or not math.isfinite(value) or not (least < value <= most or (lowest_too and value == least)):
        above = "from" if lowest_too else "above"
        raise Invalid(
            f"{value!r} cannot be right here.", where=name, todo=f"Give a number {above} {least:g}, at most {most:g}."
        )


def _inside(inputs: PlanInputs, asked: OfferAsked) -> NDArray[np.bool_]:
    weeks = list(mondays(inputs))
    first = weeks.index(asked.from_on) if asked.from_on else 0
    last = len(weeks) if asked.weeks is None else first + asked.weeks
    return np.array([first <= place < last for place in range(len(weeks))])


def _sized(plan: PoolPlan, inside: NDArray[np.bool_], asked: OfferAsked) -> tuple[float, str]:
    """Return the units held, and how they were found: enough on duty, by themselves, through all hours of the pool."""
    pool, unit = plan.need.pool, plan.need.pool.unit
    hours = by_week(plan, plan.need.unit_hours, inside.size)[inside]
    if not hours.size or hours.max(initial=0.0) <= 0.0:
        raise Invalid("The pool is not open in those weeks.", where="from_on", todo="Name weeks with a roster.")
    if asked.units is not None:
        return float(asked.units), f"{asked.units:,.4g} {unit}{'' if asked.units == 1 else 's'}, as asked."
    present = float(1 - shrinkage_of(pool.shrinkage_parts))
    open_hours = float(hours[hours > 0].min()) / present
    work, within, share = asked.work_per_week, asked.within_minutes, asked.target_share
    assert work is not None
    assert within is not None
    assert share is not None
    if work / open_hours * pool.handle_minutes / 60.0 > MOST_UNITS * present:
        raise Invalid("This is more work than any pool does.", where="work_per_week", todo="Give less work.")
    duty = int(required_agents(work / open_hours, pool.handle_minutes, within, share).agents)
    units = float(math.ceil(round(duty / present, 9)))
    return units, (
        f"{work:,.4g} units of work a week over {open_hours:,.4g} open hours, {pool.handle_minutes:,.4g} minutes each, "
        f"begun within {within:,.4g} minutes for {share:.4g} of them: {duty} on duty at any time, for this alone; "
        f"with absences {units:,.0f} on the roster."
    )


def _held(
    need: PoolNeed,
    plan: PoolPlan,
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    asked: OfferAsked,
    tier: str,
    units: float,
    inside: NDArray[np.bool_],
) -> tuple[PoolNeed, tuple[NotHeld, ...]]:
    account = asked.account_number
    if not account:
        need = _with_first_claim(need, units * np.where(inside[plan.week_index], need.unit_hours, 0.0), inputs)
        account, tier = FOR_NOBODY, ""
    hours = by_week(plan, need.unit_hours, inputs.weeks) * units
    offered = [
        GuaranteedHours(OFFERED, 1, account, tier, "", float(hours[w]), week_on, week_on + timedelta(days=7))
        for w, week_on in enumerate(mondays(inputs))
        if inside[w] and hours[w] > 0.0
    ]
    return hold_also(need, offered, inputs, numbers)


def _with_first_claim(need: PoolNeed, held: FloatArray, inputs: PlanInputs) -> PoolNeed:
    """Take hours out of the pool for nobody by name: a claim before all others, so that they share what is left."""
    dearest = max(float(need.shortfall_cost_per_hour.max(initial=0.0)), need.overtime_cost_per_hour, 1.0)
    costs = np.full((1, need.need.size), 10.0 * dearest)
    return replace(
        need,
        need=need.need + held,
        claimants=(*need.claimants, Claimant("", FOR_NOBODY)),
        claims=np.concatenate([need.claims, held[None, :]]),
        shortfall_cost_per_hour=np.concatenate([need.shortfall_cost_per_hour, costs]),
        terms=(*need.terms, ("held ready",) * inputs.weeks),
    )


def _rows(plan: PoolPlan, account: str) -> NDArray[np.bool_]:
    return np.array([claimant.account_number == account for claimant in plan.need.claimants], dtype=bool)


def _own_short(plan: PoolPlan, account: str, weeks: int) -> FloatArray:
    return by_week(plan, plan.short[_rows(plan, account)].sum(axis=0), weeks)


def _others_cost(plan: PoolPlan, account: str, weeks: int) -> FloatArray:
    """Return what overtime and the shortfalls of all but one account cost, by week."""
    others = ~_rows(plan, account)
    short = (plan.short[others] * plan.need.shortfall_cost_per_hour[others]).sum(axis=0)
    return by_week(plan, plan.overtime * plan.need.overtime_cost_per_hour + short, weeks)


def _others_short(plan: PoolPlan, account: str, weeks: int) -> FloatArray:
    return by_week(plan, plan.short[~_rows(plan, account)].sum(axis=0), weeks)


def _weeks(
    before: PoolPlan,
    after: PoolPlan,
    account: str,
    units: float,
    inside: NDArray[np.bool_],
    weeks: Sequence[date],
    list_per_hour: float,
) -> list[OfferWeek]:
    count = len(weeks)
    held = by_week(before, before.need.unit_hours, count) * units
    more = by_week(before, after.need.need - before.need.need, count)
    overtime = by_week(before, after.overtime - before.overtime, count)
    short = _others_short(after, account, count) - _others_short(before, account, count)
    lost = _others_cost(after, account, count) - _others_cost(before, account, count)
    return [
        OfferWeek(
            week_on=week_on,
            hours_held=float(held[w]),
            hours_more=float(more[w]),
            overtime_hours_more=float(overtime[w]),
            short_hours_more=float(short[w]),
            list_price=money(more[w] * list_per_hour),
            others_cost=money(max(float(lost[w]), 0.0)),
            price=money(max(float(more[w]) * list_per_hour, float(lost[w]), 0.0)),
        )
        for w, week_on in enumerate(weeks)
        if inside[w]
    ]
