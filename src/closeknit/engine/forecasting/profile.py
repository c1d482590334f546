"""The shape of a day: which share of its work comes in which slot, so that a forecast of days becomes one of slots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    rising_levels,
    whole_number,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.local_level import share
from closeknit.engine.forecasting.spread import empirical_quantiles

_ROUNDS = 4
_FAR_DAY = 3.0
"""A day whose shape is this many times as far off as the usual day counts for less."""
_FEWEST_ERRORS = 30
_FINE_LEVELS = np.linspace(0.005, 0.995, 199)


@dataclass(frozen=True, slots=True, eq=False)
class DayProfile:
    """How a day's work spreads over its slots.

    `share` [series, kind of day, slot]: sums to 1 over the slots. `own_weight_share` [series, kind]: how much of it is
    what that kind of day itself showed (the rest is borrowed from all of the series' days, and from its group).
    `days_seen` [series, kind]; `day_weight` [series, day]: 1, less for a day of an unusual shape, 0 if it is missing
    or empty. `noise` [series]: variance over mean of a slot, its day's total known; `wander` [series]: squared
    relative variation of the shares beyond that. `error_quantiles` [199 levels, series]: of slots, standardised.
    """

    share: FloatArray
    own_weight_share: FloatArray
    days_seen: IntArray
    day_weight: FloatArray
    noise: FloatArray
    wander: FloatArray
    error_quantiles: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SlotForecast:
    """`mean` [series, slot ahead] and `quantiles` [level, series, slot ahead]; the slots of a day sum to its mean."""

    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray


def day_profile(
    history: ArrayLike,
    slots_per_day: int,
    kind_of_day: ArrayLike,
    *,
    group_of_series: ArrayLike | None = None,
    half_life_days: float = 0.0,
) -> DayProfile:
    """The share of the day that falls into each slot, per kind of day, robust to odd days and borrowed where thin.

    Parameters: `history` [series, period] (units, >= 0; NaN = missing; whole days of `slots_per_day` periods),
    `kind_of_day` [day] (0, 1, ...: the weekday, a holiday), `group_of_series` [series] (0, 1, ...; none: one group),
    `half_life_days` (a day this old counts half; 0 = all count alike).
    Formula: share = sum of weighted days / sum of their totals; a day's weight falls once its Pearson distance from
    the shape exceeds three times the median one. A kind's share is (units + k x the series' share) / (total + k), and
    the series' share leans on its group's in the same way; k = noise / variance between kinds, by moments (empirical
    Bayes of a Dirichlet). Validity: shapes that hold over the history. Source: Gross and Sohl, J. Forecasting 9 (1990)
    (disaggregation by average shares); Efron and Morris, JASA 70 (1975).

    >>> day_profile([[1.0, 3.0] * 10], 2, [0] * 10).share.round(2).tolist()
    [[[0.25, 0.75]]]
    """
    values = numbers("history", history, minimum=0.0, missing_allowed=True, ndim=2)
    slots = whole_number("slots_per_day", slots_per_day, minimum=1, maximum=10**5)
    kind = whole_numbers("kind_of_day", kind_of_day, minimum=0, maximum=10**4, ndim=1)
    life = float(numbers("half_life_days", half_life_days, minimum=0.0, ndim=0))
    if values.shape[1] != kind.size * slots:
        raise EngineInputError(
            f"history has {values.shape[1]} periods: give {kind.size} x {slots}, whole days as in kind_of_day"
        )
    group = np.zeros(values.shape[0], dtype=np.int64)
    if group_of_series is not None:
        group = whole_numbers("group_of_series", group_of_series, minimum=0, maximum=10**7, ndim=1)
        if group.size != values.shape[0]:
            raise EngineInputError(f"group_of_series has {group.size} entries: give {values.shape[0]}")
    days = values.reshape(values.shape[0], kind.size, slots)
    kinds = int(kind.max()) + 1 if kind.size else 1
    age = np.arange(kind.size)[::-1]
    recency = 0.5 ** (age / life) if life else np.ones(kind.size)
    return _profile(days, kind, kinds, group, recency)


def to_slots(
    daily_mean: ArrayLike,
    daily_quantiles: ArrayLike,
    quantile_levels: ArrayLike,
    profile: DayProfile,
    kind_of_day: ArrayLike,
) -> SlotForecast:
    """A forecast of days laid out over their slots, with the spread of slots.

    Parameters: `daily_mean` [series, day ahead] (units, >= 0), `daily_quantiles` [level, series, day ahead],
    `quantile_levels` (rising, in (0, 1)), `profile` (as of `day_profile`), `kind_of_day` [day ahead].
    Formula: slot mean = day's mean x share. A quantile's distance from the mean is the root of the sum of squares of
    the day's (share x its distance) and the slot's own (empirical quantile of standardised errors about the day's
    total x sqrt(noise x mean + wander x mean^2)), each with its sign. Validity: shares independent of the day's total.

    >>> shape = day_profile([[1.0, 3.0] * 10], 2, [0] * 10)
    >>> to_slots([[8.0]], [[[6.0]], [[10.0]]], [0.1, 0.9], shape, [0]).mean.tolist()
    [[2.0, 6.0]]
    """
    mean = numbers("daily_mean", daily_mean, minimum=0.0, ndim=2)
    levels = rising_levels("quantile_levels", quantile_levels)
    quantiles = numbers("daily_quantiles", daily_quantiles, minimum=0.0, ndim=3)
    series, kinds, slots = profile.share.shape
    kind = whole_numbers("kind_of_day", kind_of_day, minimum=0, maximum=kinds - 1, ndim=1)
    if mean.shape != (series, kind.size) or quantiles.shape != (levels.size, series, kind.size):
        raise EngineInputError(
            f"daily_mean has shape {mean.shape} and daily_quantiles {quantiles.shape}: give ({series}, {kind.size}) "
            f"and ({levels.size}, {series}, {kind.size}), the profile's series, the days of kind_of_day, the levels"
        )
    part = profile.share[:, kind]
    slot_mean = mean[:, :, None] * part
    of_day = (quantiles - mean)[..., None] * part
    own = np.sqrt(profile.noise[:, None, None] * slot_mean + profile.wander[:, None, None] * slot_mean**2)
    unit = np.stack([_at(profile.error_quantiles, level) for level in levels])
    squares = of_day * np.abs(of_day) + _signed_square(unit[:, :, None, None] * own)
    offset = np.sign(squares) * np.sqrt(np.abs(squares))
    laid = np.maximum(np.sort(slot_mean + offset, axis=0), 0.0)
    laid = np.where(slot_mean > 0.0, laid, 0.0)
    flat = (series, kind.size * slots)
    return SlotForecast(frozen(slot_mean.reshape(flat)), frozen(levels), frozen(laid.reshape(levels.size, *flat)))


def _signed_square(values: FloatArray) -> FloatArray:
    result: FloatArray = values * np.abs(values)
    return result


def _at(quantiles: FloatArray, level: float) -> FloatArray:
    place = np.interp(level, _FINE_LEVELS, np.arange(_FINE_LEVELS.size))
    low = int(np.floor(place))
    high = min(low + 1, _FINE_LEVELS.size - 1)
    result: FloatArray = quantiles[low] + (place - low) * (quantiles[high] - quantiles[low])
    return result


def _profile(days: FloatArray, kind: IntArray, kinds: int, group: IntArray, recency: FloatArray) -> DayProfile:
    series, _, slots = days.shape
    total = np.where(np.isnan(days).any(axis=2), 0.0, np.nansum(days, axis=2))
    whole: BoolArray = total > 0.0
    filled = np.where(whole[:, :, None], np.nan_to_num(days), 0.0)
    member = (kind[None, :] == np.arange(kinds)[:, None]).astype(np.float64)
    weight = np.where(whole, recency, 0.0)
    part = np.full((series, kinds, slots), 1.0 / slots)
    own = np.zeros((series, kinds))
    for _ in range(_ROUNDS):
        part, own = _shares(filled, total, weight, member, group)
        expected = total[:, :, None] * part[:, kind]
        distance = share((filled - expected) ** 2, expected, 0.0).sum(axis=2) / max(slots - 1, 1)
        usual = _median_where(distance, whole)
        weight = np.where(whole, recency * np.minimum(1.0, share(_FAR_DAY * usual[:, None], distance, 1.0)), 0.0)
    used = whole & (weight > 0.5 * recency)
    noise, wander, quantiles = _spread(filled, total[:, :, None] * part[:, kind], used, group, kinds)
    return DayProfile(
        share=frozen(part),
        own_weight_share=frozen(own),
        days_seen=frozen((whole.astype(np.float64) @ member.T).astype(np.int64)),
        day_weight=frozen(np.where(whole, weight / recency, 0.0)),
        noise=frozen(noise),
        wander=frozen(wander),
        error_quantiles=frozen(quantiles),
    )


def _shares(
    filled: FloatArray, total: FloatArray, weight: FloatArray, member: FloatArray, group: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Shares of groups, of series leaning on them, of kinds of day leaning on their series."""
    slots = filled.shape[2]
    units = np.einsum("kd,sd,sdt->skt", member, weight, filled)
    size = np.einsum("kd,sd,sd->sk", member, weight, total)
    groups = int(group.max()) + 1 if group.size else 0
    group_units = np.zeros((groups, slots))
    np.add.at(group_units, group, units.sum(axis=1))
    group_size = group_units.sum(axis=1)
    of_group = share(group_units, group_size[:, None], 1.0 / slots)
    day_noise = _day_noise(filled, total, weight)
    series_size = size.sum(axis=1)
    k = _doubt(units.sum(axis=1)[:, None], series_size[:, None], of_group[group][:, None], day_noise)
    of_series = (units.sum(axis=1) + k * of_group[group]) / (series_size[:, None] + k)
    k = _doubt(units, size, of_series[:, None], day_noise)
    of_kind = (units + k * of_series[:, None]) / (size[:, :, None] + k)
    return of_kind, size / (size + k)


