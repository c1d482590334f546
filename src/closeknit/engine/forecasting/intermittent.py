"""Demand that comes now and then: how much per period on average, and how much may come within some periods."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    rising_levels,
    whole_number,
)
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.forecasting.intermittent_kernels import (
    describe_demand,
    fit_buckets,
    fit_sizes_and_gaps,
    roll_sizes_and_gaps,
)

LONG_INTERVAL = 1.32
"""Mean periods between demands from which on demand is called intermittent or lumpy."""
VARIED_SIZE = 0.49
"""Squared coefficient of variation of sizes from which on demand is called erratic or lumpy."""

_CROSTON, _SBA, _SBJ, _TSB = range(4)
_METHODS = {"croston": _CROSTON, "sba": _SBA, "sbj": _SBJ, "tsb": _TSB}
_COMPARED = 100.0
_STEPS = 25.0
"""Work per value and pass: from a thousand values on, plain Python would take milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class DemandPattern:
    """What kind of demand each series has: all [series].

    `pattern`: "smooth", "erratic", "intermittent", "lumpy" or "no_demand". `mean_interval` (ADI): periods per demand up
    to the last one, 0 without demand. `mean_size` and `squared_cv` (CV^2) of the demands that are not zero, the latter
    with n - 1 in the denominator, 0 for a single one. `demands`: how many. `observed`: periods that are not missing.
    """

    pattern: tuple[str, ...]
    mean_interval: FloatArray
    mean_size: FloatArray
    squared_cv: FloatArray
    demands: IntArray
    observed: IntArray
    is_whole: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class IntermittentForecast:
    """The same mean for every period ahead: all [series].

    `mean` per period; `size` and `interval` as smoothed (for TSB `interval` is 1 / probability; for sums over buckets
    `interval` is the bucket and `size` the mean demand within it; 0 without demand). `size_smoothing`,
    `interval_smoothing`: as used, 0 where searched per bucket. `pattern`: what demand looked like.
    """

    method: str
    mean: FloatArray
    size: FloatArray
    interval: FloatArray
    size_smoothing: FloatArray
    interval_smoothing: FloatArray
    pattern: DemandPattern


@dataclass(frozen=True, slots=True, eq=False)
class DemandOverPeriods:
    """Demand summed over some periods ahead: `mean`, `variance`, `none_share` [series], `quantiles` [level, series].

    `none_share` is the chance that nothing is asked at all.
    """

    mean: FloatArray
    variance: FloatArray
    none_share: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray


def classify_demand(history: ArrayLike) -> DemandPattern:
    """What kind of demand each series has, by how often and how evenly it comes.

    Parameters: `history` [series, period] >= 0, NaN for a missing period, which is skipped.
    Formula: mean interval below 1.32: smooth (CV^2 below 0.49) or erratic; from 1.32 on: intermittent or lumpy.
    Validity: the limits say where SBA's error falls below Croston's in theory; they're a convention, not a test.
    Source: Syntetos, Boylan and Croston, Journal of the Operational Research Society 56 (2005).

    >>> classify_demand([[3.0, 4.0, 3.0, 4.0], [0.0, 0.0, 5.0, 0.0], [0.0, 1.0, 0.0, 9.0]]).pattern
    ('smooth', 'intermittent', 'lumpy')
    """
    return _described(_checked(history))[2]


def croston(
    history: ArrayLike, *, size_smoothing: float | None = 0.1, interval_smoothing: float | None = 0.1
) -> IntermittentForecast:
    """Croston's forecast: smoothed size over smoothed interval between demands.

    Parameters: `history` [series, period] >= 0, NaN skipped; `size_smoothing`, `interval_smoothing` in (0, 1]; None:
    searched on 0.02 to 0.4 for the least squared distance from the mean so far (mean squared rate).
    Formula: at a demand y after q periods: z += a (y - z), p += b (q - p); mean z / p. Starts at the first demand.
    Validity: biased upward by about b / 2; says nothing when demand has ended: `tsb`.
    Source: Croston, Operational Research Quarterly 23 (1972); Kourentzes, IJPE 156 (2014) (the search).

    >>> croston([[0.0, 4.0, 0.0, 0.0, 0.0, 8.0]]).mean.round(6).tolist()
    [2.0]
    """
    return _sizes_and_gaps("croston", _CROSTON, history, size_smoothing, interval_smoothing)


