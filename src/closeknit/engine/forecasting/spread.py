"""Empirical quantiles of forecast errors: pooled over phases, each scaled by its own size of error."""

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray

FEWEST_RESIDUALS = 5
"""Fewer rolling errors than this say nothing about a distribution."""

_PRIOR_SEASONS = 5.0
_POWERS = np.array([1.0, 0.0, 0.5, 1.5, 2.0])


def phase_scales(residuals: FloatArray, level: FloatArray) -> FloatArray:
    """[series, phase]: root mean square error per phase, shrunk to a shape common to the series' phases.

    The shape is variance proportional to a power of the phase's `level`: 0 the same everywhere, 1 as
    for counts, 2 as for a common percentage; the power with the best normal likelihood. It counts as five
    seasons.
    """
    count = np.count_nonzero(~np.isnan(residuals), axis=1)
    squares = np.nansum(residuals**2, axis=1)
    seen = np.where(squares > 0.0, count, 0)
    total = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    size = np.abs(level)
    typical = (size * seen).sum(axis=1, keepdims=True) / total
    ratio = np.divide(size, typical, out=np.ones_like(size), where=typical > 0.0)
    # a quiet phase is never taken to be more than a hundred times quieter than the typical one
    shapes = np.maximum(ratio, 0.01)[None] ** _POWERS[:, None, None]
    pooled = (squares / shapes).sum(axis=2, keepdims=True) / total
    spread = np.log(np.where(pooled > 0.0, pooled, 1.0)) + np.log(shapes)
    best = np.argmin((spread * seen).sum(axis=2), axis=0)
    series = np.arange(size.shape[0])
    common = pooled[best, series] * shapes[best, series]
    scales: FloatArray = np.sqrt((squares + _PRIOR_SEASONS * common) / (count + _PRIOR_SEASONS))
    return np.where((squares > 0.0) | (size > 0.0), scales, 0.0)


def standardised(residuals: FloatArray, scales: FloatArray) -> FloatArray:
    """Errors over their phase's scale; NaN where the phase has never been off."""
    wide = np.broadcast_to(scales[:, None, :], residuals.shape)
    return np.divide(residuals, wide, out=np.full_like(residuals, np.nan), where=wide > 0.0)


def empirical_quantiles(values: FloatArray, levels: FloatArray) -> tuple[FloatArray, IntArray]:
    """Quantiles [level, row] over the last axis, NaN skipped, and how many values there were [row].

    Position p (n + 1), the unbiased coverage of a new exchangeable value; ends are the extremes seen.
    0 where there are none.
    """
    ordered = np.sort(values, axis=-1)
    count = np.count_nonzero(~np.isnan(values), axis=-1)
    if values.shape[-1] == 0:
        return np.zeros((levels.size, values.shape[0])), count
    last = np.maximum(count - 1, 0)
    place = np.clip(levels[:, None] * (count + 1) - 1.0, 0.0, last)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, last)
    rows = np.arange(values.shape[0])
    below, above = ordered[rows, low], ordered[rows, high]
    return np.where(count > 0, below + (place - low) * (above - below), 0.0), count
