"""The judge: methods tried on rolling windows of each series' past, chosen or weighted, with conformal quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    flags,
    frozen,
    numbers,
    rising_levels,
    same_shape,
    whole_number,
    whole_numbers,
)
from closeknit.engine.compiled import run, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.conformal import calibrated, disjoint, quantiles_of, reached, stretched
from closeknit.engine.forecasting.judging_kernels import hear_groups, score_methods, weigh_methods
from closeknit.engine.forecasting.methods import Method, standard_methods
from closeknit.engine.forecasting.restlessness import restlessness

_STEPS = 100.0
"""Work per number that methods say: whoever compares methods that are fitted has the comparison compiled."""
_CLEARLY_BETTER = 0.97
"""The best alone is used where its errors on windows were at most this times those of all by weight."""
_SERIES_AT_ONCE = 4096
_NUMBERS_AT_ONCE = 8_000_000
_NUMBERS_KEPT = 32_000_000
"""What methods say of all series is kept, up to so many numbers, until their groups are heard; else asked again."""
_LENDERS = 2048
"""From so many series of a group, at most, it is learnt how methods do in it."""
_EARLIEST_WINDOW = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class SelectedForecast:
    """Means and quantiles per series and period ahead, and why each series got its method.

    `mean` [series, period ahead]; `quantiles` [level, series, period ahead]. `methods`: names; `best` [series]: index
    of the one with the least error; `weights` [series, method]: what each counts in the mean (one 1 where the best
    alone is used, all 0 for borrowed and empty series); `errors` [series, method]: mean scaled error on the windows,
    infinite where it could not be tried. `is_borrowed` [series]: too short to be judged, shaped as its group.
    `reasons` [series]: in words. `windows_scored` [series]. `levels_reached` [level]: share of the values of the
    latest window below quantiles made without it, `values_judged` of them (0: none could be).
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


