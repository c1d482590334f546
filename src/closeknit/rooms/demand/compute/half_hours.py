"""Half-hours forecast directly: seasonal means over the same half-hour of the week, scaled to their total."""

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import aggregate_quantiles, forecast_by_rolling_choice
from closeknit.rooms.demand.compute.statistical import Numbers

SEASON = 7 * 48
SEASONS_AVERAGED = (1, 2, 4, 8, 16)
"""Weeks whose mean may be the forecast: few where the level moves, many where work is sparse and chance rules."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def say_half_hours(
    values: FloatArray, total_of_series: IntArray, levels: FloatArray, week_of_step: IntArray
) -> Numbers:
    """Forecast series, then their totals, given together in `values`."""
    n = total_of_series.size
    made = forecast_by_rolling_choice(values, SEASON, week_of_step.size, levels, SEASONS_AVERAGED)
    mean, scale = to_totals(np.array(made.mean), values, total_of_series)
    weekly = aggregate_quantiles(values, SEASON, made, week_of_step)
    weekly_quantiles = np.array(weekly.quantiles)
    weekly_quantiles[:, :n] *= scale[:, None]
    member = (week_of_step[:, None] == np.arange(int(week_of_step.max()) + 1)[None, :]).astype(np.float64)
    reasons = [f"{method}: least squared error on windows of its own past" for method in made.method]
    return Numbers(mean, np.array(made.quantiles), mean @ member, weekly_quantiles, made.method, tuple(reasons))


def to_totals(mean: FloatArray, history: FloatArray, total_of_series: IntArray) -> tuple[FloatArray, FloatArray]:
    """Scale the series' forecasts (S x P) so that those of a group add up to its total over the horizon.

    Returns all and the factors (S). A group of which no series expects anything, though the total does, is shared by
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
    return np.vstack([scaled, totals]), factor
