"""How much to keep back for those who come later and are worth more: protection levels by class.

Classes are numbered from the most valuable; lower classes ask first. A protection level y_j is what is kept for
classes 1..j: class j + 1 is served only while more than y_j is left. The booking limit of a class is what is left of
the capacity above its protection level.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, same_shape, together
from closeknit.engine.inventory.demand import Demand

_MOST_CELLS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class ProtectionLevels:
    """What to keep for classes 1..j against class j + 1 (units; one fewer than classes), rising."""

    protection: FloatArray

    def booking_limits(self, capacity: ArrayLike) -> FloatArray:
        """The most that classes j and below may take of `capacity` (units), per class, from the first."""
        room = numbers("capacity", capacity, minimum=0.0)
        kept = np.concatenate([np.zeros_like(self.protection[..., :1]), self.protection], axis=-1)
        return frozen(np.maximum(room[..., None] - kept, 0.0))


def littlewood(value_high: ArrayLike, value_low: ArrayLike, demand_high: Demand) -> ProtectionLevels:
    """How much to keep for the more valuable of two classes when the other asks first.

    Parameters (broadcast with the demand's arrays): `value_high` (v_1) > `value_low` (v_2 > 0), money per unit;
    `demand_high` (D_1, any `Demand`). Formula: y = F_1^-1(1 - v_2 / v_1): the last protected unit is worth
    v_1 P(D_1 > y) = v_2. The last axis of the result has length 1.
    Source: Littlewood (1972); Talluri and van Ryzin (2004), section 2.2.1.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> littlewood(1050.0, 567.0, NormalDemand.of(17.3, 5.8)).protection.round(2).tolist()
    [16.72]
    """
    high, low = numbers("value_high", value_high, above=0.0), numbers("value_low", value_low, above=0.0)
    high, low = together(("value_high", high), ("value_low", low))
    refuse_where(low >= high, "value_low", low, "give less than value_high: else nothing needs protecting")
    return ProtectionLevels(frozen(np.array(demand_high.quantile(1.0 - low / high))[..., None]))


def _classes(
    values: ArrayLike, demand_means: ArrayLike, demand_sds: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    worth = numbers("values", values, above=0.0, ndim=1)
    mean, sd = numbers("demand_means", demand_means, minimum=0.0, ndim=1), numbers("demand_sds", demand_sds, above=0.0)
    same_shape([("demand_means", mean), ("demand_sds", sd)], worth.shape, "one per class")
    _refuse_unordered(worth)
    return worth, mean, sd


def _refuse_unordered(worth: FloatArray) -> None:
    refuse_where(np.array(worth.size < 2), "values", np.array(worth.size), "classes are too few: give at least two")
    rising = np.append(False, np.diff(worth) >= 0.0)
    refuse_where(rising, "values", worth, "give values that fall from class to class, the most valuable first")


def emsr_a(values: ArrayLike, demand_means: ArrayLike, demand_sds: ArrayLike) -> ProtectionLevels:
    """Nested protection levels by expected marginal seat revenue, class by class, summed (EMSR-a).

    Parameters, one per class from the most valuable: `values` (v_j > 0, falling, money per unit), `demand_means` and
    `demand_sds` (normal demand, units). Formula: y_j = sum_{k <= j} F_k^-1(1 - v_{j+1} / v_k), no term below 0.
    Protects too much or too little where classes have near values: `optimal_protection` is exact.
    Source: Belobaba (1987); Talluri and van Ryzin (2004), section 2.2.4.1.

    >>> emsr_a([1050, 567, 534, 520], [17.3, 45.1, 39.6, 34.0], [5.8, 15.0, 13.2, 11.3]).protection.round(1).tolist()
    [16.7, 38.7, 55.7]
    """
    worth, mean, sd = _classes(values, demand_means, demand_sds)
    levels = [
        np.sum(np.maximum(mean[:j] + sd[:j] * special.ndtri(1.0 - worth[j] / worth[:j]), 0.0))
        for j in range(1, worth.size)
    ]
    return _rising(np.array(levels))


def emsr_b(values: ArrayLike, demand_means: ArrayLike, demand_sds: ArrayLike) -> ProtectionLevels:
    """Nested protection levels by expected marginal seat revenue of the classes above taken as one (EMSR-b).

    Parameters as in `emsr_a`. Formula: with S_j the demand of classes 1..j (mean and variance summed) and v_j' its mean
    value weighted by mean demand, y_j = F_{S_j}^-1(1 - v_{j+1} / v_j'), at least 0.
    Source: Belobaba (1989); Talluri and van Ryzin (2004), section 2.2.4.2.

    >>> emsr_b([1050, 567, 534, 520], [17.3, 45.1, 39.6, 34.0], [5.8, 15.0, 13.2, 11.3]).protection.round(1).tolist()
    [16.7, 50.9, 83.2]
    """
    worth, mean, sd = _classes(values, demand_means, demand_sds)
    total, spread = np.cumsum(mean)[:-1], np.sqrt(np.cumsum(sd**2)[:-1])
    refuse_where(total <= 0.0, "demand_means", mean, "the first class must be asked for: leave it out")
    average = np.cumsum(mean * worth)[:-1] / total
    return _rising(np.maximum(total + spread * special.ndtri(1.0 - worth[1:] / average), 0.0))


def _rising(levels: FloatArray) -> ProtectionLevels:
    return ProtectionLevels(frozen(np.maximum.accumulate(levels)))


@dataclass(frozen=True, slots=True, eq=False)
class NestedPlan:
    """Best protection levels, and for each amount left of the capacity what one more unit is worth.

    `protection[j]`: kept for classes up to j + 1. `marginal_value[j, i]`: money for one more unit when `left_units[i]`
    are left and classes 1..j + 1 are still to come (the bid price). `expected_value[j]`: of the whole capacity then.
    """

    protection: FloatArray
    left_units: FloatArray
    marginal_value: FloatArray
    expected_value: FloatArray


def optimal_protection(
    values: ArrayLike, demands: Sequence[Demand], capacity: float, *, step_units: float = 0.0
) -> NestedPlan:
    """The best nested protection levels for several classes, by dynamic programming over them.

    Parameters, one per class from the most valuable: `values` (v_j > 0, falling, money per unit), `demands` (D_j, one
    item each, independent; all in whole units, or all continuous); `capacity` (C > 0, units);
    `step_units`: the grid of continuous demand (0: 1/50 of the smallest standard deviation; the error falls with its
    square). Formula: w_1(x) = v_1 P(D_1 > x); for class j and x above y_{j-1},
    w_j(x) = v_j P(D_j > x - y_{j-1}) + E[w_{j-1}(x - D_j); D_j <= x - y_{j-1}]; y_j is where w_j falls to v_{j+1}.
    Levels above the capacity are told as the capacity. Validity: the lowest class asks first, each class in one block.
    Source: Brumelle and McGill (1993); Talluri and van Ryzin (2004), section 2.2.2.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> classes = [NormalDemand.of(m, s) for m, s in [(17.3, 5.8), (45.1, 15.0), (39.6, 13.2), (34.0, 11.3)]]
    >>> optimal_protection([1050, 567, 534, 520], classes, 150.0).protection.round(1).tolist()
    [16.7, 42.5, 72.7]
    """
    worth = numbers("values", values, above=0.0, ndim=1)
    _refuse_unordered(worth)
    room = float(numbers("capacity", capacity, above=0.0, ndim=0))
    sizes = np.array([demand.mean.size for demand in demands])
    one_each = np.array(sizes.size == worth.size and bool(np.all(sizes == 1)))
    refuse_where(~one_each, "demands", np.array(sizes.size), "give one item's demand per class")
    whole = [demand.is_whole for demand in demands]
    mixed = np.array(any(whole) and not all(whole))
    refuse_where(mixed, "demands", mixed, "give demand in whole units for all classes, or for none")
    step = float(numbers("step_units", step_units, minimum=0.0, ndim=0))
    if all(whole):
        step, cells = 1.0, int(np.floor(room))
    else:
        step = step or min(float(demand.sd) for demand in demands) / 50.0
        cells = int(np.ceil(room / step))
        step = room / cells
    refuse_where(np.array(cells > _MOST_CELLS), "capacity", np.array(room), "too fine a grid: give larger step_units")
    left: FloatArray = step * np.arange(cells + 1, dtype=np.float64)
    # A unit's worth with x left: continuous, at x itself; whole units, of the unit between x - 1 and x.
    at = left - 1.0 if all(whole) else left
    worths = [worth[0] * _beyond(demands[0], at)]
    kept = []
    for j in range(1, worth.size):
        level = _fall_to(worths[-1], left, float(worth[j]), all(whole))
        kept.append(level)
        worths.append(_with_class(demands[j], float(worth[j]), worths[-1], left, level, all(whole)))
    marginal = np.array(worths)
    if all(whole):
        marginal[:, 0] = marginal[:, 1] if cells > 0 else 0.0
        value = np.sum(marginal[:, 1:], axis=1)
    else:
        value = np.sum((marginal[:, 1:] + marginal[:, :-1]) / 2.0 * step, axis=1)
    return NestedPlan(frozen(np.array(kept)), frozen(left), frozen(marginal), frozen(value))


def _beyond(demand: Demand, level: FloatArray) -> FloatArray:
    """P(D > level), with all of a demand below 0 counted as 0."""
    return np.where(level < 0.0, 1.0, demand.loss(np.maximum(level, 0.0)).beyond_share)


def _fall_to(worth: FloatArray, left: FloatArray, value: float, whole: bool) -> float:
    """Up to where one more unit is worth more than `value` to the classes above."""
    # Worth falls with what is left; index 0 has no unit to lose where units are whole.
    above = worth[1:] > value if whole else worth > value
    count = int(np.argmin(above)) if not np.all(above) else above.size
    if whole:
        return float(left[count])
    if count == 0 or count == above.size:
        return float(left[min(count, left.size - 1)])
    part = (worth[count - 1] - value) / (worth[count - 1] - worth[count])
    return float(left[count - 1] + part * (left[count] - left[count - 1]))


def _with_class(
    demand: Demand, value: float, worth: FloatArray, left: FloatArray, level: float, whole: bool
) -> FloatArray:
    """A unit's worth when this class, too, is still to come, and gets what lies above `level`."""
    free = left - level
    step = left[1] - left[0]
    # Chances of the class taking about k steps, and the worth of what it leaves.
    edges = left if whole else left + step / 2.0
    taken = -np.diff(_beyond(demand, edges), prepend=1.0)
    after = np.where(free > 0.0, worth, 0.0)
    # What is left may not fall below the protected level: the last, partial step counts as the class being cut off.
    kept = np.convolve(taken, after)[: left.size]
    cut = _beyond(demand, free - 1.0 if whole else free)
    if not whole:
        kept = kept + _edge(demand, worth, left, level, free)
    return np.where(free > 0.0, value * cut + kept, worth)


def _edge(demand: Demand, worth: FloatArray, left: FloatArray, level: float, free: FloatArray) -> FloatArray:
    """What rounding to the grid left out next to the protected level."""
    step = left[1] - left[0]
    first = int(np.argmax(left > level))
    at_level = float(np.interp(level, left, worth))
    near = free - (left[first] - level) + step / 2.0
    between = _beyond(demand, np.maximum(near, 0.0)) - _beyond(demand, free)
    return np.where(free > 0.0, np.where(near > 0.0, between, 0.0) * (at_level + worth[first]) / 2.0, 0.0)
