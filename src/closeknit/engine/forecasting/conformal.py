"""Conformal quantiles: errors on windows, scaled without themselves, pooled over a group, per step ahead."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.compiled import array, run
from closeknit.engine.forecasting import conformal_kernels as kernels
from closeknit.engine.forecasting.spread import empirical_quantiles

_ENOUGH = 600
"""Errors behind the quantiles of one step; with fewer, neighbouring steps lend theirs."""
_POWERS = np.array([0.0, 0.5, 1.0])
_GROWTHS = np.array([0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0])
_STEPS = 100.0
"""Work per error: whoever compares methods that are fitted has their errors looked at by what is compiled."""
_FEWEST_FREEDOM = 2.0
_FEWEST_BEFORE = 2
_STRETCH_KNOWN = 10.0
_HORIZONS_HELD = 15.0
"""Horizons in the past at which a spell calmer than was said counts half."""
_LEAST_AND_MOST = (0.5, 3.0)
_NUMBERS_AT_ONCE = 1_000_000
_SIDES_KNOWN = 60.0
"""Independent errors at which the two sides count as much each by itself as both together."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What quantiles are made of: `spread` [series], scaled errors [series, window, step], `group` [series].

    Per group: `power` of the forecast and `growth` of the variance per step that an error's size goes with, and
    `independent`: how many independent errors the scaled ones are worth, and `stretch`: what intervals are multiplied
    by so that those made in the past would have reached what they said.
    """

    spread: FloatArray
    power: FloatArray
    growth: FloatArray
    independent: FloatArray
    stretch: FloatArray
    scores: FloatArray
    group: IntArray


def calibrated(
    actual: FloatArray,
    forecast: FloatArray,
    scale: FloatArray,
    group: IntArray,
    origins: IntArray,
    since: int = 0,
    like: Calibration | None = None,
) -> Calibration:
    """Scaled errors of forecasts [series, window, step], each scaled by those windows that share no period with it.

    An error's size goes with a power (0, 1/2 or 1) of the forecast's own, and its variance with 1 + growth (step - 1):
    the likeliest of the group, or those of `like`. `origins`: latest first; windows before the `since`-th are not seen.
    """
    groups, steps = 1 + int(group.max()) if group.size else 0, actual.shape[2]
    actual, forecast = np.ascontiguousarray(actual), np.ascontiguousarray(forecast)
    power, growth = _likeliest(actual, forecast, group, groups, since) if like is None else (like.power, like.growth)
    shape, work = actual.shape[:2], _STEPS * actual.size
    scores, spread = np.zeros((shape[0], shape[1] - since, steps)), np.zeros(shape[0])
    others, of_group = disjoint(origins[since:], steps), np.zeros((groups, 2))
    how = others, power, _widening(growth, steps), np.zeros(shape), np.zeros(shape), of_group
    run(kernels.scale_errors, work, since, actual, forecast, scale, group, *how, spread, scores)
    sums, seen = np.zeros((groups, shape[1] - since)), np.zeros((groups, shape[1] - since))
    independent = np.ones(groups)
    found = sums, seen, np.zeros(groups), independent
    run(kernels.count_independent, work, scores, group, origins[since:], *found)
    return Calibration(spread, power, growth, independent, np.ones(groups), scores, group)


def stretched(
    actual: FloatArray,
    forecast: FloatArray,
    scale: FloatArray,
    group: IntArray,
    origins: IntArray,
    calibration: Calibration,
) -> Calibration:
    """The calibration with its `stretch`: 80 % intervals of past windows, from those before each, against what came.

    The factor that would have made four in five fall within is taken to a power below 1 where windows are few, and,
    where it would make intervals narrower, where the past is not many times as long as the horizon.
    """
    ratio, judged = np.full(actual.shape, np.nan), 0
    for place in range(origins.size):
        since = _first_before(origins, actual.shape[2], place)
        if origins.size - since < _FEWEST_BEFORE:
            continue
        made = calibrated(actual, forecast, scale, group, origins, since, calibration)
        mean = np.where(np.isnan(forecast[:, place]), 0.0, forecast[:, place])
        low, high = quantiles_of(mean, made, np.array([0.1, 0.9]))
        off = actual[:, place] - forecast[:, place]
        half = np.where(off > 0.0, high - mean, mean - low)
        np.divide(np.abs(off), half, out=ratio[:, place], where=half > 0.0)
        judged += 1
    # Where the past has held but a few such horizons, all that comes may be off as a whole.
    held = float(origins.max(initial=0)) / actual.shape[2]
    stretch = np.ones_like(calibration.stretch)
    for label in range(stretch.size):
        pool = ratio[calibration.group == label].reshape(1, -1)
        found, count = empirical_quantiles(pool, np.array([0.8]))
        if count[0] and found[0, 0] > 0.0:
            known = calibration.independent[label] * judged / origins.size
            power = known / (known + _STRETCH_KNOWN)
            if found[0, 0] < 1.0:
                power *= held / (held + _HORIZONS_HELD)
            stretch[label] = np.clip(found[0, 0], *_LEAST_AND_MOST) ** power
    return replace(calibration, stretch=stretch)


def disjoint(origins: IntArray, horizon: int) -> BoolArray:
    """[window, other]: whether two windows share no period; all others, for one that shares some with every other."""
    gap = np.abs(origins[:, None] - origins[None, :])
    apart: BoolArray = gap >= horizon
    none = ~apart.any(axis=1)
    apart[none] = gap[none] > 0
    return apart


def quantiles_of(mean: FloatArray, calibration: Calibration, levels: FloatArray) -> FloatArray:
    """Quantiles [level, series, step] around the mean [series, step]."""
    units = np.zeros((calibration.power.size, levels.size, mean.shape[1]))
    for label in range(calibration.power.size):
        scores = (
            calibration.scores if label == 0 and units.shape[0] == 1 else calibration.scores[calibration.group == label]
        )
        units[label] = _steps(scores, levels, calibration.independent[label]) * calibration.stretch[label]
    result = np.zeros((levels.size, *mean.shape))
    how = calibration.group, calibration.spread, calibration.power, _widening(calibration.growth, mean.shape[1])
    run(kernels.put_around, _STEPS * result.size, array(mean), *how, units, result)
    return result


def reached(
    actual: FloatArray, forecast: FloatArray, scale: FloatArray, group: IntArray, levels: FloatArray, origins: IntArray
) -> tuple[FloatArray, int]:
    """Share of the latest window's values at or below quantiles calibrated on the windows before it, and how many."""
    since = _first_before(origins, actual.shape[2], 0)
    if since == origins.size:
        return np.zeros(levels.size), 0
    known = ~np.isnan(forecast[:, 0])
    mean = np.where(known, forecast[:, 0], 0.0)
    # Before, the window itself had a part in the forecast of the others.
    made = calibrated(actual, forecast, scale, group, origins, since)
    quantiles = quantiles_of(mean, made, levels)
    there = ~np.isnan(actual[:, 0]) & known
    count = int(np.count_nonzero(there))
    below = ((actual[None, :, 0] <= quantiles) & there[None]).sum(axis=(1, 2))
    return below / max(count, 1), count