def forecast_selected(
    history: ArrayLike,
    season_periods: int,
    horizon: int,
    quantile_levels: ArrayLike,
    *,
    methods: Sequence[Method] | None = None,
    n_windows: int = 4,
    group_of_series: ArrayLike | None = None,
    is_tail: ArrayLike | None = None,
    combination: str = "judged",
    measure: str = "mase",
) -> SelectedForecast:
    """Try every method on the last windows of each series, and forecast with the best or with all by their merit.

    Parameters: `history` [series, period] (NaN = missing), `season_periods` (m, of the scale and of the standard
    methods), `horizon` (h >= 1), `quantile_levels` (rising, in (0, 1)), `methods` (default: `standard_methods` of m),
    `n_windows` (W windows of h periods, each forecast from what came before it), `group_of_series` [series] (labels;
    short series borrow and errors are pooled within; default: one group), `is_tail` [series] (series that only get
    the cheap methods), `combination`: "best", "weighted" or "judged" (the best alone where it did better by 3 % in the
    group on windows that had no part in choosing), `measure`: "mase" (absolute errors) or "rmsse" (squared).
    Formula: error = mean |e| (or root mean e^2) over the windows / mean |y_t - y_(t-m)| before them; weights in
    proportion to 1 / error^6, errors half way (of logarithms) to what the method's are in the group. Quantiles are
    conformal: mean + scale x empirical quantile, per step ahead, of the scaled errors on windows forecast with what
    the *other* windows chose, each scaled by the other windows' errors of its series (shrunk to the group's), pooled
    over the group.
    Validity: the near future resembles the windows. Coverage is that of the group; a series alone has its own errors
    only. Source: Tashman, IJF 16 (2000); Bates and Granger, ORQ 20 (1969); Hyndman and Koehler, IJF 22 (2006); Vovk,
    Gammerman and Shafer, Algorithmic Learning in a Random World (2005); Barber et al., Annals of Statistics 49 (2021).

    >>> done = forecast_selected([[1.0, 9.0, 4.0] * 12], 3, 3, [0.1, 0.9], combination="best")
    >>> done.mean.round(6).tolist(), done.methods[done.best[0]]
    ([[1.0, 9.0, 4.0]], 'seasonal_naive_3')
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    if combination not in ("best", "weighted", "judged"):
        raise EngineInputError(f'combination is {combination!r}: give "best", "weighted" or "judged"')
    if measure not in ("mase", "rmsse"):
        raise EngineInputError(f'measure is {measure!r}: give "mase" or "rmsse"')
    ahead = whole_number("horizon", horizon, minimum=1, maximum=10**6)
    windows = whole_number("n_windows", n_windows, minimum=1, maximum=1000)
    rules = Rules(
        season=season,
        origins=origins_apart(values.shape[1], ahead, windows),
        methods=tuple(standard_methods((season,)) if methods is None else methods),
        combination=combination,
        is_squared=measure == "rmsse",
        levels=rising_levels("quantile_levels", quantile_levels),
    )
    return judged(values, values, ahead, rules, group_of_series, is_tail)


@dataclass(frozen=True, slots=True)
class Rules:
    """How methods are judged: as `forecast_selected` takes it, windows by their `origins`, latest first."""

    season: int
    origins: IntArray
    methods: tuple[Method, ...]
    combination: str
    is_squared: bool
    levels: FloatArray


def origins_apart(periods: int, horizon: int, windows: int) -> IntArray:
    """Where windows begin, latest first, each ending where the one before began."""
    found = periods - horizon * np.arange(1, windows + 1)
    return found[found >= 2].astype(np.int64)


def origins_spread(periods: int, horizon: int, season: int, windows: int) -> IntArray:
    """Where windows begin, latest first, overlapping where the past is short; the latest show their first half only."""
    shown = max(horizon // 2, 1) if periods < horizon * (windows + 2) else horizon
    least = max(2, min(max(2 * season, int(_EARLIEST_WINDOW * periods)), periods - horizon))
    step = min(horizon, max((periods - shown - least) // windows, 1))
    step -= step % season if step > season else 0
    found = periods - shown - step * np.arange(windows)
    return found[found >= least].astype(np.int64)


def judged(
    values: FloatArray,
    came: FloatArray,
    horizon: int,
    rules: Rules,
    group_of_series: ArrayLike | None,
    is_tail: ArrayLike | None,
) -> SelectedForecast:
    """Methods judged on `values`, quantiles from the errors against what `came`: the same, or before any treatment."""
    group, tail = group_numbers(group_of_series, values.shape[0]), _tail(is_tail, values.shape[0])
    if not any(method.is_cheap for method in rules.methods):
        raise EngineInputError("methods holds no cheap one: give at least one, such as those of standard_methods")
    trial = _tried(values, horizon, rules, tail, group)
    mean, rival, weights = _decided(trial, group, rules.combination)
    mean, borrowed = _borrowed(values, mean, group)
    actual = _windows(came, rules.origins, horizon)
    calibration = calibrated(actual, rival.forecast, trial.scale, group, rules.origins)
    calibration = stretched(actual, rival.forecast, trial.scale, group, rules.origins, calibration)
    moved = restlessness(came, rules.origins, horizon, rules.season, group)
    calibration = replace(calibration, stretch=calibration.stretch * moved)
    non_negative = ~np.any(values < 0.0, axis=1)
    mean = np.where(non_negative[:, None], np.maximum(mean, 0.0), mean)
    share, count = reached(actual, rival.forecast, trial.scale, group, rules.levels, rules.origins)
    return SelectedForecast(
        mean=frozen(mean),
        quantile_levels=frozen(rules.levels),
        quantiles=frozen(_arranged(quantiles_of(mean, calibration, rules.levels), non_negative)),
        methods=tuple(method.name for method in rules.methods),
        best=frozen(trial.best),
        weights=frozen(np.where(borrowed[:, None], 0.0, weights)),
        errors=frozen(trial.errors),
        is_borrowed=frozen(borrowed),
        reasons=_reasons(rules.methods, trial, weights, borrowed, values),
        windows_scored=frozen(trial.scored),
        levels_reached=frozen(share),
        values_judged=count,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rival:
    """A way to use the methods: its forecast ahead, and what it said of each window by what the others chose."""

    ahead: FloatArray
    actual: FloatArray
    forecast: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """How the methods did: errors [series, method], and the two ways to use them."""

    scale: FloatArray
    errors: FloatArray
    best: IntArray
    scored: IntArray
    weights: FloatArray
    alone: _Rival
    weighted: _Rival


def group_numbers(given: ArrayLike | None, series: int) -> IntArray:
    if given is None:
        return np.zeros(series, dtype=np.int64)
    labels = whole_numbers("group_of_series", given, minimum=0)
    same_shape([("group_of_series", labels)], (series,), "one label per series")
    found: IntArray = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return found


def _tail(given: ArrayLike | None, series: int) -> BoolArray:
    if given is None:
        return np.zeros(series, dtype=np.bool_)
    marked = flags("is_tail", given)
    same_shape([("is_tail", marked)], (series,), "one flag per series")
    return marked


def _windows(values: FloatArray, origins: IntArray, horizon: int) -> FloatArray:
    """[series, window, step]: what came; NaN beyond the end."""
    actual = np.full((values.shape[0], origins.size, horizon), np.nan)
    for place, end in enumerate(origins.tolist()):
        seen = values[:, end : end + horizon]
        actual[:, place, : seen.shape[1]] = seen
    return actual


def _tried(values: FloatArray, horizon: int, rules: Rules, tail: BoolArray, group: IntArray) -> _Trial:
    """All methods on all windows, some thousand series at a time; what a group says does not depend on how many."""
    series, each = values.shape[0], len(rules.methods) * (rules.origins.size + 1) * horizon
    size = max(min(_SERIES_AT_ONCE, _NUMBERS_AT_ONCE // each), 1)
    lenders = _lenders(group)
    keep = lenders.size == series and series * each <= _NUMBERS_KEPT

    def heard(rows: IntArray) -> _Heard:
        return _heard(values[rows], horizon, rules, tail[rows])

    parts = _cut(np.arange(series), size)
    kept = [heard(rows) for rows in parts] if keep else []
    lent = [one.errors for one in kept] or [heard(rows).errors for rows in _cut(lenders, size)]
    cheap = np.array([method.is_cheap for method in rules.methods])
    groups = 1 + int(group.max()) if group.size else 0
    usual = _usual(np.concatenate(lent, axis=2), cheap, group[lenders], groups)
    trials = [
        _weighed(kept[place] if keep else heard(rows), cheap, usual, group[rows]) for place, rows in enumerate(parts)
    ]

    def rival(name: str) -> _Rival:
        told = [getattr(trial, name) for trial in trials]
        return _Rival(*(np.concatenate([getattr(r, f) for r in told]) for f in ("ahead", "actual", "forecast")))

    fields = ("scale", "errors", "best", "scored", "weights")
    joined = {name: np.concatenate([getattr(trial, name) for trial in trials]) for name in fields}
    return _Trial(**joined, alone=rival("alone"), weighted=rival("weighted"))


def _cut(rows: IntArray, size: int) -> list[IntArray]:
    return [rows[a : a + size] for a in range(0, max(rows.size, 1), size)]


def _lenders(group: IntArray) -> IntArray:
    """Rising: the series from which their groups learn, evenly spread over those of more than it takes."""
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    first = np.concatenate([[0], np.cumsum(size)])[:-1]
    place = np.arange(group.size) - first[group[order]]
    taken = np.minimum(size, _LENDERS)[group[order]]
    # Where as many are taken as there are, every place opens a share of its own.
    opens = place * taken // size[group[order]] != (place - 1) * taken // size[group[order]]
    lenders: IntArray = np.sort(order[opens])
    return lenders


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What the methods say of some series, ahead and on windows: `said` [method, series, 1 + window, step].

    `errors` [1 + window, method, series]: on all windows, then on those that share no period with each.
    """

    said: FloatArray
    actual: FloatArray
    scale: FloatArray
    errors: FloatArray
    scored: IntArray


