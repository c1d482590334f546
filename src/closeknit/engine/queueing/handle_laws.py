"""The families of handling-time laws: likelihood, fit with right-censoring, cdf, quantiles, draws."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray

_MOST_PHASES = 200
_EM_STEPS, _EM_STARTS = 300, ((0.3, 3.0), (0.9, 6.0))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Times (N) and which of them are complete; the others are known to be longer."""

    times: FloatArray
    complete: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """One family: parameter names, maximum likelihood, and log density and log survival at given parameters."""

    names: tuple[str, ...]
    fit: Callable[[Sample], FloatArray]
    log_density: Callable[[FloatArray, FloatArray], FloatArray]
    log_survival: Callable[[FloatArray, FloatArray], FloatArray]

    def log_likelihood(self, sample: Sample, parameters: FloatArray) -> float:
        seen = self.log_density(sample.times[sample.complete], parameters).sum()
        return float(seen + self.log_survival(sample.times[~sample.complete], parameters).sum())


def law_cdf(name: str, parameters: FloatArray, times: FloatArray) -> FloatArray:
    """Share of times at most `times`."""
    from scipy.special import gammainc, ndtr

    if name in ("erlang", "gamma", "exponential"):
        shape, mean = _shape_and_mean(parameters)
        return np.asarray(gammainc(shape, shape * times / mean))
    if name == "lognormal":
        with np.errstate(divide="ignore"):
            return np.asarray(ndtr((np.log(times) - parameters[0]) / parameters[1]))
    share, first, second = parameters
    return np.asarray(-share * np.expm1(-times / first) - (1.0 - share) * np.expm1(-times / second))


def law_quantiles(name: str, parameters: FloatArray, levels: FloatArray) -> FloatArray:
    """Times within which the shares `levels` end."""
    from scipy.special import gammaincinv, ndtri

    if name in ("erlang", "gamma", "exponential"):
        shape, mean = _shape_and_mean(parameters)
        return np.asarray(gammaincinv(shape, levels) * mean / shape)
    if name == "lognormal":
        return np.asarray(np.exp(parameters[0] + parameters[1] * ndtri(levels)))
    longest = np.full(levels.shape, max(parameters[1:]))
    low, high = np.zeros(levels.shape), -longest * np.log1p(-levels)
    for _ in range(200):
        middle = 0.5 * (low + high)
        short = law_cdf(name, parameters, middle) < levels
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def law_moments(name: str, parameters: FloatArray) -> tuple[float, float]:
    """Mean and squared coefficient of variation."""
    if name in ("erlang", "gamma", "exponential"):
        shape, mean = _shape_and_mean(parameters)
        return mean, 1.0 / shape
    if name == "lognormal":
        variance = float(parameters[1]) ** 2
        return float(np.exp(parameters[0] + variance / 2.0)), float(np.expm1(variance))
    share, first, second = (float(value) for value in parameters)
    mean = share * first + (1.0 - share) * second
    return mean, 2.0 * (share * first**2 + (1.0 - share) * second**2) / mean**2 - 1.0


