"""Ranges that know how sure an event's effect is, and ranges made wider by an error of their own."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, rising_levels, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.regression import EventEffects

_LEAST_FACTOR = 0.05


def effect_errors(
    forecast: ArrayLike,
    effects: EventEffects,
    indicators_ahead: ArrayLike,
    block_of_period: ArrayLike | None = None,
) -> FloatArray:
    """How far off a forecast with events is because nobody knows their effects exactly: standard deviations.

    Parameters: `forecast` [series, period ahead] (f, events in it), `effects` (as of `event_effects`),
    `indicators_ahead` [event, period ahead] (x, 0 to 1), `block_of_period` [period ahead] (0, 1, ...: sums of periods
    are meant, such as weeks; none: each period). Formula: sqrt(sum over events of (sum over a block's periods of f x
    s / (1 + x effect))^2), s the effect's standard error: one event is off by the same share on all its days, two
    events are off independently. Result: [series, period ahead or block].
    Validity: small relative errors (first order); where an event leaves less than a twentieth, that much is taken.
    Source: the delta method, Cramer, Mathematical Methods of Statistics (1946), chapter 27.

    >>> from closeknit.engine.forecasting import event_effects
    >>> found = event_effects([[10.0, 11.0, 15.0, 9.0, 16.0, 10.0] * 12], [[0.0, 0.0, 1.0, 0.0, 1.0, 0.0] * 12], 1)
    >>> effect_errors([[10.0, 15.0]], found, [[0.0, 1.0]]).round(2).tolist()
    [[0.0, 0.2]]
    """
    values = numbers("forecast", forecast, ndim=2)
    shown = numbers("indicators_ahead", indicators_ahead, minimum=0.0, maximum=1.0, ndim=2)
    if shown.shape != (effects.effect.shape[1], values.shape[1]) or effects.effect.shape[0] != values.shape[0]:
        raise EngineInputError(
            f"indicators_ahead has shape {shown.shape} and forecast {values.shape}: give one row for each of the "
            f"{effects.effect.shape[1]} events, one series for each of the {effects.effect.shape[0]} in effects"
        )
    block = _blocks(block_of_period, values.shape[1])
    variance = np.zeros((values.shape[0], int(block.max(initial=-1)) + 1))
    member = (block[:, None] == np.arange(variance.shape[1])[None, :]).astype(np.float64)
    for event, when in enumerate(shown):
        if when.any():
            left = np.maximum(1.0 + effects.effect[:, event, None] * when, _LEAST_FACTOR)
            variance += ((values * when / left * effects.standard_error[:, event, None]) @ member) ** 2
    return frozen(np.sqrt(variance))


def widened_quantiles(
    mean: ArrayLike, quantiles: ArrayLike, quantile_levels: ArrayLike, standard_deviation: ArrayLike
) -> FloatArray:
    """Quantiles of the same shape, as wide as if an independent error of this size had been added.

    Parameters: `mean` [...] (m), `quantiles` [level, ...] (q), `quantile_levels` [level] (rising, in (0, 1)),
    `standard_deviation` [...] (s, of the error added, in the mean's unit). Formula: m + (q - m) sqrt(1 + s^2 / d^2), d
    the distance of the outermost quantiles in units of the same distance of a standard normal; where d is 0, q + z s.
    Validity: the error added has about the forecast's shape. Source: variances of independent errors add up.

    >>> widened_quantiles([10.0], [[8.0], [10.0], [12.0]], [0.1, 0.5, 0.9], [0.0]).tolist()
    [[8.0], [10.0], [12.0]]
    >>> widened_quantiles([10.0], [[8.0], [10.0], [12.0]], [0.1, 0.5, 0.9], [1.5606]).round(2).tolist()
    [[7.17], [10.0], [12.83]]
    """
    middle, given = numbers("mean", mean), numbers("quantiles", quantiles)
    levels = rising_levels("quantile_levels", quantile_levels)
    error = numbers("standard_deviation", standard_deviation, minimum=0.0)
    if given.shape != (levels.size, *middle.shape) or error.shape != middle.shape:
        raise EngineInputError(
            f"quantiles have shape {given.shape} and standard_deviation {error.shape}: give "
            f"{(levels.size, *middle.shape)} and {middle.shape}, as the mean and its levels are"
        )
    z = np.asarray(ndtri(levels), dtype=np.float64)
    normal = z.reshape(-1, *(1 for _ in middle.shape))
    own = given - middle
    spread = np.abs(own[-1] - own[0]) / max(float(z[-1] - z[0]), 1e-9)
    ratio = np.divide(error, spread, out=np.zeros_like(spread), where=spread > 0.0)
    around = np.where(spread > 0.0, own * np.sqrt(1.0 + ratio**2), own + normal * error)
    return frozen(np.where(error > 0.0, middle + around, given))


def _blocks(given: ArrayLike | None, periods: int) -> IntArray:
    if given is None:
        return np.arange(periods)
    block = whole_numbers("block_of_period", given, minimum=0, maximum=10**7, ndim=1)
    if block.size != periods:
        raise EngineInputError(f"block_of_period has {block.size} entries: give {periods}, one per period ahead")
    return block