def _heard(values: FloatArray, horizon: int, rules: Rules, tail: BoolArray) -> _Heard:
    methods, origins = rules.methods, rules.origins
    series, windows = values.shape[0], origins.size
    said = np.full((len(methods), series, windows + 1, horizon), np.nan)
    some = np.flatnonzero(~tail)
    for index, method in enumerate(methods):
        is_asked = method.is_cheap or some.size == series
        rows: IntArray | slice = slice(None) if is_asked else some
        if is_asked or some.size:
            ahead, past = method.ahead_and_on_windows(values[rows], horizon, origins[::-1])
            said[index, rows, 0], said[index, rows, 1:] = ahead, past[:, ::-1]
    actual = _windows(values, origins, horizon)
    scale = _scale(values[:, : origins[-1]] if windows else values, rules.season)
    errors, scored = np.zeros((1 + windows, len(methods), series)), np.zeros(series, dtype=np.int64)
    totals, counts = np.zeros((series, len(methods), windows)), np.zeros((series, len(methods), windows))
    given = said.reshape(len(methods), series, -1), actual.reshape(series, -1), scale, disjoint(origins, horizon)
    found = totals, counts, errors, scored
    run_in_parts(score_methods, series, _STEPS * said.size, horizon, rules.is_squared, *given, *found)
    return _Heard(said, actual, scale, errors, scored)


