"""One fixed seasonal method for all series."""

from numpy.typing import ArrayLike

from closeknit.engine.forecasting.result import Forecast
from closeknit.engine.forecasting.rolling import forecast_by_rolling_choice


def seasonal_naive(
    history: ArrayLike,
    season_periods: int,
    horizon: int,
    quantile_levels: ArrayLike,
    is_open: ArrayLike | None = None,
) -> Forecast:
    """The last observed value of the same phase, with empirical quantiles of its rolling errors.

    Parameters and rules as in `forecast_by_rolling_choice`.

    >>> seasonal_naive([[1.0, 9.0, 2.0, 8.0, 1.0, 9.0, 3.0, 7.0]], 2, 2, [0.5]).mean.tolist()
    [[3.0, 7.0]]
    """
    return seasonal_mean(history, season_periods, horizon, quantile_levels, seasons_averaged=1, is_open=is_open)


def seasonal_mean(
    history: ArrayLike,
    season_periods: int,
    horizon: int,
    quantile_levels: ArrayLike,
    seasons_averaged: int,
    is_open: ArrayLike | None = None,
) -> Forecast:
    """The mean of the last `seasons_averaged` observed values of the same phase, with empirical quantiles.

    Parameters and rules as in `forecast_by_rolling_choice`.

    >>> past = [[1.0, 9.0, 2.0, 8.0, 1.0, 9.0, 3.0, 7.0]]
    >>> seasonal_mean(past, 2, 2, [0.5], seasons_averaged=2).mean.tolist()
    [[2.0, 8.0]]
    """
    return forecast_by_rolling_choice(
        history, season_periods, horizon, quantile_levels, candidates=(seasons_averaged,), is_open=is_open
    )
