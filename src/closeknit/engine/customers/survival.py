"""How long customers stay, without any law: Kaplan-Meier, and whether groups differ: the log-rank test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc, ndtri

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, whole_numbers
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Share that is still there after each time at which somebody left; shapes (times,).

    `lower` and `upper` bound it at the level asked for (log-log, so within 0..1).
    """

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    survival: FloatArray
    variance: FloatArray
    lower: FloatArray
    upper: FloatArray
    median_time: float


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether groups leave at different rates: `p_value` is the chance of so large a difference by chance alone."""

    chi_square: float
    degrees_of_freedom: int
    p_value: float
    observed: FloatArray
    expected: FloatArray


def kaplan_meier(time: ArrayLike, has_left: ArrayLike, *, level: float = 0.95) -> SurvivalCurve:
    """Return how many stay how long, counting those who are there still as long as they were seen.

    Args:
        time: time until leaving, or until last seen, at least 0, shape (customers,).
        has_left: whether the customer left then (else it was last seen then), booleans.
        level: of the interval, in (0, 1).

    S(t) = product of (1 - d/n) over times with departures; variance by Greenwood: S^2 times the sum of d/(n (n - d)).
    Who is last seen when somebody leaves counts as at risk then. `median_time` is infinite where S stays above a half.

    Valid where being seen no longer has nothing to do with being about to leave.

    Source: Kaplan and Meier, JASA 53 (1958); Greenwood (1926); Kalbfleisch and Prentice (1980) for the interval.

    >>> kaplan_meier([6, 6, 6, 7, 10], [True, True, False, True, False]).survival.round(2).tolist()
    [0.6, 0.3]
    """
    t, left = _observed(time, has_left)
    share = float(numbers("level", level, above=0.0, below=1.0, ndim=0))
    times = np.unique(t[left])
    at_risk = t.size - np.searchsorted(np.sort(t), times, side="left").astype(np.float64)
    events = np.bincount(np.searchsorted(times, t[left]), minlength=times.size).astype(np.float64)
    survival = np.cumprod(1.0 - events / at_risk)
    rest = at_risk - events
    terms = np.divide(events, at_risk * rest, out=np.zeros(times.size), where=rest > 0)
    greenwood = np.cumsum(terms)
    inside = (survival > 0.0) & (survival < 1.0)
    log_s = np.log(np.where(inside, survival, 0.5))
    half = float(ndtri(0.5 + share / 2.0)) * np.sqrt(np.where(inside, greenwood, 0.0)) / np.abs(log_s)
    lower = np.where(inside, np.exp(log_s * np.exp(half)), survival)
    upper = np.where(inside, np.exp(log_s * np.exp(-half)), survival)
    reached = np.flatnonzero(survival <= 0.5)
    median = float(times[reached[0]]) if reached.size else float("inf")
    variance = np.where(survival > 0.0, survival**2 * greenwood, 0.0)
    return SurvivalCurve(
        time=frozen(times),
        at_risk=frozen(at_risk),
        events=frozen(events),
        survival=frozen(survival),
        variance=frozen(variance),
        lower=frozen(lower),
        upper=frozen(upper),
        median_time=median,
    )


def log_rank(time: ArrayLike, has_left: ArrayLike, group: ArrayLike) -> LogRank:
    """Return whether groups of customers leave at different rates.

    Args:
        time: time until leaving, or until last seen, at least 0, shape (customers,).
        has_left: whether the customer left then, booleans.
        group: whole code of the group, at least two different ones.

    Sum over times of observed minus expected departures, squared, over its hypergeometric variance: chi-square with
    groups - 1 degrees of freedom.

    Valid for rates that keep their ratio; curves that cross can hide from it.

    Source: Mantel (1966); Peto and Peto (1972).

    >>> got = log_rank([10, 20, 30, 10, 20, 50], [True, False, True] * 2, [0, 0, 0, 1, 1, 1])
    >>> round(got.chi_square, 6), round(got.p_value, 6)
    (0.384615, 0.535143)
    """
    t, left = _observed(time, has_left)
    codes: IntArray = whole_numbers("group", group, minimum=-(2**53), ndim=1)
    if codes.shape != t.shape:
        raise EngineInputError(f"group has shape {codes.shape}: give {t.shape}, one for each time")
    kinds, place = np.unique(codes, return_inverse=True)
    if kinds.size < 2:
        raise EngineInputError("group has one kind only: give at least two groups to compare")
    times = np.unique(t[left])
    risk, gone = np.zeros((kinds.size, times.size)), np.zeros((kinds.size, times.size))
    for k in range(kinds.size):
        mine = np.sort(t[place == k])
        risk[k] = mine.size - np.searchsorted(mine, times, side="left")
        gone[k] = np.bincount(np.searchsorted(times, t[left & (place == k)]), minlength=times.size)
    all_risk, all_gone = risk.sum(axis=0), gone.sum(axis=0)
    expected = (risk * all_gone / all_risk).sum(axis=1)
    spread = np.where(all_risk > 1, all_gone * (all_risk - all_gone) / np.maximum(all_risk - 1.0, 1.0), 0.0)
    share = risk / all_risk
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    off = (gone.sum(axis=1) - expected)[:-1]
    if not np.linalg.matrix_rank(covariance[:-1, :-1]) == kinds.size - 1:
        raise EngineInputError("has_left: no departure tells the groups apart; give groups that overlap in time")
    chi = float(off @ np.linalg.solve(covariance[:-1, :-1], off))
    freedom = kinds.size - 1
    p = float(gammaincc(freedom / 2.0, chi / 2.0))
    return LogRank(chi, freedom, p, frozen(gone.sum(axis=1)), frozen(expected))


def _observed(time: ArrayLike, has_left: ArrayLike) -> tuple[FloatArray, BoolArray]:
    t = numbers("time", time, minimum=0.0, ndim=1)
    left = np.array(has_left)
    if left.dtype.kind != "b" or left.shape != t.shape:
        raise EngineInputError(f"has_left must be booleans of shape {t.shape}, one for each time")
    if not left.any():
        raise EngineInputError("has_left: nobody has left, so there is nothing to draw")
    return t, left
