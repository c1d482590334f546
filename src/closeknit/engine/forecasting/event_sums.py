"""What came with each event and what would have come without it, series by series, and how far such sums stray."""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.forecasting.local_level import around, local_line, seasonal_level, share, triangle

_ROUNDS = 4
_SERIES_AT_ONCE = 1024
_PRIOR_WINDOWS = 5.0
_REACH_SEASONS, _SHORTEST_REACH = 4, 8


@dataclass(frozen=True, slots=True, eq=False)
class EventSums:
    """Per series and event, weighted by x: what came (x), what would have come (x^2, and x^3), how often it was seen.

    `squares` over `calm_expected` is the variance over the mean of `windows` stretches of the event's length without
    any event.
    """

    came: FloatArray
    expected: FloatArray
    cubes: FloatArray
    squares: FloatArray
    calm_expected: FloatArray
    windows: FloatArray
    occurrences: IntArray


_NAMES = ("came", "expected", "cubes", "squares", "calm_expected", "windows", "occurrences")


def gather(
    values: FloatArray, shown: FloatArray, own: BoolArray, season: int, group: IntArray
) -> tuple[EventSums, EventSums]:
    """Sums of each series, and of each group's series put together (noise that they share shows only there)."""
    groups = int(group.max()) + 1 if group.size else 0
    added, concerned = _added(values, own, group, groups)
    together, shapes = _examined(added, shown, concerned, season, np.ones_like(added))
    parts = [
        _examined(values[rows], shown, own[rows], season, shapes[group[rows]])[0]
        for a in range(0, values.shape[0], _SERIES_AT_ONCE)
        for rows in [slice(a, a + _SERIES_AT_ONCE)]
    ]
    if not parts:
        return together, together
    return EventSums(*(np.concatenate([getattr(p, n) for p in parts]) for n in _NAMES)), together


def dispersion(sums: EventSums, group: IntArray) -> FloatArray:
    """[series, event]: variance over mean of such sums, a series with few windows leaning on its group."""
    groups = int(group.max()) + 1 if group.size else 0
    squares, total = np.zeros((2, groups, sums.came.shape[1]))
    np.add.at(squares, group, sums.squares)
    np.add.at(total, group, sums.calm_expected)
    common = share(squares, total, 1.0)[group] if groups else np.ones_like(sums.came)
    own = share(sums.squares, sums.calm_expected, 1.0)
    # Never below a hundredth: a series that has not moved at all may still move.
    mixed = (sums.windows * own + _PRIOR_WINDOWS * common) / (sums.windows + _PRIOR_WINDOWS)
    result: FloatArray = np.maximum(mixed, 1e-2 * np.maximum(common, 1e-9))
    return result


def _added(values: FloatArray, own: BoolArray, group: IntArray, groups: int) -> tuple[FloatArray, BoolArray]:
    """Groups as series: the sum of what is there, scaled up for members that are missing in a period."""
    seen = ~np.isnan(values)
    total, weight = np.zeros((2, groups, values.shape[1]))
    counted = np.any(own, axis=1) if own.size else np.zeros(values.shape[0], dtype=np.bool_)
    size = share(np.where(seen, values, 0.0).sum(axis=1), np.count_nonzero(seen, axis=1).astype(float), 0.0)
    kept = seen & counted[:, None]
    np.add.at(total, group, np.where(kept, values, 0.0))
    np.add.at(weight, group, np.where(kept, size[:, None], 0.0))
    whole = np.zeros(groups)
    np.add.at(whole, group, np.where(counted, size, 0.0))
    part = share(weight, whole[:, None], 0.0)
    concerned = np.zeros((groups, own.shape[1]), dtype=np.bool_)
    np.logical_or.at(concerned, group, own)
    return np.where(part > 0.5, share(total, part, 0.0), np.nan), concerned


