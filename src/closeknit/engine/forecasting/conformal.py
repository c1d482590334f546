"""Conformal quantiles: errors on windows, scaled without themselves, pooled over a group, per step ahead."""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.forecasting.spread import empirical_quantiles

_ENOUGH = 60
"""Errors behind the quantiles of one step; with fewer, neighbouring steps lend theirs."""
_POWERS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What quantiles are made of: `spread` [series], `power` [group], scaled errors [series, window, step], `group`."""

    spread: FloatArray
    power: FloatArray
    scores: FloatArray
    group: IntArray


def calibrated(actual: FloatArray, forecast: FloatArray, scale: FloatArray, group: IntArray) -> Calibration:
    """Scaled errors of forecasts [series, window, step], each scaled by the other windows of its series.

    An error's size goes with a power (0, 1/2 or 1) of the forecast's own: the likeliest of the group.
    """
    groups = 1 + int(group.max()) if group.size else 0
    power = np.zeros(groups)
    shape = np.ones_like(forecast)
    for label in range(groups):
        rows = group == label
        power[label] = _likeliest(actual[rows], forecast[rows])
        shape[rows] = _shape(forecast[rows], forecast[rows], power[label])
    size = np.abs(actual - forecast) / shape / scale[:, None, None]
    there = ~np.isnan(size)
    total, count = np.where(there, size, 0.0).sum(axis=2), there.sum(axis=2).astype(np.float64)
    ratio = _group_share(total.sum(axis=1), count.sum(axis=1), group, groups)[group]
    prior = float(actual.shape[2])
    others, other_count = total.sum(axis=1, keepdims=True) - total, count.sum(axis=1, keepdims=True) - count
    left_out = (others + prior * ratio[:, None]) / (other_count + prior)
    spread = scale * (total.sum(axis=1) + prior * ratio) / (count.sum(axis=1) + prior)
    unit = (scale[:, None] * left_out)[:, :, None] * shape
    scores = np.divide(actual - forecast, unit, out=np.zeros_like(unit), where=unit > 0.0)
    return Calibration(spread, power, np.where(there, scores, np.nan), group)


def quantiles_of(mean: FloatArray, calibration: Calibration, levels: FloatArray) -> FloatArray:
    """Quantiles [level, series, step] around the mean [series, step]."""
    result = np.broadcast_to(mean, (levels.size, *mean.shape)).copy()
    for label in range(calibration.power.size):
        rows = np.flatnonzero(calibration.group == label)
        unit = _steps(calibration.scores[rows], levels)
        shape = _shape(mean[rows, None, :], mean[rows, None, :], calibration.power[label])[:, 0]
        result[:, rows] += unit[:, None, :] * (calibration.spread[rows, None] * shape)[None]
    return result


def reached(
    actual: FloatArray, forecast: FloatArray, scale: FloatArray, group: IntArray, levels: FloatArray
) -> tuple[FloatArray, int]:
    """Share of the latest window's values at or below quantiles calibrated on the earlier windows, and how many."""
    if actual.shape[1] < 2:
        return np.zeros(levels.size), 0
    known = ~np.isnan(forecast[:, 0])
    mean = np.where(known, forecast[:, 0], 0.0)
    earlier = calibrated(actual[:, 1:], forecast[:, 1:], scale, group)
    # Before, the window itself had a part in the forecast of the others.
    quantiles = quantiles_of(mean, earlier, levels)
    there = ~np.isnan(actual[:, 0]) & known
    count = int(np.count_nonzero(there))
    below = ((actual[None, :, 0] <= quantiles) & there[None]).sum(axis=(1, 2))
    return below / max(count, 1), count


def _steps(scores: FloatArray, levels: FloatArray) -> FloatArray:
    """[level, step]: empirical quantiles per step, neighbours lending where errors are few; 0 where there are none."""
    steps = scores.shape[2]
    per_step = np.count_nonzero(~np.isnan(scores), axis=(0, 1))
    result = np.zeros((levels.size, steps))
    for step in range(steps):
        reach = 0
        while per_step[max(step - reach, 0) : step + reach + 1].sum() < _ENOUGH and reach < steps:
            reach += 1
        pool = scores[:, :, max(step - reach, 0) : step + reach + 1].reshape(1, -1)
        result[:, step] = empirical_quantiles(pool, levels)[0][:, 0]
    return result


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


def _likeliest(actual: FloatArray, forecast: FloatArray) -> float:
    """The power with the best Laplace likelihood, each series with its own scale."""
    costs = []
    for power in _POWERS:
        shape = _shape(forecast, forecast, power)
        size = np.abs(actual - forecast) / shape
        there = ~np.isnan(size)
        count = there.sum(axis=(1, 2))
        mean = np.where(there, size, 0.0).sum(axis=(1, 2)) / np.maximum(count, 1)
        used = (mean > 0.0) & (count > 0)
        costs.append(
            float(
                (count * np.log(np.where(used, mean, 1.0)))[used].sum()
                + np.where(there, np.log(shape), 0.0).sum(axis=(1, 2))[used].sum()
            )
        )
    return _POWERS[int(np.argmin(costs))]


def _group_share(total: FloatArray, count: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Mean of all errors of each group; 1, as the naive forecast, where there are none."""
    top = np.bincount(group, weights=total, minlength=groups)
    bottom = np.bincount(group, weights=count, minlength=groups)
    return np.divide(top, bottom, out=np.ones(groups), where=bottom > 0.0)
