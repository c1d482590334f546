"""Refuse changes that no plan can be made of, with what to write instead."""

import math
from collections.abc import Iterator
from datetime import date, timedelta

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.contracts.what_if import (
    DemandChange,
    GuaranteeChange,
    PlanChanges,
    PoolChange,
    TermChange,
    UnitRequest,
)

MOST_CHANGES = 50
LARGEST_FACTOR = 100.0
MOST_UNITS = 1e9
MOST_HELD_HOURS = 1_000_000.0
LONGEST_MINUTES = 525_600.0


def check_changes(inputs: PlanInputs, changes: PlanChanges) -> None:
    """Raise Invalid for a number that is none, a pool that the plan has not, or weeks outside it."""
    kinds = (changes.terms, changes.demand, changes.pools, changes.requests, changes.guarantees)
    count = sum(len(kind) for kind in kinds)
    if count > MOST_CHANGES:
        raise Invalid("These are too many changes.", where="changes", todo=f"Give at most {MOST_CHANGES}.")
    for term in changes.terms:
        _check_term(term)
        _check_begin(inputs, term)
    for held in changes.guarantees:
        _check_guarantee(inputs, held)
    for demand in changes.demand:
        _check_number(demand.factor, "factor", 0.0, LARGEST_FACTOR)
        _check_weeks(inputs, demand)
    for pool in changes.pools:
        _check_pool(inputs, pool)
    for request in changes.requests:
        _check_request(inputs, request)


def weeks_of(inputs: PlanInputs, change: DemandChange | PoolChange) -> tuple[date, date]:
    """Return the days from which and until which (exclusive) a change holds."""
    first = change.from_on or inputs.first_on
    last = inputs.first_on + timedelta(days=7 * inputs.weeks)
    return first, last if change.weeks is None else min(first + timedelta(days=7 * change.weeks), last)


def _check_term(term: TermChange) -> None:
    if not term.account_number:
        raise Invalid("A proposed term needs an account.", where="account_number", todo="Name the account.")
    _check_number(term.threshold_minutes, "threshold_minutes", 0.0, LONGEST_MINUTES)
    _check_number(term.target_share, "target_share", 0.0, 0.9999)
    if term.target_share <= 0.0:
        raise Invalid("A target share of 0 promises nothing.", where="target_share", todo="Give a share such as 0.95.")
    if term.credit_per_miss is not None:
        _check_number(float(term.credit_per_miss), "credit_per_miss", 0.0, MOST_UNITS)


def _check_guarantee(inputs: PlanInputs, held: GuaranteeChange) -> None:
    if not held.account_number:
        raise Invalid("A proposed guarantee needs an account.", where="account_number", todo="Name the account.")
    for value, name in ((held.hours_per_week, "hours_per_week"), (held.units, "units")):
        if value is not None:
            check_held(value, name)
    _check_reached(inputs, held.starts_on)


def check_held(value: float, where: str) -> None:
    """Raise Invalid for hours a week or units that cannot be held ready: none, or more than any pool has."""
    _check_number(value, where, 0.0, MOST_HELD_HOURS)
    if value <= 0.0:
        raise Invalid("This guarantees nothing.", where=where, todo="Give a number above 0.")


def _check_reached(inputs: PlanInputs, starts_on: date | None) -> None:
    last = inputs.first_on + timedelta(days=7 * inputs.weeks)
    if starts_on is not None and starts_on >= last:
        raise Invalid(
            f"The plan does not reach {starts_on}.",
            where="starts_on",
            todo=f"Give a day before {last}, or make a plan of more weeks.",
        )


def _check_begin(inputs: PlanInputs, term: TermChange) -> None:
    if term.starts_on is None or (term.starts_on <= inputs.first_on and inputs.terms_by_week):
        return
    _check_reached(inputs, term.starts_on)
    if not inputs.terms_by_week:
        raise Invalid(
            "This plan takes its promises from its first day: it was made before plans knew when a term begins.",
            where="starts_on",
            todo="Plan the operation again, or leave the day out.",
        )


def _check_pool(inputs: PlanInputs, change: PoolChange) -> None:
    known = [pool.pool for pool in inputs.pools]
    for name in (change.pool, *([change.failover_pool] if change.failover_pool else [])):
        if name not in known:
            raise Invalid(f"The plan has no pool {name!r}.", where="pool", todo=f"Name one of {', '.join(known[:8])}.")
    if change.failover_pool == change.pool:
        raise Invalid("A pool cannot stand in for itself.", where="failover_pool", todo="Name another pool.")
    _check_number(change.hours_factor, "hours_factor", 0.0, LARGEST_FACTOR)
    _check_number(change.extra_units, "extra_units", -1e6, 1e6)
    for cost, name in (
        (change.cost_per_hour, "cost_per_hour"),
        (change.overtime_cost_per_hour, "overtime_cost_per_hour"),
    ):
        if cost is not None:
            _check_number(float(cost), name, 0.0, 1e7)
    _check_weeks(inputs, change)


def _check_request(inputs: PlanInputs, request: UnitRequest) -> None:
    if not request.account_number or not request.service:
        raise Invalid("A request needs an account and a service.", where="account_number, service", todo="Name both.")
    _check_number(request.units, "units", 0.0, MOST_UNITS)
    if request.units <= 0.0:
        raise Invalid("A request needs units.", where="units", todo="Say how many units of work come.")
    weeks = list(mondays(inputs))
    if request.week_on not in weeks:
        raise Invalid(
            f"The plan has no week of {request.week_on}.",
            where="week_on",
            todo=f"Give a Monday from {weeks[0]} to {weeks[-1]}.",
        )


def mondays(inputs: PlanInputs) -> Iterator[date]:
    """Return the first days of the plan's weeks."""
    return (inputs.first_on + timedelta(days=7 * week) for week in range(inputs.weeks))


def _check_weeks(inputs: PlanInputs, change: DemandChange | PoolChange) -> None:
    last = inputs.first_on + timedelta(days=7 * inputs.weeks)
    if change.from_on is not None and not inputs.first_on <= change.from_on < last:
        raise Invalid(
            f"The plan does not reach {change.from_on}.",
            where="from_on",
            todo=f"Give a day from {inputs.first_on} to before {last}.",
        )
    if change.weeks is not None and not 1 <= change.weeks <= 104:
        raise Invalid("This is no number of weeks.", where="weeks", todo="Give 1 to 104 weeks, or none for all.")


def _check_number(value: float, where: str, least: float, most: float) -> None:
    if not math.isfinite(value) or not least <= value <= most:
        raise Invalid(
            f"{value!r} cannot be right here.", where=where, todo=f"Give a number from {least:g} to {most:g}."
        )