def _weighed(heard: _Heard, cheap: BoolArray, usual: FloatArray, group: IntArray) -> _Trial:
    """The two ways to use the methods; `usual` [1 + window, method, group]: what groups say of each."""
    methods, series, places, horizon = heard.said.shape
    weights = np.zeros((series, methods))
    alone, mixed = np.zeros((series, places * horizon)), np.zeros((series, places * horizon))
    given = heard.said.reshape(methods, series, -1), heard.errors, cheap, usual, group
    work = _STEPS * heard.said.size
    run_in_parts(weigh_methods, series, work, horizon, *given, weights, alone, mixed)
    errors = heard.errors[0]
    best = np.argmin(errors, axis=0).astype(np.int64)
    rivals = (
        _Rival(said[:, 0], heard.actual, said[:, 1:])
        for said in (alone.reshape(series, places, -1), mixed.reshape(series, places, -1))
    )
    return _Trial(heard.scale, errors.T.copy(), best, heard.scored, weights, *rivals)


def _scale(values: FloatArray, season: int) -> FloatArray:
    """Mean change from season to season before the windows; the mean size, or 1, where there is none."""
    lag = season if values.shape[1] > season else 1
    change = np.abs(values[:, lag:] - values[:, :-lag])
    scale, size = _mean_over_periods(change), _mean_over_periods(np.abs(values))
    scale = np.where(scale > 0.0, scale, size)
    result: FloatArray = np.where(scale > 0.0, scale, 1.0)
    return result


def _mean_over_periods(values: FloatArray) -> FloatArray:
    count = np.count_nonzero(~np.isnan(values), axis=1)
    mean: FloatArray = np.divide(np.nansum(values, axis=1), count, out=np.zeros(values.shape[0]), where=count > 0)
    return mean


def _usual(errors: FloatArray, cheap: BoolArray, group: IntArray, groups: int) -> FloatArray:
    """[1 + window, method, group]: logarithm of what each method's errors were in the group beside cheap ones."""
    result, count = np.zeros((*errors.shape[:2], groups)), np.zeros((*errors.shape[:2], groups))
    run(hear_groups, _STEPS * errors.size, errors, cheap, group, result, count)
    return np.divide(result, count, out=result, where=count > 0.0)


