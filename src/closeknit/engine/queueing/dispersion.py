"""Whether arrivals vary more than chance alone: tests by day and within the day, and the gamma-mixed rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, same_shape, whole_numbers
from closeknit.engine.errors import EngineInputError

_LARGEST_COUNT = 10**9
_SMALLEST_SHAPE, _LARGEST_SHAPE = 1e-4, 1e6


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalDispersion:
    """How counts spread about their mean, against Poisson. An index of 1 is chance alone; cv are of the RATE.

    The whole (`dispersion_index`, `p_value`) splits into days that are busy as a whole (`between_day_...`; its p-value
    allows for what intervals on their own do to a day's total) and intervals that differ within a day of given total
    (`within_day_...`). `index_by_group` (groups, intervals) is 1
    where a group cannot say. `rate_cv` joins both: what `required_agents_uncertain_rate` wants for one interval.
    """

    dispersion_index: float
    p_value: float
    between_day_index: float
    between_day_p_value: float
    within_day_index: float
    within_day_p_value: float
    between_day_cv: float
    within_day_cv: float
    rate_cv: float
    index_by_group: FloatArray
    degrees_of_freedom: int


@dataclass(frozen=True, slots=True, eq=False)
class GammaMixedRate:
    """A Poisson stream whose rate is drawn from a gamma law (counts are negative binomial), fitted by likelihood.

    `mean_count` per unit of `expected`; `rate_cv` the rate's coefficient of variation with limits (0: Poisson);
    `poisson_p_value`: how likely such an improvement over Poisson is by chance.
    """

    mean_count: FloatArray
    rate_cv: FloatArray
    lower_rate_cv: FloatArray
    upper_rate_cv: FloatArray
    log_likelihood_gain: FloatArray
    poisson_p_value: FloatArray


def arrival_dispersion(counts: ArrayLike, group_of_day: ArrayLike | None = None) -> ArrivalDispersion:
    """Test whether counts by day and interval are Poisson about their group's mean, and say where they are not.

    Parameters: `counts` (D, I) whole arrivals of day d in interval i of the day; `group_of_day` (D) whole numbers,
    such as the weekday: days of one group share the same expected counts (default: all do).
    Formula: index of dispersion sum (N - mean)^2 / mean, chi-square under Poisson. Between days: the same of daily
    totals. Within: counts given their day's total are multinomial. Rates: with N ~ Poisson(m B W), B by day and W by
    interval, the excess of both statistics gives cv(B) and cv(W); `rate_cv`^2 = cv(B)^2 + cv(W)^2 + product.
    Validity: some counts of at least 1 on average (p-values are chi-square approximations); at least two days in a
    group; trends and events not in the groups appear as dispersion, and so they should, if the forecast lacks them.
    Source: Fisher (1925); Jongbloed and Koole, Appl. Stoch. Models 17 (2001); Avramidis et al., Mgmt Sci. 50 (2004).

    >>> steady = arrival_dispersion([[10, 20], [12, 18], [9, 23], [11, 21]])
    >>> busy_days = arrival_dispersion([[10, 20], [30, 62], [12, 22], [33, 58]])
    >>> round(steady.dispersion_index, 2), busy_days.between_day_p_value < 1e-6, round(busy_days.between_day_cv, 1)
    (0.19, True, 0.5)
    """
    arrivals = whole_numbers("counts", counts, minimum=0, maximum=_LARGEST_COUNT, ndim=2).astype(np.float64)
    days, intervals = arrivals.shape
    if days < 2 or intervals < 1:
        raise EngineInputError(f"counts has shape {arrivals.shape}: give at least two days and one interval")
    groups = np.zeros(days, dtype=np.int64)
    if group_of_day is not None:
        groups = whole_numbers("group_of_day", group_of_day, minimum=0, ndim=1)
        same_shape([("group_of_day", groups)], (days,), "one group per day")
    names, which = np.unique(groups, return_inverse=True)
    size = np.bincount(which).astype(np.float64)
    member = (which[None, :] == np.arange(names.size)[:, None]).astype(np.float64)
    mean = member @ arrivals / size[:, None]
    if not np.any(mean[size > 1.0] > 0.0):
        raise EngineInputError("counts: no group has two days and an arrival; join groups, or give more days")
    return _dispersion(arrivals, which, size, mean, member)


def _dispersion(
    arrivals: FloatArray, which: IntArray, size: FloatArray, mean: FloatArray, member: FloatArray
) -> ArrivalDispersion:
    totals, total_mean = arrivals.sum(axis=1), mean.sum(axis=1)
    free = np.where(total_mean > 0.0, size - 1.0, 0.0)
    by_cell = member @ _ratio((arrivals - mean[which]) ** 2, mean[which])
    cell_freedom = (mean > 0.0) * (size[:, None] - 1.0)
    freedom = float(cell_freedom.sum())
    between_by_day = _ratio((totals - total_mean[which]) ** 2, total_mean[which])
    between = float(between_by_day.sum())
    expected = totals[:, None] * _ratio(mean, total_mean[:, None])[which]
    within = float(_ratio((arrivals - expected) ** 2, expected).sum())
    within_freedom = float((free * ((mean > 0.0).sum(axis=1) - 1.0)).sum())
    squares = _ratio((mean**2).sum(axis=1), total_mean)
    within_room = float((free * (total_mean - squares)).sum())
    within_cv2 = max(within - within_freedom, 0.0) / within_room if within_room > 0.0 else 0.0
    excess = between - float(free.sum()) - within_cv2 * float((free * squares).sum())
    between_cv2 = max(excess, 0.0) / float((free * total_mean).sum())
    return ArrivalDispersion(
        dispersion_index=float(by_cell.sum()) / freedom,
        p_value=_upper_tail(float(by_cell.sum()), freedom),
        between_day_index=between / float(free.sum()),
        # Intervals that swing on their own make totals swing too: days must differ beyond that.
        between_day_p_value=_upper_tail(
            float((between_by_day / (1.0 + within_cv2 * squares)[which]).sum()), float(free.sum())
        ),
        within_day_index=within / within_freedom if within_freedom > 0.0 else 1.0,
        within_day_p_value=_upper_tail(within, within_freedom),
        between_day_cv=float(np.sqrt(between_cv2)),
        within_day_cv=float(np.sqrt(within_cv2)),
        rate_cv=float(np.sqrt(between_cv2 + within_cv2 + between_cv2 * within_cv2)),
        index_by_group=frozen(np.divide(by_cell, cell_freedom, out=np.ones(by_cell.shape), where=cell_freedom > 0.0)),
        degrees_of_freedom=int(freedom),
    )


def fit_gamma_mixed_rate(
    counts: ArrayLike, expected: ArrayLike = 1.0, confidence_share: float = 0.95
) -> GammaMixedRate:
    """Mean and coefficient of variation of a rate that differs from interval to interval, from counts.

    Parameters: `counts` (..., N) whole, at least two on the last axis; `expected` (..., N) > 0 known relative sizes of
    their means, such as a forecast (default: all alike); `confidence_share` of the limits.
    Formula: counts ~ Poisson(e_i m G), G gamma with mean 1 and variance rate_cv^2, that is negative binomial with mean
    e_i m and shape 1/rate_cv^2; maximum likelihood, limits by profile likelihood, and the likelihood-ratio test of
    Poisson (half a chi-square, for 0 is the edge).
    Validity: independent intervals; rate_cv from 0.001 (less is called 0) to 100.
    Source: Anscombe, Biometrika 37 (1950); Jongbloed and Koole (2001); Self and Liang (1987) for the test.

    >>> fit = fit_gamma_mixed_rate([[80, 120, 95, 150, 60, 110], [101, 96, 104, 99, 110, 92]])
    >>> fit.mean_count.round(1).tolist(), fit.rate_cv.round(2).tolist()
    ([102.5, 100.3], [0.27, 0.0])
    """
    from scipy.special import chdtrc, ndtri

    arrivals = whole_numbers("counts", counts, minimum=0, maximum=_LARGEST_COUNT).astype(np.float64)
    if arrivals.ndim == 0 or arrivals.shape[-1] < 2:
        raise EngineInputError(f"counts has shape {arrivals.shape}: give at least two counts on the last axis")
    sizes = numbers("expected", expected, above=0.0, maximum=1e9)
    try:
        sizes = np.broadcast_to(sizes, arrivals.shape)
    except ValueError as error:
        raise EngineInputError(f"expected has shape {sizes.shape}: give {arrivals.shape}, one per count") from error
    refuse_where(arrivals.sum(axis=-1) == 0.0, "counts", arrivals.sum(axis=-1), "no arrival at all: nothing to fit")
    level = float(numbers("confidence_share", confidence_share, above=0.0, below=1.0, ndim=0))
    best = _best_shape(arrivals, sizes)
    top, nothing = _profile(arrivals, sizes, best), _profile(arrivals, sizes, np.full(best.shape, np.inf))
    gain = np.maximum(top - nothing, 0.0)
    drop = top - 0.5 * float(ndtri(0.5 + level / 2.0)) ** 2
    is_poisson = np.isinf(best)
    lower = np.where(nothing >= drop, np.inf, _crossing(arrivals, sizes, drop, best, _LARGEST_SHAPE))
    start = np.where(is_poisson, _LARGEST_SHAPE, best)
    upper = _crossing(arrivals, sizes, drop, start, _SMALLEST_SHAPE)
    return GammaMixedRate(
        mean_count=frozen(_mean_given(arrivals, sizes, best)),
        rate_cv=frozen(1.0 / np.sqrt(best)),
        lower_rate_cv=frozen(1.0 / np.sqrt(lower)),
        upper_rate_cv=frozen(1.0 / np.sqrt(upper)),
        log_likelihood_gain=frozen(gain),
        poisson_p_value=frozen(np.where(gain > 0.0, 0.5 * chdtrc(1.0, 2.0 * gain), 1.0)),
    )


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, 0 where there is nothing to divide by."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0.0)


def _upper_tail(statistic: float, freedom: float) -> float:
    from scipy.special import gammaincc

    return float(gammaincc(freedom / 2.0, statistic / 2.0)) if freedom > 0.0 else 1.0


def _mean_given(counts: FloatArray, sizes: FloatArray, shape: FloatArray) -> FloatArray:
    """The likeliest mean per unit of size at a given shape, by weighting: 1/variance of each count's size."""
    mean = counts.sum(axis=-1) / sizes.sum(axis=-1)
    if not np.ptp(sizes) > 0.0:
        return np.asarray(mean)
    for _ in range(60):
        weight = 1.0 / (1.0 + mean[..., None] * sizes / shape[..., None])
        mean = (weight * counts).sum(axis=-1) / (weight * sizes).sum(axis=-1)
    return np.asarray(mean)


def _profile(counts: FloatArray, sizes: FloatArray, shape: FloatArray) -> FloatArray:
    """Log-likelihood at a shape (infinite: Poisson) and its likeliest mean, up to what depends on counts only."""
    from scipy.special import gammaln, xlog1py, xlogy

    mean = _mean_given(counts, sizes, shape)[..., None] * sizes
    k = np.minimum(shape, _LARGEST_SHAPE)[..., None]
    mixed = gammaln(counts + k) - gammaln(k) - counts * np.log(k)
    mixed += xlogy(counts, mean) - xlog1py(k + counts, mean / k)
    poisson = xlogy(counts, mean) - mean
    return np.asarray(np.where(np.isinf(shape)[..., None], poisson, mixed).sum(axis=-1))


def _best_shape(counts: FloatArray, sizes: FloatArray) -> FloatArray:
    """The likeliest shape; infinite where the likelihood rises to the Poisson edge."""
    low = np.full(counts.shape[:-1], np.log(_SMALLEST_SHAPE))
    high = np.full(counts.shape[:-1], np.log(_LARGEST_SHAPE))
    edge = _score(counts, sizes, np.exp(high)) >= 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        rises = _score(counts, sizes, np.exp(middle)) > 0.0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    return np.where(edge, np.inf, np.exp(0.5 * (low + high)))


def _score(counts: FloatArray, sizes: FloatArray, shape: FloatArray) -> FloatArray:
    """Slope of the profile in the shape, times its square: keeps its size towards the Poisson edge."""
    from scipy.special import digamma

    mean = _mean_given(counts, sizes, shape)[..., None] * sizes
    k = shape[..., None]
    far = (k > 1e3) & (k > 100.0 * (counts + mean))
    exact = digamma(counts + k) - digamma(k) - np.log1p(mean / k) + (mean - counts) / (k + mean)
    # Towards Poisson these terms cancel: their expansion in 1/k is used instead, to the third power.
    series = (counts - (counts - mean) ** 2) / 2.0
    third = counts * (counts - 1.0) * (2.0 * counts - 1.0) / 6.0 + mean**3 * (2.0 / 3.0) - counts * mean**2
    return np.asarray(np.where(far, series + third / k, exact * k**2).sum(axis=-1))


def _crossing(
    counts: FloatArray, sizes: FloatArray, level: FloatArray, inside: FloatArray, outside: float
) -> FloatArray:
    """The shape between `inside` (likely) and `outside` where the profile falls to `level`."""
    near = np.log(np.minimum(inside, _LARGEST_SHAPE))
    far = np.full(near.shape, np.log(outside))
    for _ in range(60):
        middle = 0.5 * (near + far)
        likely = _profile(counts, sizes, np.exp(middle)) >= level
        near, far = np.where(likely, middle, near), np.where(likely, far, middle)
    return np.asarray(np.exp(0.5 * (near + far)))
