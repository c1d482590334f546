"""Quantiles of sums over the horizon. They are not sums of quantiles: errors partly cancel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.panel import Panel, panel_of, seasonal_means
from closeknit.engine.forecasting.result import Forecast
from closeknit.engine.forecasting.rolling import block_residuals
from closeknit.engine.forecasting.spread import FEWEST_RESIDUALS, empirical_quantiles, phase_scales

_ORIGINS_PER_SEASON = 7
_ENOUGH_WHOLE_SEASONS = 20
_OBSERVED_SHARE = 0.5
_ASSUMED_CORRELATION = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class AggregateForecast:
    """Means and quantiles of sums: `mean` [series, group], `quantiles` [level, series, group].

    `groups` are the labels in rising order. `residual_count` [series, group]: past sums behind the quantiles.
    Below 5 of them (and for fallback series) the quantiles are put together from the periods' own, with the errors of
    any two periods taken as correlated by 0.25: between independent (0) and all together (1), the sum of quantiles.
    `is_estimated` [series, group] marks it.
    """

    groups: IntArray
    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray
    residual_count: IntArray
    is_estimated: BoolArray


def aggregate_quantiles(
    history: ArrayLike,
    season_periods: int,
    forecast: Forecast,
    group_of_step: ArrayLike,
    is_open: ArrayLike | None = None,
) -> AggregateForecast:
    """Quantiles of a forecast's sums over groups of periods ahead (weeks of days, days of half-hours).

    Parameters: `history`, `season_periods`, `is_open` as given to the forecast; `forecast`;
    `group_of_step` [period ahead]: a label >= 0, or -1 to leave the period out.
    Formula: from origins rolled through the history the errors of the same method over the same periods ahead
    are summed, scaled by the root sum of squares of their phases' scales, and their empirical quantile is
    scaled back. With more than 20 seasons the origins fall on the forecast's own phase, so that what the
    periods of a season share is shared by its sum. With fewer they overlap within the season, hold fewer
    independent sums than `residual_count`, and are taken to be at least as wide as independent normal errors
    would be. Validity: as the forecast.

    >>> from closeknit.engine.forecasting.seasonal import seasonal_naive
    >>> past = [[1.0, 9.0] * 12]
    >>> aggregate_quantiles(past, 2, seasonal_naive(past, 2, 4, [0.5]), [0, 0, 1, 1]).mean.tolist()
    [[10.0, 10.0]]
    """
    panel = panel_of(history, season_periods, forecast.mean.shape[1], is_open)
    if panel.values.shape[0] != forecast.mean.shape[0]:
        raise EngineInputError(
            f"history has {panel.values.shape[0]} series, forecast {forecast.mean.shape[0]}: give the same"
        )
    labels = whole_numbers("group_of_step", group_of_step, minimum=-1, ndim=1)
    if labels.size != panel.horizon:
        raise EngineInputError(f"group_of_step has {labels.size} entries: give {panel.horizon}, one per period ahead")
    groups = np.unique(labels[labels >= 0])
    member = (labels[None, :] == groups[:, None]).astype(np.float64)
    mean = forecast.mean @ member.T
    quantiles = mean + _put_together(forecast.quantiles - forecast.mean, member)
    counts = np.zeros((panel.values.shape[0], groups.size), dtype=np.int64)
    for length in np.unique(forecast.seasons_averaged[~forecast.is_fallback]):
        rows = np.flatnonzero(forecast.seasons_averaged == length)
        part = panel.rows(forecast.seasons_averaged == length)
        grid = part.grid()
        means = seasonal_means(grid, int(length))
        for index, label in enumerate(groups):
            steps = np.flatnonzero(labels == label)
            offset, counts[rows, index] = _sum_offsets(part, grid, means, steps, forecast.quantile_levels)
            enough = counts[rows, index] >= FEWEST_RESIDUALS
            quantiles[:, rows[enough], index] = mean[rows[enough], index] + offset[:, enough]
    quantiles = np.sort(quantiles, axis=0)
    quantiles = np.where(panel.non_negative[None, :, None], np.maximum(quantiles, 0.0), quantiles)
    return AggregateForecast(
        groups=frozen(groups),
        mean=frozen(mean),
        quantile_levels=frozen(np.array(forecast.quantile_levels)),
        quantiles=frozen(quantiles),
        residual_count=frozen(counts),
        is_estimated=frozen(counts < FEWEST_RESIDUALS),
    )


def _put_together(offsets: FloatArray, member: FloatArray) -> FloatArray:
    """Offsets [level, series, group] of sums from those of the periods [level, series, period]: their spreads add as
    those of errors with one correlation do, var = (1 - r) sum of squares + r (sum)^2.
    """
    together = np.einsum("lsh,gh->lsg", offsets, member)
    squares = np.einsum("lsh,gh->lsg", offsets**2, member)
    spread: FloatArray = np.sqrt((1.0 - _ASSUMED_CORRELATION) * squares + _ASSUMED_CORRELATION * together**2)
    signed: FloatArray = np.sign(together) * spread
    return signed


def _sum_offsets(
    panel: Panel, grid: FloatArray, means: FloatArray, steps: IntArray, levels: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Quantile offsets [level, series] of one group's sum, and the number of past sums behind them."""
    season = panel.season_periods
    series, flat_periods = grid.shape[0], grid.shape[1] * season
    origins, overlapping = _origins(flat_periods, season, int(steps[-1]))
    error, variance = np.zeros((series, origins.size)), np.zeros((series, origins.size))
    observed, variance_ahead = np.zeros((series, origins.size)), np.zeros(series)
    level = np.where(np.isnan(means[:, -1]), 0.0, means[:, -1])
    for block in np.unique(steps // season):
        gap = (block + 1) * season
        residuals = np.full((series, flat_periods), np.nan)
        within = block_residuals(grid, means, int(block))
        residuals[:, min(gap, flat_periods) :] = within.reshape(series, -1)
        squares = phase_scales(within, level) ** 2
        for step in steps[steps // season == block]:
            at = residuals[:, origins + step]
            there = ~np.isnan(at)
            error += np.where(there, at, 0.0)
            variance += np.where(there, squares[:, (origins + step) % season], 0.0)
            observed += there
            variance_ahead += np.where(panel.open_ahead[:, step], squares[:, step % season], 0.0)
    usable = (observed >= _OBSERVED_SHARE * observed.max(axis=1, initial=1.0, keepdims=True)) & (variance > 0.0)
    scaled = np.divide(error, np.sqrt(variance), out=np.full_like(error, np.nan), where=usable)
    unit, count = empirical_quantiles(scaled, levels)
    if overlapping:
        normal = special.ndtri(levels)[:, None]
        unit = np.where(normal < 0.0, np.minimum(unit, normal), np.where(normal > 0.0, np.maximum(unit, normal), unit))
    return unit * np.sqrt(variance_ahead), count


def _origins(flat_periods: int, season: int, last_step: int) -> tuple[IntArray, bool]:
    """Periods at which a past forecast starts, latest first, and whether they overlap in a season."""
    latest = flat_periods - last_step - 1
    aligned = np.arange(latest - latest % season, -1, -season) if latest >= 0 else np.zeros(0, dtype=np.int64)
    if aligned.size - last_step // season > _ENOUGH_WHOLE_SEASONS:
        return aligned, False
    return np.arange(latest, -1, -max(season // _ORIGINS_PER_SEASON, 1)), True
