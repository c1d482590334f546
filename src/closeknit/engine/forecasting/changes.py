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
from closeknit.engine.forecasting.changes_kernels import EVENT_NUMBERS, MOST_EVENTS, UNKNOWN_CHANCE, find_changes
from closeknit.engine.forecasting.spike_kernels import PLAIN

KINDS = ("none", "temporary", "permanent", "unknown")
_ROUNDS = 3
_NORMAL_95 = 1.959964
_SERIES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of level, one entry per event in the order of series and time, and the latest word on each series.

    `kind` [series]: that of its latest event, or "none". Per event: `event_series`; `event_kind`: "temporary" (it
    ended), "permanent" (it settled) or "unknown" (too recent to say); `start_period`, `stop_period` (not included;
    the end of the history for what goes on); `level_before`, `level_after`: mean values per period, the season taken
    out; `factor`: their ratio (infinite from nothing; 0 where the series is not positive), `factor_low`, `factor_high`
    its 95 % interval; `strength`: likelihood ratio statistic over the dispersion; `chance`: how likely noise alone
    would show as much anywhere in such a series. `threshold` [series]: the strength that a lasting change must reach;
    `dispersion` [series]: variance over mean (variance, where additive), serial correlation counted in. `is_additive`
    [series]: negative values, so levels differ.
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
    factor_low: FloatArray
    factor_high: FloatArray
    chance: FloatArray


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
    (PELT). Dispersion is taken about the levels found, from differences, and about the best two levels, the least of
    these (a change must not hide behind itself), times (1 + r) / (1 - r) for serial correlation r. The threshold bounds
    the largest statistic over all dates where nothing changed. Departures shorter than `settle_periods` are judged one
    by one: given the total, a stretch of Poisson counts is binomial and of over-dispersed ones beta-binomial; its tail,
    summed over all stretches as far as counts can reach it, is `chance`. Over-dispersed ones must also lie 1.2 times
    as far out as any other stretch of their length. Validity: a stable season; drift below `smallest_change_share`.
    Small series hide what they hide: a shift shows when its strength, about (log factor)^2 / (1/y_before + 1/y_after)
    in counts, is above the threshold of about 10. Source: Killick, Fearnhead and Eckley, JASA 107 (2012); James, James
    and Siegmund, Biometrika 74 (1987); Gasser, Sroka and Jennen-Steinmetz, Biometrika 73 (1986).

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
    seen: IntArray
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
    """The squared maximum that a standardised bridge exceeds at one of 1 ... n - 1 with probability `alarm`."""
    if periods < 4:
        return math.inf
    root: float = optimize.brentq(lambda b: _crossing(b, periods) - alarm, 1.8, 40.0)
    return root * root


