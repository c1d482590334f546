"""What came in a place on some days, out of observed series. No database."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand.contracts import AdjustedPlace
from closeknit.rooms.sensing.contracts import SeriesKey


def units_by_week(
    keys: Sequence[SeriesKey],
    days: NDArray[np.datetime64],
    quantities: NDArray[np.float64],
    tiers: Mapping[str, Tier],
    place: AdjustedPlace,
    from_on: date,
    to_on: date,
) -> dict[date, float]:
    """Return observed units (series x day) of a place by week, on days from_on until before to_on."""
    rows = [row for row, key in enumerate(keys) if _is_in(key, tiers, place)]
    inside = (days >= np.datetime64(from_on)) & (days < np.datetime64(to_on))
    units = quantities[rows].sum(axis=0) if rows else np.zeros(days.size)
    weeks: dict[date, float] = {}
    for day, brought in zip(days[inside].astype("datetime64[D]").tolist(), units[inside], strict=True):
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0.0) + float(brought)
    return weeks


def _is_in(key: SeriesKey, tiers: Mapping[str, Tier], place: AdjustedPlace) -> bool:
    parts = (
        place.service in ("", key.service),
        place.region in ("", key.region),
        place.work_class in ("", key.work_class),
    )
    if not all(parts):
        return False
    if place.account_number:
        return key.account_number == place.account_number
    return place.tier in ("", tiers.get(key.account_number, Tier.VOLUME).value)


def mondays_between(from_on: date, to_on: date) -> list[date]:
    """Return the Mondays of the weeks that days from_on until before to_on lie in."""
    monday = from_on - timedelta(days=from_on.weekday())
    found = []
    while monday < to_on:
        found.append(monday)
        monday += timedelta(days=7)
    return found