def _first_before(origins: IntArray, horizon: int, place: int) -> int:
    """The first of the windows, latest first, that end before the one at `place` begins; their number for none."""
    return int(np.count_nonzero(origins + horizon > (origins[place] if origins.size else 0)))


def _steps(scores: FloatArray, levels: FloatArray, independent: float) -> FloatArray:
    """[level, step]: empirical quantiles per step, neighbours lending where errors are few; 0 where there are none.

    From few independent errors: both sides together as far as each is not known by itself, and as much wider as
    Student's prediction interval is than the normal one.
    """
    steps = scores.shape[2]
    known = independent / (independent + _SIDES_KNOWN)
    freedom = max(independent - 1.0, _FEWEST_FREEDOM)
    normal = special.ndtri(levels)
    student = special.stdtrit(freedom, levels) * np.sqrt(1.0 + 1.0 / (freedom + 1.0))
    wider = np.divide(student, normal, out=np.ones_like(normal), where=np.abs(normal) > 1e-9)
    if scores.size < _ENOUGH:
        return np.repeat(_placed(scores.reshape(1, -1), levels, known, wider), steps, axis=1)
    by_step = scores.reshape(-1, steps).T
    first, last = _lenders(np.count_nonzero(~np.isnan(by_step), axis=1))
    # Where errors are few many steps share the same ones.
    _, alone, of_step = np.unique(first * (steps + 1) + last, return_index=True, return_inverse=True)
    first, last = first[alone], last[alone]
    mixed = np.zeros((levels.size, alone.size))
    places = np.arange((last - first).max(initial=0))
    at_once = max(_NUMBERS_AT_ONCE // max(places.size * by_step.shape[1], 1), 1)
    for start in range(0, alone.size, at_once):
        some = slice(start, start + at_once)
        lent = first[some, None] + places
        pool = by_step[np.minimum(lent, steps - 1)]
        pool[lent >= last[some, None]] = np.nan
        mixed[:, some] = _placed(pool.reshape(lent.shape[0], -1), levels, known, wider)
    return mixed[:, of_step]


def _placed(pool: FloatArray, levels: FloatArray, known: float, wider: FloatArray) -> FloatArray:
    """[level, row]: quantiles of each row's own errors and of both sides together, made wider."""
    ordered, sizes = np.sort(pool, axis=1), np.sort(np.abs(pool), axis=1)
    result = np.zeros((levels.size, pool.shape[0]))
    run(kernels.place_quantiles, _STEPS * pool.size, ordered, sizes, array(levels), known, wider, result)
    return result


def _lenders(per_step: IntArray) -> tuple[IntArray, IntArray]:
    """[step]: the first step and the one after the last whose errors it uses: as many on each side as give enough."""
    steps = per_step.size
    up_to, step = np.concatenate([[0], np.cumsum(per_step)]), np.arange(steps)
    low, reach = np.zeros(steps, dtype=np.int64), np.full(steps, steps)
    while (low < reach).any():
        middle = (low + reach) // 2
        first, last = np.maximum(step - middle, 0), np.minimum(step + middle + 1, steps)
        enough = up_to[last] - up_to[first] >= _ENOUGH
        low, reach = np.where(enough, low, np.minimum(middle + 1, reach)), np.where(enough, middle, reach)
    return np.maximum(step - reach, 0), np.minimum(step + reach + 1, steps)


def _widening(growth: FloatArray, steps: int) -> FloatArray:
    """[growth, step]: root of 1 + growth (step - 1)."""
    widening: FloatArray = np.sqrt(1.0 + growth[:, None] * np.arange(steps))
    return widening


def _likeliest(
    actual: FloatArray, forecast: FloatArray, group: IntArray, groups: int, since: int
) -> tuple[FloatArray, FloatArray]:
    """[group]: the power and the growth with the best Laplace likelihood, each series with its own scale."""
    steps, costs = actual.shape[2], np.zeros((groups, _POWERS.size, _GROWTHS.size))
    scratch = np.zeros(steps), np.zeros(steps)
    how = _POWERS, _widening(_GROWTHS, steps), *scratch, costs
    run(kernels.cost_shapes, _STEPS * actual.size, since, actual, forecast, group, *how)
    best = costs.reshape(groups, -1).argmin(axis=1)
    return _POWERS[best // _GROWTHS.size], _GROWTHS[best % _GROWTHS.size]