def _parts(alarm: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """What lasting changes and spikes may each claim of the false alarms: of plain counts, and of all else.

    Simulated: among counts no bound is reached, for they jump; where the tail is not known, all are.
    """
    return (0.5 * alarm, 1.0 * alarm), (0.15 * alarm, 0.15 * alarm)


def _crossing(b: float, periods: int) -> float:
    """James, James and Siegmund (1987): 2 b phi(b) times the integral of nu(x + b^2 / (n x)) / x."""
    ends = [b * math.sqrt(1.0 / m - 1.0 / periods) for m in (periods - 1.0, 1.0)]
    log_x = np.linspace(math.log(ends[0]), math.log(ends[1]), 400)
    far = np.exp(log_x) + b * b / (periods * np.exp(log_x))
    half = special.ndtr(far / 2.0) - 0.5
    density = np.exp(-far * far / 8.0) / math.sqrt(2.0 * math.pi)
    nu = 2.0 / far * half / (far / 2.0 * (half + 0.5) + density)
    whole = float(np.sum(0.5 * (nu[1:] + nu[:-1]) * np.diff(log_x)))
    return 2.0 * b * math.exp(-b * b / 2.0) / math.sqrt(2.0 * math.pi) * whole


def _examined(values: FloatArray, factor: FloatArray, rules: _Rules) -> _Examined:
    """The better of two searches: one that first sees the long cycle, one that first sees the changes."""
    first = _searched(values, factor, rules, starts_with_cycle=False)
    if not rules.cycle:
        return first
    second = _searched(values, factor, rules, starts_with_cycle=True)
    # Judged by one dispersion: the smaller would otherwise count for itself.
    better = second.worth * second.dispersion > first.worth * first.dispersion
    names = ("additive", "seen", "dispersion", "threshold", "level", "counts", "events", "numbers", "worth")
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
    parts = _parts(rules.alarm)
    limits = [np.array([_threshold(int(n), part) for n in seen_count]) for part in (parts[0][0], parts[1][0])]
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
        mean = np.where(additive[:, None], level, level * expected)
        # Neither differences nor a level cut once see a shift that has not been found: none may hide behind itself.
        means = ((mean, turn > 0), (mean, False), (_cut_once(adjusted, usable, expected, mean), True))
        spreads = [_dispersion(adjusted, usable, about, additive, rules, by_level) for about, by_level in means]
        dispersion = np.where(additive, spreads[0], np.minimum.reduce(spreads))
        plain = (dispersion < PLAIN) & _are_whole(adjusted, usable, additive)
        threshold = np.where(plain, *limits)
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
    whole = _are_whole(adjusted, usable, additive)
    longest = max(rules.settle - 1, 1)
    # That many windows would be as likely to exceed, were they independent: simulated for 30 to 300 normal values.
    of_windows = (1.0 + 1.5 * math.log(longest)) / longest
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
            dispersion,
            whole.astype(np.int64),
            _known_numbers(rules, periods) + 1.0,
            of_windows,
            *(part[1] for part in _parts(rules.alarm)),
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
    seen = np.count_nonzero(usable, axis=1)
    return _Examined(additive, seen, dispersion, threshold, level, counts, events, found, worth)


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


def _cut_once(values: FloatArray, usable: BoolArray, expected: FloatArray, mean: FloatArray) -> FloatArray:
    """Means by the best two levels of counts."""
    if values.shape[1] < 2:
        return mean
    y, e = (np.cumsum(np.where(usable, np.maximum(part, 0.0), 0.0), axis=1) for part in (values, expected))
    sums = ((y, e), (y[:, -1:] - y, e[:, -1:] - e))
    levels = [_share(above, times) for above, times in sums]
    logs = [np.log(np.where(level > 0.0, level, 1.0)) for level in levels]
    at = np.argmax(sums[0][0] * logs[0] + sums[1][0] * logs[1], axis=1)[:, None]
    one, other = (np.take_along_axis(level, at, axis=1) for level in levels)
    cut: FloatArray = np.where(np.arange(values.shape[1])[None, :] <= at, one, other) * expected
    return cut


def _dispersion(
    values: FloatArray, usable: BoolArray, mean: FloatArray, additive: BoolArray, rules: _Rules, by_level: bool
) -> FloatArray:
    """Variance over mean of the sums of many periods: serial correlation counted in.

    Before levels are known, it's taken from differences of neighbours and of next neighbours, which a shift hardly
    touches, without the largest: they may be changes.
    """
    dropped = 0 if by_level else 3
    scale = np.where(additive[:, None], 1.0, np.sqrt(np.maximum(mean, 0.0)))
    rest = np.full_like(values, np.nan)
    np.divide(np.where(usable, values - mean, np.nan), scale, out=rest, where=scale > 0.0)
    count = np.count_nonzero(usable, axis=1)
    if by_level:
        square, product = _mean_square(rest, 0), _mean_product(rest)
        correlation = _beyond(np.clip(_share(product, square), 0.0, 0.9), 2.0 / np.sqrt(np.maximum(count, 1)))
        variance = square
    else:
        near, far = (_mean_square(rest[:, lag:] - rest[:, :-lag], lag * dropped) for lag in (1, 2))
        correlation = np.clip(_share(far, near) - 1.0, 0.0, 0.9)
        correlation = _beyond(correlation, 2.0 / np.sqrt(np.maximum(count, 1)))
        variance = near / (2.0 * (1.0 - correlation))
    known = _known_numbers(rules, values.shape[1])
    variance = variance * count / np.maximum(count - known, 1)
    whole = _are_whole(values, usable, additive)
    size = np.where(additive, 1.0, _share(np.where(usable, mean, 0.0).sum(axis=1), count.astype(np.float64)))
    # Counts vary at least as Poisson ones do, and more only where that is plain to see.
    unsure = np.sqrt((2.0 + _share(np.ones_like(size), size)) / np.maximum(count, 1))
    variance = np.where(whole, 1.0 + _beyond(np.maximum(variance - 1.0, 0.0), unsure), variance)
    variance = variance * (1.0 + correlation) / (1.0 - correlation)
    result: FloatArray = np.maximum(variance, np.where(whole, 1.0, 1e-9 * np.maximum(size, 1e-9)))
    return result


def _known_numbers(rules: _Rules, periods: int) -> float:
    """How many numbers season and cycle take from the series."""
    return float(min(rules.season, periods // 2) + (2 if rules.cycle else 0))


def _are_whole(values: FloatArray, usable: BoolArray, additive: BoolArray) -> BoolArray:
    whole: BoolArray = np.all(np.where(usable, values == np.floor(values), True), axis=1) & ~additive
    return whole


def _beyond(value: FloatArray, unsure: FloatArray) -> FloatArray:
    """An estimate drawn to 0 where it is not clearly above it."""
    return value * np.minimum(1.0, _share(value, unsure))


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
    seen = joined("seen", (0,), np.int64)
    dispersion, additive = joined("dispersion", (0,)), joined("additive", (0,), np.bool_)
    row, at = np.nonzero(np.arange(2 * MOST_EVENTS)[None, :] < counts[:, None])
    picked, sizes = events[row, at], values[row, at]
    latest = np.where(counts > 0, events[np.arange(series), np.maximum(counts - 1, 0), 0], 0)
    from_nothing = np.where(sizes[:, 1] > 0.0, np.inf, 1.0)
    ratio = np.divide(sizes[:, 1], sizes[:, 0], out=from_nothing, where=sizes[:, 0] != 0.0)
    ratio = np.where(additive[row], 0.0, ratio)
    strength = _share(sizes[:, 2], dispersion[row])
    lasting = sizes[:, 3] == UNKNOWN_CHANCE
    among = [_crossing(math.sqrt(max(x, 1.0)), n) if n > 3 else 1.0 for x, n in zip(strength, seen[row], strict=True)]
    chance = np.where(lasting, np.minimum(among, 1.0), sizes[:, 3])
    counted: BoolArray = (sizes[:, 4:] > 0.0).all(axis=1) & np.logical_not(additive[row])
    known = np.where(counted[:, None], sizes[:, 4:], 1.0)
    error = np.sqrt(dispersion[row] * (1.0 / known).sum(axis=1))
    apart = np.exp(np.minimum(_NORMAL_95 * error, 700.0))
    # A factor too large for a number is as good as infinite.
    with np.errstate(over="ignore"):
        highest = np.where(counted, ratio * apart, np.where(additive[row], 0.0, np.inf))
    return Changes(
        kind=tuple(KINDS[k] for k in latest.tolist()),
        event_series=frozen(row),
        event_kind=tuple(KINDS[k] for k in picked[:, 0].tolist()),
        start_period=frozen(picked[:, 1].copy()),
        stop_period=frozen(picked[:, 2].copy()),
        level_before=frozen(sizes[:, 0].copy()),
        level_after=frozen(sizes[:, 1].copy()),
        factor=frozen(ratio),
        strength=frozen(strength),
        threshold=frozen(np.minimum(joined("threshold", (0,)), 1e300)),
        dispersion=frozen(dispersion),
        is_additive=frozen(additive),
        factor_low=frozen(np.where(counted, ratio / apart, 0.0)),
        factor_high=frozen(highest),
        chance=frozen(chance),
    )
