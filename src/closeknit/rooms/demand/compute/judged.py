"""The judge, asked of steady series and of sparse ones in the way that suits each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import (
    DemandForecast,
    Method,
    SelectedForecast,
    forecast_demand,
    forecast_selected,
    seasonal_mean,
    standard_methods,
)

SPARSE_SHARE = 0.5
"""A series with nothing on more of its days is sparse: what comes next is chance, its rate is all there is."""
FEWEST_WEEKS_SHUT = 8
DAYS_OF_WEEK = 7
WEEKS_AVERAGED = (4, 8, 16, 32)
"""Lengths of seasonal means that are tried: where a level holds for months, more weeks leave less of it to chance."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Per node and period ahead: `mean`, `quantiles` [level, ...]; per node its method and why it was taken."""

    mean: FloatArray
    quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


def judge(
    past: FloatArray,
    seasons: tuple[int, ...],
    horizon: int,
    levels: FloatArray,
    group: IntArray,
    tail: BoolArray,
    windows: int = 8,
) -> Judged:
    """Forecast every node by the method that did best on its own past.

    Sparse series are judged by squared errors: absolute ones favour the median, which for them is nothing at all. What
    never happens on a phase of the season (weekends of an office) is shut, and no error of it makes others look sure.
    """
    seen = ~np.isnan(past)
    share = np.count_nonzero(past > 0.0, axis=1) / np.maximum(np.count_nonzero(seen, axis=1), 1)
    shut, shut_ahead = _shut(past, seasons[0], horizon)
    open_share = 1.0 - np.count_nonzero(shut & seen, axis=1) / np.maximum(np.count_nonzero(seen, axis=1), 1)
    sparse = share < (1.0 - SPARSE_SHARE) * open_share
    mean = np.zeros((past.shape[0], horizon))
    quantiles = np.zeros((levels.size, past.shape[0], horizon))
    methods, reasons = [""] * past.shape[0], [""] * past.shape[0]
    for rows, made in (
        (np.flatnonzero(~sparse), partial(_steady, shut=shut, shut_ahead=shut_ahead)),
        (np.flatnonzero(sparse), _sparse),
    ):
        if rows.size:
            said = made(rows, past, seasons, horizon, levels, group, tail, windows)
            mean[rows], quantiles[:, rows] = said.mean, said.quantiles
            for place, row in enumerate(rows):
                methods[row], reasons[row] = _method_of(said, place), said.reasons[place]
    return Judged(mean, quantiles, tuple(methods), tuple(reasons))


def _steady(
    rows: IntArray,
    past: FloatArray,
    seasons: tuple[int, ...],
    horizon: int,
    levels: FloatArray,
    group: IntArray,
    tail: BoolArray,
    windows: int,
    *,
    shut: BoolArray,
    shut_ahead: BoolArray,
) -> DemandForecast:
    return forecast_demand(
        past[rows],
        seasons,
        horizon,
        levels,
        is_open=~shut[rows],
        is_open_ahead=~shut_ahead[rows],
        group_of_series=group[rows],
        is_tail=tail[rows],
        methods=standard_methods(seasons, WEEKS_AVERAGED if seasons[0] == DAYS_OF_WEEK else (4,)),
        n_windows=windows,
    )


def _sparse(
    rows: IntArray,
    past: FloatArray,
    seasons: tuple[int, ...],
    horizon: int,
    levels: FloatArray,
    group: IntArray,
    tail: BoolArray,
    windows: int,
) -> SelectedForecast:
    done = forecast_selected(
        past[rows],
        seasons[0],
        horizon,
        levels,
        methods=_rates(seasons[0]),
        n_windows=windows,
        group_of_series=group[rows],
        is_tail=tail[rows],
        measure="rmsse",
    )
    return replace(done, reasons=tuple(f"sparse; {reason}" for reason in done.reasons))


def _rates(season: int) -> tuple[Method, ...]:
    """Methods that expect a rate, and never that nothing comes because nothing mostly does."""
    rates = [method for method in standard_methods((season,)) if method.name in ("sba", "tsb")]
    lengths = [(season, 16), (season, 32), (1, 8 * season), (1, 32 * season)]
    return (*rates, *(Method(f"mean_{m}x{k}", _mean_over(m, k)) for m, k in dict.fromkeys(lengths)))


def _mean_over(season: int, averaged: int) -> Callable[[FloatArray, int], FloatArray]:
    def forecast(history: FloatArray, horizon: int) -> FloatArray:
        return np.array(seasonal_mean(history, season, horizon, [0.5], averaged).mean)

    return forecast


def _shut(past: FloatArray, season: int, horizon: int) -> tuple[BoolArray, BoolArray]:
    """Phases of the season on which a series that has work otherwise never had any; [node, period], [node, ahead]."""
    nodes, periods = past.shape
    if season == 1 or periods < FEWEST_WEEKS_SHUT * season:
        return np.zeros(past.shape, dtype=np.bool_), np.zeros((nodes, horizon), dtype=np.bool_)
    phase = np.arange(periods + horizon) % season
    never = np.stack([~(past[:, phase[:periods] == p] > 0.0).any(axis=1) for p in range(season)], axis=1)
    never &= ~never.all(axis=1, keepdims=True)
    return never[:, phase[:periods]], never[:, phase[periods:]]


def _method_of(made: DemandForecast | SelectedForecast, row: int) -> str:
    """The method's name, "mix of K", or "borrowed" from its group."""
    used = int(np.count_nonzero(made.weights[row] > 0.0))
    if made.is_borrowed[row] or used == 0:
        return "borrowed"
    return made.methods[int(np.argmax(made.weights[row]))] if used == 1 else f"mix of {used}"
