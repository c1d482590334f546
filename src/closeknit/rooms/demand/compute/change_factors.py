"""What is known to move a series week by week, so that it isn't taken for a change of its own. No database."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.accuracy import Came, summed
from closeknit.rooms.demand.compute.calendar import Occasion
from closeknit.rooms.demand.contracts import Panel
from closeknit.rooms.demand.contracts.changes import SeriesName

PROMOTION = "promotion"
BUSY_UNITS_PER_DAY = 10.0
STILL_SHARE = 0.4
"""A day with less than this of its weekday's usual work is closed, where the rest of its week goes on."""
ENDS_WEEKS = 8
"""Who had no work in the first or in the last weeks came or left: that is no movement of the others."""
TIMES_OWN = 4.0
FEWEST_OTHERS = 5
LARGEST_OTHER = 0.25
BESIDE_WEEKS = 4
FEWEST_PROMOTIONS = 3
MEDIAN_VARIANCE = np.pi / 2.0
"""How much more than a mean a median varies."""
EFFECT_SPREAD = 0.2
"""How far apart the logarithms of promotions' effects usually are: less certain ones are drawn to no effect."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def open_share(daily: FloatArray) -> FloatArray:
    """Return by week which part of its usual work a place was open for; `daily` are whole weeks from a Monday on."""
    by_week = daily.reshape(-1, 7)
    usual = np.median(by_week, axis=0) if by_week.size else np.zeros(7)
    # Small places have empty days by chance.
    if usual.sum() < 7.0 * BUSY_UNITS_PER_DAY:
        return np.ones(by_week.shape[0])
    working = usual >= BUSY_UNITS_PER_DAY
    went = by_week[:, working] / _around(by_week)[:, working]
    goes_on = np.any(went >= STILL_SHARE, axis=1, keepdims=True)
    still = (by_week[:, working] == 0.0) | ((went < STILL_SHARE) & goes_on)
    weight = usual[working] / usual[working].sum()
    found: FloatArray = (np.where(still, went, 1.0) * weight).sum(axis=1)
    return found


def _around(by_week: FloatArray) -> FloatArray:
    """Return the median of each weekday over the weeks around, at least one unit."""
    count, reach = by_week.shape[0], BESIDE_WEEKS
    padded = np.pad(by_week, ((reach, reach), (0, 0)), constant_values=np.nan)
    windows = np.stack([padded[a : a + count] for a in range(2 * reach + 1)])
    found: FloatArray = np.maximum(np.nanmedian(windows, axis=0), 1.0)
    return found


def common_movement(
    panel: Panel, came_by_week: Came, series_of: IntArray, total_of: IntArray, open_shares: FloatArray
) -> FloatArray:
    """Return [series, week] how the other accounts of the series' service and region moved, around 1.

    Where the others are few, small beside the series, or mostly one account, they say nothing about it: then it is
    the share of the week that the place was open for.
    """
    of_series = panel.total_of_series
    if not of_series.size:
        return np.ones((0, came_by_week.days.size))
    weekly = came_by_week.units
    steady = (weekly[:, :ENDS_WEEKS] > 0.0).any(axis=1) & (weekly[:, -ENDS_WEEKS:] > 0.0).any(axis=1)
    kept = np.where(steady, total_of, -1)
    place_sum = summed(came_by_week, kept, len(panel.total_keys))
    mine = summed(came_by_week, np.where(steady, series_of, -1), len(panel.keys))
    others = np.maximum(place_sum[of_series] - mine, 0.0)
    size = others.mean(axis=1)
    count, largest = _others(weekly.mean(axis=1), kept, series_of, of_series)
    own = summed(came_by_week, series_of, len(panel.keys)).mean(axis=1)
    usable = (count >= FEWEST_OTHERS) & (size >= TIMES_OWN * own) & (largest <= LARGEST_OTHER * size) & (size > 0.0)
    movement = others / np.where(size > 0.0, size, 1.0)[:, None]
    found: FloatArray = np.where(usable[:, None], movement, open_shares[of_series])
    return found


def _others(
    size: FloatArray, place_of: IntArray, series_of: IntArray, of_series: IntArray
) -> tuple[IntArray, FloatArray]:
    """Return for each series how many others there are in its place, and how large the largest of them is."""
    count, largest = np.zeros(of_series.size, dtype=np.int64), np.zeros(of_series.size)
    for place in np.unique(of_series):
        here = np.flatnonzero(place_of == place)
        here = here[np.argsort(-size[here], kind="stable")]
        rows = np.flatnonzero(of_series == place)
        for row in rows:
            other = here[series_of[here] != row]
            count[row] = other.size
            largest[row] = size[other[0]] if other.size else 0.0
    return count, largest


def promotion_weeks(
    names: Sequence[SeriesName], mondays: NDArray[np.datetime64], occasions: Sequence[Occasion]
) -> BoolArray:
    """Return [series, week] whether a promotion ran for most of the week where the series is."""
    running = np.zeros((len(names), mondays.size), dtype=np.bool_)
    first = mondays.astype("datetime64[D]")
    for occasion in occasions:
        if occasion.kind != PROMOTION:
            continue
        start, stop = np.datetime64(occasion.from_on, "D"), np.datetime64(occasion.to_on, "D")
        days = (np.minimum(stop, first + 7) - np.maximum(start, first)).astype(np.int64)
        rows = [i for i, name in enumerate(names) if _concerns(occasion, name)]
        running[rows] |= (days >= 4)[None, :]
    return running


def _concerns(occasion: Occasion, name: SeriesName) -> bool:
    asked = (occasion.service, occasion.region, occasion.account_number)
    given = (name.service, name.region, name.account_number)
    return all(a in ("", g) for a, g in zip(asked, given, strict=True))


def promotion_factor(units: FloatArray, known: FloatArray, running: BoolArray) -> FloatArray:
    """Return [series, week] what promotions did to each series, as its own past promotions show it; 1 elsewhere.

    The median over promotions of the level in one beside that around it, drawn to 1 by its own uncertainty. A median:
    a spike that falls into one promotion must not look like what promotions do.
    """
    factor = np.ones_like(units)
    rate = np.divide(units, known, out=np.full_like(units, np.nan), where=known > 0.0)
    if not running.any():
        return factor
    patterns, of_row = np.unique(running, axis=0, return_inverse=True)
    for n, pattern in enumerate(patterns):
        rows = np.flatnonzero(of_row.reshape(-1) == n)
        factor[np.ix_(rows, np.flatnonzero(pattern))] = _effect(rate[rows], pattern)[:, None]
    return factor


def _effect(rate: FloatArray, running: BoolArray) -> FloatArray:
    """Return by series the factor of promotions that ran in these weeks; 1 where fewer than three show it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], running, [False]]).astype(np.int8)))
    logs = np.full((rate.shape[0], edges.size // 2), np.nan)
    for n, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        around = np.arange(max(start - BESIDE_WEEKS, 0), min(stop + BESIDE_WEEKS, running.size))
        inside, beside = _mean(rate[:, start:stop]), _mean(rate[:, around[~running[around]]])
        seen = (inside > 0.0) & (beside > 0.0)
        logs[seen, n] = np.log(inside[seen] / beside[seen])
    effect = np.ones(rate.shape[0])
    shown = np.count_nonzero(~np.isnan(logs), axis=1)
    rows = shown >= FEWEST_PROMOTIONS
    unsure = MEDIAN_VARIANCE * np.nanvar(logs[rows], axis=1, ddof=1) / shown[rows]
    effect[rows] = np.exp(np.nanmedian(logs[rows], axis=1) * EFFECT_SPREAD**2 / (EFFECT_SPREAD**2 + unsure))
    return effect


def _mean(rate: FloatArray) -> FloatArray:
    """Return by series the mean of what is there; 0 where nothing is."""
    there = ~np.isnan(rate)
    found: FloatArray = np.where(there, rate, 0.0).sum(axis=1) / np.maximum(np.count_nonzero(there, axis=1), 1)
    return found
