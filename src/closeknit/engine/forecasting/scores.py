"""Measures of forecast error. A missing (NaN) actual is skipped; arrays are [series, period]."""

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, rising_levels, together, whole_number
from closeknit.engine.errors import EngineInputError


def wape(actual: ArrayLike, forecast: ArrayLike) -> FloatArray:
    """Weighted absolute percentage error per series: sum |y - f| / sum |y|.

    `actual`, `forecast`: [series, period] (or [period]). NaN for a series whose actuals sum to 0, where the
    measure is not defined.

    >>> wape([[10.0, 30.0]], [[12.0, 26.0]]).tolist()
    [0.15]
    """
    y, f = _pair(actual, forecast)
    return _ratio(np.nansum(np.abs(y - f), axis=-1), np.nansum(np.abs(y), axis=-1))


def smape(actual: ArrayLike, forecast: ArrayLike) -> FloatArray:
    """Symmetric absolute percentage error per series, 0..2: mean of 2 |y - f| / (|y| + |f|); 0/0 counts as 0.

    Source: Makridakis, International Journal of Forecasting 9 (1993); the M4 form without the factor 100.

    >>> smape([[10.0, 0.0]], [[30.0, 0.0]]).tolist()
    [0.5]
    """
    y, f = _pair(actual, forecast)
    size = np.abs(y) + np.abs(f)
    share = np.divide(2.0 * np.abs(y - f), size, out=np.zeros_like(size), where=size > 0.0)
    share = np.where(np.isnan(y), np.nan, share)
    return _ratio(np.nansum(share, axis=-1), np.count_nonzero(~np.isnan(share), axis=-1).astype(np.float64))


def mase(actual: ArrayLike, forecast: ArrayLike, history: ArrayLike, season_periods: int) -> FloatArray:
    """Mean absolute scaled error per series: mean |y - f| over the mean |y_t - y_{t-m}| of the history.

    `history`: [series, period] (or [period]), `season_periods` (m >= 1). Below 1 beats the seasonal naive
    forecast in sample. NaN where the history has no change from season to season, or is too short.
    Source: Hyndman and Koehler, International Journal of Forecasting 22 (2006).

    >>> mase([[7.0]], [[5.0]], [[1.0, 2.0, 5.0, 6.0]], season_periods=2).tolist()
    [0.5]
    """
    y, f = _pair(actual, forecast)
    past = numbers("history", history, missing_allowed=True)
    season = whole_number("season_periods", season_periods, minimum=1)
    if past.shape[:-1] != y.shape[:-1]:
        raise EngineInputError(f"history has shape {past.shape}, actual {y.shape}: give the same series in both")
    change = np.abs(past[..., season:] - past[..., :-season]) if past.shape[-1] > season else past[..., :0]
    return _ratio(_mean(np.abs(y - f)), _mean(change))


def pinball_loss(actual: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> FloatArray:
    """Mean quantile loss [level, series]: mean of max(p (y - q), (p - 1)(y - q)).

    `actual` [series, period], `quantiles` [level, series, period], `levels` [level] in (0, 1).
    Source: Koenker and Bassett, Econometrica 46 (1978).

    >>> pinball_loss([[10.0]], [[[8.0]], [[12.0]]], [0.1, 0.9]).round(3).tolist()
    [[0.2], [0.2]]
    """
    checked = rising_levels("levels", levels)
    y = numbers("actual", actual, missing_allowed=True)
    q = numbers("quantiles", quantiles)
    if q.shape != (checked.size, *y.shape):
        raise EngineInputError(f"quantiles has shape {q.shape}: give {(checked.size, *y.shape)}, one slab per level")
    level = checked.reshape((-1,) + (1,) * y.ndim)
    error = y - q
    return _mean(np.maximum(level * error, (level - 1.0) * error))


def interval_coverage(actual: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> FloatArray:
    """Share of periods per series in which lower <= actual <= upper; NaN without any actual.

    >>> interval_coverage([[1.0, 5.0]], [[0.0, 0.0]], [[2.0, 2.0]]).tolist()
    [0.5]
    """
    y, low = _pair(actual, lower, "lower")
    _, high = _pair(actual, upper, "upper")
    inside = np.where(np.isnan(y), np.nan, ((y >= low) & (y <= high)).astype(np.float64))
    return _mean(inside)


def _pair(actual: ArrayLike, other: ArrayLike, name: str = "forecast") -> tuple[FloatArray, FloatArray]:
    y = numbers("actual", actual, missing_allowed=True)
    f = numbers(name, other)
    if y.ndim == 0:
        raise EngineInputError("actual is a single number: give [period] or [series, period]")
    y, f = together(("actual", y), (name, f))
    return y, f


def _mean(values: FloatArray) -> FloatArray:
    return _ratio(np.nansum(values, axis=-1), np.count_nonzero(~np.isnan(values), axis=-1).astype(np.float64))


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    return frozen(np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0.0))
