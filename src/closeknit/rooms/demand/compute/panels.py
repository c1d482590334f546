"""From observed work to forecast numbers of one grain. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import (
    Forecast,
    aggregate_quantiles,
    forecast_by_rolling_choice,
    interval_coverage,
)
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand.compute.grouping import (
    PERIODS_PER_DAY,
    History,
    closed_periods,
    future_starts,
    group_series,
    totals_of,
)
from closeknit.rooms.demand.contracts import Grain, Panel, mondays_of

CODE_VERSION = "demand/2"
QUANTILE_LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95])
PLANNING_MINUTES = 120.0
"""Promises shorter than this need the half-hour grain: a day cannot show who waits two minutes."""
SEASONS_AVERAGED = {Grain.DAY: (1, 2, 4, 8, 16, 32), Grain.HALF_HOUR: (1, 2, 4, 8, 16)}
"""Weeks whose mean may be the forecast: few where the level moves, many where work is sparse and chance rules."""
HELD_OUT_DAYS = 28
NO_CHOICES: Mapping[str, float] = MappingProxyType({})

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How the chosen methods did on rolling windows they had not seen; None where there was too little history."""

    wape_share: float | None
    interval_coverage_share: float | None
    bias_share: float | None


def grain_of(threshold_minutes: Sequence[float]) -> Grain:
    """Return the grain that a service's promises need: half-hours when any is shorter than two hours."""
    return Grain.HALF_HOUR if threshold_minutes and min(threshold_minutes) < PLANNING_MINUTES else Grain.DAY


def forecast_panel(
    history: History, tiers: Mapping[str, Tier], horizon_days: int, own_from: Mapping[str, float] = NO_CHOICES
) -> tuple[Panel, Accuracy]:
    """Forecast one grain: accounts of top tiers with enough work alone, the rest by tier; and each group's total.

    `own_from` says by account from how much work on it has a series of its own, where that is not the default.
    A day without any work on a weekday that usually has some is taken as closed (missing), not as no demand. The series
    are scaled to their group's total, which is known best.
    """
    keys, values = group_series(history, tiers, own_from)
    totals, total_of_series, total_values = totals_of(keys, values)
    closed = closed_periods(history, total_values)
    both = np.vstack([values, total_values])
    both[:, closed] = np.nan
    per_day, n = PERIODS_PER_DAY[history.grain], len(keys)
    season, horizon = 7 * per_day, horizon_days * per_day
    forecast = _forecast(both, history.grain, horizon)
    future = future_starts(history, horizon_days)
    mondays = mondays_of(future)
    weeks, week_of_step = np.unique(mondays, return_inverse=True)
    weekly = aggregate_quantiles(both, season, forecast, week_of_step)
    accuracy, series_wape = _held_out(both, n, history.grain)
    means, scale = _to_totals(forecast.mean, both, total_of_series)
    panel = Panel(
        grain=history.grain,
        keys=keys,
        methods=tuple(forecast.method[:n]),
        wape_share=series_wape,
        local_starts=future,
        mean=means,
        week_on=weeks,
        weekly_mean=_sums(means, week_of_step, weeks.size),
        weekly_quantiles=weekly.quantiles[:, :n] * scale[:, None],
        total_keys=totals,
        total_of_series=total_of_series,
        total_mean=forecast.mean[n:],
        total_quantiles=forecast.quantiles[:, n:],
        total_weekly_mean=weekly.mean[n:],
        total_weekly_quantiles=weekly.quantiles[:, n:],
    )
    return panel, accuracy


def _forecast(values: FloatArray, grain: Grain, horizon: int) -> Forecast:
    season = 7 * PERIODS_PER_DAY[grain]
    return forecast_by_rolling_choice(values, season, horizon, QUANTILE_LEVELS, SEASONS_AVERAGED[grain])


def _sums(values: FloatArray, group_of_step: NDArray[np.int64], groups: int) -> FloatArray:
    member = np.zeros((values.shape[1], groups))
    member[np.arange(values.shape[1]), group_of_step] = 1.0
    sums: FloatArray = values @ member
    return sums


def _to_totals(
    mean: FloatArray, history: FloatArray, total_of_series: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Scale the series' forecasts (S x P) so that those of a group add up to its total over the horizon.

    Returns them and the factors (S). A group of which no series expects anything, though the total does, is shared by
    what each brought in the past.
    """
    n = total_of_series.size
    totals = mean[n:]
    ahead = np.bincount(total_of_series, weights=mean[:n].sum(axis=1), minlength=totals.shape[0])
    factor = np.divide(totals.sum(axis=1), ahead, out=np.ones_like(ahead), where=ahead > 0)[total_of_series]
    past = np.nansum(history[:n], axis=1)
    past_total = np.bincount(total_of_series, weights=past, minlength=totals.shape[0])[total_of_series]
    share = np.divide(past, past_total, out=np.zeros_like(past), where=past_total > 0)
    silent = (ahead <= 0)[total_of_series]
    scaled = np.where(silent[:, None], totals[total_of_series] * share[:, None], mean[:n] * factor[:, None])
    return scaled, factor


def join_accuracy(parts: Sequence[Accuracy]) -> Accuracy:
    """Return the plain mean over grains of what each could measure."""

    def mean(name: str) -> float | None:
        known = [getattr(part, name) for part in parts if getattr(part, name) is not None]
        return float(np.mean(known)) if known else None

    return Accuracy(mean("wape_share"), mean("interval_coverage_share"), mean("bias_share"))


def _held_out(values: FloatArray, series: int, grain: Grain) -> tuple[Accuracy, FloatArray]:
    """Forecast the last four weeks from what came before, and score it: totals together, and each series."""
    days, per_day = HELD_OUT_DAYS, PERIODS_PER_DAY[grain]
    none = np.full(series, np.nan)
    if values.shape[1] < 3 * days * per_day:
        return Accuracy(None, None, None), none
    cut = values.shape[1] - days * per_day
    past, actual = values[:, :cut], values[:, cut:]
    forecast = _forecast(past, grain, days * per_day)
    error = np.nan_to_num(actual - forecast.mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        series_wape = np.abs(error[:series]).sum(axis=1) / np.nansum(actual[:series], axis=1)
    series_wape[~np.isfinite(series_wape)] = np.nan
    demand = float(np.nansum(actual[series:]))
    if demand <= 0.0:
        return Accuracy(None, None, None), series_wape
    low, high = (forecast.quantiles[int(np.argmin(np.abs(QUANTILE_LEVELS - q))), series:] for q in (0.1, 0.9))
    inside = interval_coverage(actual[series:], low, high)
    accuracy = Accuracy(
        wape_share=float(np.abs(error[series:]).sum()) / demand,
        interval_coverage_share=float(np.nanmean(inside)) if np.isfinite(inside).any() else None,
        bias_share=float(-error[series:].sum()) / demand,
    )
    return accuracy, series_wape
