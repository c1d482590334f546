"""The day under way: its half-hours from the forecast and past days, and what came so far taken in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import day_profile, level_deviation, rest_of_day
from closeknit.rooms.demand.contracts.intraday import SLOT_MINUTES, SLOTS_PER_DAY
from closeknit.rooms.demand.contracts.runs import Grain, Panel

FloatArray = NDArray[np.float64]
Place = tuple[str, str]
QUANTILES = (0.1, 0.9)
_WEEKS_BEFORE = 4
"""A past day is held against the mean of so many same weekdays before it."""


@dataclass(frozen=True, slots=True)
class DayBase:
    """What is known of a day before it begins: units per half-hour, and how far days and half-hours stray."""

    place: Place
    expected: tuple[float, ...]
    level_deviation: float
    noise: float


@dataclass(frozen=True, slots=True)
class DaySoFar:
    """A day with what came so far taken in."""

    level: float
    own_weight_share: float
    expected_so_far_units: float
    rest_units: float
    rest_low_units: float
    rest_high_units: float


def bases_of(panels: Sequence[Panel], day: date, history: Mapping[Place, FloatArray]) -> list[DayBase]:
    """Lay a forecast day over its half-hours, by the shape that past days of its weekday had.

    `history`: half-hours of whole days up to the day, per service and region, all of one length.
    """
    places = [place for panel in panels for place in panel.total_keys]
    if not places:
        return []
    length = next((past.size for past in history.values()), 0)
    past = np.stack([history.get(place, np.zeros(length)) for place in places])
    weekday = (np.arange(-(length // SLOTS_PER_DAY), 0) + day.weekday()) % 7
    services = sorted({service for service, _ in places})
    shape = day_profile(past, SLOTS_PER_DAY, weekday, group_of_series=[services.index(name) for name, _ in places])
    deviations = _deviations(past, shape.noise)
    bases = []
    for panel in panels:
        at = np.flatnonzero(panel.local_starts.astype("datetime64[D]") == np.datetime64(day, "D"))
        for total, place in enumerate(panel.total_keys if at.size else ()):
            row = places.index(place)
            units = np.maximum(panel.total_mean[total, at], 0.0)
            if panel.grain is Grain.DAY:
                units = units[0] * _share_on(shape.share[row], day.weekday())
            noise = max(float(shape.noise[row]), 1.0)
            bases.append(DayBase(place, tuple(units.tolist()), float(deviations[row]), noise))
    return bases


def take_in(
    expected: FloatArray, came: FloatArray, deviation: FloatArray, noise: FloatArray, minutes_passed: int
) -> list[DaySoFar]:
    """Learn each day's level from what came in the minutes since midnight. `expected`, `came` [place, half-hour]."""
    begun = np.arange(SLOTS_PER_DAY) * SLOT_MINUTES
    passed = np.clip((minutes_passed - begun) / SLOT_MINUTES, 0.0, 1.0)
    over = np.broadcast_to(passed, expected.shape)
    rest = rest_of_day(
        came.sum(axis=1), expected, over, QUANTILES, level_deviation=deviation, noise=np.maximum(noise, 1e-3)
    )
    columns = (
        rest.level,
        rest.own_weight_share,
        (expected * over).sum(axis=1),
        rest.rest_mean,
        rest.rest_quantiles[0],
        rest.rest_quantiles[1],
    )
    return [DaySoFar(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def expected_now(expected: Sequence[float], came: Sequence[float], level: float, minutes_passed: int) -> list[float]:
    """Return what each half-hour is expected to bring in all: what came, and the rest of it at the day's level."""
    left = [
        min(max(((slot + 1) * SLOT_MINUTES - minutes_passed) / SLOT_MINUTES, 0.0), 1.0) for slot in range(len(expected))
    ]
    return [units + part * level * forecast for units, part, forecast in zip(came, left, expected, strict=True)]


def _share_on(shares: FloatArray, weekday: int) -> FloatArray:
    """Return the shape of a weekday; of the first one known where the history is shorter than a week."""
    chosen: FloatArray = shares[weekday if weekday < shares.shape[0] else 0]
    return chosen


def _deviations(past: FloatArray, noise: FloatArray) -> FloatArray:
    """Return how far days stray from the mean of the same weekdays before them, beyond what counts do anyway."""
    days = past.reshape(past.shape[0], past.shape[1] // SLOTS_PER_DAY, SLOTS_PER_DAY).sum(axis=2)
    first = 7 * _WEEKS_BEFORE
    if days.shape[1] <= first:
        return level_deviation(np.zeros((days.shape[0], 0)), np.zeros((days.shape[0], 0)))
    before = np.mean([days[:, first - 7 * back : days.shape[1] - 7 * back] for back in range(1, 5)], axis=0)
    # A day on which nothing at all came was closed; that says nothing of how open days stray.
    closed = days[:, first:].sum(axis=0) == 0.0
    actual = np.where(closed, np.nan, days[:, first:])
    return np.concatenate(
        [level_deviation(actual[[i]], before[[i]], noise=max(float(f), 1.0)) for i, f in enumerate(noise)]
    )
