"""Capacity that an account would have held ready: units in hours of its pool, words, and what stands in its way."""

from collections.abc import Sequence

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.holding import guaranteed_hours, not_held, pool_holding
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.what_if.checked import check_held
from closeknit.rooms.capacity.compute.what_if.demand import with_own_series
from closeknit.rooms.capacity.compute.what_if.inputs import change_guarantees, change_inputs, is_guarantee_replaced
from closeknit.rooms.capacity.compute.what_if.quote import by_week
from closeknit.rooms.capacity.compute.what_if.result import WhatIf, plan_with
from closeknit.rooms.capacity.contracts.quotes import GuaranteeAsked
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, PlanChanges, SeriesShare
from closeknit.rooms.demand.contracts import ForecastNumbers

NOTHING_HELD = "nothing held ready"


def sized_guarantee(
    inputs: PlanInputs, numbers: ForecastNumbers, asked: GuaranteeAsked, *, tier: str, shares: Sequence[SeriesShare]
) -> GuaranteeChange:
    """Return what is asked for in hours a week. A unit works all the hours of the pool's fullest week in the plan.

    Raises:
        Invalid: for no size or two, or where no pool of the plan can hold it.
    """
    if (asked.units is None) == (asked.hours_per_week is None):
        raise Invalid(
            "Say how much is to be held, in one way.", where="units, hours_per_week", todo="Give units or hours a week."
        )
    for value, name in ((asked.units, "units"), (asked.hours_per_week, "hours_per_week")):
        if value is not None:
            check_held(value, name)
    hours = asked.hours_per_week
    found = GuaranteeChange(asked.account_number, tier, hours or 1.0, asked.service, asked.units, asked.starts_on)
    told = with_own_series(numbers, shares)
    (held,) = change_guarantees((), (found,), inputs)
    pool = pool_holding(held, inputs, told)
    plans = plan_with(inputs, told, PlanChanges(), pools={pool}).pools if pool else ()
    if not plans:
        raise Invalid(
            f"No pool of the plan does {asked.service or 'any work'}.",
            where="service",
            todo="Name a service that a pool of the plan serves.",
        )
    if hours is None:
        hours = float(asked.units or 0.0) * float(by_week(plans[0], plans[0].need.unit_hours, inputs.weeks).max())
        if hours <= 0.0:
            raise Invalid(
                f"{plans[0].need.pool.name} has no roster in these weeks: units of it are no hours.",
                where="units",
                todo="Give hours a week, or a roster to the pool first.",
            )
    unit = plans[0].need.pool.unit
    return GuaranteeChange(
        found.account_number, tier, round(hours, 6), found.service, found.units, found.starts_on, unit
    )


def held_now(inputs: PlanInputs, change: GuaranteeChange) -> str:
    """Say what is held for the account in that service when the proposed guarantee would begin."""
    mine = [g for g in inputs.guarantees if is_guarantee_replaced(g, change)]
    week = max(0, (change.starts_on - inputs.first_on).days // 7) if change.starts_on else 0
    hours = float(guaranteed_hours(inputs, mine)[week])
    return f"{hours:,.4g} hours a week held ready" if hours > 0.0 else NOTHING_HELD


def held_then(change: GuaranteeChange) -> str:
    """Say what would be held."""
    units = change.units
    people = "" if units is None else f", {units:,.4g} {change.unit}{'' if units == 1 else 's'}"
    return f"{change.hours_per_week:,.4g} hours a week held ready{people}"


def others_in_the_way(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    found: WhatIf,
    change: GuaranteeChange,
    shares: Sequence[SeriesShare],
) -> int:
    """Return how many other accounts are guaranteed hours that cannot all be held together with the proposed ones."""
    changed = change_inputs(inputs, PlanChanges(guarantees=(change,)))
    conflicts = not_held([plan.need for plan in found.after.pools], changed, with_own_series(numbers, shares))
    own = change.account_number
    return len({account for each in conflicts if own in each.accounts for account in each.accounts} - {own})
