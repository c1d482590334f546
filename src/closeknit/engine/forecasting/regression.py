"""What calendar and customer events do to demand: holidays, promotions, the days around them, learnt from the past."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, flags, frozen, numbers, whole_number, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.event_pooling import pooled_effect
from closeknit.engine.forecasting.event_sums import EventSums, gather

_WEAKEST = 0.2
"""Below this multiplier what is left of a period says too little of what it would have been."""


@dataclass(frozen=True, slots=True, eq=False)
class EventEffects:
    """What each event does to each series, as a share of what would have been there: +0.25 is a quarter more.

    `effect`, `standard_error` [series, event]: shrunk to the group's (posterior mean and standard deviation);
    `is_known` False where nobody has seen the event (effect 0) or the series has no positive work;
    `occurrences` [series, event]: separate times the event was seen in the series; `own_weight_share`: how much of the
    effect is the series' own evidence (0: it is its group's). `group_effect`, `group_standard_error`,
    `group_is_known` [group, event]. `series_spread` [event]: standard deviation between series of a group, relative.
    """

    effect: FloatArray
    standard_error: FloatArray
    is_known: BoolArray
    occurrences: IntArray
    own_weight_share: FloatArray
    group_effect: FloatArray
    group_standard_error: FloatArray
    group_is_known: BoolArray
    group_of_series: IntArray
    series_spread: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HistoryWithoutEvents:
    """A history as it would have been without events (missing periods as the 0 of `is_observed` False)."""

    history: FloatArray
    is_observed: BoolArray


def event_effects(
    history: ArrayLike,
    indicators: ArrayLike,
    season_periods: int,
    *,
    group_of_series: ArrayLike | None = None,
    is_own: ArrayLike | None = None,
) -> EventEffects:
    """The multiplicative effect of each event on each series, with its standard error, borrowed where it is thin.

    Parameters: `history` [series, period] (NaN = missing; a closed period is missing, unless the event closes it),
    `indicators` [event, period] (x: 0 to 1, the share of the period in which the event runs; what happens before or
    after an event is a row of its own), `season_periods` (m >= 1), `group_of_series` [series] (0, 1, ...; none: one
    group), `is_own` [series, event] (whether the event concerns the series: its region's holidays, its own launches;
    none: all do).
    Formula: y = b prod(1 + x effect) + noise, variance dispersion x mean. b is a local line through four seasons on
    either side (eight periods at least), times the season, both from periods without any event. Factor of one series:
    sum x (y - b' (1 - x)) / sum x^2 b', b' = b times the other events, in turn. Its error is measured, not assumed:
    the same sum over windows of the event's length without events, forecast from around them, so drift and serial
    correlation count. Factors of a group spread as a gamma distribution with the relative variance of DerSimonian and
    Laird; a series' effect is the posterior mean, (W r + a g) / (W + a), W = 1 / relative error^2 of its own r, a = 1
    / relative variance, g = the group's factor, itself borrowed from all groups in the same way.
    Validity: a level that can be seen on both sides of most occurrences; multiplicative effects. Series with negative
    values, or nothing at all, have none. Source: McCullagh and Nelder, Generalized Linear Models (1989), chapter 9
    (quasi-likelihood); DerSimonian and Laird, Controlled Clinical Trials 7 (1986); Fan and Gijbels, Local Polynomial
    Modelling (1996), chapter 3.

    >>> import numpy as np
    >>> on = (np.arange(120) % 30 == 20).astype(float)
    >>> found = event_effects([np.where(on > 0, 150.0, 100.0) + np.arange(120) % 2], [on], 7)
    >>> found.effect.round(2).tolist(), found.occurrences.tolist(), found.is_known.tolist()
    ([[0.49]], [[4]], [[True]])
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    shown = _indicators("indicators", indicators, values.shape[1])
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    group = _groups(group_of_series, values.shape[0])
    own = _own(is_own, values.shape[0], shown.shape[0])
    positive = ~np.any(values < 0.0, axis=1) & (np.nansum(values, axis=1) > 0.0)
    sums, together = gather(values, shown, own & positive[:, None], season, group)
    return _effects(sums, together, group, own & positive[:, None])


def without_effects(history: ArrayLike, effects: EventEffects, indicators: ArrayLike) -> HistoryWithoutEvents:
    """The history as it would have been had no event run.

    Parameters: `history` [series, period] (NaN = missing), `effects` (as of `event_effects`), `indicators` [event,
    period]. Formula: y / prod(1 + x effect). Validity: where the events leave less than a fifth of a period (a holiday
    that closes), the period is marked as not observed: what is left says nothing.

    >>> on = [[0.0, 0.0, 1.0, 0.0] * 12]
    >>> past = [[10.0, 10.0, 15.0, 10.0] * 12]
    >>> without_effects(past, event_effects(past, on, 1), on).history[0, :4].round(1).tolist()
    [10.0, 10.0, 10.0, 10.0]
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    factor = _multiplier(effects, _indicators("indicators", indicators, values.shape[1]), values.shape[0])
    seen = ~np.isnan(values) & (factor >= _WEAKEST)
    cleaned = np.divide(values, factor, out=np.zeros_like(values), where=seen)
    return HistoryWithoutEvents(frozen(cleaned), frozen(seen))


def with_effects(forecast: ArrayLike, effects: EventEffects, indicators_ahead: ArrayLike) -> FloatArray:
    """A forecast made without events, with the events that are known to come put in.

    Parameters: `forecast` [series, period ahead], or with levels or samples before: [..., series, period ahead];
    `effects` (as of `event_effects`), `indicators_ahead` [event, period ahead]. Formula: forecast x prod(1 + x effect).
    Validity: quantiles keep their relative width; what is unknown of the effect itself is in `standard_error`.

    >>> on = [[0.0, 0.0, 1.0, 0.0] * 12]
    >>> found = event_effects([[10.0, 10.0, 15.0, 10.0] * 12], on, 1)
    >>> with_effects([[10.0, 10.0]], found, [[0.0, 1.0]]).round(1).tolist()
    [[10.0, 15.0]]
    """
    values = numbers("forecast", forecast)
    if values.ndim < 2:
        raise EngineInputError(f"forecast has {values.ndim} dimensions: give [series, period ahead], or more before")
    factor = _multiplier(effects, _indicators("indicators_ahead", indicators_ahead, values.shape[-1]), values.shape[-2])
    return frozen(values * factor)


def _indicators(name: str, indicators: ArrayLike, periods: int) -> FloatArray:
    shown = numbers(name, indicators, minimum=0.0, maximum=1.0, ndim=2)
    if shown.shape[1] != periods:
        raise EngineInputError(
            f"{name} has {shown.shape[1]} periods: give {periods}, as many as the series it goes with"
        )
    return shown


def _groups(group_of_series: ArrayLike | None, series: int) -> IntArray:
    if group_of_series is None:
        return np.zeros(series, dtype=np.int64)
    group = whole_numbers("group_of_series", group_of_series, minimum=0, maximum=10**7, ndim=1)
    if group.size != series:
        raise EngineInputError(f"group_of_series has {group.size} entries: give {series}, one per series")
    return group


def _own(is_own: ArrayLike | None, series: int, events: int) -> BoolArray:
    if is_own is None:
        return np.ones((series, events), dtype=np.bool_)
    own = flags("is_own", is_own)
    if own.shape != (series, events):
        raise EngineInputError(f"is_own has shape {own.shape}: give ({series}, {events}), one per series and event")
    return own


def _multiplier(effects: EventEffects, shown: FloatArray, series: int) -> FloatArray:
    if effects.effect.shape != (series, shown.shape[0]):
        raise EngineInputError(
            f"effects are of {effects.effect.shape[0]} series and {effects.effect.shape[1]} events: "
            f"give those of these {series} series and {shown.shape[0]} events"
        )
    factor = np.ones((series, shown.shape[1]))
    for event, when in enumerate(shown):
        factor *= 1.0 + effects.effect[:, event, None] * when
    return factor


def _effects(sums: EventSums, together: EventSums, group: IntArray, own: BoolArray) -> EventEffects:
    found = [pooled_effect(sums, together, group, event) for event in range(own.shape[1])]
    groups, events = together.came.shape

    def matrix(name: str, rows: int) -> FloatArray:
        columns = [getattr(one, name) for one in found]
        return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))

    seen_at_all = np.array([one.is_known for one in found], dtype=np.bool_).reshape(events)
    known = own & seen_at_all
    return EventEffects(
        effect=frozen(np.where(known, matrix("factor", own.shape[0]) - 1.0, 0.0)),
        standard_error=frozen(np.where(known, matrix("error", own.shape[0]), 0.0)),
        is_known=frozen(known),
        occurrences=frozen(sums.occurrences.copy()),
        own_weight_share=frozen(np.where(known, matrix("own_share", own.shape[0]), 0.0)),
        group_effect=frozen(np.where(seen_at_all, matrix("group_factor", groups) - 1.0, 0.0)),
        group_standard_error=frozen(np.where(seen_at_all, matrix("group_error", groups), 0.0)),
        group_is_known=frozen(np.broadcast_to(seen_at_all, (groups, events)).copy()),
        group_of_series=frozen(group.copy()),
        series_spread=frozen(np.array([one.spread for one in found], dtype=np.float64)),
    )
