"""Exponential smoothing of thousands of series at once, the form of each chosen by AICc."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import LARGEST, BoolArray, FloatArray, IntArray, frozen, numbers, whole_number
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import smoothing_kernels as kernels

_SHAPES = ("level", "trend", "damped", "level season", "trend season", "damped season")
ALL_FORMS = (*_SHAPES, *(f"log {shape}" for shape in _SHAPES))
"""A shape of the states, of the values or of their logarithms."""

DEFAULT_FORMS = tuple(form for form in ALL_FORMS if form not in ("log trend", "log trend season"))
"""A lasting trend of logarithms grows without bound, and is tried only when asked for."""

_IS_SEASONAL = np.arange(len(ALL_FORMS)) % 6 >= 3
_IS_LOG = np.arange(len(ALL_FORMS)) >= 6
_BLOCKS = 64
_STATES = np.array([1, 2, 2])
_PARAMETERS = np.array([1, 2, 3])
_SEARCHED = 100.0
"""Work per period where a search went before: what compiled the one compiles the other."""
_ROUNDS = 6
_ROUNDS_FOR_ALL = 1
_FORMS_TO_THE_END = 3
_PERFECT = 1e-24
_PERFECT_LOG = 1e-20


@dataclass(frozen=True, slots=True, eq=False)
class SmoothingForecast:
    """Point forecasts per series and period ahead, and the fit that they come from.

    `forecast` [series, period ahead]; `form` per series: one of `forms`, "mean" (too few values for any form) or
    "no_data"; `is_log` [series]: the fit is of logarithms. On the fit's own scale (values or logarithms): `alpha`,
    `beta`, `gamma`, `phi`, the states after the last period `level`, `slope` [series] and `season` [series, phase],
    whose phase 0 is the first period ahead; `start_level`, `start_slope`, `start_season`, those before the first value,
    phase 0 being that value's; `sigma` [series], the standard error of one step, and `spread`
    [series, period ahead], of h steps. On the scale of the values: `fitted` [series, period], what was expected one
    period before, and `errors` [series, period], value less that; NaN where nothing was observed (`fitted`: before the
    first value). `aicc` [series, form] in the order of `forms`, infinite where a form cannot be used.
    """

    forecast: FloatArray
    form: tuple[str, ...]
    is_log: BoolArray
    alpha: FloatArray
    beta: FloatArray
    gamma: FloatArray
    phi: FloatArray
    level: FloatArray
    slope: FloatArray
    season: FloatArray
    start_level: FloatArray
    start_slope: FloatArray
    start_season: FloatArray
    sigma: FloatArray
    spread: FloatArray
    fitted: FloatArray
    errors: FloatArray
    forms: tuple[str, ...]
    aicc: FloatArray


def exponential_smoothing(
    history: ArrayLike,
    season_periods: int,
    horizon: int,
    forms: Sequence[str] | None = None,
    rounds: int = _ROUNDS,
    point: str = "median",
) -> SmoothingForecast:
    """Fit every form of exponential smoothing to every series and forecast with the form of the smallest AICc.

    Parameters: `history` [series, period], NaN where nothing was observed; `season_periods` (m >= 1); `horizon`
    (h >= 1) in periods; `forms`: names out of `ALL_FORMS` (default: `DEFAULT_FORMS`); `rounds` >= 1 of 16 candidates
    each; `point`: "median", or "mean", which differ for logarithms only.
    Formula: y_t = l_(t-1) + phi b_(t-1) + s_(t-m) + e_t; l_t = l_(t-1) + phi b_(t-1) + alpha e_t;
    b_t = phi b_(t-1) + beta e_t; s_t = s_(t-m) + gamma e_t, with 0 < alpha < 1, 0 <= beta <= alpha,
    0 <= gamma <= 1 - alpha, phi 1 or 0.8..0.98. A missing value carries the states on without an error. The states
    before the first value lie between least squares on the first seasons and on all, first the season, then level and
    slope, at a share that is searched with the parameters: a fixed table of candidates, then cross-entropy rounds.
    AICc = n log(sum e^2 / n) + 2k + 2k(k+1)/(n-k-1), k counting parameters, starting states and the variance; plus
    2 sum log y for logarithms.
    Validity: seasons need two whole seasons of history, logarithms positive values; a form needs n > k + 1. Forecasts
    are not negative where the history is not. Errors are taken as normal on the fit's own scale.
    Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), ch. 2, 3, 6, 7; De Boer et
    al., Annals of Operations Research 134 (2005).

    >>> from closeknit.engine.forecasting import exponential_smoothing
    >>> done = exponential_smoothing([[1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0, 5.0, 7.0, 6.0, 8.0]], 2, 3)
    >>> done.form, done.forecast.round(6).tolist()
    (('trend season',), [[7.0, 9.0, 8.0]])
    """
    values, season, ahead = _checked(history, season_periods, horizon)
    names = _named(forms)
    table = _table(whole_number("rounds", rounds, minimum=1, maximum=100))
    if point not in ("median", "mean"):
        raise EngineInputError(f'point is {point!r}: give "median" or "mean"')
    first = first_observed(values)
    logs = _logarithms(values)
    last = np.full(first.shape, values.shape[1], dtype=np.int64)
    aicc, places = _searched(values, logs, first, last, season, names, table)
    return _fitted(values, logs, first, season, ahead, names, aicc, places, point == "mean")


def smoothing_ahead(history: FloatArray, season_periods: int, horizon: int) -> FloatArray:
    """The forecast of `exponential_smoothing` alone [series, period ahead]; `history` is known to be in order."""
    values, first = array(history), first_observed(history)
    last = np.full(first.shape, values.shape[1], dtype=np.int64)
    logs, names = _logarithms(values), DEFAULT_FORMS
    aicc, places = _searched(values, logs, first, last, season_periods, names, _table(_ROUNDS))
    fit = _carried(values, logs, first, season_periods, horizon, aicc, places)
    return _told(values, fit, fit.ahead)


def smoothing_from_origins(
    history: FloatArray, season_periods: int, horizon: int, origins: IntArray, rounds: int = 3, fits: int = 1
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
    logs = np.log(np.where(values > 0.0, values, np.nan))
    asked, last = shares_of_origins(origins, fits, count)
    first = np.minimum(np.tile(first_observed(values), asked.shape[0] // count), last)
    seen, known_logs = before(values, last), before(logs, last)
    known_logs[~_is_positive(seen)] = np.nan
    aicc, places = _searched(seen, known_logs, first, last, season_periods, DEFAULT_FORMS, _table(rounds))
    chosen = np.argmin(aicc, axis=1)
    usable = np.asarray(np.isfinite(aicc).any(axis=1))
    is_log = usable & (chosen >= 6)
    parameters, share = _parameters(chosen, usable, places)
    cycles = np.where(usable & (chosen % 6 >= 3), season_periods, 1).astype(np.int64)
    sloping = (usable & (chosen % 3 > 0)).astype(np.int64)
    # What came later had no part in the choice of logarithms: where there are none, it is as if nothing was observed.
    series = np.arange(last.size) % count
    scale = np.where(is_log[:, None], logs[series], values[series])
    states = _starts(scale, first, last, cycles, sloping, share, season_periods)
    steps = _SEARCHED * count * (values.shape[1] + origins.size * horizon)
    rest = (scale, first, cycles, parameters, array(origins, np.int64), asked, *states, result)
    run_in_parts(kernels.roll_states, last.size, steps, *rest)
    for fit, (a, b) in enumerate(asked[::count].tolist()):
        rows = slice(fit * count, (fit + 1) * count)
        of_logs, told = is_log[rows], result[:, a:b]
        told[of_logs] = np.exp(np.minimum(told[of_logs], np.log(LARGEST)))
        told[~usable[rows]] = np.nan
        non_negative = ~np.any(values[:, : origins[b - 1]] < 0.0, axis=1)
        result[:, a:b] = np.where(non_negative[:, None, None], np.maximum(told, 0.0), told)
    return result


def smooth_with(
    history: ArrayLike,
    horizon: int,
    alpha: ArrayLike,
    level: ArrayLike,
    beta: ArrayLike = 0.0,
    slope: ArrayLike = 0.0,
    phi: ArrayLike = 1.0,
    gamma: ArrayLike = 0.0,
    season: ArrayLike = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """What additive exponential smoothing with given parameters and starting states expects: past and ahead.

    Parameters: `history` [series, period], NaN where nothing was observed; `horizon` in periods; `alpha`, `beta`,
    `phi`, `gamma` and the states before the first period `level` (l_0), `slope` (b_0), one number or [series] each;
    `season` [phase] or [series, phase], whose phase 0 is the first period's. Returns `fitted` [series, period] and
    `forecast` [series, period ahead].
    Formula: as in `exponential_smoothing`. Holt-Winters' own gamma* is gamma / (1 - alpha), and beta* = beta / alpha.
    Validity: any parameters from 0 to 1, phi from 0; multiplicative seasons by passing logarithms.
    Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), ch. 2.

    >>> from closeknit.engine.forecasting import smooth_with
    >>> [part.tolist() for part in smooth_with([[10.0, 14.0]], 2, alpha=0.5, level=8.0)]
    [[[8.0, 9.0]], [[11.5, 11.5]]]
    """
    values, _, ahead = _checked(history, 1, horizon)
    count = values.shape[0]
    given = {"alpha": alpha, "beta": beta, "gamma": gamma, "phi": phi}
    parameters = np.stack([_per_series(name, given[name], count, 0.0, 1.0) for name in given], axis=1)
    phases = np.atleast_1d(numbers("season", season))
    if phases.ndim > 2 or phases.shape[-1] == 0 or (phases.ndim == 2 and phases.shape[0] != count):
        raise EngineInputError(f"season has shape {phases.shape}: give [phase] or [{count} series, phase]")
    phases = array(np.broadcast_to(phases, (count, phases.shape[-1])))
    states = (_per_series("level", level, count), _per_series("slope", slope, count), phases)
    cycles = np.full(count, phases.shape[1], dtype=np.int64)
    fitted, forecast = _advanced(values, np.zeros(count, dtype=np.int64), cycles, parameters, states, ahead)
    return frozen(fitted), frozen(forecast)


def first_observed(values: FloatArray) -> IntArray:
    """[series]: the first period with a value; the number of periods where there is none."""
    seen = ~np.isnan(values)
    if values.shape[1] == 0:
        return np.zeros(values.shape[0], dtype=np.int64)
    first: IntArray = np.where(seen.any(axis=1), seen.argmax(axis=1), values.shape[1]).astype(np.int64)
    return first


def shares_of_origins(origins: IntArray, fits: int, count: int) -> tuple[IntArray, IntArray]:
    """[fit x series, (first origin, origin after the last)], and the periods that each fit may know [fit x series]."""
    parts = [part for part in np.array_split(np.arange(origins.size), fits) if part.size]
    ends = np.array([(part[0], part[-1] + 1) for part in parts], dtype=np.int64)
    asked: IntArray = np.repeat(ends, count, axis=0)
    return asked, array(origins[asked[:, 0]], np.int64)


def before(values: FloatArray, last: IntArray) -> FloatArray:
    """[fit x series, period]: the values of each series once for each fit, NaN from where the fit may not know them."""
    known: FloatArray = values[np.arange(last.size) % values.shape[0]]
    known[np.arange(values.shape[1]) >= last[:, None]] = np.nan
    return known


def _checked(history: ArrayLike, season_periods: int, horizon: int) -> tuple[FloatArray, int, int]:
    values = numbers("history", history, missing_allowed=True, ndim=2)
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    return values, season, whole_number("horizon", horizon, minimum=1, maximum=10**6)


def _per_series(
    name: str, value: ArrayLike, count: int, minimum: float = -LARGEST, maximum: float = LARGEST
) -> FloatArray:
    checked = numbers(name, value, minimum=minimum, maximum=maximum)
    if checked.shape not in ((), (count,)):
        raise EngineInputError(f"{name} has shape {checked.shape}: give one number, or one per series ({count},)")
    return array(np.broadcast_to(checked, (count,)))


def _named(forms: Sequence[str] | None) -> tuple[str, ...]:
    names = DEFAULT_FORMS if forms is None else tuple(forms)
    unknown = [name for name in names if name not in ALL_FORMS]
    if unknown or not names:
        raise EngineInputError(f"forms is {list(names)}: give some of {', '.join(ALL_FORMS)}")
    return tuple(name for name in ALL_FORMS if name in names)


@cache
def _table(rounds: int) -> FloatArray:
    """Candidates [round, dimension, lane]: places in the unit cube, then standard normal steps; always the same."""
    # The generalised golden ratio of d + 1 spreads points most evenly (R-sequence).
    ratio = 1.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (kernels.DIMENSIONS + 1))
    steps = ratio ** -np.arange(1.0, kernels.DIMENSIONS + 1)
    index = np.arange(1.0, rounds * kernels.LANES + 1).reshape(rounds, 1, kernels.LANES)
    places = (0.5 + index * steps[:, None]) % 1.0
    table = np.concatenate([places[:1], special.ndtri(places[1:])])
    # A series without noise in its states: straight lines and fixed seasons, from the whole history.
    table[0, :, 0] = (0.0, 0.0, 0.0, 1.0, 1.0)
    table[0, :, 1] = (1.0, 0.0, 0.0, 1.0, 0.5)
    return frozen(table)


def _logarithms(values: FloatArray) -> FloatArray:
    return np.log(np.where(_is_positive(values)[:, None], values, np.nan))


def _is_positive(values: FloatArray) -> BoolArray:
    """[series]: whether all that was observed is above 0."""
    positive: BoolArray = ~np.any(values <= 0.0, axis=1)
    return positive


def _allowed(
    values: FloatArray, count: IntArray, first: IntArray, last: IntArray, season: int, names: tuple[str, ...]
) -> BoolArray:
    """[series, form]: asked for, and what the history can carry."""
    seasonal = (season > 1) & (last - first >= 2 * season)
    enough: BoolArray = count[:, None] > _parameter_counts(season) + 1
    enough &= _asked(names) & (seasonal[:, None] | ~_IS_SEASONAL) & (_is_positive(values)[:, None] | ~_IS_LOG)
    return enough


@cache
def _asked(names: tuple[str, ...]) -> BoolArray:
    return frozen(np.array([name in names for name in ALL_FORMS]))


@cache
def _parameter_counts(season: int) -> IntArray:
    """[form]: parameters, starting states and the variance."""
    form = np.arange(len(ALL_FORMS))
    counts: IntArray = _PARAMETERS[form % 3] + _STATES[form % 3] + np.where(form % 6 >= 3, season, 0) + 1
    return frozen(counts)


def _searched(
    values: FloatArray,
    logs: FloatArray,
    first: IntArray,
    last: IntArray,
    season: int,
    names: tuple[str, ...],
    table: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """AICc [series, form] and places [series, form, dimension]: all forms for one round, the most likely to the end."""
    rows, counts = values.shape[0], np.count_nonzero(~np.isnan(values), axis=1)
    allowed = _allowed(values, counts, first, last, season, names)
    criterion = _criterion(values, logs, counts, allowed, season)
    found = np.full((*allowed.shape, kernels.DIMENSIONS + 1), np.inf)
    found[:, :, 1:] = 0.0
    blocks = max(min(rows, _BLOCKS), 1)
    # As if six forms went to the end, wherever a series has any: the same work takes the same path.
    work = 6.0 * values.size * _ROUNDS * kernels.LANES if allowed.any() else 0.0
    given = values, logs, first, last, season, allowed
    judged = criterion.count[:, 0].copy(), criterion.least, criterion.jacobian + criterion.penalty
    lanes = np.zeros((blocks, kernels.LANE_ROWS * kernels.LANES)), np.zeros((blocks, season * kernels.LANES))
    scratch = np.zeros((blocks, kernels.starts_size(season))), np.zeros((blocks, kernels.SCRATCH))
    how = array(table), _ROUNDS_FOR_ALL, _FORMS_TO_THE_END
    run_in_parts(
        kernels.search_series, blocks, work, -(-rows // blocks), *given, *judged, *how, *lanes, *scratch, found
    )
    return criterion.of(found[:, :, 0]), found[:, :, 1:]


@dataclass(frozen=True, slots=True, eq=False)
class _Criterion:
    """What AICc takes of a history, whatever its fits: [series, 1], [series, form] or [form]."""

    count: FloatArray
    least: FloatArray
    jacobian: FloatArray
    penalty: FloatArray
    allowed: BoolArray

    def of(self, squares: FloatArray) -> FloatArray:
        """[series, form], infinite where a form is not allowed."""
        mean_square = np.maximum(squares, self.least) / np.maximum(self.count, 1.0)
        fit = self.count * np.log(np.where(self.allowed, mean_square, 1.0)) + self.jacobian
        result: FloatArray = np.where(self.allowed, fit + self.penalty, np.inf)
        return result


def _criterion(values: FloatArray, logs: FloatArray, counts: IntArray, allowed: BoolArray, season: int) -> _Criterion:
    """An exact fit counts as an error far below any that is seen, smaller for values than for logarithms."""
    count = counts[:, None].astype(np.float64)
    size = np.nansum(values**2, axis=1, keepdims=True)
    least = np.where(_IS_LOG, _PERFECT_LOG * count, _PERFECT * np.where(size > 0.0, size, 1.0))
    k = _parameter_counts(season)
    jacobian = 2.0 * np.nansum(logs, axis=1, keepdims=True) * _IS_LOG
    penalty = 2.0 * k + 2.0 * k * (k + 1.0) / np.where(allowed, count - k - 1.0, 1.0)
    return _Criterion(count, least, jacobian, penalty, allowed)


def _fitted(
    values: FloatArray,
    logs: FloatArray,
    first: IntArray,
    season: int,
    horizon: int,
    names: tuple[str, ...],
    aicc: FloatArray,
    places: FloatArray,
    means: bool,
) -> SmoothingForecast:
    """Each series carried along by its best form, and all that is known of it."""
    count = np.count_nonzero(~np.isnan(values), axis=1)
    fit = _carried(values, logs, first, season, horizon, aicc, places)
    chosen, usable, is_log, scale, fitted = fit.chosen, fit.usable, fit.is_log, fit.scale, fit.fitted
    parameters, cycles, states, at_start = fit.parameters, fit.cycles, fit.states, fit.at_start
    error = scale - fitted
    k = _parameter_counts(season)[chosen] - 1
    degrees = np.maximum(count - np.where(usable, k, 1), 1)
    sigma = np.sqrt(np.nansum(error**2, axis=1) / degrees)
    spread = sigma[:, None] * _growth(parameters, cycles, horizon)
    centre = np.where(is_log[:, None], fit.ahead + np.where(means, spread**2 / 2.0, 0.0), fit.ahead)
    fitted = np.where(is_log[:, None], _exponential(fitted, is_log), fitted)
    level, slope, cycle = states
    phases = (values.shape[1] - first[:, None] + np.arange(season)) % cycles[:, None]
    kept = [ALL_FORMS.index(name) for name in names]
    words = np.where(usable, np.array(ALL_FORMS)[chosen], np.where(count > 0, "mean", "no_data"))
    return SmoothingForecast(
        forecast=frozen(_told(values, fit, centre)),
        form=tuple(words.tolist()),
        is_log=frozen(is_log),
        alpha=frozen(parameters[:, 0].copy()),
        beta=frozen(parameters[:, 1].copy()),
        gamma=frozen(parameters[:, 2].copy()),
        phi=frozen(parameters[:, 3].copy()),
        level=frozen(level),
        slope=frozen(slope),
        season=frozen(np.take_along_axis(cycle, phases, axis=1)),
        start_level=frozen(at_start[0]),
        start_slope=frozen(at_start[1]),
        start_season=frozen(at_start[2]),
        sigma=frozen(sigma),
        spread=frozen(spread),
        fitted=frozen(fitted),
        errors=frozen(values - fitted),
        forms=names,
        aicc=frozen(aicc[:, kept].copy()),
    )


States = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Carried:
    """The form of each series, its parameters, its states before and after, and what it said on its own scale."""

    chosen: IntArray
    usable: BoolArray
    is_log: BoolArray
    scale: FloatArray
    parameters: FloatArray
    cycles: IntArray
    at_start: States
    states: States
    fitted: FloatArray
    ahead: FloatArray


def _carried(
    values: FloatArray,
    logs: FloatArray,
    first: IntArray,
    season: int,
    horizon: int,
    aicc: FloatArray,
    places: FloatArray,
) -> _Carried:
    chosen = np.argmin(aicc, axis=1)
    usable = np.asarray(np.isfinite(aicc).any(axis=1))
    is_log = usable & (chosen >= 6)
    scale = np.where(is_log[:, None], logs, values)
    parameters, share = _parameters(chosen, usable, places)
    cycles = np.where(usable & (chosen % 6 >= 3), season, 1).astype(np.int64)
    last = np.full(first.shape, values.shape[1], dtype=np.int64)
    states = _starts(scale, first, last, cycles, (usable & (chosen % 3 > 0)).astype(np.int64), share, season)
    at_start = states[0].copy(), states[1].copy(), states[2].copy()
    fitted, ahead = _advanced(scale, first, cycles, parameters, states, horizon, _SEARCHED)
    return _Carried(chosen, usable, is_log, scale, parameters, cycles, at_start, states, fitted, ahead)


def _told(values: FloatArray, fit: _Carried, ahead: FloatArray) -> FloatArray:
    """What lies ahead on the scale of the values, not negative where they are not."""
    forecast = np.where(fit.is_log[:, None], _exponential(ahead, fit.is_log), ahead) if fit.is_log.any() else ahead
    non_negative = ~np.any(values < 0.0, axis=1)
    return np.where(non_negative[:, None], np.maximum(forecast, 0.0), forecast)


def _parameters(chosen: IntArray, usable: BoolArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[series, (alpha, beta, gamma, phi)] and the share of the whole history in the start: what the search tried."""
    place = np.take_along_axis(places, chosen[:, None, None], axis=1)[:, 0]
    place = np.where(usable[:, None], place, [0.0, 0.0, 0.0, 0.0, 1.0])
    trend = chosen % 3
    alpha = kernels.SMALLEST_ALPHA + (kernels.LARGEST_ALPHA - kernels.SMALLEST_ALPHA) * place[:, 0] ** 2
    beta = np.where(trend > 0, alpha * place[:, 1] ** 2, 0.0)
    gamma = np.where(chosen % 6 >= 3, (1.0 - alpha) * place[:, 2] ** 2, 0.0)
    phi = np.where(trend == 2, kernels.SMALLEST_PHI + kernels.PHI_RANGE * place[:, 3], 1.0)
    fixed = np.array([0.0, 0.0, 0.0, 1.0])
    return array(np.where(usable[:, None], np.stack([alpha, beta, gamma, phi], axis=1), fixed)), array(place[:, 4])