def sba(
    history: ArrayLike, *, size_smoothing: float | None = 0.1, interval_smoothing: float | None = 0.1
) -> IntermittentForecast:
    """Croston's forecast with Syntetos and Boylan's correction of its bias: (1 - b/2) z / p.

    Parameters, search: as `croston`; b is `interval_smoothing`. Validity: intermittent demand; too low for smooth.
    Source: Syntetos and Boylan, International Journal of Forecasting 21 (2005).

    >>> sba([[0.0, 4.0, 0.0, 0.0, 0.0, 8.0]]).mean.round(6).tolist()
    [1.9]
    """
    return _sizes_and_gaps("sba", _SBA, history, size_smoothing, interval_smoothing)


def sbj(
    history: ArrayLike, *, size_smoothing: float | None = 0.1, interval_smoothing: float | None = 0.1
) -> IntermittentForecast:
    """Croston's forecast with Shale, Boylan and Johnston's correction for orders that come as a Poisson stream:
    (1 - b / (2 - b)) z / p.

    Parameters, search: as `croston`. Source: Shale, Boylan and Johnston, JORS 57 (2006).

    >>> sbj([[0.0, 4.0, 0.0, 0.0, 0.0, 8.0]]).mean.round(6).tolist()
    [1.894737]
    """
    return _sizes_and_gaps("sbj", _SBJ, history, size_smoothing, interval_smoothing)


def tsb(
    history: ArrayLike, *, size_smoothing: float | None = 0.1, probability_smoothing: float | None = 0.1
) -> IntermittentForecast:
    """Teunter, Syntetos and Babai's forecast: smoothed size times smoothed probability, which sinks when nothing comes.

    Parameters: as `croston`; `probability_smoothing` (b) in (0, 1], None: searched.
    Formula: every period d += b (1[y > 0] - d), at a demand z += a (y - z); mean d z. Starts at the first demand, with
    d one over its place. Validity: demand that may fade; unbiased at any moment.
    Source: Teunter, Syntetos and Babai, European Journal of Operational Research 214 (2011).

    >>> tsb([[0.0, 4.0, 0.0, 0.0]], probability_smoothing=0.5).mean.round(6).tolist()
    [0.5]
    """
    return _sizes_and_gaps("tsb", _TSB, history, size_smoothing, probability_smoothing, "probability_smoothing")


def adida(history: ArrayLike, *, smoothing: float | None = None) -> IntermittentForecast:
    """Sums over buckets as long as the mean interval between demands, smoothed, and divided again.

    Parameters: `history` as `croston`; `smoothing` in (0, 1]; None: searched from 0.1 to 0.3 for the least squared
    one-step errors of the sums. Buckets do not overlap; the oldest periods that fill none are left out.
    Source: Nikolopoulos et al., Journal of the Operational Research Society 62 (2011).

    >>> adida([[0.0, 4.0, 0.0, 8.0]], smoothing=0.5).mean.tolist()
    [3.0]
    """
    return _buckets("adida", False, history, smoothing)


def imapa(history: ArrayLike, *, smoothing: float | None = None) -> IntermittentForecast:
    """The mean of `adida`'s forecasts over all buckets from one period to the mean interval.

    Parameters: as `adida`. Source: Petropoulos and Kourentzes, Journal of the Operational Research Society 66 (2015).

    >>> imapa([[0.0, 4.0, 0.0, 8.0]], smoothing=0.5).mean.tolist()
    [3.75]
    """
    return _buckets("imapa", True, history, smoothing)


