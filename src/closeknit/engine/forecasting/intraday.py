"""The rest of a day from what came so far: the day's level learnt as it goes, the forecast kept as the prior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import FloatArray, frozen, numbers, rising_levels, together
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.local_level import share

_MOST_UNITS = 1e12
_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class RestOfDay:
    """What the rest of the day will bring, per day.

    `level` [day]: the day against its forecast (1.1 = a tenth more), `level_deviation` its standard deviation;
    `own_weight_share` [day]: how much of the level is today's work (the rest is the forecast's).
    `rest_mean` [day], `rest_quantiles` [level, day]: units still to come; `whole_mean`, `whole_quantiles`: with what
    came. `rest_by_slot` [day, slot]: expected units of the slots to come, 0 before.
    """

    level: FloatArray
    level_deviation: FloatArray
    own_weight_share: FloatArray
    rest_mean: FloatArray
    quantile_levels: FloatArray
    rest_quantiles: FloatArray
    whole_mean: FloatArray
    whole_quantiles: FloatArray
    rest_by_slot: FloatArray


def rest_of_day(
    came_units: ArrayLike,
    expected_units: ArrayLike,
    passed_share: ArrayLike,
    quantile_levels: ArrayLike,
    *,
    level_deviation: ArrayLike,
    noise: ArrayLike = 1.0,
) -> RestOfDay:
    """The rest of each day, from the work that came so far and the slots that were forecast.

    Parameters: `came_units` [day] (x, units so far, >= 0), `expected_units` [day, slot] (e, forecast means),
    `passed_share` [day, slot] (0 to 1: how much of each slot is over), `quantile_levels` (rising, in (0, 1)),
    `level_deviation` [day] (s, standard deviation of a day's total over its forecast, seen in past forecast errors),
    `noise` [day] (f, variance over mean of a slot, its day's level known; 1: Poisson).
    Formula: the day's level is gamma with mean 1 and variance s^2, a = 1 / s^2; given it, units so far are f x Poisson
    of level x E / f, E = expected so far. Afterwards the level is gamma of shape a + x / f and rate a + E / f, and the
    rest of the day, R expected, f x negative binomial of that shape with mean level x R / f; quantiles are interpolated
    between whole units (mid-distribution), so that small counts are not pushed up. Validity: one level for the
    whole day, a shape that holds; a day whose work merely comes earlier looks like a bigger one.
    Source: Gelman and others, Bayesian Data Analysis (2013), 2.6; Shen and Huang, Manufacturing & Service Operations
    Management 10 (2008) (updating within a day).

    >>> rest = rest_of_day(60.0, [25.0, 25.0, 50.0], [1.0, 1.0, 0.0], [0.1, 0.5, 0.9], level_deviation=0.2)
    >>> float(rest.level.round(3)), float(rest.rest_mean.round(1)), rest.rest_quantiles.round(0).tolist()
    (1.133, 56.7, [44.0, 56.0, 69.0])
    """
    levels = rising_levels("quantile_levels", quantile_levels)
    expected = numbers("expected_units", expected_units, minimum=0.0)
    passed = numbers("passed_share", passed_share, minimum=0.0, maximum=1.0)
    if expected.ndim not in (1, 2) or passed.shape != expected.shape:
        raise EngineInputError(
            f"expected_units has shape {expected.shape} and passed_share {passed.shape}: "
            "give both as [slot] or [day, slot]"
        )
    came, deviation, given_noise, _ = together(
        ("came_units", numbers("came_units", came_units, minimum=0.0, maximum=_MOST_UNITS)),
        ("level_deviation", numbers("level_deviation", level_deviation, minimum=0.0, maximum=10.0)),
        ("noise", numbers("noise", noise, above=0.0, maximum=1e6)),
        ("days", expected[..., 0] if expected.shape[-1] else np.zeros(expected.shape[:-1])),
    )
    so_far, rest = (expected * passed).sum(axis=-1), (expected * (1.0 - passed)).sum(axis=-1)
    prior = 1.0 / np.maximum(deviation, 1e-4) ** 2
    shape, rate = prior + came / given_noise, prior + so_far / given_noise
    level = shape / rate
    quantiles = _counts(levels, shape, level * rest / given_noise) * given_noise
    return RestOfDay(
        level=frozen(level),
        level_deviation=frozen(np.sqrt(shape) / rate),
        own_weight_share=frozen(so_far / given_noise / rate),
        rest_mean=frozen(level * rest),
        quantile_levels=frozen(levels),
        rest_quantiles=frozen(quantiles),
        whole_mean=frozen(came + level * rest),
        whole_quantiles=frozen(came + quantiles),
        rest_by_slot=frozen(level[..., None] * expected * (1.0 - passed)),
    )


def level_deviation(
    actual: ArrayLike, forecast: ArrayLike, *, noise: float = 1.0, prior_days: float = 5.0
) -> FloatArray:
    """How far a day's level strays from its forecast, beyond what counts of that size do anyway, per series.

    Parameters: `actual`, `forecast` [series, day] (units; NaN in actual = not seen), `noise` (f, variance over mean of
    a day's units, its level known), `prior_days` (so many days of a deviation of 0.15 are added to those seen).
    Formula: s^2 = (max(0, sum (y - m)^2 - f m) + n 0.15^2 mean m^2) / (sum m^2 + n mean m^2): however steady the past,
    a day may differ. Validity: errors of the same distance ahead as the forecast of today. Source: moments of a mixed
    Poisson.

    >>> level_deviation([[80.0, 120.0] * 20], [[100.0] * 40]).round(2).tolist()
    [0.17]
    """
    seen = numbers("actual", actual, minimum=0.0, missing_allowed=True, ndim=2)
    mean = numbers("forecast", forecast, minimum=0.0, ndim=2)
    if seen.shape != mean.shape:
        raise EngineInputError(f"actual has shape {seen.shape} and forecast {mean.shape}: give the same days")
    spread = float(numbers("noise", noise, above=0.0, maximum=1e6, ndim=0))
    days = float(numbers("prior_days", prior_days, minimum=0.0, maximum=1e6, ndim=0))
    there = ~np.isnan(seen)
    m = np.where(there, mean, 0.0)
    squares = (m**2).sum(axis=1)
    typical = share(squares, np.count_nonzero(there, axis=1).astype(np.float64), 0.0)
    excess = (np.where(there, (seen - mean) ** 2, 0.0) - spread * m).sum(axis=1)
    variance = share(np.maximum(excess, 0.0) + days * 0.15**2 * typical, squares + days * typical, 0.15**2)
    return frozen(np.sqrt(variance))


def _counts(levels: FloatArray, shape: FloatArray, mean: FloatArray) -> FloatArray:
    """Quantiles [level, day] of a negative binomial, between whole numbers by its mid-distribution."""
    p = levels.reshape((-1,) + (1,) * shape.ndim)
    shape, mean = np.broadcast_to(shape, p.shape[:1] + shape.shape), np.broadcast_to(mean, p.shape[:1] + mean.shape)
    success = shape / (shape + np.maximum(mean, 1e-300))
    deviation = np.sqrt(mean + mean**2 / shape)
    low, high = np.full(mean.shape, -1.0), np.ceil(mean + 40.0 * deviation + 40.0)
    # The first whole number at which the mid-distribution F(k - 1) + P(k) / 2 reaches p.
    for _ in range(_STEPS):
        middle = np.floor((low + high) / 2.0)
        reached = _middle(middle, shape, success) >= p
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        if np.all(high - low <= 1.0):
            break
    before, after = _middle(high - 1.0, shape, success), _middle(high, shape, success)
    step = np.divide(p - before, after - before, out=np.ones_like(high), where=after > before)
    return np.where(mean > 0.0, np.maximum(high - 1.0 + step, 0.0), 0.0)


def _middle(k: FloatArray, shape: FloatArray, success: FloatArray) -> FloatArray:
    """F(k - 1) + P(k) / 2 of a negative binomial, 0 below nothing."""
    upper = np.where(k >= 0.0, special.betainc(shape, np.maximum(k, 0.0) + 1.0, success), 0.0)
    lower = np.where(k >= 1.0, special.betainc(shape, np.maximum(k, 1.0), success), 0.0)
    result: FloatArray = 0.5 * (upper + lower)
    return result
