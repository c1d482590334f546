"""The register of methods that the judge chooses from: a name, a season and a function of history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray, whole_number
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.intermittent import intermittent_from_origins
from closeknit.engine.forecasting.panel import ahead, panel_of, seasonal_means
from closeknit.engine.forecasting.smoothing import smoothing_ahead, smoothing_from_origins
from closeknit.engine.forecasting.theta import theta_ahead, theta_from_origins

Forecaster: TypeAlias = Callable[[FloatArray, int], FloatArray]
"""Takes the history [series, period] and the horizon; gives the mean [series, period ahead], NaN where it cannot."""


Roller: TypeAlias = Callable[[FloatArray, int, IntArray], FloatArray]
"""The same from several origins (rising) at once: [series, origin, period ahead], each knowing what lies before it."""

_FITS = 3
"""How often a method that carries its fit on is fitted anew over the windows, where it does not say."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to forecast: `name`, `forecast(history, horizon)`, and whether it is cheap enough for the tail.

    `forecast` must treat each series by itself and give the same answer each time. `from_origins`, where there is one,
    answers for several windows at once, from fewer fits (`fits` over all windows); it must not look beyond an origin.
    `is_exact`: of each origin it says just what `forecast` says of the history before it, so all are asked at once.
    """

    name: str
    forecast: Forecaster
    is_cheap: bool = True
    from_origins: Roller | None = None
    fits: int = _FITS
    is_exact: bool = False

    def on_windows(self, history: FloatArray, horizon: int, origins: IntArray) -> FloatArray:
        """Forecasts [series, origin, period ahead] from rising origins."""
        if self.from_origins is not None:
            parts = [part for part in np.array_split(origins, self.fits) if part.size]
            said = [self.from_origins(history[:, : part[-1]], horizon, part) for part in parts]
        else:
            said = [self.asked(history[:, :end], horizon)[:, None] for end in origins.tolist()]
        return np.concatenate([np.zeros((history.shape[0], 0, horizon)), *said], axis=1)

    def ahead_and_on_windows(
        self, history: FloatArray, horizon: int, origins: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The forecast [series, period ahead] and those [series, origin, period ahead] from rising origins."""
        if self.is_exact and self.from_origins is not None:
            said = self.from_origins(history, horizon, np.append(origins, history.shape[1]))
            return said[:, -1], said[:, :-1]
        return self.asked(history, horizon), self.on_windows(history, horizon, origins)

    def asked(self, history: FloatArray, horizon: int) -> FloatArray:
        """The forecast, its shape checked."""
        told = np.asarray(self.forecast(history.copy(), horizon), dtype=np.float64)
        if told.shape != (history.shape[0], horizon):
            raise EngineInputError(
                f"method {self.name} gave shape {told.shape}: "
                f"give {(history.shape[0], horizon)}, [series, period ahead]"
            )
        return told


def standard_methods(seasons: Sequence[int], seasons_averaged: Sequence[int] = (4,)) -> tuple[Method, ...]:
    """The package's methods, the seasonal ones once for each season (in periods): the judge chooses the season as well.

    Parameters: `seasons`, such as (7,) for days or (24, 168) for hours; `seasons_averaged` by seasonal means of the
    shortest, each a method of its own (longer seasons: the fewest of them). Means longer than the past are the mean of
    all of it, which so counts more where methods are weighted. Cheap: the last value, means and Croston-like methods;
    exponential smoothing and theta are not. Validity: as each method's. Source: each method's.

    >>> [method.name for method in standard_methods([7])][:4]
    ['naive', 'mean_8', 'seasonal_naive_7', 'seasonal_mean_7x4']
    """
    if len(seasons) == 0:
        raise EngineInputError("seasons is empty: give at least one season in periods, such as (7,)")
    if len(seasons_averaged) == 0:
        raise EngineInputError("seasons_averaged is empty: give at least one number of seasons, such as (4,)")
    lengths = sorted({whole_number(f"seasons[{i}]", m, minimum=1, maximum=10**6) for i, m in enumerate(seasons)})
    counts = sorted({whole_number(f"seasons_averaged[{i}]", k, minimum=1) for i, k in enumerate(seasons_averaged)})
    found = [_averaging("naive", 1, 1), _averaging("mean_8", 1, 8)]
    for season in lengths:
        if season > 1:
            found.append(_averaging(f"seasonal_naive_{season}", season, 1))
            for count in counts if season == lengths[0] else counts[:1]:
                found.append(_averaging(f"seasonal_mean_{season}x{count}", season, count))
        found.append(
            Method(f"smoothing_{season}", _using(_smoothing, season), False, _rolling(_smoothed, season), fits=1)
        )
        found.append(Method(f"theta_{season}", _using(_theta, season), False, _rolling(_thetas, season), fits=1))
    for name in ("sba", "tsb"):
        found.append(Method(name, _using(_flat, name), True, _rolling(_flats, name), fits=1, is_exact=True))
    return tuple(found)


