"""Spike or shift: whether a series has changed its level, since when, by how much, and whether it will stay."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_number
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.changes_kernels import EVENT_NUMBERS, MOST_EVENTS, find_changes

KINDS = ("none", "temporary", "permanent", "unknown")
_ROUNDS = 3
_SERIES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of level, one entry per event in the order of series and time, and the latest word on each series.

    `kind` [series]: that of its latest event, or "none". Per event: `event_series`; `event_kind`: "temporary" (it
    ended), "permanent" (it settled) or "unknown" (too recent to say); `start_period`, `stop_period` (not included;
    the end of the history for what goes on); `level_before`, `level_after`: mean values per period, the season taken
    out; `factor`: their ratio (infinite from nothing; 0 where the series is not positive); `strength`: likelihood
    ratio statistic over the dispersion. `threshold` [series]: the strength that a change must reach; `dispersion`
    [series]: variance over mean (variance, where additive), serial correlation counted in. `is_additive` [series]:
    negative values, so levels differ.
    """

    kind: tuple[str, ...]
    event_series: IntArray
    event_kind: tuple[str, ...]
    start_period: IntArray
    stop_period: IntArray
    level_before: FloatArray
    level_after: FloatArray
    factor: FloatArray
    strength: FloatArray
    threshold: FloatArray
    dispersion: FloatArray
    is_additive: BoolArray


def classify_change(
    history: ArrayLike,
    season_periods: int,
    *,
    settle_periods: int = 8,
    smallest_change_share: float = 0.2,
    false_alarm_share: float = 0.05,
    known_factor: ArrayLike | None = None,
    long_cycle_periods: float = 0.0,
) -> Changes:
    """Where the level of each series changed, and whether the change is temporary, permanent or too recent to say.

    Parameters: `history` [series, period] (NaN = missing), `season_periods` (m >= 1), `settle_periods` (a level that
    has held this long is the new normal), `smallest_change_share` (levels nearer than 1 + this to each other are the
    same), `false_alarm_share` (of series without change that may show one), `known_factor` [period] or [series,
    period] (what is known to multiply the level: open days, promotions), `long_cycle_periods` (length of a year,
    taken out as one harmonic; 0 = none, as below one and a half of them).
    Formula: y_t varies around level x season x known factor with variance in proportion to its mean (the same variance,
    for series with negative values). Cuts minimise -2 log likelihood / dispersion + threshold x changes, exactly
    (PELT). Dispersion is taken about the levels found (at first from differences, which a shift hardly touches), times
    (1 + r) / (1 - r) for serial correlation r. The threshold bounds the largest statistic over all dates where nothing
    changed. A change shorter than `settle_periods` must also lie 2.25 times as far out as any other stretch of its
    length. Validity: a stable season; drift below `smallest_change_share`. Small series hide what they hide: a change
    shows when its strength, about (log factor)^2 / (1/y_before + 1/y_after) in counts, is above the threshold of
    about 12. Source: Killick, Fearnhead and Eckley, JASA 107 (2012); Csorgo and Horvath, Limit Theorems in
    Change-Point Analysis (1997), theorem 1.3.1 and (1.3.26); Gasser, Sroka and Jennen-Steinmetz, Biometrika 73 (1986).

    >>> found = classify_change([[20.0, 22.0, 19.0, 21.0] * 6 + [40.0, 44.0, 38.0, 42.0] * 4], season_periods=4)
    >>> found.kind, found.start_period.tolist(), found.factor.round(2).tolist()
    (('permanent',), [24], [2.0])
    """
    values = numbers("history", history, missing_allowed=True, ndim=2)
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    settle = whole_number("settle_periods", settle_periods, minimum=2, maximum=10**6)
    smallest = float(numbers("smallest_change_share", smallest_change_share, minimum=0.0, maximum=100.0, ndim=0))
    alarm = float(numbers("false_alarm_share", false_alarm_share, above=0.0, below=1.0, ndim=0))
    cycle = float(numbers("long_cycle_periods", long_cycle_periods, minimum=0.0, ndim=0))
    factor = _known(values, known_factor)
    if cycle and values.shape[1] < 1.5 * cycle:
        cycle = 0.0
    rules = _Rules(season, cycle, settle, math.log1p(smallest), alarm)
    parts = [
        _examined(values[a : a + _SERIES_AT_ONCE], factor[a : a + _SERIES_AT_ONCE], rules)
        for a in range(0, values.shape[0], _SERIES_AT_ONCE)
    ]
    return _together(parts, values.shape[0])