def _day_noise(filled: FloatArray, total: FloatArray, weight: FloatArray) -> float:
    """Variance over mean of a slot about its series' mean shape: all that does not belong to the shape."""
    shape = share((weight[:, :, None] * filled).sum(axis=1), (weight * total).sum(axis=1)[:, None], 0.0)
    expected = total[:, :, None] * shape[:, None]
    # Median over days of the distance: odd days don't make the others look noisy.
    distance = share((filled - expected) ** 2, expected, 0.0).sum(axis=2) / max(filled.shape[2] - 1, 1)
    seen = distance[weight > 0.0]
    return max(float(np.median(seen)), 1e-9) if seen.size else 1.0


def _doubt(units: FloatArray, size: FloatArray, common: FloatArray, noise: float) -> float:
    """Units that a shape must bring to weigh as much as the common one: noise over the variance between shapes."""
    expected = size[..., None] * common
    distance = share((units - expected) ** 2, expected, 0.0).sum(axis=-1) / noise
    free = np.where(size > 0.0, np.maximum(np.count_nonzero(expected > 0.0, axis=-1) - 1, 0), 0)
    excess, room = float((distance - free).sum()), float((size * free).sum()) / noise
    usual = 0.1**2 * noise
    between = max(excess, 0.0) / room if room > 0.0 else usual
    return noise / max(between, 1e-9)


