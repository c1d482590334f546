"""Observed work as series of accounts as they stand: what merged accounts brought is added up.

Sensing keeps work under the number that it came with; nothing of it is rewritten when accounts are merged.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand.compute.folding import fold_accounts
from closeknit.rooms.demand.contracts import AdjustedPlace
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import SeriesKey

Times = NDArray[np.datetime64]
Quantities = NDArray[np.float64]


def daily_quantities(
    operation: str,
    *,
    until_at: datetime,
    by: Actor,
    since_at: datetime | None = None,
    days: int | None = None,
) -> tuple[list[SeriesKey], Times, Quantities]:
    """Return units of work per series and local day, as `sensing.daily_quantities` does, merged ones added up."""
    keys, slots, units = sensing.daily_quantities(operation, until_at=until_at, by=by, since_at=since_at, days=days)
    return _folded(keys, slots, units, by)


def daily_arrivals(
    operation: str, *, until_at: datetime, by: Actor, since_at: datetime | None = None
) -> tuple[list[SeriesKey], Times, Quantities]:
    """Return how often work came per series and local day, as `sensing.daily_arrivals` does, merged ones added up."""
    keys, slots, times = sensing.daily_arrivals(operation, until_at=until_at, by=by, since_at=since_at)
    return _folded(keys, slots, times, by)


def half_hour_quantities(
    operation: str, *, until_at: datetime, by: Actor, since_at: datetime | None = None, zone: str = ""
) -> tuple[list[SeriesKey], Times, Quantities]:
    """Return units of work per series and half-hour, as `sensing.half_hour_quantities` does, merged ones added up."""
    keys, slots, units = sensing.half_hour_quantities(operation, until_at=until_at, by=by, since_at=since_at, zone=zone)
    return _folded(keys, slots, units, by)


def daily_units(
    operation: str, *, since_at: datetime, until_at: datetime, by: Actor, account_number: str = "", **place: Any
) -> tuple[Times, Quantities]:
    """Return units of work per local day, as `sensing.daily_units` does: of an account and of all its other names."""
    numbers = [account_number]
    if account_number:
        golden = customers.golden_numbers(by=by, at=None)
        numbers += [alias for alias, number in golden.items() if number == account_number]
    found = [
        sensing.daily_units(operation, since_at=since_at, until_at=until_at, by=by, account_number=number, **place)
        for number in numbers
    ]
    return found[0][0], np.sum([units for _, units in found], axis=0)


def units_by_account(
    operation: str, *, since: datetime, until: datetime, by: Actor
) -> dict[tuple[str, str, str], float]:
    """Return units of work by (service, region, account), as `sensing.units_by_account` does, merged ones added up."""
    golden = customers.golden_numbers(by=by, at=None)
    found: dict[tuple[str, str, str], float] = {}
    for (service, region, account), units in sensing.units_by_account(
        operation, since=since, until=until, by=by
    ).items():
        place = (service, region, golden.get(account, account))
        found[place] = found.get(place, 0.0) + units
    return found


def places_now(by: Actor) -> Callable[[AdjustedPlace], AdjustedPlace]:
    """Return how a place that was stated before stands now: an account that was merged under its other name's tier."""
    golden = customers.golden_numbers(by=by, at=None)
    tiers = (
        {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
        if golden
        else dict[str, str]()
    )

    def place_now(place: AdjustedPlace) -> AdjustedPlace:
        number = golden.get(place.account_number)
        if number is None:
            return place
        return replace(place, account_number=number, tier=tiers.get(number, place.tier))

    return place_now


def _folded(
    keys: list[SeriesKey], slots: Times, units: Quantities, by: Actor
) -> tuple[list[SeriesKey], Times, Quantities]:
    golden = customers.golden_numbers(by=by, at=None)
    folded, sums = fold_accounts(keys, units, golden)
    return folded, slots, sums