@dataclass(frozen=True, slots=True)
class _Rules:
    season: int
    cycle: float
    settle: int
    smallest_log: float
    alarm: float


@dataclass(frozen=True, slots=True, eq=False)
class _Examined:
    """What one search found in some of the series."""

    additive: BoolArray
    dispersion: FloatArray
    threshold: FloatArray
    level: FloatArray
    counts: IntArray
    events: IntArray
    numbers: FloatArray
    worth: FloatArray


def _known(values: FloatArray, known_factor: ArrayLike | None) -> FloatArray:
    if known_factor is None:
        return np.ones_like(values)
    given = numbers("known_factor", known_factor, minimum=0.0)
    if given.shape not in ((values.shape[1],), values.shape):
        raise EngineInputError(
            f"known_factor has shape {given.shape}: give ({values.shape[1]},) or {values.shape}, as history"
        )
    return np.broadcast_to(given, values.shape).copy()


@cache
def _threshold(periods: int, alarm: float) -> float:
    """The squared maximum that a standardised bridge exceeds between periods 1 and n - 1 with probability `alarm`."""
    if periods < 4:
        return math.inf
    span = 2.0 * math.log(periods - 1.0)

    def excess(x: float) -> float:
        tail = x * math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        return tail * (span * (1.0 - 1.0 / x**2) + 4.0 / x**2) - alarm

    root: float = optimize.brentq(excess, 1.8, 40.0) if excess(1.8) > 0.0 else 1.8
    return root * root


def _examined(values: FloatArray, factor: FloatArray, rules: _Rules) -> _Examined:
    """The better of two searches: one that first sees the long cycle, one that first sees the changes."""
    first = _searched(values, factor, rules, starts_with_cycle=False)
    if not rules.cycle:
        return first
    second = _searched(values, factor, rules, starts_with_cycle=True)
    # Judged by one dispersion: the smaller would otherwise count for itself.
    better = second.worth * second.dispersion > first.worth * first.dispersion
    names = ("additive", "dispersion", "threshold", "level", "counts", "events", "numbers", "worth")
    picked = {}
    for name in names:
        one, other = getattr(first, name), getattr(second, name)
        picked[name] = np.where(better.reshape((-1,) + (1,) * (one.ndim - 1)), other, one)
    return _Examined(**picked)


def _searched(values: FloatArray, factor: FloatArray, rules: _Rules, starts_with_cycle: bool) -> _Examined:
    """Season, cycle and levels in turn, each from what the others leave."""
    additive: BoolArray = np.any(values < 0.0, axis=1)
    seen = ~np.isnan(values) & (factor > 0.0)
    seen_count = np.count_nonzero(seen, axis=1)
    threshold = np.array([_threshold(int(n), rules.alarm / 2.0) for n in seen_count])
    level = (
        np.ones_like(values) * _share(np.where(seen, values, 0.0).sum(1), np.where(seen, factor, 0.0).sum(1))[:, None]
    )
    wave = np.zeros_like(values)
    result: _Examined | None = None
    for turn in range(_ROUNDS):
        shape = _season(values, seen, level, factor * (1.0 + wave), additive, rules.season)
        if rules.cycle and (turn > 0 or starts_with_cycle):
            wave = _wave(values, seen & ~additive[:, None], level * shape * factor, rules.cycle)
        expected = np.where(additive[:, None], 1.0, shape * factor * (1.0 + wave))
        adjusted = np.where(additive[:, None], values - shape, values)
        usable = seen & (expected > 0.0)
        dispersion = _dispersion(
            adjusted, usable, np.where(additive[:, None], level, level * expected), additive, rules, turn
        )
        result = _run(adjusted, expected, usable, additive, dispersion, threshold, rules)
        level = result.level
    assert result is not None
    return result


