"""Whether the whole past moved more than its windows: a calm spell says too little of what may come."""

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray, IntArray

_SEASONS_BEFORE = 4
_FEWEST_STARTS = 5
_POWER = 0.5
_LEAST_AND_MOST = (0.9, 2.0)


def restlessness(values: FloatArray, origins: IntArray, horizon: int, season: int, group: IntArray) -> FloatArray:
    """[group]: what intervals are multiplied by, for levels moved more (or less) in the whole past than in its windows.

    At every period of `values` [series, period] (NaN = missing): the mean of the `horizon` ahead less that of four
    seasons before (of a horizon, if longer), over the series' mean such change. The root mean square of all over that
    of the periods the windows cover, to the power 1/2, within 0.9 and 2; 1 where the past is too short to tell.
    """
    groups = 1 + int(group.max()) if group.size else 0
    before = max(horizon, _SEASONS_BEFORE * season)
    starts = np.arange(before, values.shape[1] - horizon + 1)
    if origins.size == 0 or starts.size < 2 * horizon + _FEWEST_STARTS:
        return np.ones(groups)
    change = _means(values, starts, horizon) - _means(values, starts - before, before)
    there = ~np.isnan(change)
    change = np.where(there, change, 0.0)
    size = np.abs(change).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    squares = np.divide(change, size[:, None], out=np.zeros_like(change), where=size[:, None] > 0.0) ** 2
    recent = starts >= values.shape[1] - horizon - int(origins.max() - origins.min())
    whole = _group_mean(squares, there, group, groups)
    windows = _group_mean(squares[:, recent], there[:, recent], group, groups)
    ratio = np.divide(whole, windows, out=np.ones(groups), where=windows > 0.0)
    factor: FloatArray = np.clip(np.sqrt(ratio) ** _POWER, *_LEAST_AND_MOST)
    return factor


def _means(values: FloatArray, starts: IntArray, length: int) -> FloatArray:
    """[series, start]: mean of what there is in `length` periods from each start; NaN where there is nothing."""
    there = ~np.isnan(values)
    edge = np.zeros((values.shape[0], 1))
    total = np.concatenate([edge, np.cumsum(np.where(there, values, 0.0), axis=1)], axis=1)
    count = np.concatenate([edge, np.cumsum(there, axis=1)], axis=1)
    seen = count[:, starts + length] - count[:, starts]
    sums = total[:, starts + length] - total[:, starts]
    means: FloatArray = np.divide(sums, seen, out=np.full(sums.shape, np.nan), where=seen > 0.0)
    return means


def _group_mean(squares: FloatArray, there: BoolArray, group: IntArray, groups: int) -> FloatArray:
    top = np.bincount(group, weights=squares.sum(axis=1), minlength=groups)
    bottom = np.bincount(group, weights=there.sum(axis=1), minlength=groups)
    return np.divide(top, bottom, out=np.zeros(groups), where=bottom > 0.0)
