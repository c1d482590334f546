"""What customers are content with: satisfaction as it falls with the time they wait, and where it falls too low."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, same_shape, whole_number
from closeknit.engine.errors import EngineInputError

LARGEST_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class FallingFit:
    """The falling curve closest to the scores, in steps; shapes (steps,).

    Between `from_time` and `to_time` (the first and last time seen in a step) it stays at `score`.
    """

    from_time: FloatArray
    to_time: FloatArray
    score: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class SatisfactionLimit:
    """Up to which time scores hold a level, and how sure that is.

    `limit_time`: the longest time seen at which the curve is still at the level; infinite where it never falls below,
    0 where it is below from the first. `low_time` and `high_time` bound it by resampling. `chance_share`: how often
    scores dealt out anew, without regard to time, fall as clearly: near 0 says that time matters.
    """

    fit: FallingFit
    limit_time: float
    low_time: float
    high_time: float
    chance_share: float


def falling_fit(time: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> FallingFit:
    """Return the curve that never rises with time and is closest to the scores in least squares.

    Args:
        time: what somebody waited, t, at least 0, shape (answers,), in any order.
        score: what they said, y, shape (answers,).
        weight: of each answer, w, above 0, shape (answers,); all alike where not given.

    Minimise the sum of w (y - f(t))^2 over f with f(s) >= f(t) for s < t: pooling of adjacent violators. Answers of one
    time count by their mean. At the k-th time f is the largest over j >= k of the smallest over i <= k of the mean
    score from i to j.

    Valid for scores whose expectation falls, or stays, as time grows. At both ends it follows the few answers there.

    Source: Barlow, Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions (1972).

    >>> falling_fit([1, 2, 3, 4], [5, 3, 4, 1]).score.tolist()
    [5.0, 3.5, 1.0]
    """
    t, y = _answers(time, score)
    w = np.ones(t.size) if weight is None else numbers("weight", weight, above=0.0, ndim=1)
    same_shape([("weight", w)], t.shape, "one for each answer")
    times, place = np.unique(t, return_inverse=True)
    weights = np.bincount(place, weights=w)
    found = isotonic_regression(np.bincount(place, weights=w * y) / weights, weights=weights, increasing=False)
    first, last = found.blocks[:-1], found.blocks[1:] - 1
    return FallingFit(
        from_time=frozen(times[first]),
        to_time=frozen(times[last]),
        score=frozen(found.x[first]),
        weight=frozen(np.asarray(found.weights)),
    )


def satisfaction_limit(
    time: ArrayLike,
    score: ArrayLike,
    wanted_score: float,
    *,
    group: ArrayLike | None = None,
    interval_level: float = 0.9,
    resamples: int = 400,
    rng: np.random.Generator,
) -> SatisfactionLimit:
    """Return up to which time people stay at least as satisfied as wanted, with an interval.

    Args:
        time: what somebody waited, t, at least 0, shape (answers,).
        score: what they said, y, shape (answers,).
        wanted_score: the level that satisfaction is to hold.
        group: whose answer it is, whole numbers, shape (answers,): one person's answers are drawn together. Where
            there is one group only, or none is given, answers are drawn one by one.
        interval_level: of the interval, in (0, 1).
        resamples: how many samples are drawn, 20 to 10,000.
        rng: the source of random numbers.

    limit = max {t seen: f(t) >= wanted}, f the falling fit. The interval holds the limits of samples drawn with
    replacement. `chance_share` = (1 + number of shuffles whose fit explains at least as much) / (1 + resamples).

    Valid as `falling_fit` is. No proof says that resampling such a curve covers as it should; what was measured is on
    the method's page. The limit settles with the cube root of the number of answers only.

    Source: Barlow et al. (1972); Efron (1979) for resampling; Sen, Banerjee and Woodroofe (2010) on its limits.

    >>> found = satisfaction_limit([1, 2, 3, 4], [5, 5, 2, 1], 4.0, rng=np.random.default_rng(1))
    >>> found.limit_time
    2.0
    """
    t, y = _answers(time, score)
    wanted = float(numbers("wanted_score", wanted_score, ndim=0))
    level = float(numbers("interval_level", interval_level, above=0.0, below=1.0, ndim=0))
    count = whole_number("resamples", resamples, minimum=20, maximum=LARGEST_RESAMPLES)
    members = _members(group, t.size)
    times, place = np.unique(t, return_inverse=True)
    observed = _explained(place, y, times.size)
    limits = np.empty(count)
    as_clear = 0
    for sample in range(count):
        drawn = np.bincount(rng.integers(members.max() + 1, size=members.max() + 1), minlength=members.max() + 1)
        limits[sample] = _limit(times, place, y, drawn[members].astype(np.float64), wanted)
        # Sums of the same scores in another order differ by rounding.
        as_clear += _explained(place, rng.permutation(y), times.size) >= observed * (1.0 - 1e-12)
    limits.sort()
    tail = (1.0 - level) / 2.0
    return SatisfactionLimit(
        fit=falling_fit(t, y),
        limit_time=_limit(times, place, y, np.ones(t.size), wanted),
        low_time=float(limits[int(np.floor(tail * (count - 1)))]),
        high_time=float(limits[int(np.ceil((1.0 - tail) * (count - 1)))]),
        chance_share=(1 + as_clear) / (1 + count),
    )


def _answers(time: ArrayLike, score: ArrayLike) -> tuple[FloatArray, FloatArray]:
    t = numbers("time", time, minimum=0.0, ndim=1)
    y = numbers("score", score, ndim=1)
    if t.size == 0:
        raise EngineInputError("time is empty: give at least one answer")
    same_shape([("score", y)], t.shape, "one for each time")
    return t, y


def _members(group: ArrayLike | None, answers: int) -> IntArray:
    """Number the groups from 0; answers one by one where there is no more than one group."""
    if group is None:
        return np.arange(answers)
    given = np.asarray(group)
    if given.dtype.kind not in "iu":
        raise EngineInputError(f"group holds {given.dtype} values: give whole numbers, one for each group")
    same_shape([("group", given)], (answers,), "one for each answer")
    found = np.unique(given, return_inverse=True)[1]
    return found if found.max() > 0 else np.arange(answers)


def _limit(times: FloatArray, place: IntArray, y: FloatArray, w: FloatArray, wanted: float) -> float:
    weights = np.bincount(place, weights=w, minlength=times.size)
    seen = weights > 0.0
    sums = np.bincount(place, weights=w * y, minlength=times.size)
    fitted = isotonic_regression(sums[seen] / weights[seen], weights=weights[seen], increasing=False).x
    # A mean of equal scores may differ from them by rounding.
    holds = fitted >= wanted - 1e-9
    if holds.all():
        return float(np.inf)
    return float(times[seen][holds][-1]) if holds.any() else 0.0


def _explained(place: IntArray, y: FloatArray, times: int) -> float:
    """Return the sum of squares that the falling fit explains beyond the mean."""
    weights = np.bincount(place, minlength=times).astype(np.float64)
    means = np.bincount(place, weights=y, minlength=times) / weights
    fitted = isotonic_regression(means, weights=weights, increasing=False).x
    return float(np.sum(weights * (fitted - y.mean()) ** 2))
