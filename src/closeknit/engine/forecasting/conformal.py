"""Conformal quantiles: errors on windows, scaled without themselves, pooled over a group, per step ahead."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.forecasting.spread import empirical_quantiles, two_sided_quantiles

_ENOUGH = 600
"""Errors behind the quantiles of one step; with fewer, neighbouring steps lend theirs."""
_POWERS = (0.0, 0.5, 1.0)
_GROWTHS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
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
    like: Calibration | None = None,
) -> Calibration:
    """Scaled errors of forecasts [series, window, step], each scaled by those windows that share no period with it.

    An error's size goes with a power (0, 1/2 or 1) of the forecast's own, and its variance with 1 + growth (step - 1):
    the likeliest of the group, or those of `like`.
    """
    groups = 1 + int(group.max()) if group.size else 0
    power, growth = np.zeros(groups), np.zeros(groups)
    shape = np.ones_like(forecast)
    for label in range(groups):
        rows = group == label
        if like is None:
            power[label], growth[label] = _likeliest(actual[rows], forecast[rows])
        else:
            power[label], growth[label] = like.power[label], like.growth[label]
        shape[rows] = _shape(forecast[rows], forecast[rows], power[label]) * _widening(forecast, growth[label])
    size = np.abs(actual - forecast) / shape / scale[:, None, None]
    there = ~np.isnan(size)
    total, count = np.where(there, size, 0.0).sum(axis=2), there.sum(axis=2).astype(np.float64)
    ratio = _group_share(total.sum(axis=1), count.sum(axis=1), group, groups)[group]
    prior = float(actual.shape[2])
    apart = disjoint(origins, actual.shape[2]).astype(np.float64)
    others, other_count = total @ apart.T, count @ apart.T
    left_out = (others + prior * ratio[:, None]) / (other_count + prior)
    spread = scale * (total.sum(axis=1) + prior * ratio) / (count.sum(axis=1) + prior)
    unit = (scale[:, None] * left_out)[:, :, None] * shape
    scores = np.divide(actual - forecast, unit, out=np.zeros_like(unit), where=unit > 0.0)
    scores = np.where(there, scores, np.nan)
    independent = np.array([_independent(scores[group == label], origins) for label in range(groups)])
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
        earlier = np.flatnonzero(origins + actual.shape[2] <= origins[place])
        if earlier.size < _FEWEST_BEFORE:
            continue
        made = calibrated(actual[:, earlier], forecast[:, earlier], scale, group, origins[earlier], calibration)
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
    result = np.broadcast_to(mean, (levels.size, *mean.shape)).copy()
    for label in range(calibration.power.size):
        rows = np.flatnonzero(calibration.group == label)
        unit = _steps(calibration.scores[rows], levels, calibration.independent[label])
        shape = _shape(mean[rows, None, :], mean[rows, None, :], calibration.power[label])[:, 0]
        shape = shape * _widening(mean, calibration.growth[label])
        unit = unit * calibration.stretch[label]
        result[:, rows] += unit[:, None, :] * (calibration.spread[rows, None] * shape)[None]
    return result


def reached(
    actual: FloatArray, forecast: FloatArray, scale: FloatArray, group: IntArray, levels: FloatArray, origins: IntArray
) -> tuple[FloatArray, int]:
    """Share of the latest window's values at or below quantiles calibrated on the windows before it, and how many."""
    earlier = np.flatnonzero(origins + actual.shape[2] <= origins.max(initial=-1))
    if earlier.size == 0:
        return np.zeros(levels.size), 0
    latest = int(np.argmax(origins))
    known = ~np.isnan(forecast[:, latest])
    mean = np.where(known, forecast[:, latest], 0.0)
    # Before, the window itself had a part in the forecast of the others.
    made = calibrated(actual[:, earlier], forecast[:, earlier], scale, group, origins[earlier])
    quantiles = quantiles_of(mean, made, levels)
    there = ~np.isnan(actual[:, latest]) & known
    count = int(np.count_nonzero(there))
    below = ((actual[None, :, latest] <= quantiles) & there[None]).sum(axis=(1, 2))
    return below / max(count, 1), count


def _independent(scores: FloatArray, origins: IntArray) -> float:
    """How many independent errors they are worth: windows that share no period, times errors per window.

    What all errors of a window have in common shows in its mean: variance of one over variance of the means is how
    many of a window's errors are independent.
    """
    there = ~np.isnan(scores)
    count = there.sum(axis=(0, 2))
    if not count.any():
        return 1.0
    kept = np.where(there, scores, 0.0)
    centre = kept.sum() / count.sum()
    variance = float((np.where(there, kept - centre, 0.0) ** 2).sum() / count.sum())
    means = kept.sum(axis=(0, 2))[count > 0] / count[count > 0]
    covered = np.unique(origins[count > 0][:, None] + np.arange(scores.shape[2])[None, :])
    windows = max((min(covered.size, origins.max() - origins.min() + scores.shape[2])) / scores.shape[2], 1.0)
    between = float(((means - centre) ** 2).sum() / max(means.size - 1, 1))
    per_window = variance / between if between > 0.0 and means.size > 1 else 1.0
    return float(windows * np.clip(per_window, 1.0, count.max()))


