"""The theta method for thousands of series at once, standard and optimised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_number
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import theta_kernels as kernels
from closeknit.engine.forecasting.panel import overall_means
from closeknit.engine.forecasting.smoothing import before, first_observed, shares_of_origins

SEASONS = ("tested", "always", "never")
_ROUNDS = 4
_SEARCHED = 100.0
"""Work per period of each kernel: what compiled the search compiles the others."""
_FEWEST = 3
_STANDARD = 0.5
_FITTED = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class ThetaForecast:
    """Point forecasts per series and period ahead, and the fit that they come from.

    `forecast` [series, period ahead]; `alpha`, `theta` (infinite: the straight line), `level` (l_n), `start_level`
    (l_0) and `slope` (B) [series], of the series without its season; `season` [series, phase], phase 0 the first period
    ahead: factors where `is_multiplicative`, else summands (0 where not `is_seasonal`); `sigma` [series]: standard
    error of one step; `fitted`, `errors` [series, period], NaN where nothing was observed (`fitted`: before the first
    value). `is_fallback` [series]: fewer than three values, forecast by their mean (0 without any).
    """

    forecast: FloatArray
    alpha: FloatArray
    theta: FloatArray
    level: FloatArray
    start_level: FloatArray
    slope: FloatArray
    season: FloatArray
    is_seasonal: BoolArray
    is_multiplicative: BoolArray
    sigma: FloatArray
    fitted: FloatArray
    errors: FloatArray
    is_fallback: BoolArray


def theta(
    history: ArrayLike, season_periods: int, horizon: int, optimised: bool = False, season: str = "tested"
) -> ThetaForecast:
    """Forecast every series by the theta method: half its line, half its smoothed self; or the best theta.

    Parameters: `history` [series, period], NaN where nothing was observed; `season_periods` (m >= 1); `horizon` in
    periods; `optimised`: theta >= 1 by least squares instead of 2; `season`: "tested" (taken out where the
    autocorrelation at m is beyond chance at 90 %), "always" or "never".
    Formula: x_t = l_(t-1) + (1 - 1/theta) ((1 - alpha)^(t-1) A + (1 - (1 - alpha)^t) / alpha B) + e_t,
    l_t = alpha x_t + (1 - alpha) l_(t-1), A + B t the least-squares line; l_0 and theta by least squares for each
    alpha in 0.01..0.99, alpha by four rounds of 16 values. The season is the classical decomposition's: factors where
    all values are positive and no factor is below 0.01, else summands. A missing value is filled from its phase and
    leaves the sum of squares out. Validity: a season needs two whole seasons of history; forecasts are not negative
    where the history is not.
    Source: Assimakopoulos and Nikolopoulos, International Journal of Forecasting 16 (2000); Hyndman and Billah, ibid.
    19 (2003); Fiorucci et al., ibid. 32 (2016).

    >>> from closeknit.engine.forecasting import theta
    >>> theta([[2.0, 4.0, 6.0, 8.0, 10.0, 12.0]], 1, 2, optimised=True).forecast.round(6).tolist()
    [[14.0, 16.0]]
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    cycle = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    ahead = whole_number("horizon", horizon, minimum=1, maximum=10**6)
    if season not in SEASONS:
        raise EngineInputError(f"season is {season!r}: give one of {', '.join(SEASONS)}")
    first = first_observed(values)
    last = np.full(first.shape, values.shape[1], dtype=np.int64)
    adjusted, index, is_seasonal, is_ratio = _adjusted(values, first, last, cycle, season)
    usable = np.asarray(np.count_nonzero(~np.isnan(values), axis=1) >= _FEWEST)
    found, fitted, forecast = _fit(values, adjusted, first, last, usable, ahead, _FITTED if optimised else _STANDARD)
    mean = overall_means(values)[:, None]
    fitted = _with_season(np.where(usable[:, None], fitted, mean), index, is_ratio, -first)
    fitted = np.where(np.arange(values.shape[1]) < first[:, None], np.nan, fitted)
    phase = values.shape[1] - first
    forecast = _with_season(np.where(usable[:, None], forecast, mean), index, is_ratio, phase)
    errors = values - fitted
    degrees = np.maximum(np.count_nonzero(~np.isnan(errors), axis=1) - 2 - optimised, 1)
    phases = (phase[:, None] + np.arange(cycle)) % cycle
    weight = np.where(usable, found[:, 2], _STANDARD)
    return ThetaForecast(
        forecast=frozen(_not_below(forecast, values)),
        alpha=frozen(found[:, 1].copy()),
        theta=frozen(np.divide(1.0, 1.0 - weight, out=np.full(weight.shape, np.inf), where=weight < 1.0)),
        level=frozen(np.where(usable, found[:, 4], mean[:, 0])),
        start_level=frozen(np.where(usable, found[:, 3], mean[:, 0])),
        slope=frozen(found[:, 6].copy()),
        season=frozen(np.take_along_axis(index, phases, axis=1)),
        is_seasonal=frozen(is_seasonal),
        is_multiplicative=frozen(is_ratio),
        sigma=frozen(np.sqrt(np.nansum(errors**2, axis=1) / degrees)),
        fitted=frozen(fitted),
        errors=frozen(errors),
        is_fallback=frozen(~usable),
    )


