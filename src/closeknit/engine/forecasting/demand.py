"""Demand from its history in one call: outliers, events and shifts first, then the judge, then all of it put back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, flags, frozen, numbers, rising_levels, whole_number
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.changes import Changes, classify_change
from closeknit.engine.forecasting.methods import Method, standard_methods
from closeknit.engine.forecasting.outliers import TreatedHistory, treat_outliers
from closeknit.engine.forecasting.regression import EventEffects, event_effects, with_effects, without_effects
from closeknit.engine.forecasting.selection import (
    Rules,
    SelectedForecast,
    group_numbers,
    judged,
    origins_spread,
)
from closeknit.engine.forecasting.widening import effect_errors, widened_quantiles

_FEWEST_TO_JUDGE_CHANGE = 8
_LARGEST_FACTOR = 20.0
_SEASONS_AVERAGED = (4, 8, 16)


@dataclass(frozen=True, slots=True, eq=False)
class DemandForecast:
    """Means and quantiles of demand, and all that was done to come to them.

    `mean` [series, period ahead]; `quantiles` [level, series, period ahead]; closed periods are 0. `methods`, `best`,
    `weights`, `errors`, `reasons`, `is_borrowed`, `windows_scored`, `levels_reached`, `values_judged`: as in
    `SelectedForecast`. `outliers`: what `treat_outliers` replaced before anything was fitted. `shifts`: what
    `classify_change` found; `level_factor` [series, period]: what the history was multiplied by so that it stands at
    the level of its last settled shift (1 where nothing was done). `events`: what the events given do to each series,
    taken out of the past and put into the forecast; None where none were given.
    """

    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray
    methods: tuple[str, ...]
    best: IntArray
    weights: FloatArray
    errors: FloatArray
    is_borrowed: BoolArray
    reasons: tuple[str, ...]
    windows_scored: IntArray
    levels_reached: FloatArray
    values_judged: int
    outliers: TreatedHistory
    shifts: Changes
    level_factor: FloatArray
    events: EventEffects | None


def forecast_demand(
    history: ArrayLike,
    seasons: Sequence[int],
    horizon: int,
    quantile_levels: ArrayLike,
    *,
    is_open: ArrayLike | None = None,
    is_open_ahead: ArrayLike | None = None,
    group_of_series: ArrayLike | None = None,
    is_tail: ArrayLike | None = None,
    indicators: ArrayLike | None = None,
    indicators_ahead: ArrayLike | None = None,
    is_own: ArrayLike | None = None,
    methods: Sequence[Method] | None = None,
    n_windows: int = 8,
    combination: str = "judged",
) -> DemandForecast:
    """Forecast every series: outliers treated, settled shifts of level followed, the methods judged on windows.

    Parameters: `history` [series, period] (NaN = missing), `seasons` in periods, shortest first in meaning (such as
    (7,) or (48, 336): the shortest scales errors, all are tried), `horizon` (h >= 1), `quantile_levels` (rising, in
    (0, 1)), `is_open` [period] or [series, period] and `is_open_ahead` [period ahead] or [series, period ahead]
    (closed periods count as missing, their forecasts are 0), `group_of_series` [series] (labels; short series
    borrow, errors are pooled within), `is_tail` [series] (cheap methods only), `indicators` [event, period],
    `indicators_ahead` [event, period ahead] and `is_own` [series, event] (calendar and customer events, as in
    `event_effects`; both of the first two or neither), `methods` (default: `standard_methods` of the seasons, with
    means of 8 and 16 of the shortest where the past holds twice as many), `n_windows` (W), `combination` (as in
    `forecast_selected`).
    Formula: y' = y without its events' effects, with outliers replaced x level after / level before each settled
    shift; mean and quantiles of y' as in `forecast_selected`, but windows overlap where the past is short, errors
    are those before the treatment of outliers, and events are put back, with ranges as much wider as their effects
    are unsure (`effect_errors`).
    Validity: as of its parts; shifts are followed where they lie before the windows, later ones by the methods
    themselves. Source: as of its parts.

    >>> done = forecast_demand([[4.0, 9.0, 2.0] * 12], [3], 3, [0.1, 0.9])
    >>> done.mean.round(6).tolist(), done.outliers.period.size, done.shifts.kind
    ([[4.0, 9.0, 2.0]], 0, ('none',))
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    ahead = whole_number("horizon", horizon, minimum=1, maximum=10**6)
    if len(seasons) == 0:
        raise EngineInputError("seasons is empty: give at least one season in periods, such as (7,)")
    lengths = sorted({whole_number(f"seasons[{i}]", m, minimum=1, maximum=10**6) for i, m in enumerate(seasons)})
    if combination not in ("best", "weighted", "judged"):
        raise EngineInputError(f'combination is {combination!r}: give "best", "weighted" or "judged"')
    windows = whole_number("n_windows", n_windows, minimum=1, maximum=1000)
    values = np.where(_opened("is_open", is_open, values.shape), values, np.nan)
    open_ahead = _opened("is_open_ahead", is_open_ahead, (values.shape[0], ahead))
    values, events = _without_events(values, indicators, indicators_ahead, is_own, lengths[0], group_of_series)
    treated = treat_outliers(values, lengths[0])
    calm = np.where(treated.is_observed, treated.history, np.nan)
    shifts = classify_change(calm, lengths[0], long_cycle_periods=float(lengths[-1]) if len(lengths) > 1 else 0.0)
    factor = _level_factor(shifts, calm, values.shape[1] - windows * ahead)
    rules = Rules(
        season=lengths[0],
        origins=origins_spread(values.shape[1], ahead, lengths[0], windows),
        methods=tuple(_methods_for(lengths, values.shape[1]) if methods is None else methods),
        combination=combination,
        is_squared=False,
        levels=rising_levels("quantile_levels", quantile_levels),
    )
    done = judged(calm * factor, values * factor, ahead, rules, group_of_series, is_tail)
    mean, quantiles = done.mean, done.quantiles
    if events is not None and indicators_ahead is not None:
        mean, quantiles = _with_events(mean, quantiles, rules.levels, events, indicators_ahead)
    done = replace(done, mean=mean, quantiles=quantiles)
    return _told(done, treated, shifts, factor, open_ahead, events)


