"""Seasonal means with empirical quantiles, their length chosen per series on rolling windows of its past."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, rising_levels, whole_number
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.panel import Panel, ahead, overall_means, panel_of, seasonal_means
from closeknit.engine.forecasting.result import Forecast
from closeknit.engine.forecasting.spread import (
    FEWEST_RESIDUALS,
    empirical_quantiles,
    phase_scales,
    standardised,
)

_TIE = 1e-9
"""Errors that differ by less than this part are the same."""


def forecast_by_rolling_choice(
    history: ArrayLike,
    season_periods: int,
    horizon: int,
    quantile_levels: ArrayLike,
    candidates: Sequence[int] = (1, 2, 4, 8),
    n_windows: int = 4,
    is_open: ArrayLike | None = None,
) -> Forecast:
    """Seasonal means whose number of seasons is chosen per series by its error on the past.

    Parameters: `history` [series, period] (NaN = missing or closed), `season_periods` (m >= 1), `horizon`
    (h >= 1 periods), `quantile_levels` (rising, in (0, 1)), `candidates` (seasons averaged, each >= 1),
    `n_windows` (the last windows of h periods scored, each forecast from what came before it), `is_open`
    [history + horizon] or [series, history + horizon].
    Formula: mean of the last K observed values of the same phase; K has the least mean squared error, and is
    the longest of equals: absolute errors would favour the median, which for sparse demand is 0, and a short
    mean of it repeats what happened once. Quantiles: mean + scale of phase x empirical quantile of the scaled
    errors the same K made at the same number of seasons ahead. Validity: a stable season and level; no trend,
    no holidays, periods judged one at a time. A series with fewer than 5 such errors gets its overall mean
    with a normal spread; one without data gets 0. Both are flagged.

    >>> f = forecast_by_rolling_choice([[1.0, 9.0] * 12], 2, 3, [0.1, 0.9])
    >>> f.mean.tolist(), f.method
    ([[1.0, 9.0, 1.0]], ('seasonal_mean_8',))
    """
    levels = rising_levels("quantile_levels", quantile_levels)
    panel = panel_of(history, season_periods, horizon, is_open)
    if len(candidates) == 0:
        raise EngineInputError("candidates is empty: give at least one number of seasons to average, such as (1, 4)")
    lengths = np.array([whole_number(f"candidates[{i}]", k, minimum=1) for i, k in enumerate(candidates)])
    windows = whole_number("n_windows", n_windows, minimum=1, maximum=10**4)
    return _forecast(panel, lengths, windows, levels)


def _forecast(panel: Panel, lengths: IntArray, windows: int, levels: FloatArray) -> Forecast:
    series = panel.values.shape[0]
    grid = panel.grid()
    errors = np.full((lengths.size, series), np.nan)
    for index, length in enumerate(lengths):
        errors[index] = rolling_error(panel, seasonal_means(grid, int(length)), windows)
    chosen = _choice(lengths, errors)
    mean = np.zeros((series, panel.horizon))
    quantiles = np.zeros((levels.size, series, panel.horizon))
    count = np.zeros(series, dtype=np.int64)
    for length in np.unique(chosen):
        rows = chosen == length
        part = panel.rows(rows)
        mean[rows], quantiles[:, rows], count[rows] = _seasonal(part, grid[rows], int(length), levels)
    few: BoolArray = count < FEWEST_RESIDUALS
    if np.any(few):
        mean[few], quantiles[:, few] = _overall(panel.rows(few), levels)
    empty: BoolArray = np.count_nonzero(panel.observed, axis=1) == 0
    return Forecast(
        mean=frozen(np.where(panel.open_ahead, mean, 0.0)),
        quantile_levels=frozen(levels),
        quantiles=frozen(arranged(quantiles, panel)),
        method=tuple(_method(int(k), bool(f), bool(e)) for k, f, e in zip(chosen, few, empty, strict=True)),
        seasons_averaged=frozen(np.where(few, 0, chosen)),
        is_fallback=frozen(few),
        candidates=frozen(lengths),
        candidate_errors=frozen(errors),
        residual_count=frozen(count),
    )


def rolling_error(panel: Panel, means: FloatArray, windows: int) -> FloatArray:
    """[series]: mean squared error over the last windows of one horizon each; NaN where unscored."""
    series, periods = panel.values.shape
    flat = means.reshape(series, -1)
    front = flat.shape[1] - periods
    step = np.arange(panel.horizon)
    back = (step // panel.season_periods + 1) * panel.season_periods
    total, scored = np.zeros(series), np.zeros(series)
    for window in range(1, windows + 1):
        target = periods - panel.horizon * window + step
        source = target + front - back
        there = (target >= 0) & (source >= 0)
        error = (panel.values[:, target[there]] - flat[:, source[there]]) ** 2
        total += np.nansum(error, axis=1)
        scored += np.count_nonzero(~np.isnan(error), axis=1)
    result: FloatArray = np.divide(total, scored, out=np.full(series, np.nan), where=scored > 0)
    return result


def block_residuals(grid: FloatArray, means: FloatArray, block: int) -> FloatArray:
    """[series, season, phase]: errors made `block` + 1 seasons after the last value used."""
    return grid[:, block + 1 :] - means[:, : max(grid.shape[1] - block - 1, 0)]


def arranged(quantiles: FloatArray, panel: Panel) -> FloatArray:
    """Quantiles sorted by level, not negative where the history is not, 0 in closed periods."""
    result = np.sort(quantiles, axis=0)
    result = np.where(panel.non_negative[None, :, None], np.maximum(result, 0.0), result)
    return np.where(panel.open_ahead[None], result, 0.0)


def _choice(lengths: IntArray, errors: FloatArray) -> IntArray:
    unscored = np.isnan(errors).all(axis=0)
    known = np.where(np.isnan(errors), np.inf, errors)
    # of equals, and without any scored window, the longest mean is the least noisy guess
    equal = known <= known.min(axis=0) * (1.0 + _TIE)
    chosen: IntArray = np.where(unscored, lengths.max(), np.where(equal, lengths[:, None], 0).max(axis=0))
    return chosen


def _seasonal(
    panel: Panel, grid: FloatArray, length: int, levels: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    means = seasonal_means(grid, length)
    mean = ahead(panel, means)
    quantiles = np.empty((levels.size, *mean.shape))
    first_count = np.zeros(mean.shape[0], dtype=np.int64)
    season = panel.season_periods
    offsets = np.zeros((levels.size, mean.shape[0], season))
    phase_level = np.where(np.isnan(means[:, -1]), 0.0, means[:, -1])
    for block in range(panel.blocks):
        residuals = block_residuals(grid, means, block)
        scales = phase_scales(residuals, phase_level)
        scaled = standardised(residuals, scales).reshape(mean.shape[0], -1)
        unit, _ = empirical_quantiles(scaled, levels)
        count = np.count_nonzero(~np.isnan(residuals), axis=(1, 2))
        if block == 0:
            first_count = count
        # a season ahead with too few errors of its own keeps the nearer season's spread
        enough = count >= FEWEST_RESIDUALS
        offsets[:, enough] = unit[:, enough, None] * scales[None, enough]
        steps = slice(block * season, min((block + 1) * season, panel.horizon))
        quantiles[:, :, steps] = mean[None, :, steps] + offsets[:, :, : steps.stop - steps.start]
    return mean, quantiles, first_count


def _overall(panel: Panel, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The overall mean with a normal spread: the standard deviation seen, or sqrt(mean) from one value."""
    centre = overall_means(panel.values)
    count = np.count_nonzero(panel.observed, axis=1)
    squares = np.nansum((panel.values - centre[:, None]) ** 2, axis=1)
    spread = np.where(count >= 2, np.sqrt(squares / np.maximum(count - 1, 1)), np.sqrt(np.abs(centre)))
    mean = np.repeat(centre[:, None], panel.horizon, axis=1)
    return mean, mean[None] + special.ndtri(levels)[:, None, None] * spread[None, :, None]


def _method(seasons: int, fallback: bool, empty: bool) -> str:
    if empty:
        return "no_data"
    if fallback:
        return "overall_mean"
    return "seasonal_naive" if seasons == 1 else f"seasonal_mean_{seasons}"
