"""Arrivals, such as orders: whether they come as often as ever shows in fewer of them than in all their lines.

Units that come together vary together: a week's units vary by the number of arrivals and by the size of each. A change
in how often work comes is seen in arrivals alone, so in half the time where arrivals' sizes are geometric.
"""

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.contracts.changes import SeriesName
from closeknit.rooms.sensing.contracts import SeriesKey

UNITS_EACH = 1.1
"""Where an arrival brings fewer units, arrivals and units are the same."""
LEAST_SPREAD = 0.5
"""Variance over mean of weekly arrivals. Chance makes it 1 or more; below, instants are too coarse to count them by."""
SAME_WEEKS = 8
"""A change of arrivals and one of units that begin so near to each other are one."""

FloatArray = NDArray[np.float64]


def services_with_instants(keys: tuple[SeriesKey, ...], daily: FloatArray) -> set[str]:
    """Return the services of which some series had two arrivals on one day: of others the day alone is known."""
    return {key.service for key, row in zip(keys, daily, strict=True) if row.max(initial=0.0) > 1.0}


def told_by_arrivals(
    names: tuple[SeriesName, ...], units: FloatArray, arrivals: FloatArray, services: set[str]
) -> NDArray[np.bool_]:
    """Return of which series arrivals say more than units do; both are by week, NaN before a series began."""
    known = np.array([name.service in services for name in names], dtype=np.bool_)
    total, came = np.nansum(units, axis=1), np.nansum(arrivals, axis=1)
    steps = np.diff(arrivals, axis=1)
    there = np.count_nonzero(~np.isnan(steps), axis=1)
    variance = np.nansum(steps**2, axis=1) / (2.0 * np.maximum(there, 1))
    mean = came / np.maximum(np.count_nonzero(~np.isnan(arrivals), axis=1), 1)
    told: NDArray[np.bool_] = known & (total >= UNITS_EACH * came) & (came > 0.0) & (variance >= LEAST_SPREAD * mean)
    return told


def units_each(units: FloatArray, arrivals: FloatArray) -> float:
    """Return how many units one arrival of a series brings on average."""
    came = float(np.nansum(arrivals))
    return float(np.nansum(units)) / came if came > 0.0 else 1.0