def _run(
    adjusted: FloatArray,
    expected: FloatArray,
    usable: BoolArray,
    additive: BoolArray,
    dispersion: FloatArray,
    threshold: FloatArray,
    rules: _Rules,
) -> _Examined:
    series, periods = adjusted.shape
    y, e = array(np.where(usable, adjusted, 0.0)), array(np.where(usable, expected, 0.0))
    endless = 1e300
    penalty = np.minimum(threshold * dispersion, endless)
    level, counts = np.zeros((series, periods)), np.zeros(series, dtype=np.int64)
    events = np.zeros((series, 2 * MOST_EVENTS, 3), dtype=np.int64)
    found = np.zeros((series, 2 * MOST_EVENTS, EVENT_NUMBERS))
    scratch = [np.zeros((series, periods + 2)) for _ in range(4)]
    scratch[0], scratch[1] = np.zeros((series, periods + 1)), np.zeros((series, periods + 1))
    places = [np.zeros((series, periods + 2), dtype=np.int64) for _ in range(2)]
    if periods:
        run_in_parts(
            find_changes,
            series,
            8.0 * series * periods * min(periods, 60),
            y,
            e,
            additive.astype(np.int64),
            penalty,
            rules.smallest_log,
            rules.settle,
            *scratch,
            *places,
            level,
            counts,
            events,
            found,
        )
    mean = level * e
    fitted = np.log(np.where(mean > 0.0, mean, 1.0))
    likelihood = 2.0 * np.where(additive[:, None], y * mean - 0.5 * mean**2, y * fitted - mean).sum(axis=1)
    cuts = np.count_nonzero(np.diff(level, axis=1), axis=1)
    worth = _share(likelihood, dispersion) - np.minimum(threshold, 1e9) * cuts
    return _Examined(additive, dispersion, threshold, level, counts, events, found, worth)


def _season(
    values: FloatArray, seen: BoolArray, level: FloatArray, factor: FloatArray, additive: BoolArray, season: int
) -> FloatArray:
    """What each phase multiplies the level by (or adds to it); 1 (or 0) with fewer than two seasons to see it by."""
    phase = np.arange(values.shape[1]) % season
    neutral = np.where(additive, 0.0, 1.0)[:, None]
    if season == 1 or values.shape[1] < 2 * season:
        return np.broadcast_to(neutral, values.shape).copy()
    times = _by_phase(np.where(seen, np.where(additive[:, None], 1.0, level * factor), 0.0), season)
    total = _by_phase(np.where(seen, np.where(additive[:, None], values - level, values), 0.0), season)
    per_phase = np.divide(total, times, out=np.broadcast_to(neutral, times.shape).copy(), where=times > 0.0)
    shape: FloatArray = per_phase[:, phase]
    return shape