def _starts(
    scale: FloatArray,
    first: IntArray,
    last: IntArray,
    cycles: IntArray,
    sloping: IntArray,
    share: FloatArray,
    season: int,
) -> States:
    count = scale.shape[0]
    states = (np.zeros(count), np.zeros(count), np.zeros((count, season)))
    scratch = np.zeros((count, 5 * season + 4))
    rest = (array(scale), first, last, cycles, sloping, share, scratch, *states)
    run_in_parts(kernels.starting_states, count, _SEARCHED * scale.size, *rest)
    return states


def _advanced(
    scale: FloatArray,
    first: IntArray,
    cycles: IntArray,
    parameters: FloatArray,
    states: States,
    horizon: int,
    steps: float = 10.0,
) -> tuple[FloatArray, FloatArray]:
    """What was expected of each period and of those ahead; the states are carried along in place."""
    count, periods = scale.shape
    fitted, ahead = np.full((count, periods), np.nan), np.zeros((count, horizon))
    rest = (array(scale), first, cycles, parameters, *states, fitted, ahead)
    run_in_parts(kernels.advance_states, count, steps * count * (periods + horizon), *rest)
    return fitted, ahead


def _growth(parameters: FloatArray, cycles: IntArray, horizon: int) -> FloatArray:
    """[series, period ahead]: standard deviation of the error of h steps in those of one."""
    alpha, beta, gamma, phi = (parameters[:, i, None] for i in range(4))
    step = np.arange(1.0, horizon)[None, :]
    rising = np.cumsum(phi**step, axis=1)
    whole = (cycles[:, None] > 1) & (step % cycles[:, None] == 0)
    weight = alpha + beta * rising + gamma * whole
    variance = np.concatenate([np.ones((parameters.shape[0], 1)), 1.0 + np.cumsum(weight**2, axis=1)], axis=1)
    growth: FloatArray = np.sqrt(variance)
    return growth


def _exponential(values: FloatArray, where: BoolArray) -> FloatArray:
    """exp of some rows, 0 elsewhere, held within what the engine takes."""
    return np.where(where[:, None], np.exp(np.minimum(np.where(where[:, None], values, 0.0), np.log(LARGEST))), 0.0)