def intermittent_from_origins(name: str, history: FloatArray, origins: IntArray, smoothing: float = 0.1) -> FloatArray:
    """Means [series, origin] by "croston", "sba", "sbj" or "tsb" from what lies before each origin (rising).

    NaN from where a negative value has been seen.
    """
    result = np.zeros((history.shape[0], origins.size))
    if result.size == 0:
        return result
    # Whoever compares it with methods that are fitted has those compiled.
    work = _COMPARED * history.size
    rest = (array(origins, np.int64), _METHODS[name], smoothing, smoothing, result)
    run_in_parts(roll_sizes_and_gaps, history.shape[0], work, array(history), *rest)
    seen = np.where(history < 0.0, np.arange(history.shape[1]), history.shape[1])
    result[seen.min(axis=1, initial=history.shape[1])[:, None] < origins] = np.nan
    return result


def demand_over_periods(forecast: IntermittentForecast, periods: int, quantile_levels: ArrayLike) -> DemandOverPeriods:
    """How much may be asked within some periods ahead, such as a lead time.

    Parameters: `forecast`; `periods` (L >= 1); `quantile_levels` rising in (0, 1).
    Formula: each period has a demand with chance q = mean / mean size (at most 1), whose size has the history's squared
    coefficient of variation; so over L periods the mean is L q z, the variance L (q s^2 + q (1 - q) z^2), and nothing
    comes with chance (1 - q)^L. Given that something comes, demand is 1 plus a negative binomial (binomial where the
    variance is below the mean) for whole sizes, else gamma, with the mean and variance that are left.
    Validity: periods independent, the mean known (its own error is not added); mean, variance and the chance of nothing
    are exact for that model, the shape is fitted.
    Source: Syntetos and Boylan, IJPE 103 (2006); Snyder, Ord and Beaumont, IJF 28 (2012) (hurdle shifted counts).

    >>> seen = croston([[0.0, 2.0, 0.0, 2.0, 0.0, 2.0]])
    >>> demand_over_periods(seen, 2, [0.2, 0.5, 0.9]).quantiles[:, 0].tolist()
    [0.0, 2.0, 4.0]
    """
    length = whole_number("periods", periods, minimum=1, maximum=10**6)
    levels = rising_levels("quantile_levels", quantile_levels)
    seen, mean = forecast.pattern, np.array(forecast.mean)
    share = np.divide(mean, seen.mean_size, out=np.zeros_like(mean), where=seen.mean_size > 0.0)
    chance = np.minimum(share, 1.0)
    size = np.divide(mean, chance, out=np.zeros_like(mean), where=chance > 0.0)
    variance = length * chance * size**2 * (seen.squared_cv + 1.0 - chance)
    some = -np.expm1(length * np.log1p(-np.minimum(chance, 1.0 - 1e-16)))
    total = length * mean
    quantiles = _hurdle(levels, total, variance, some, np.array(seen.is_whole))
    return DemandOverPeriods(frozen(total), frozen(variance), frozen(1.0 - some), frozen(levels), frozen(quantiles))


def _hurdle(
    levels: FloatArray, mean: FloatArray, variance: FloatArray, some: FloatArray, is_whole: BoolArray
) -> FloatArray:
    there = np.maximum(some, 1e-300)
    first = np.where(some > 0.0, mean / there, 0.0)
    spread = np.maximum(np.where(some > 0.0, (variance + mean**2) / there, 0.0) - first**2, 0.0)
    spread = np.where(spread < 1e-12 * first**2, 0.0, spread)
    left = (levels[:, None] - (1.0 - some)) / there
    result = np.zeros(left.shape)
    asked = (left > 1e-12) & (some > 0.0)
    level, series = np.nonzero(asked)
    part = np.clip(left[asked], 1e-15, 1.0 - 1e-15)
    m, v, whole = first[series], spread[series], is_whole[series]
    result[level, series] = np.where(v == 0.0, m, 0.0)
    for kind, of in ((whole & (v > 0.0), _count_quantile), (~whole & (v > 0.0), _gamma_quantile)):
        if kind.any():
            result[level[kind], series[kind]] = of(part[kind], m[kind], v[kind])
    return result


