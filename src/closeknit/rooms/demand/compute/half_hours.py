"""Half-hours: a forecast of days laid out by the shape that each kind of day has."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import day_profile, to_slots
from closeknit.rooms.demand.compute.gathering import Numbers
from closeknit.rooms.demand.compute.nodes import Nodes

SLOTS = 48
SHAPE_DAYS = 26 * 7
"""Shapes of days are taken from this many past days; those of a quarter ago count half."""
HALF_LIFE_DAYS = 91.0
SUNDAY_KIND, HOLIDAY_KIND = 6, 7

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def kinds_of_day(days: NDArray[np.datetime64], special: BoolArray) -> IntArray:
    """Return each day's weekday, Monday 0, or 7 where it is a holiday."""
    weekday = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return np.where(special, HOLIDAY_KIND, weekday)


def laid_out(
    daily: Numbers, values: FloatArray, nodes: Nodes, group: IntArray, kinds: IntArray, levels: FloatArray
) -> Numbers:
    """Lay days out over half-hours, for series and totals; their weeks stay as they are.

    `values`: half-hours of the last days of the past [series and totals, half-hour]; `kinds`: of these days and of
    those to come.
    """
    shown = nodes.series + nodes.totals
    used = values.shape[1] // SLOTS
    seen = np.maximum(values, 0.0)
    before, ahead = kinds[:used], kinds[used:]
    if not (before == HOLIDAY_KIND).any():
        # What no holiday has shown yet has the shape of a Sunday.
        ahead = np.where(ahead == HOLIDAY_KIND, SUNDAY_KIND, ahead)
    profile = day_profile(seen, SLOTS, before, group_of_series=group[:shown], half_life_days=HALF_LIFE_DAYS)
    # Of series alone nobody asks how sure their half-hours are.
    sure = np.concatenate([np.repeat(daily.mean[None, : nodes.series], levels.size, axis=0), daily.quantiles], axis=1)
    slots = to_slots(daily.mean[:shown], sure, levels, profile, ahead)
    return replace(daily, mean=np.array(slots.mean), quantiles=np.array(slots.quantiles[:, nodes.series :]))