def theta_ahead(history: FloatArray, season_periods: int, horizon: int) -> FloatArray:
    """The forecast of `theta` alone [series, period ahead]; `history` is known to be in order."""
    values, first = array(history), first_observed(history)
    last = np.full(first.shape, values.shape[1], dtype=np.int64)
    adjusted, index, _, is_ratio = _adjusted(values, first, last, season_periods, "tested")
    usable = np.asarray(np.count_nonzero(~np.isnan(values), axis=1) >= _FEWEST)
    forecast = _fit(values, adjusted, first, last, usable, horizon, _STANDARD)[2]
    if not usable.all():
        forecast = np.where(usable[:, None], forecast, overall_means(values)[:, None])
    return _not_below(_with_season(forecast, index, is_ratio, last - first), values)


def theta_from_origins(
    history: FloatArray, season_periods: int, horizon: int, origins: IntArray, fits: int = 1
) -> FloatArray:
    """Means [series, origin, period ahead] of fits on what lies before an origin, carried on to the next ones.

    `origins`: rising, forecasts begin there and know what lies before; they are shared out among the `fits`, each made
    before the first of its own. NaN where the fit was not possible.
    """
    count = history.shape[0]
    result = np.full((count, origins.size, horizon), np.nan)
    if origins.size == 0 or count == 0:
        return result
    values = array(history[:, : origins[-1]])
    asked, last = shares_of_origins(origins, fits, count)
    first = np.minimum(np.tile(first_observed(values), asked.shape[0] // count), last)
    known = before(values, last)
    adjusted, index, _, is_ratio = _adjusted(known, first, last, season_periods, "tested")
    usable = np.asarray(np.count_nonzero(~np.isnan(known), axis=1) >= _FEWEST)
    found, _, _ = _fit(known, adjusted, first, last, usable, 1, _STANDARD)
    # Filled in where the fit needed it; later gaps are skipped, for what would fill them lies after some origin.
    work = _SEARCHED * count * (values.shape[1] + origins.size * horizon)
    rest = (values, adjusted, first, last, usable, index, is_ratio, array(origins, np.int64), asked, found, result)
    run_in_parts(kernels.roll_theta, last.size, work, *rest)
    return np.where(np.any(values < 0.0, axis=1)[:, None, None], result, np.maximum(result, 0.0))


def _adjusted(
    values: FloatArray, first: IntArray, last: IntArray, cycle: int, season: str
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray]:
    """The series filled and without their seasons, the seasons by phase, whether there is one, whether by factors."""
    count = values.shape[0]
    long_enough = (last - first >= 2 * cycle) & (cycle > 1) & (season != "never")
    positive = ~np.any(values <= 0.0, axis=1)
    is_seasonal, is_ratio = array(long_enough, np.bool_), np.zeros(count, dtype=np.bool_)
    adjusted, smooth = np.zeros(values.shape), np.ones(values.shape)
    index, counts = np.zeros((count, cycle)), np.zeros((count, cycle))
    rest = (positive, is_seasonal, is_ratio, adjusted, smooth, index, counts)
    work = float(values.size) * max(4.0 * cycle + 10.0, _SEARCHED)
    run_in_parts(kernels.adjust_for_season, count, work, values, first, last, cycle, season == "tested", *rest)
    return adjusted, index, is_seasonal, is_ratio


def _fit(
    values: FloatArray,
    adjusted: FloatArray,
    first: IntArray,
    last: IntArray,
    usable: BoolArray,
    horizon: int,
    weight: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = values.shape[0]
    lanes = np.zeros((count, kernels.LANE_ROWS * kernels.LANES))
    found, fitted, forecast = np.zeros((count, 7)), np.zeros(values.shape), np.zeros((count, horizon))
    rest = (array(usable, np.bool_), weight, _ROUNDS, lanes, found, fitted, forecast)
    work = float(values.size) * _SEARCHED
    run_in_parts(kernels.fit_theta, count, work, values, adjusted, first, last, *rest)
    return found, fitted, forecast


def _with_season(values: FloatArray, index: FloatArray, is_ratio: BoolArray, phase: IntArray) -> FloatArray:
    """The season put back; `phase` is that of the first column."""
    places = (phase[:, None] + np.arange(values.shape[1])) % index.shape[1]
    cycle = np.take_along_axis(index, places, axis=1)
    return np.where(is_ratio[:, None], values * cycle, values + cycle)


def _not_below(forecast: FloatArray, values: FloatArray) -> FloatArray:
    non_negative = ~np.any(values < 0.0, axis=1)
    return np.where(non_negative[:, None], np.maximum(forecast, 0.0), forecast)