def _median_where(values: FloatArray, there: BoolArray) -> FloatArray:
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    count = np.count_nonzero(there, axis=1)
    if not values.shape[1]:
        return np.zeros(values.shape[0])
    middle = ordered[np.arange(values.shape[0]), np.maximum((count - 1) // 2, 0)]
    result: FloatArray = np.where(count > 0, middle, 0.0)
    return result


def _spread(
    filled: FloatArray, expected: FloatArray, used: BoolArray, group: IntArray, kinds: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Noise, wander and standardised error quantiles per series, the last from the group where there are few."""
    series = filled.shape[0]
    there = used[:, :, None] & (expected > 0.0)
    days = np.count_nonzero(used, axis=1)
    # The shape was taken from these same days.
    freed = np.sqrt(share(days.astype(float), np.maximum(days - min(kinds, 7), 1).astype(float), 1.0))
    rest = np.where(there, filled - expected, 0.0) * np.where(days > 0, freed, 1.0)[:, None, None]
    mean = np.where(there, expected, 0.0)
    noise, wander = _noise_and_wander(rest**2, mean)
    size = np.sqrt(noise[:, None, None] * mean + wander[:, None, None] * mean**2)
    unit = np.where(there & (size > 0.0), rest / np.where(size > 0.0, size, 1.0), np.nan).reshape(series, -1)
    quantiles, count = empirical_quantiles(unit, _FINE_LEVELS)
    for one in np.unique(group[count < _FEWEST_ERRORS]):
        pooled, seen = empirical_quantiles(unit[group == one].reshape(1, -1), _FINE_LEVELS)
        few = (group == one) & (count < _FEWEST_ERRORS)
        quantiles[:, few] = pooled if seen[0] else 0.0
    return noise, wander, quantiles


def _noise_and_wander(squares: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """squares = noise x mean + wander x mean^2, by least squares on squares / mean; neither below 0."""
    first, second, third = ((mean**power).sum(axis=(1, 2)) for power in (1, 2, 3))
    value, cross = squares.sum(axis=(1, 2)), (squares * mean).sum(axis=(1, 2))
    room = first * third - second**2
    known = room > 1e-9 * first * third
    wander = np.maximum(np.divide(cross * first - value * second, room, out=np.zeros_like(room), where=known), 0.0)
    noise = share(value - wander * second, first, 0.0)
    # All of it as wander, where the fit leaves the noise below nothing.
    return np.maximum(noise, 0.0), np.where(noise < 0.0, share(value, second, 0.0), wander)