def _averaging(name: str, season: int, averaged: int) -> Method:
    rolling = _rolling(_means_of_seasons, season, averaged)
    return Method(name, _using(_mean_of_seasons, season, averaged), True, rolling, fits=1, is_exact=True)


@cache
def _using(function: Callable[..., FloatArray], *settings: Any) -> Forecaster:
    """One and the same function for the same settings: two lists of the same methods are equal."""
    return partial(function, *settings)


@cache
def _rolling(function: Callable[..., FloatArray], *settings: Any) -> Roller:
    return partial(function, *settings)


def _smoothed(season: int, history: FloatArray, horizon: int, origins: IntArray) -> FloatArray:
    return _long_enough(season, origins, smoothing_from_origins(history, season, horizon, origins, fits=_FITS))


def _thetas(season: int, history: FloatArray, horizon: int, origins: IntArray) -> FloatArray:
    return _long_enough(season, origins, theta_from_origins(history, season, horizon, origins, fits=_FITS))


def _long_enough(season: int, origins: IntArray, said: FloatArray) -> FloatArray:
    """Where the origin at which a fit was made had not seen two seasons, none that it is carried to can be asked."""
    if season > 1:
        for places in np.array_split(np.arange(origins.size), _FITS):
            if places.size and origins[places[0]] < 2 * season:
                said[:, places] = np.nan
    return said


def _mean_of_seasons(season: int, averaged: int, history: FloatArray, horizon: int) -> FloatArray:
    return _means_of_seasons(season, averaged, history, horizon, np.array([history.shape[1]]))[:, 0]


def _means_of_seasons(season: int, averaged: int, history: FloatArray, horizon: int, origins: IntArray) -> FloatArray:
    used = season * averaged
    if origins.size and origins[0] >= used:
        recent = history[:, origins[:, None] + np.arange(-used, 0)]
        if not np.isnan(recent).any():
            mean = recent.reshape(history.shape[0], origins.size, averaged, season).sum(axis=2) / averaged
            said: FloatArray = mean[:, :, np.arange(horizon) % season]
            return said
    return np.stack([_mean_with_gaps(season, averaged, history[:, :end], horizon) for end in origins.tolist()], axis=1)


def _mean_with_gaps(season: int, averaged: int, history: FloatArray, horizon: int) -> FloatArray:
    panel = panel_of(history, season, horizon, None)
    mean = ahead(panel, seasonal_means(panel.grid(), averaged))
    # A season that has not been seen once cannot be repeated.
    return mean if history.shape[1] >= season else np.full_like(mean, np.nan)


def _smoothing(season: int, history: FloatArray, horizon: int) -> FloatArray:
    if season > 1 and history.shape[1] < 2 * season:
        return np.full((history.shape[0], horizon), np.nan)
    return smoothing_ahead(history, season, horizon)


def _theta(season: int, history: FloatArray, horizon: int) -> FloatArray:
    if season > 1 and history.shape[1] < 2 * season:
        return np.full((history.shape[0], horizon), np.nan)
    return theta_ahead(history, season, horizon)


def _flat(name: str, history: FloatArray, horizon: int) -> FloatArray:
    return _flats(name, history, horizon, np.array([history.shape[1]]))[:, 0]


def _flats(name: str, history: FloatArray, horizon: int, origins: IntArray) -> FloatArray:
    """Croston and the like, for series without negative values."""
    return np.repeat(intermittent_from_origins(name, history, origins)[:, :, None], horizon, axis=2)