def _methods_for(lengths: Sequence[int], periods: int) -> tuple[Method, ...]:
    """The standard ones; where a level may have held for long, means of more seasons leave less of it to chance."""
    fewest = _SEASONS_AVERAGED[0]
    counts = [count for count in _SEASONS_AVERAGED if count == fewest or 2 * count * lengths[0] <= periods]
    return standard_methods(lengths, counts)


def _without_events(
    values: FloatArray,
    indicators: ArrayLike | None,
    ahead: ArrayLike | None,
    is_own: ArrayLike | None,
    season: int,
    group_of_series: ArrayLike | None,
) -> tuple[FloatArray, EventEffects | None]:
    """The past as it would have been without events, and what they do."""
    if indicators is None or ahead is None:
        if indicators is not None or ahead is not None or is_own is not None:
            raise EngineInputError("indicators and indicators_ahead go together: give both, or neither and no is_own")
        return values, None
    group = group_numbers(group_of_series, values.shape[0])
    events = event_effects(values, indicators, season, group_of_series=group, is_own=is_own)
    calm = without_effects(values, events, indicators)
    return np.where(calm.is_observed, calm.history, np.nan), events


def _with_events(
    mean: FloatArray, quantiles: FloatArray, levels: FloatArray, events: EventEffects, ahead: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Events put into the forecast; its ranges are wider by how little is known of their effects."""
    expected, around = with_effects(mean, events, ahead), with_effects(quantiles, events, ahead)
    wide = widened_quantiles(expected, around, levels, effect_errors(expected, events, ahead))
    # Where nothing could be negative, nothing becomes it.
    lowest = np.where(np.any(quantiles < 0.0, axis=(0, 2)), -np.inf, 0.0)
    return expected, np.maximum(wide, lowest[:, None])


def _opened(name: str, given: ArrayLike | None, shape: tuple[int, ...]) -> BoolArray:
    if given is None:
        return np.ones(shape, dtype=np.bool_)
    marked = flags(name, given)
    if marked.shape not in (shape, shape[1:]):
        raise EngineInputError(f"{name} has shape {marked.shape}: give {shape[1:]} or {shape}")
    return np.broadcast_to(marked, shape).copy()


def _level_factor(shifts: Changes, values: FloatArray, first_window: int) -> FloatArray:
    """[series, period]: what brings the past to the level of the last settled shift before the windows."""
    factor = np.ones_like(values)
    usable = [
        index
        for index, kind in enumerate(shifts.event_kind)
        if kind == "permanent"
        and not shifts.is_additive[shifts.event_series[index]]
        and shifts.start_period[index] + _FEWEST_TO_JUDGE_CHANGE <= first_window
        and 1.0 / _LARGEST_FACTOR <= shifts.factor[index] <= _LARGEST_FACTOR
    ]
    for index in usable:
        factor[shifts.event_series[index], : shifts.start_period[index]] *= shifts.factor[index]
    return factor


def _told(
    done: SelectedForecast,
    treated: TreatedHistory,
    shifts: Changes,
    factor: FloatArray,
    open_ahead: BoolArray,
    events: EventEffects | None,
) -> DemandForecast:
    """The judge's forecast, closed periods at 0, and what was done before it in each series' reasons."""
    outliers = np.bincount(treated.series, minlength=factor.shape[0])
    reasons = []
    for i, reason in enumerate(done.reasons):
        if outliers[i]:
            reason += f"; {outliers[i]} outlier{'s' if outliers[i] > 1 else ''} treated"
        if np.any(factor[i] != 1.0):
            reason += "; level followed through a shift"
        reasons.append(reason)
    return DemandForecast(
        mean=frozen(np.where(open_ahead, done.mean, 0.0)),
        quantile_levels=done.quantile_levels,
        quantiles=frozen(np.where(open_ahead[None], done.quantiles, 0.0)),
        methods=done.methods,
        best=done.best,
        weights=done.weights,
        errors=done.errors,
        is_borrowed=done.is_borrowed,
        reasons=tuple(reasons),
        windows_scored=done.windows_scored,
        levels_reached=done.levels_reached,
        values_judged=done.values_judged,
        outliers=treated,
        shifts=shifts,
        level_factor=frozen(factor),
        events=events,
    )