def _examined(
    values: FloatArray, shown: FloatArray, own: BoolArray, season: int, common_shape: FloatArray
) -> tuple[EventSums, FloatArray]:
    seen = ~np.isnan(values)
    on = own.astype(np.float64) @ (shown > 0.0).astype(np.float64) > 0.0
    calm, filled = seen & ~on, np.where(seen, values, 0.0)
    reach = _reach(season, values.shape[1])
    level, shape = seasonal_level(filled, calm, season, reach, common_shape)
    came, expected, cubes = _ratios(filled, level * shape, seen, shown, own)
    noise = np.zeros((3, *came.shape))
    lengths = [run_length(when) for when in shown]
    for length in sorted(set(lengths)):
        mine = [e for e, other in enumerate(lengths) if other == length]
        noise[:, :, mine] = _noise(filled, calm, shape, length, reach)[:, :, None]
    times = np.where(own, _occurrences(seen, shown), 0)
    return EventSums(came, expected, cubes, noise[0], noise[1], noise[2], times), shape


def _reach(season: int, periods: int) -> int:
    seasons = season if periods >= 4 * season else 1
    return min(max(_REACH_SEASONS * seasons, _SHORTEST_REACH), max(periods - 1, 1))


def run_length(when: FloatArray) -> int:
    """The usual length of an uninterrupted run of the event, in periods."""
    on = np.concatenate([[0], (when > 0.0).astype(np.int64), [0]])
    starts, stops = np.flatnonzero(np.diff(on) == 1), np.flatnonzero(np.diff(on) == -1)
    return max(int(np.median(stops - starts)), 1) if starts.size else 1


def _occurrences(seen: BoolArray, shown: FloatArray) -> IntArray:
    times = np.zeros((seen.shape[0], shown.shape[0]), dtype=np.int64)
    for event, when in enumerate(shown > 0.0):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], when.astype(np.int64), [0]])))
        for start, stop in edges.reshape(-1, 2):
            times[:, event] += np.any(seen[:, start:stop], axis=1)
    return times


def _ratios(
    values: FloatArray, base: FloatArray, seen: BoolArray, shown: FloatArray, own: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What came and what would have, per event, the other events taken out."""
    shape = (values.shape[0], shown.shape[0])
    factor, came, expected, cubes = np.ones(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    used = [np.flatnonzero(when > 0.0) for when in shown]
    whole = np.ones_like(values)
    for turn in range(_ROUNDS):
        before = factor.copy()
        for e, at in enumerate(used):
            x = shown[e, at]
            there = seen[:, at] & own[:, e, None]
            others = whole[:, at] / (1.0 + x * (factor[:, e, None] - 1.0))
            b = np.where(there, base[:, at] * others, 0.0)
            came[:, e] = (x * (np.where(there, values[:, at], 0.0) - b * (1.0 - x))).sum(axis=1)
            expected[:, e] = (x * x * b).sum(axis=1)
            cubes[:, e] = (x * x * x * b).sum(axis=1)
            # A factor taken from a handful of units would throw the others off.
            new = share(came[:, e] + 1.0, expected[:, e] + 1.0, 1.0)
            factor[:, e] = np.where(own[:, e], np.clip(new, 1e-3, 50.0), 1.0)
            whole[:, at] = others * (1.0 + x * (factor[:, e, None] - 1.0))
        if turn and np.max(np.abs(factor - before), initial=0.0) < 1e-9:
            break
    return came, expected, cubes


def _noise(values: FloatArray, calm: BoolArray, shape: FloatArray, length: int, reach: int) -> FloatArray:
    """[3, series]: squared errors of calm windows forecast from around them, what was expected, how many there are."""
    reach = max(reach, 2 * length)
    window = np.ones(length if length % 2 else length + 1)
    if length % 2 == 0:
        window[[0, -1]] = 0.5
    level = local_line(values, calm, shape, triangle(reach, gap=window.size))
    came = around(np.where(calm, values, 0.0), window)
    expected = level * around(np.where(calm, shape, 0.0), window)
    there = (around(calm.astype(np.float64), window) >= 0.99 * length) & (expected > 0.0)
    squares = np.where(there, (came - expected) ** 2, 0.0).sum(axis=1)
    total = np.where(there, expected, 0.0).sum(axis=1)
    return np.stack([squares, total, np.count_nonzero(there, axis=1) / length])
