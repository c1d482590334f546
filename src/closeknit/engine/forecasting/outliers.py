"""Single periods far from what their series does: found, replaced, and reported one by one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_number

_TO_NORMAL = 1.4826
_NEIGHBOURS = 9
_FEWEST_AROUND = 42


@dataclass(frozen=True, slots=True, eq=False)
class TreatedHistory:
    """A history without its outliers, and what was done to it.

    `history` [series, period]: as given, outliers replaced (missing periods as the 0 of `is_observed` False). Per
    outlier, by series and time: `series`, `period`, `value`, `replacement`, `score` (robust standard deviations) and
    `reason` in words. `weights` [series, period]: 1, or limit / |score| for an outlier, 0 where missing.
    """

    history: FloatArray
    is_observed: BoolArray
    weights: FloatArray
    series: IntArray
    period: IntArray
    value: FloatArray
    replacement: FloatArray
    score: FloatArray
    reason: tuple[str, ...]


def treat_outliers(history: ArrayLike, season_periods: int, *, limit: float = 4.0) -> TreatedHistory:
    """Replace values that lie far from the usual value of their phase near their time, and say which and why.

    Parameters: `history` [series, period] (NaN = missing), `season_periods` (m >= 1), `limit` (robust standard
    deviations from which on a value is an outlier).
    Formula: usual = median of the 9 nearest values of the same phase (4 before, itself, 4 after); score = (y - usual) /
    (1.4826 median |y - usual| over the series, each divided by sqrt(usual) where nothing is negative; not below 1
    for counts). What lies beyond the limit is scored again with usual x the level of its time: the resistant line of
    y / usual (y - usual where there are negatives) through the medians of the two seasons before and after it
    (42 periods at least); the score nearer to 0 holds. An outlier is replaced by usual + limit x spread on its side.
    Validity: outliers up to 3 weeks of days, or a season, long; a level that stays or grows is none. Needs 5 values
    of a phase. Source: Hampel, JASA 69 (1974); Tukey, Exploratory Data Analysis (1977) (the line); Huber, Robust
    Statistics (1981) (the replacement, the weights).

    >>> done = treat_outliers([[10.0, 12.0, 9.0, 11.0, 95.0, 10.0, 12.0, 11.0, 9.0]], 1)
    >>> done.period.tolist(), done.value.tolist(), done.replacement.round(1).tolist()
    ([4], [95.0], [24.3])
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    far = float(numbers("limit", limit, above=0.0, maximum=1e6, ndim=0))
    there = ~np.isnan(values)
    usual = _usual(values, season)
    known = there & ~np.isnan(usual)
    counts = ~np.any(values < 0.0, axis=1)
    size = np.where(counts[:, None], np.sqrt(np.maximum(np.nan_to_num(usual), 1e-300)), 1.0)
    rest = np.where(known, values - usual, 0.0)
    spread = _TO_NORMAL * _median_size(np.where(known, np.abs(rest) / size, np.nan))
    whole = np.all(~there | (values == np.floor(values)), axis=1) & counts
    spread = np.maximum(spread, np.where(whole, 1.0, 0.0))
    unit = np.where(counts[:, None] & whole[:, None], np.maximum(size, 1.0), size) * spread[:, None]
    score = np.divide(rest, unit, out=np.zeros_like(rest), where=unit > 0.0)
    row, at = np.nonzero(np.abs(score) > far)
    level = _at_the_level_of_its_time(np.where(known, values, np.nan), usual, counts, row, at, season)
    again = np.divide(values[row, at] - level, unit[row, at], out=np.zeros(row.size), where=unit[row, at] > 0.0)
    nearer = np.abs(again) < np.abs(score[row, at])
    usual[row[nearer], at[nearer]] = level[nearer]
    score[row, at] = np.where(again * score[row, at] > 0.0, np.where(nearer, again, score[row, at]), 0.0)
    out = np.abs(score) > far
    replaced = np.where(out, usual + np.sign(score) * far * unit, values)
    replaced = np.where(counts[:, None], np.maximum(replaced, 0.0), replaced)
    row, at = np.nonzero(out)
    away = np.divide(far, np.abs(score), out=np.ones_like(score), where=out)
    told = zip(values[out].tolist(), usual[out].tolist(), score[out].tolist(), strict=True)
    return TreatedHistory(
        history=frozen(np.where(there, replaced, 0.0)),
        is_observed=frozen(there),
        weights=frozen(np.where(there, away, 0.0)),
        series=frozen(row),
        period=frozen(at),
        value=frozen(values[out]),
        replacement=frozen(replaced[out]),
        score=frozen(score[out]),
        reason=tuple(f"{y:g} where {u:g} is usual: {abs(s):.1f} standard deviations off" for y, u, s in told),
    )


def _usual(values: FloatArray, season: int) -> FloatArray:
    """Median of the nearest values of the same phase; NaN with fewer than five."""
    series, periods = values.shape
    seasons = -(-periods // season)
    filled = np.full((series, seasons * season), np.nan)
    filled[:, :periods] = values
    grid = filled.reshape(series, seasons, season)
    width = min(_NEIGHBOURS, seasons)
    if width < 5:
        return np.full_like(values, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(grid, width, axis=1)
    middle = _median_size(windows)
    first = np.clip(np.arange(seasons) - width // 2, 0, seasons - width)
    enough = np.count_nonzero(~np.isnan(windows), axis=-1) >= 5
    picked: FloatArray = np.where(enough, middle, np.nan)[:, first].reshape(series, -1)[:, :periods]
    return picked


def _at_the_level_of_its_time(
    values: FloatArray, usual: FloatArray, counts: BoolArray, row: IntArray, at: IntArray, season: int
) -> FloatArray:
    """What would be usual at some places [place], were the level there that of some seasons on either side."""
    half = min(max(2 * season, _FEWEST_AROUND), (values.shape[1] - 1) // 2)
    if half < 4 or row.size == 0:
        return usual[row, at]
    first = np.clip(at - half, 0, values.shape[1] - 2 * half - 1)
    around = first[:, None] + np.arange(2 * half + 1)
    near, expected = values[row[:, None], around], usual[row[:, None], around]
    is_factor = counts[row]
    ratio = np.divide(near, expected, out=np.full_like(near, np.nan), where=expected > 0.0)
    off = np.where(is_factor[:, None], ratio, near - expected)
    off[around == at[:, None]] = np.nan
    before, after = off[:, : half + 1], off[:, half:]
    low, high = _median_size(before), _median_size(after)
    low_there, high_there = (np.any(~np.isnan(side), axis=1) for side in (before, after))
    neutral = np.where(is_factor, 1.0, 0.0)
    low, high = (
        np.where(low_there, low, np.where(high_there, high, neutral)),
        np.where(high_there, high, np.where(low_there, low, neutral)),
    )
    line = low + (at - first - 0.5 * half) / (half + 1.0) * (high - low)
    line = np.where(is_factor, np.clip(line, 0.5 * np.minimum(low, high), 2.0 * np.maximum(low, high)), line)
    expected_there: FloatArray = np.where(is_factor, usual[row, at] * line, usual[row, at] + line)
    return expected_there


def _median_size(values: FloatArray) -> FloatArray:
    """Median over the last axis, missing ones skipped; 0 where there are none."""
    ordered = np.sort(values, axis=-1)
    count = np.count_nonzero(~np.isnan(values), axis=-1)
    if values.shape[-1] == 0:
        return np.zeros(values.shape[:-1])
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1)[..., None], axis=-1)[..., 0]
    result: FloatArray = np.where(count > 0, 0.5 * (low + np.where(count % 2, low, high)), 0.0)
    return result