def _by_phase(values: FloatArray, season: int) -> FloatArray:
    """Sums per phase. No matrix product: its last digits depend on how many series there are."""
    filled = np.zeros((values.shape[0], -(-values.shape[1] // season) * season))
    filled[:, : values.shape[1]] = values
    sums: FloatArray = filled.reshape(values.shape[0], -1, season).sum(axis=1)
    return sums


def _wave(values: FloatArray, seen: BoolArray, mean: FloatArray, cycle: float) -> FloatArray:
    """One harmonic of the long cycle, by weighted least squares on value / mean - 1."""
    angle = 2.0 * np.pi * np.arange(values.shape[1]) / cycle
    c, s = np.cos(angle), np.sin(angle)
    weight = np.where(seen, mean, 0.0)
    rest = np.where(seen, values - mean, 0.0)
    cc, ss, cs = ((weight * basis).sum(axis=1) for basis in (c * c, s * s, c * s))
    yc, ys = (rest * c).sum(axis=1), (rest * s).sum(axis=1)
    room = cc * ss - cs * cs
    a, b = _share(yc * ss - ys * cs, room), _share(ys * cc - yc * cs, room)
    # A wave is never so high that it would leave nothing.
    shrink = np.minimum(1.0, _share(np.full_like(a, 0.9), np.hypot(a, b)) + (np.hypot(a, b) == 0.0))
    wave: FloatArray = (a * shrink)[:, None] * c + (b * shrink)[:, None] * s
    return wave


def _dispersion(
    values: FloatArray, usable: BoolArray, mean: FloatArray, additive: BoolArray, rules: _Rules, turn: int
) -> FloatArray:
    """Variance over mean of the sums of many periods: serial correlation counted in.

    Before levels are known, it's taken from differences of neighbours and of next neighbours, which a shift hardly
    touches, without the largest: they may be changes.
    """
    dropped = 0 if turn else 3
    scale = np.where(additive[:, None], 1.0, np.sqrt(np.maximum(mean, 0.0)))
    rest = np.full_like(values, np.nan)
    np.divide(np.where(usable, values - mean, np.nan), scale, out=rest, where=scale > 0.0)
    if turn:
        square, product = _mean_square(rest, 0), _mean_product(rest)
        correlation = np.clip(_share(product, square), 0.0, 0.9)
        variance = square
    else:
        near, far = (_mean_square(rest[:, lag:] - rest[:, :-lag], lag * dropped) for lag in (1, 2))
        correlation = np.clip(_share(far, near) - 1.0, 0.0, 0.9)
        variance = near / (2.0 * (1.0 - correlation))
    variance = variance * (1.0 + correlation) / (1.0 - correlation)
    count = np.count_nonzero(usable, axis=1)
    known = min(rules.season, values.shape[1] // 2) + (2 if rules.cycle else 0)
    variance = variance * count / np.maximum(count - known, 1)
    whole = np.all(np.where(usable, values == np.floor(values), True), axis=1) & ~additive
    size = np.where(additive, 1.0, _share(np.where(usable, mean, 0.0).sum(axis=1), count.astype(np.float64)))
    result: FloatArray = np.maximum(variance, np.where(whole, 1.0, 1e-9 * np.maximum(size, 1e-9)))
    return result


def _mean_product(values: FloatArray) -> FloatArray:
    pairs = values[:, 1:] * values[:, :-1]
    there = ~np.isnan(pairs)
    return _share(np.where(there, pairs, 0.0).sum(axis=1), np.count_nonzero(there, axis=1).astype(np.float64))


def _mean_square(values: FloatArray, dropped: int) -> FloatArray:
    """Mean over what there is but the largest few, put right for what normal errors lose by that."""
    squares = np.sort(np.where(np.isnan(values), np.inf, values**2), axis=1)
    present = np.count_nonzero(np.isfinite(squares), axis=1)
    count = np.maximum(present - dropped, 0)
    counted = np.arange(squares.shape[1])[None, :] < count[:, None]
    mean = _share(np.where(counted, squares, 0.0).sum(axis=1), count.astype(np.float64))
    if not dropped:
        return mean
    part = _share(count.astype(np.float64), present.astype(np.float64))
    kept_of_normal = _share(special.gammainc(1.5, special.gammaincinv(0.5, part)), part)
    return _share(mean, kept_of_normal)


def _share(top: FloatArray, bottom: FloatArray) -> FloatArray:
    result: FloatArray = np.divide(top, bottom, out=np.zeros_like(np.asarray(top)), where=bottom != 0.0)
    return result


def _together(parts: list[_Examined], series: int) -> Changes:
    def joined(name: str, empty: tuple[int, ...], kind: type = np.float64) -> FloatArray:
        return np.concatenate([getattr(p, name) for p in parts]) if parts else np.zeros(empty, dtype=kind)

    counts = joined("counts", (0,), np.int64)
    events = joined("events", (0, 2 * MOST_EVENTS, 3), np.int64)
    values = joined("numbers", (0, 2 * MOST_EVENTS, EVENT_NUMBERS))
    dispersion, additive = joined("dispersion", (0,)), joined("additive", (0,), np.bool_)
    row, at = np.nonzero(np.arange(2 * MOST_EVENTS)[None, :] < counts[:, None])
    picked, sizes = events[row, at], values[row, at]
    latest = np.where(counts > 0, events[np.arange(series), np.maximum(counts - 1, 0), 0], 0)
    from_nothing = np.where(sizes[:, 1] > 0.0, np.inf, 1.0)
    ratio = np.divide(sizes[:, 1], sizes[:, 0], out=from_nothing, where=sizes[:, 0] != 0.0)
    return Changes(
        kind=tuple(KINDS[k] for k in latest.tolist()),
        event_series=frozen(row),
        event_kind=tuple(KINDS[k] for k in picked[:, 0].tolist()),
        start_period=frozen(picked[:, 1].copy()),
        stop_period=frozen(picked[:, 2].copy()),
        level_before=frozen(sizes[:, 0].copy()),
        level_after=frozen(sizes[:, 1].copy()),
        factor=frozen(np.where(additive[row], 0.0, ratio)),
        strength=frozen(_share(sizes[:, 2], dispersion[row])),
        threshold=frozen(np.minimum(joined("threshold", (0,)), 1e300)),
        dispersion=frozen(dispersion),
        is_additive=frozen(additive),
    )
