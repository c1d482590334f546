"""Which law handling times follow, from data that may be cut off, and how well it fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, flags, frozen, numbers, same_shape, whole_number
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.handle_laws import LAWS, Sample, law_cdf, law_draws, law_moments, law_quantiles

_ALIKE = 1e-6


class HandleLaw(Enum):
    """Families of handling-time laws."""

    EXPONENTIAL = "exponential"
    ERLANG = "erlang"
    GAMMA = "gamma"
    LOGNORMAL = "lognormal"
    HYPEREXPONENTIAL = "hyperexponential"


@dataclass(frozen=True, slots=True, eq=False)
class FittedLaw:
    """One family at its likeliest parameters, named in `parameter_names`.

    exponential: mean_minutes; erlang: phases, mean_minutes; gamma: shape, mean_minutes; lognormal: log_mean, log_sd;
    hyperexponential: share_of_first, first_mean_minutes, second_mean_minutes. `misfit` is Anderson-Darling's A^2, or
    the largest distance from Kaplan-Meier where times are censored; `fit_p_value` is how often data drawn from the
    fitted law fit it worse (-1 where no generator was given to find out).
    """

    law: HandleLaw
    parameter_names: tuple[str, ...]
    parameters: FloatArray
    mean_minutes: float
    squared_cv: float
    log_likelihood: float
    aic: float
    misfit: float
    fit_p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class HandleTimeFit:
    """The laws tried, the one with the lowest AIC first, and what it means for staffing.

    `mean_minutes` and `squared_cv` are the sample's own where nothing is censored, else the best law's.
    """

    laws: tuple[FittedLaw, ...]
    mean_minutes: float
    squared_cv: float
    standard_error_minutes: float
    complete: int
    censored: int
    advice: str

    @property
    def best(self) -> FittedLaw:
        return self.laws[0]


def fit_handle_times(
    handle_minutes: ArrayLike,
    is_complete: ArrayLike | None = None,
    laws: Sequence[HandleLaw] = tuple(HandleLaw),
    rng: np.random.Generator | None = None,
    bootstrap_samples: int = 199,
) -> HandleTimeFit:
    """The likeliest handling-time law, with its mean, squared coefficient of variation and goodness of fit.

    Parameters: `handle_minutes` (N) > 0; `is_complete` (N) booleans, False where the work was cut off or still went on
    (right-censored; default: all complete); `laws` to try; `rng` for the p-values (none: not computed), from
    `bootstrap_samples` samples of the fitted law, each fitted again (parametric bootstrap).
    Formula: maximum likelihood; AIC = 2 parameters - 2 log-likelihood; A^2 of Anderson and Darling, or with censoring
    the largest distance between the law and Kaplan-Meier.
    Validity: independent times; at least 10 complete ones; a small p-value on thousands of times may say that no law
    is exact, not that this one is useless. Queues ask above all for `mean_minutes` and `squared_cv`.
    Source: Brown et al., JASA 100 (2005) for lognormal service; Stephens, JASA 69 (1974); Stute et al. (1993).

    >>> times = np.exp(np.linspace(-1.2, 2.4, 60))
    >>> fit = fit_handle_times(times)
    >>> fit.best.law.value, round(fit.mean_minutes, 2), round(fit.squared_cv, 2)
    ('lognormal', 3.02, 0.93)
    """
    sample = _checked_sample(handle_minutes, is_complete)
    if not laws or not all(isinstance(law, HandleLaw) for law in laws):
        raise EngineInputError("laws: give at least one HandleLaw, such as HandleLaw.LOGNORMAL")
    rounds = whole_number("bootstrap_samples", bootstrap_samples, minimum=19, maximum=100_000)
    tried = [_fitted(sample, law, rng, rounds) for law in dict.fromkeys(laws)]
    tried.sort(key=lambda fitted: fitted.aic)
    complete = int(np.count_nonzero(sample.complete))
    if complete == sample.times.size:
        mean, squared = float(sample.times.mean()), float(sample.times.var() / sample.times.mean() ** 2)
    else:
        mean, squared = tried[0].mean_minutes, tried[0].squared_cv
    return HandleTimeFit(
        laws=tuple(tried),
        mean_minutes=mean,
        squared_cv=squared,
        standard_error_minutes=mean * float(np.sqrt(squared / complete)),
        complete=complete,
        censored=sample.times.size - complete,
        advice=_advice(tried, mean, squared),
    )


def handle_time_cdf(fitted: FittedLaw, minutes: ArrayLike) -> FloatArray:
    """Share of handling times of at most `minutes` (any shape, >= 0) under a fitted law.

    >>> fit = fit_handle_times(np.linspace(0.5, 9.5, 40), laws=[HandleLaw.EXPONENTIAL])
    >>> round(float(handle_time_cdf(fit.best, 5.0)), 4)
    0.6321
    """
    return frozen(law_cdf(fitted.law.value, fitted.parameters, numbers("minutes", minutes, minimum=0.0)))


def handle_time_quantiles(fitted: FittedLaw, levels: ArrayLike) -> FloatArray:
    """Minutes within which the share `levels` (any shape, strictly between 0 and 1) of the work is done.

    >>> fit = fit_handle_times(np.linspace(0.5, 9.5, 40), laws=[HandleLaw.EXPONENTIAL])
    >>> handle_time_quantiles(fit.best, [0.5, 0.9]).round(3).tolist()
    [3.466, 11.513]
    """
    wanted = numbers("levels", levels, above=0.0, below=1.0)
    return frozen(law_quantiles(fitted.law.value, fitted.parameters, wanted))


def draw_handle_times(fitted: FittedLaw, count: int, rng: np.random.Generator) -> FloatArray:
    """`count` handling times in minutes drawn from a fitted law.

    >>> fit = fit_handle_times(np.linspace(0.5, 9.5, 40), laws=[HandleLaw.EXPONENTIAL])
    >>> draw_handle_times(fit.best, 3, np.random.default_rng(1)).shape
    (3,)
    """
    size = whole_number("count", count, minimum=0)
    return frozen(law_draws(fitted.law.value, fitted.parameters, size, rng))


def _checked_sample(handle_minutes: ArrayLike, is_complete: ArrayLike | None) -> Sample:
    times = numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6, ndim=1)
    complete = np.ones(times.shape, dtype=np.bool_) if is_complete is None else flags("is_complete", is_complete)
    same_shape([("is_complete", complete)], times.shape, "one flag per time")
    if np.count_nonzero(complete) < 10:
        raise EngineInputError("handle_minutes: give at least 10 complete times")
    if np.ptp(times[complete]) <= _ALIKE * times.max():
        raise EngineInputError("handle_minutes are all alike: no law to fit; use the time itself (squared_cv 0)")
    return Sample(times, complete)


def _fitted(sample: Sample, law: HandleLaw, rng: np.random.Generator | None, rounds: int) -> FittedLaw:
    family = LAWS[law.value]
    parameters = family.fit(sample)
    mean, squared = law_moments(law.value, parameters)
    likelihood = family.log_likelihood(sample, parameters)
    misfit = _misfit(sample, law, parameters)
    p_value = -1.0
    if rng is not None:
        draw = _like(sample, law, parameters, rng)
        drawn = (draw() for _ in range(rounds))
        worse = sum(_misfit(again, law, family.fit(again)) >= misfit for again in drawn)
        p_value = (1 + worse) / (1 + rounds)
    aic = 2.0 * len(family.names) - 2.0 * likelihood
    return FittedLaw(law, family.names, frozen(parameters), mean, squared, likelihood, aic, misfit, p_value)


def _misfit(sample: Sample, law: HandleLaw, parameters: FloatArray) -> float:
    """Anderson-Darling's A^2, or the largest distance from Kaplan-Meier where times are censored."""
    if sample.complete.all():
        times = np.sort(sample.times)
        below = np.clip(law_cdf(law.value, parameters, times), 1e-300, 1.0 - 1e-16)
        odd = 2.0 * np.arange(1, times.size + 1) - 1.0
        return float(-times.size - np.mean(odd * (np.log(below) + np.log1p(-below[::-1]))))
    times, remaining = _kaplan_meier(sample.times, sample.complete)
    below = law_cdf(law.value, parameters, times)
    before = np.concatenate([[1.0], remaining[:-1]])
    return float(max(np.abs(1.0 - remaining - below).max(), np.abs(1.0 - before - below).max()))