def _decided(trial: _Trial, group: IntArray, combination: str) -> tuple[FloatArray, _Rival, FloatArray]:
    """Best alone or all by weight: one answer for each group."""
    series = group.size
    use_best = np.full(series, combination == "best")
    if combination == "judged" and series:
        size = 1 + int(group.max())
        cost = np.zeros((2, size))
        for index, rival in enumerate((trial.alone, trial.weighted)):
            off = np.abs(rival.actual - rival.forecast) / trial.scale[:, None, None]
            cost[index] = np.bincount(group, weights=np.nansum(off, axis=(1, 2)), minlength=size)
        use_best = (cost[0] < _CLEARLY_BETTER * cost[1])[group]
    pick = use_best[:, None, None]
    one_hot = (np.arange(trial.errors.shape[1])[None, :] == trial.best[:, None]) & np.isfinite(trial.errors)
    rival = _Rival(
        np.where(use_best[:, None], trial.alone.ahead, trial.weighted.ahead),
        trial.alone.actual,
        np.where(pick, trial.alone.forecast, trial.weighted.forecast),
    )
    return rival.ahead, rival, np.where(use_best[:, None], one_hot.astype(np.float64), trial.weights)


def _borrowed(values: FloatArray, mean: FloatArray, group: IntArray) -> tuple[FloatArray, BoolArray]:
    """Series that could not be judged take their group's shape at their own level."""
    borrowed: BoolArray = np.asarray(np.isnan(mean).any(axis=1))
    result = mean.copy()
    for label in np.unique(group[borrowed]):
        rows, lenders = np.flatnonzero(borrowed & (group == label)), (group == label) & ~borrowed
        past, ahead = values[lenders], mean[lenders]
        if not lenders.any():
            past, ahead = np.ones((1, values.shape[1])), np.ones((1, mean.shape[1]))
        there = np.count_nonzero(~np.isnan(past), axis=0)
        typical = np.divide(np.nansum(past, axis=0), there, out=np.zeros(values.shape[1]), where=there > 0)
        own = ~np.isnan(values[rows])
        weight = (own * typical[None, :]).sum(axis=1)
        # Without a value of its own a new series starts as half of its peers are or less.
        unknown = 0.0
        if lenders.any() and typical.sum() > 0.0:
            unknown = float(np.median(np.nansum(past, axis=1)) / typical.sum())
        level = np.divide(np.nansum(values[rows], axis=1), weight, out=np.full(rows.size, unknown), where=weight > 0.0)
        result[rows] = level[:, None] * ahead.mean(axis=0)[None, :]
    return result, borrowed


def _arranged(quantiles: FloatArray, non_negative: BoolArray) -> FloatArray:
    ordered = np.sort(quantiles, axis=0)
    return np.where(non_negative[None, :, None], np.maximum(ordered, 0.0), ordered)


def _reasons(
    methods: tuple[Method, ...], trial: _Trial, weights: FloatArray, borrowed: BoolArray, values: FloatArray
) -> tuple[str, ...]:
    names = [method.name for method in methods]
    order = np.argsort(trial.errors, axis=1, kind="stable")[:, :2]
    empty: BoolArray = np.asarray(np.isnan(values).all(axis=1))
    least = np.take_along_axis(trial.errors, order, axis=1).tolist()
    largest = np.take_along_axis(weights, order[:, :1], axis=1)[:, 0].tolist()
    used, scored = np.count_nonzero(weights > 0.01, axis=1).tolist(), trial.scored.tolist()
    told = []
    for i, places in enumerate(order.tolist()):
        if borrowed[i]:
            short = "too short to be judged: its group's shape, its own level"
            told.append("no value yet: as its group" if empty[i] else short)
            continue
        text = f"{names[places[0]]}: error {least[i][0]:.3g} on {scored[i]} windows"
        if len(places) > 1 and least[i][1] < np.inf:
            text += f", next {names[places[1]]} {least[i][1]:.3g}"
        weighed = f"; {used[i]} methods by weight, the best {largest[i]:.0%}"
        told.append(text + (weighed if used[i] > 1 else "; used alone"))
    return tuple(told)