def law_draws(name: str, parameters: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Times drawn from the law."""
    if name in ("erlang", "gamma", "exponential"):
        shape, mean = _shape_and_mean(parameters)
        return np.asarray(rng.gamma(shape, mean / shape, count))
    if name == "lognormal":
        return np.asarray(rng.lognormal(float(parameters[0]), float(parameters[1]), count))
    share, first, second = parameters
    return np.asarray(rng.exponential(1.0, count) * np.where(rng.random(count) < share, first, second))


def _shape_and_mean(parameters: FloatArray) -> tuple[float, float]:
    """Exponential is (mean), Erlang and gamma are (shape, mean)."""
    return (1.0 if parameters.size == 1 else float(parameters[0])), float(parameters[-1])


def _gamma_log_density(times: FloatArray, parameters: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    shape, mean = _shape_and_mean(parameters)
    rate = shape / mean
    return np.asarray(shape * np.log(rate) - gammaln(shape) + (shape - 1.0) * np.log(times) - rate * times)


def _gamma_log_survival(times: FloatArray, parameters: FloatArray) -> FloatArray:
    from scipy.special import gammaincc

    shape, mean = _shape_and_mean(parameters)
    return np.asarray(np.log(np.maximum(gammaincc(shape, shape / mean * times), 1e-300)))


def _lognormal_log_density(times: FloatArray, parameters: FloatArray) -> FloatArray:
    logs = np.log(times)
    spread = (logs - parameters[0]) / parameters[1]
    return np.asarray(-logs - np.log(parameters[1]) - 0.5 * np.log(2.0 * np.pi) - 0.5 * spread**2)


def _lognormal_log_survival(times: FloatArray, parameters: FloatArray) -> FloatArray:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(-(np.log(times) - parameters[0]) / parameters[1]))


def _mixture(times: FloatArray, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log survival weights of the two exponentials."""
    share, first, second = parameters
    return np.log(share) - times / first, np.log1p(-share) - times / second


def _mixture_log_density(times: FloatArray, parameters: FloatArray) -> FloatArray:
    one, two = _mixture(times, parameters)
    return np.asarray(np.logaddexp(one - np.log(parameters[1]), two - np.log(parameters[2])))


def _mixture_log_survival(times: FloatArray, parameters: FloatArray) -> FloatArray:
    return np.asarray(np.logaddexp(*_mixture(times, parameters)))


def _fit_exponential(sample: Sample) -> FloatArray:
    return np.array([sample.times.sum() / np.count_nonzero(sample.complete)])


def _fit_gamma(sample: Sample) -> FloatArray:
    if sample.complete.all():
        return _fit_gamma_complete(sample.times)
    return _climb(_gamma_of_logs, LAWS["gamma"], sample, np.log(_fit_gamma_complete(sample.times)))


def _fit_gamma_complete(times: FloatArray) -> FloatArray:
    """Newton's steps for the shape; the mean is the sample's (Minka's start)."""
    from scipy.special import digamma, polygamma

    mean = float(times.mean())
    gap = float(np.log(mean) - np.log(times).mean())
    shape = (3.0 - gap + np.sqrt((gap - 3.0) ** 2 + 24.0 * gap)) / (12.0 * gap)
    for _ in range(50):
        step = (np.log(shape) - digamma(shape) - gap) / (shape - shape**2 * polygamma(1, shape))
        shape, before = 1.0 / (1.0 / shape + step), shape
        if abs(shape - before) <= 1e-13 * shape:
            break
    return np.array([float(shape), mean])


def _fit_erlang(sample: Sample) -> FloatArray:
    """Whole phases: the likelihood rises and falls once in the number, about the gamma law's shape."""
    whole = int(np.clip(round(float(_fit_gamma(sample)[0])), 1, _MOST_PHASES))
    tried: dict[int, tuple[float, FloatArray]] = {}
    while True:
        for phases in (whole - 1, whole, whole + 1):
            if 1 <= phases <= _MOST_PHASES and phases not in tried:
                parameters = np.array([float(phases), _mean_at_shape(sample, float(phases))])
                tried[phases] = (LAWS["erlang"].log_likelihood(sample, parameters), parameters)
        best = max(tried, key=lambda phases: tried[phases][0])
        if best == whole:
            return tried[best][1]
        whole = best


def _mean_at_shape(sample: Sample, shape: float) -> float:
    """The likeliest mean of a gamma law of given shape; under censoring by filling in expected times (EM)."""
    from scipy.special import gammaincc

    done = sample.times[sample.complete].sum()
    cut = sample.times[~sample.complete]
    mean = float(sample.times.mean())
    for _ in range(0 if cut.size == 0 else 500):
        x = shape * cut / mean
        beyond = np.divide(
            gammaincc(shape + 1.0, x), gammaincc(shape, x), out=1.0 + x / shape, where=gammaincc(shape, x) > 1e-280
        )
        before, mean = mean, float((done + (mean * beyond).sum()) / sample.times.size)
        if abs(mean - before) <= 1e-12 * mean:
            break
    return mean


def _fit_lognormal(sample: Sample) -> FloatArray:
    logs = np.log(sample.times)
    start = np.array([logs.mean(), max(float(logs.std()), 1e-8)])
    if sample.complete.all():
        return start
    return _climb(_lognormal_of_logs, LAWS["lognormal"], sample, np.array([start[0], np.log(start[1])]))


def _gamma_of_logs(free: FloatArray) -> FloatArray:
    return np.exp(np.clip(free, -20.0, 20.0))


def _lognormal_of_logs(free: FloatArray) -> FloatArray:
    return np.array([free[0], np.exp(np.clip(free[1], -20.0, 20.0))])


def _climb(of_logs: Callable[[FloatArray], FloatArray], law: Law, sample: Sample, start: FloatArray) -> FloatArray:
    from scipy.optimize import minimize

    found = minimize(
        lambda free: -law.log_likelihood(sample, of_logs(free)) / sample.times.size,
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 2_000},
    )
    return of_logs(np.asarray(found.x))


def _fit_hyperexponential(sample: Sample) -> FloatArray:
    """EM: who belongs to which exponential; censored times last one more mean of theirs."""
    mean = float(_fit_exponential(sample)[0])
    found = [_climb_mixture(sample, np.array([share, mean / spread, mean * spread])) for share, spread in _EM_STARTS]
    best = max(found, key=lambda parameters: LAWS["hyperexponential"].log_likelihood(sample, parameters))
    return best if best[1] <= best[2] else np.array([1.0 - best[0], best[2], best[1]])


def _climb_mixture(sample: Sample, parameters: FloatArray) -> FloatArray:
    times, complete = sample.times, sample.complete
    for _ in range(_EM_STEPS):
        one, two = _mixture(times, parameters)
        odds = two - one - np.where(complete, np.log(parameters[2] / parameters[1]), 0.0)
        first = 1.0 / (1.0 + np.exp(np.clip(odds, -700.0, 700.0)))
        before = parameters
        parameters = _mixture_from(first, times, ~complete, before)
        if np.abs(parameters - before).max() <= 1e-9 * parameters.max():
            break
    return parameters


def _mixture_from(first: FloatArray, times: FloatArray, cut: BoolArray, before: FloatArray) -> FloatArray:
    share = float(np.clip(first.mean(), 1e-9, 1.0 - 1e-9))
    ones = float((first * (times + cut * before[1])).sum()) / (share * times.size)
    twos = float(((1.0 - first) * (times + cut * before[2])).sum()) / ((1.0 - share) * times.size)
    return np.array([share, max(ones, 1e-9), max(twos, 1e-9)])


LAWS: dict[str, Law] = {
    "exponential": Law(("mean_minutes",), _fit_exponential, _gamma_log_density, _gamma_log_survival),
    "erlang": Law(("phases", "mean_minutes"), _fit_erlang, _gamma_log_density, _gamma_log_survival),
    "gamma": Law(("shape", "mean_minutes"), _fit_gamma, _gamma_log_density, _gamma_log_survival),
    "lognormal": Law(("log_mean", "log_sd"), _fit_lognormal, _lognormal_log_density, _lognormal_log_survival),
    "hyperexponential": Law(
        ("share_of_first", "first_mean_minutes", "second_mean_minutes"),
        _fit_hyperexponential,
        _mixture_log_density,
        _mixture_log_survival,
    ),
}
