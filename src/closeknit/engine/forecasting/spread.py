"""Empirical quantiles of forecast errors: pooled over phases, each scaled by its own size of error."""

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray

FEWEST_RESIDUALS = 5
"""Fewer rolling errors than this say nothing about a distribution."""

_PRIOR_SEASONS = 5.0


def phase_scales(residuals: FloatArray, level: FloatArray) -> FloatArray:
    """[series, phase]: root mean square error per phase, shrunk to a common shape.

    The common shape is variance proportional to the phase's `level` (as for counts), worth five seasons;
    where levels are all 0 it is the same variance everywhere.
    """
    count = np.count_nonzero(~np.isnan(residuals), axis=1)
    squares = np.nansum(residuals**2, axis=1)
    total = np.maximum(count.sum(axis=1, keepdims=True), 1)
    pooled = squares.sum(axis=1, keepdims=True) / total
    size = np.abs(level)
    mean_size = (size * count).sum(axis=1, keepdims=True) / total
    shape = np.divide(size, mean_size, out=np.ones_like(size), where=mean_size > 0.0)
    scales: FloatArray = np.sqrt((squares + _PRIOR_SEASONS * pooled * shape) / (count + _PRIOR_SEASONS))
    return scales


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
