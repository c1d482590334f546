"""The frozen result every forecasting method returns."""

from dataclasses import dataclass

from closeknit.engine.checks import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Means and quantiles per series and period ahead, and why each series got its method.

    `mean` [series, period ahead]; `quantiles` [level, series, period ahead], never falling from one of
    `quantile_levels` to the next, not negative where the history is not. Closed periods are 0.
    `method` per series: "seasonal_naive", "seasonal_mean_K", "overall_mean" (too little to see a season) or
    "no_data"; `seasons_averaged` is K (0 for the last two) and `is_fallback` marks those two.
    `candidate_errors` [candidate, series]: mean squared error of each of `candidates` (seasons averaged) on
    the rolling windows of the history, NaN where no window could be scored. `residual_count` [series]: errors
    behind the quantiles of the first season ahead.
    """

    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray
    method: tuple[str, ...]
    seasons_averaged: IntArray
    is_fallback: BoolArray
    candidates: IntArray
    candidate_errors: FloatArray
    residual_count: IntArray