def _kaplan_meier(times: FloatArray, ended: BoolArray) -> tuple[FloatArray, FloatArray]:
    values, counts = np.unique(times[ended], return_counts=True)
    at_risk = times.size - np.searchsorted(np.sort(times), values, side="left")
    return values, np.asarray(np.cumprod(1.0 - counts / at_risk), dtype=np.float64)


def _like(sample: Sample, law: HandleLaw, parameters: FloatArray, rng: np.random.Generator) -> Callable[[], Sample]:
    """Draws samples of the same size and the same kind of censoring."""
    size = sample.times.size
    if sample.complete.all():
        return lambda: Sample(law_draws(law.value, parameters, size, rng), sample.complete)
    # When work is cut off is itself a censored time: its law is the other way round's Kaplan-Meier.
    cuts, remaining = _kaplan_meier(sample.times, ~sample.complete)

    def draw() -> Sample:
        times = law_draws(law.value, parameters, size, rng)
        place = np.searchsorted(-remaining, -rng.random(size), side="left")
        cut = np.append(cuts, np.inf)[place]
        done = times <= cut
        # A sample with nearly nothing complete cannot be fitted: its longest cut-off work is taken as done.
        done[np.argsort(np.minimum(times, cut))[-10:]] |= np.count_nonzero(done) < 10
        return Sample(np.minimum(times, cut), done)

    return draw


def _advice(tried: list[FittedLaw], mean: float, squared: float) -> str:
    best = tried[0]
    lead = f"{best.law.value} fits best (mean {mean:.3g} minutes, squared cv {squared:.3g})"
    if len(tried) > 1:
        lead += f", AIC {tried[1].aic - best.aic:.1f} below {tried[1].law.value}"
    doubt = "; yet data drawn from it seldom fit as badly" if 0.0 <= best.fit_p_value <= 0.05 else ""
    waits = 50.0 * (squared - 1.0)
    if abs(waits) < 10.0:
        return f"{lead}{doubt}; exponential formulas serve"
    word = "longer" if waits > 0.0 else "shorter"
    return f"{lead}{doubt}; waits are about {abs(waits):.0f} % {word} than exponential formulas say"