def _steps(scores: FloatArray, levels: FloatArray, independent: float) -> FloatArray:
    """[level, step]: empirical quantiles per step, neighbours lending where errors are few; 0 where there are none.

    From few independent errors: both sides together as far as each is not known by itself, and as much wider as
    Student's prediction interval is than the normal one.
    """
    steps = scores.shape[2]
    by_step = scores.reshape(-1, steps).T
    first, last = _lenders(np.count_nonzero(~np.isnan(by_step), axis=1))
    # Where errors are few many steps share the same ones.
    _, alone, of_step = np.unique(first * (steps + 1) + last, return_index=True, return_inverse=True)
    first, last = first[alone], last[alone]
    signed, both = np.zeros((levels.size, alone.size)), np.zeros((levels.size, alone.size))
    places = np.arange((last - first).max(initial=0))
    at_once = max(_NUMBERS_AT_ONCE // max(places.size * by_step.shape[1], 1), 1)
    for start in range(0, alone.size, at_once):
        some = slice(start, start + at_once)
        lent = first[some, None] + places
        pool = by_step[np.minimum(lent, steps - 1)]
        pool[lent >= last[some, None]] = np.nan
        pool = pool.reshape(lent.shape[0], -1)
        signed[:, some] = empirical_quantiles(pool, levels)[0]
        both[:, some] = two_sided_quantiles(pool, levels)
    signed, both = signed[:, of_step], both[:, of_step]
    known = independent / (independent + _SIDES_KNOWN)
    freedom = max(independent - 1.0, _FEWEST_FREEDOM)
    normal = special.ndtri(levels)
    student = special.stdtrit(freedom, levels) * np.sqrt(1.0 + 1.0 / (freedom + 1.0))
    wider = np.divide(student, normal, out=np.ones_like(normal), where=np.abs(normal) > 1e-9)
    mixed: FloatArray = (known * signed + (1.0 - known) * both) * wider[:, None]
    return mixed


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


def _widening(forecast: FloatArray, growth: float) -> FloatArray:
    """[step]: root of 1 + growth (step - 1)."""
    widening: FloatArray = np.sqrt(1.0 + growth * np.arange(forecast.shape[-1]))
    return widening


def _shape(forecast: FloatArray, around: FloatArray, power: float) -> FloatArray:
    """(forecast / its series' mean) to a power, never below a twentieth of the mean; 1 for a mean of 0 or less."""
    if power == 0.0:
        return np.ones_like(forecast)
    there = ~np.isnan(around)
    count = np.maximum(there.sum(axis=(1, 2)), 1)
    typical = (np.where(there, around, 0.0).sum(axis=(1, 2)) / count)[:, None, None]
    ratio = np.divide(forecast, typical, out=np.ones_like(forecast), where=typical > 0.0)
    shape: FloatArray = np.where(np.isnan(ratio), 1.0, np.maximum(ratio, 0.05)) ** power
    return shape


def _likeliest(actual: FloatArray, forecast: FloatArray) -> tuple[float, float]:
    """The power and the growth with the best Laplace likelihood, each series with its own scale."""
    growths = np.array(_GROWTHS)
    widening = np.sqrt(1.0 + growths * np.arange(forecast.shape[2])[:, None])
    costs = np.zeros((len(_POWERS), growths.size))
    for place, power in enumerate(_POWERS):
        shape = _shape(forecast, forecast, power)
        size = np.abs(actual - forecast) / shape
        there = ~np.isnan(size)
        per_step, total = there.sum(axis=1), np.where(there, size, 0.0).sum(axis=1)
        logs = np.where(there, np.log(shape), 0.0).sum(axis=(1, 2))
        count = per_step.sum(axis=1)[:, None]
        mean = total @ (1.0 / widening) / np.maximum(count, 1)
        used = (mean > 0.0) & (count > 0)
        each = count * np.log(np.where(used, mean, 1.0)) + logs[:, None] + per_step @ np.log(widening)
        costs[place] = np.where(used, each, 0.0).sum(axis=0)
    best = np.unravel_index(np.argmin(costs), costs.shape)
    return _POWERS[int(best[0])], _GROWTHS[int(best[1])]


def _group_share(total: FloatArray, count: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Mean of all errors of each group; 1, as the naive forecast, where there are none."""
    top = np.bincount(group, weights=total, minlength=groups)
    bottom = np.bincount(group, weights=count, minlength=groups)
    return np.divide(top, bottom, out=np.ones(groups), where=bottom > 0.0)
