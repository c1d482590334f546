"""Effects of events pooled: each series leans on its group, each group on all, by how much each has seen itself."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.forecasting.event_sums import EventSums, dispersion
from closeknit.engine.forecasting.local_level import share

_USUAL_SPREAD = 0.2**2
"""Relative variance of an event's factor between customers of a group, before anything is seen."""
_UNITS_OF_DOUBT = 2.0
"""As many units are taken to have come, and to have been expected, before anything is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pooled:
    """Factors relative to each other: `factor`, `relative_error` and `is_known` per group; `spread` between members."""

    factor: FloatArray
    relative_error: FloatArray
    is_known: BoolArray
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class PooledEffect:
    """One event's factor per series and per group, with its standard error, and how far a group's series lie apart."""

    factor: FloatArray
    error: FloatArray
    own_share: FloatArray
    group_factor: FloatArray
    group_error: FloatArray
    is_known: bool
    spread: float


def pooled_effect(sums: EventSums, together: EventSums, group: IntArray, event: int) -> PooledEffect:
    """One event: groups from their series, groups from all groups, series from their group."""
    groups = together.came.shape[0]
    came, expected, noise = sums.came[:, event], sums.expected[:, event], dispersion(sums, group)[:, event]
    first = _typical(came, expected, noise, group, groups)
    ratio, weight = _evidence(came, expected, sums.cubes[:, event], noise, first[group])
    inside = _pooled(ratio, weight, group, groups, first)
    # What all members have in common (weather, the region's luck) does not average out over them.
    shared = dispersion(together, np.arange(groups))[:, event]
    _, seen = _evidence(
        together.came[:, event], together.expected[:, event], together.cubes[:, event], shared, inside.factor
    )
    error = np.maximum(inside.relative_error, share(np.ones(groups), np.sqrt(seen), 0.0))
    weight_of_group = np.where(inside.is_known, share(np.ones(groups), error**2, 0.0), 0.0)
    top = np.zeros(groups, dtype=np.int64)
    start = share((weight_of_group * inside.factor).sum(keepdims=True), weight_of_group.sum(keepdims=True), 1.0)
    across = _careful(_pooled(inside.factor, weight_of_group * (start / inside.factor) ** 2, top, 1, start))
    group_factor, group_error, _ = _posterior(inside.factor, weight_of_group, across, top)
    is_known = bool(across.is_known[0])
    settled = _Pooled(group_factor, share(group_error, group_factor, 0.0), inside.is_known, inside.spread)
    factor, deviation, own_share = _posterior(ratio, weight, settled, group)
    return PooledEffect(
        factor, deviation, own_share, group_factor, group_error, is_known, float(np.sqrt(inside.spread))
    )


def _careful(pooled: _Pooled) -> _Pooled:
    """The same with two units added to what came and to what would have: little evidence says little."""
    trust = share(np.ones_like(pooled.factor), pooled.relative_error**2, 0.0)
    careful = (trust + _UNITS_OF_DOUBT) / (trust / pooled.factor + _UNITS_OF_DOUBT)
    factor = np.where(pooled.is_known, careful, pooled.factor)
    return _Pooled(factor, pooled.relative_error, pooled.is_known, pooled.spread)


def _typical(came: FloatArray, expected: FloatArray, noise: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """[group]: what came over what would have, two units added to both so that nothing is never the last word."""
    totals = np.zeros((2, groups))
    np.add.at(totals[0], group, share(came, noise, 0.0))
    np.add.at(totals[1], group, share(expected, noise, 0.0))
    typical: FloatArray = (np.maximum(totals[0], 0.0) + _UNITS_OF_DOUBT) / (totals[1] + _UNITS_OF_DOUBT)
    return typical


def _evidence(
    came: FloatArray, expected: FloatArray, cubes: FloatArray, noise: FloatArray, typical: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Each series' own factor, and 1 / its squared relative error were the typical factor the true one."""
    ratio = np.maximum(share(came, expected, 1.0), 0.0)
    variance = noise * (expected + (typical - 1.0) * cubes)
    return ratio, np.where(expected > 0.0, share(typical**2 * expected**2, variance, 0.0), 0.0)


def _pooled(ratio: FloatArray, weight: FloatArray, group: IntArray, groups: int, first: FloatArray) -> _Pooled:
    """Random effects by the method of moments: the common factor of each group, and how far members lie apart."""

    def total(values: FloatArray) -> FloatArray:
        sums = np.zeros(groups)
        np.add.at(sums, group, values)
        return sums

    members, evidence = total((weight > 0.0).astype(np.float64)), total(weight)
    centre = np.where(evidence > 0.0, share(total(weight * ratio), evidence, 1.0), first)
    centre = np.maximum(centre, 0.0) + (centre <= 0.0) * first
    # No one member may claim that all differ: a doubling counts as one, unless noise alone would do it.
    most = np.maximum(1.0, 4.0 * np.sqrt(share(np.ones_like(weight), weight, 1.0)))
    apart = np.clip(share(ratio, centre[group], 1.0) - 1.0, -1.0, most)
    excess = total(weight * apart**2) - np.maximum(members - 1.0, 0.0)
    room = evidence - share(total(weight**2), evidence, 0.0)
    spread = _spread(float(excess.sum()), float(np.maximum(members - 1.0, 0.0).sum()), float(room.sum()))
    random = np.where(weight > 0.0, share(weight, 1.0 + weight * spread, 0.0), 0.0)
    trust = total(random)
    factor = np.where(trust > 0.0, share(total(random * ratio), trust, 1.0), first)
    factor = np.where(factor > 0.0, factor, first)
    error = np.where(trust > 0.0, share(np.ones(groups), np.sqrt(trust), 0.0), 0.0)
    return _Pooled(factor, error, trust > 0.0, spread)


def _spread(excess: float, freedom: float, room: float) -> float:
    """Relative variance between members: its mean given the excess, were it exponential beforehand.

    The estimate of moments itself is negative, thus cut to nothing, half of the time where differences are small.
    """
    if room <= 1e-9 or freedom <= 0.0:
        return _USUAL_SPREAD
    deviation = np.sqrt(2.0 * freedom) / room
    place = (excess / room - deviation**2 / _USUAL_SPREAD) / deviation
    if place < -8.0:
        return float(deviation / -place)
    mills = np.exp(-0.5 * place**2 - special.log_ndtr(place)) / np.sqrt(2.0 * np.pi)
    return float(deviation * (place + mills))


def _posterior(
    ratio: FloatArray, weight: FloatArray, prior: _Pooled, group: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and standard deviation of each member's factor, and the share of its own evidence in it."""
    if not ratio.size:
        return ratio, ratio, ratio
    common, error = prior.factor[group], prior.relative_error[group]
    belief = 1.0 / prior.spread
    part = weight / (weight + belief)
    mean = part * ratio + (1.0 - part) * common
    variance = mean * common / (weight + belief) + ((1.0 - part) * error * common) ** 2
    return mean, np.sqrt(variance), part