def _gamma_quantile(part: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    result: FloatArray = stats.gamma.ppf(part, mean**2 / variance, scale=variance / mean)
    return result


def _count_quantile(part: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Quantiles of 1 + a count with the mean and variance that are left."""
    rest = np.maximum(mean - 1.0, 0.0)
    result = np.ones(part.shape)
    wide, narrow = (rest > 0.0) & (variance > rest * (1.0 + 1e-9)), (rest > 0.0) & (variance < rest * (1.0 - 1e-9))
    even = (rest > 0.0) & ~wide & ~narrow
    m, v = rest[wide], variance[wide]
    result[wide] += stats.nbinom.ppf(part[wide], m**2 / (v - m), m / v)
    trials = np.maximum(np.round(rest[narrow] ** 2 / (rest[narrow] - variance[narrow])), np.ceil(rest[narrow]))
    result[narrow] += stats.binom.ppf(part[narrow], trials, rest[narrow] / trials)
    result[even] += stats.poisson.ppf(part[even], rest[even])
    return result


def _checked(history: ArrayLike) -> FloatArray:
    return numbers("history", history, minimum=0.0, ndim=2, missing_allowed=True, fix="demand is never negative")


def _described(history: FloatArray) -> tuple[IntArray, FloatArray, DemandPattern]:
    """Observed periods per series, the kernel's measures, and the pattern; pushes what's observed to the front."""
    series = history.shape[0]
    counts, measures = np.zeros(series, dtype=np.int64), np.zeros((series, 5))
    run_in_parts(describe_demand, series, _STEPS * history.size, history, counts, measures)
    demands, interval, size, squared_cv, whole = measures.T.copy()
    kinds = np.where(
        interval < LONG_INTERVAL,
        np.where(squared_cv < VARIED_SIZE, "smooth", "erratic"),
        np.where(squared_cv < VARIED_SIZE, "intermittent", "lumpy"),
    )
    names = tuple(np.where(demands > 0, kinds, "no_demand").tolist())
    pattern = DemandPattern(
        names,
        frozen(interval),
        frozen(size),
        frozen(squared_cv),
        frozen(demands.astype(np.int64)),
        frozen(counts.copy()),
        frozen(whole > 0.0),
    )
    return counts, measures, pattern


def _smoothing(name: str, value: float | None) -> float:
    """The constant, checked; 0 where it is to be searched."""
    if value is None:
        return 0.0
    given = numbers(name, value, above=0.0, maximum=1.0, ndim=0)
    return float(given)


def _sizes_and_gaps(
    name: str,
    method: int,
    history: ArrayLike,
    size_smoothing: float | None,
    gap_smoothing: float | None,
    gap_name: str = "interval_smoothing",
) -> IntermittentForecast:
    by_size, by_gap = _smoothing("size_smoothing", size_smoothing), _smoothing(gap_name, gap_smoothing)
    given = _checked(history)
    counts, _, pattern = _described(given)
    out = np.zeros((given.shape[0], 5))
    passes = (1.0 if by_size else 8.0) * (1.0 if by_gap else 8.0)
    run_in_parts(
        fit_sizes_and_gaps, given.shape[0], _STEPS * passes * given.size, given, counts, method, by_size, by_gap, out
    )
    mean, size, gap, a, b = out.T.copy()
    if method == _TSB:
        gap = np.divide(1.0, gap, out=np.zeros_like(gap), where=gap > 1e-300)
    return IntermittentForecast(name, frozen(mean), frozen(size), frozen(gap), frozen(a), frozen(b), pattern)


def _buckets(name: str, is_multiple: bool, history: ArrayLike, smoothing: float | None) -> IntermittentForecast:
    constant = _smoothing("smoothing", smoothing)
    given = _checked(history)
    counts, measures, pattern = _described(given)
    out = np.zeros((given.shape[0], 2))
    passes = (1.0 if constant else 21.0) * (float(measures[:, 1].max(initial=1.0)) if is_multiple else 1.0)
    work = 4.0 * passes * given.size
    run_in_parts(fit_buckets, given.shape[0], work, given, counts, measures, is_multiple, constant, out)
    mean, bucket = out.T.copy()
    used = np.full(mean.shape, constant)
    return IntermittentForecast(
        name, frozen(mean), frozen(mean * bucket), frozen(bucket), frozen(used), frozen(used.copy()), pattern
    )
