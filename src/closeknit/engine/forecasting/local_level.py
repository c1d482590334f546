"""What a series does around each period: a local line times the season, from some of the periods only."""

import numpy as np
from scipy import ndimage, signal

from closeknit.engine.checks import BoolArray, FloatArray

_LONGEST_DIRECT = 257
_ROUNDS = 3
_PRIOR_COUNT = 4.0
_SEASONS_TO_SEE = 4


def seasonal_level(
    values: FloatArray, used: BoolArray, season: int, reach: int, common_shape: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """[series, period] each: the local level, and the season that multiplies it, both from the `used` periods alone.

    The season is 1 throughout where there are fewer than four of it. `common_shape` [series, period] is the season of a
    series without much work of its own.
    """
    shape = np.ones_like(values)
    level = local_line(values, used, shape, triangle(reach))
    if season == 1 or values.shape[1] < _SEASONS_TO_SEE * season:
        return level, shape
    phase, prior = np.arange(values.shape[1]) % season, common_shape[:, :season]
    for _ in range(_ROUNDS):
        total = by_phase(np.where(used, values, 0.0), season)
        times = by_phase(np.where(used, level, 0.0), season)
        per_phase = (total + _PRIOR_COUNT * prior) / (times + _PRIOR_COUNT)
        mean = share((per_phase * times).sum(axis=1), times.sum(axis=1), 1.0)
        shape = share(per_phase, mean[:, None], 1.0)[:, phase]
        level = local_line(values, used, shape, triangle(reach))
    return level, shape


def triangle(reach: int, gap: int = 0) -> FloatArray:
    """Weights of periods -reach..reach around one, falling with distance; none for the `gap` periods in the middle."""
    away = np.abs(np.arange(-reach, reach + 1))
    weights: FloatArray = np.where(2 * away >= gap + 1 if gap else away >= 0, 1.0 - away / (reach + 1.0), 0.0)
    return weights


def local_line(values: FloatArray, used: BoolArray, shape: FloatArray, weights: FloatArray) -> FloatArray:
    """The line a + b d with sum w (y - s (a + b d)) {1, d} = 0 about each period: a, at least 0.

    Where the periods around lie to one side the line is not trusted far: a stays within a half and twice the mean.
    """
    reach = weights.size // 2
    distance = np.arange(-reach, reach + 1, dtype=np.float64)
    seen, size = np.where(used, values, 0.0), np.where(used, shape, 0.0)
    t0, s0 = around(seen, weights), around(size, weights)
    t1 = around(seen, weights * distance)
    s1, s2 = around(size, weights * distance), around(size, weights * distance**2)
    mean = share(t0, s0, 0.0)
    room = s0 * s2 - s1 * s1
    known = room > 1e-9 * np.maximum(s0 * s2, 1e-300)
    line = np.divide(s2 * t0 - s1 * t1, room, out=mean.copy(), where=known)
    level: FloatArray = np.clip(line, 0.5 * mean, 2.0 * mean)
    overall = share(seen.sum(axis=1), size.sum(axis=1), 0.0)
    return np.where(s0 > 1e-12, level, overall[:, None])


def around(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum over d of weights[d] x values[t + d], nothing beyond the ends."""
    if not values.shape[1]:
        return np.zeros_like(values)
    result: FloatArray
    if weights.size <= _LONGEST_DIRECT:
        result = ndimage.correlate1d(values, weights, axis=1, mode="constant")
        return result
    full = signal.fftconvolve(values, weights[None, ::-1], mode="full", axes=1)
    reach = weights.size // 2
    result = full[:, reach : reach + values.shape[1]]
    return np.where(np.abs(result) < 1e-12 * max(float(np.abs(values).max()), 1e-300), 0.0, result)


def by_phase(values: FloatArray, season: int) -> FloatArray:
    """Sums per phase. No matrix product: its last digits depend on how many series there are."""
    seasons = -(-values.shape[1] // season)
    filled = np.zeros((values.shape[0], seasons * season))
    filled[:, : values.shape[1]] = values
    sums: FloatArray = filled.reshape(values.shape[0], seasons, season).sum(axis=1)
    return sums


def share(top: FloatArray, bottom: FloatArray, otherwise: float) -> FloatArray:
    """top / bottom, and `otherwise` where bottom is not above 0."""
    top, bottom = np.broadcast_arrays(top, bottom)
    result: FloatArray = np.divide(top, bottom, out=np.full(top.shape, otherwise), where=bottom > 0.0)
    return result
