"""The correction that over-dispersion demands: a target kept although the day's rate is not known."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.uncertain_rate_kernels import fill_fewest_mixed, fill_load_at_target, fill_mixed_levels

_TAIL = 1e-13
_LARGEST_AGENTS = 1e6
_WORK_PER_LEVEL = 2_000.0


class RatePromise(Enum):
    """What must keep the target when the rate is uncertain."""

    OF_CALLS = "of_calls"
    """The target share of all calls, over many such intervals: busy intervals count by their calls."""

    OF_INTERVALS = "of_intervals"
    """The mean of the intervals' own levels: each counts once, as on a daily report."""

    WITH_PROBABILITY = "with_probability"
    """The target itself, in the share of intervals that `probability_share` names."""


@dataclass(frozen=True, slots=True, eq=False)
class UncertainRateLevel:
    """What agents give over a gamma-mixed rate. `kept_share`: how many intervals meet the target on their own."""

    of_calls_share: FloatArray
    of_intervals_share: FloatArray
    kept_share: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class UncertainRateRequirement:
    """The fewest agents that keep the promise, what they give, and what planning for the mean rate would have given."""

    agents: IntArray
    level: UncertainRateLevel
    mean_rate_agents: IntArray
    mean_rate_level: UncertainRateLevel


@dataclass(frozen=True, slots=True, eq=False)
class _Mixed:
    """Flat, checked inputs of one length, in handling times."""

    mean: FloatArray
    shape: FloatArray
    low: FloatArray
    high: FloatArray
    theta: FloatArray
    time: FloatArray
    target: FloatArray
    others: tuple[FloatArray, ...]
    is_virtual: bool
    given: tuple[int, ...]

    @property
    def law(self) -> tuple[FloatArray, ...]:
        return self.mean, self.shape, self.low, self.high, self.theta, self.time


def required_agents_uncertain_rate(
    mean_arrivals_per_hour: ArrayLike,
    rate_cv: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
    promise: RatePromise = RatePromise.OF_CALLS,
    probability_share: ArrayLike = 0.8,
    early_leavers_count_as_missed: bool = True,
) -> UncertainRateRequirement:
    """The fewest agents that keep a service level over intervals whose rate is drawn from a gamma law.

    Parameters (broadcast together): `mean_arrivals_per_hour` (E lambda), `rate_cv` its coefficient of variation
    (0..1; `arrival_dispersion` or `fit_gamma_mixed_rate` measure it), `handle_minutes` (1/mu), `threshold_minutes`
    (T), `target_share` (0 <= share < 1), `patience_minutes` (1/theta, infinity: nobody gives up), `promise` what must
    keep the target, `probability_share` for `RatePromise.WITH_PROBABILITY`, `early_leavers_count_as_missed`: level of
    all offered (True), or by the wait that endless patience would have met (False).
    Formula: with lambda = m G, G gamma of mean 1 and variance cv^2: of calls E[G SL(n, m G)], of intervals
    E[SL(n, m G)], SL by Erlang C or Erlang A; or SL at the rate's quantile. Gauss-Legendre over log G in pieces.
    Validity: the rate is steady within the interval and agents are not moved when it is seen; without patience an
    interval whose load reaches the agents counts as 0. Integration error below 1e-6.
    Source: Jongbloed and Koole (2001); Whitt, Prod. Oper. Mgmt 15 (2006), staffing with uncertain arrival rate.

    >>> need = required_agents_uncertain_rate(1200.0, 0.15, 5.0, 1 / 3, 0.8, patience_minutes=5.0)
    >>> int(need.mean_rate_agents), round(float(need.mean_rate_level.of_calls_share), 3), int(need.agents)
    (103, 0.665, 111)
    """
    if not isinstance(promise, RatePromise):
        raise EngineInputError("promise: give a RatePromise, such as RatePromise.OF_CALLS")
    probability = numbers("probability_share", probability_share, above=0.0, below=1.0)
    mixed = _checked(
        mean_arrivals_per_hour,
        rate_cv,
        handle_minutes,
        threshold_minutes,
        target_share,
        patience_minutes,
        early_leavers_count_as_missed,
        ("probability_share", probability),
    )
    certain = np.zeros(mixed.mean.size)
    at_mean = _fewest(mixed, mixed.mean, certain, promise, mixed.mean)
    if promise is RatePromise.WITH_PROBABILITY:
        agents = _fewest(mixed, _quantile(mixed, mixed.others[0]), certain, promise, at_mean)
    else:
        likely = _quantile(mixed, np.clip(mixed.target, 0.05, 0.95))
        guess = np.where(mixed.shape > 0.0, np.ceil(likely + 0.5 * np.sqrt(likely)), at_mean)
        agents = _fewest(mixed, mixed.mean, mixed.shape, promise, guess)
    return UncertainRateRequirement(
        agents=frozen(agents.astype(np.int64).reshape(mixed.given)),
        level=_levels(mixed, agents),
        mean_rate_agents=frozen(at_mean.astype(np.int64).reshape(mixed.given)),
        mean_rate_level=_levels(mixed, at_mean),
    )


def level_under_uncertain_rate(
    agents: ArrayLike,
    mean_arrivals_per_hour: ArrayLike,
    rate_cv: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
    early_leavers_count_as_missed: bool = True,
) -> UncertainRateLevel:
    """What a number of agents gives over intervals whose rate is drawn from a gamma law.

    Parameters: `agents` (c >= 0, whole or fractional); the rest as in `required_agents_uncertain_rate`; the target is
    asked for `kept_share` alone. Formula, validity and source as there.

    >>> level = level_under_uncertain_rate(98, 1200.0, [0.0, 0.15, 0.3], 5.0, 1 / 3, 0.8, patience_minutes=5.0)
    >>> level.of_calls_share.round(3).tolist()
    [0.655, 0.557, 0.477]
    """
    count = numbers("agents", agents, minimum=0.0, maximum=_LARGEST_AGENTS)
    mixed = _checked(
        mean_arrivals_per_hour,
        rate_cv,
        handle_minutes,
        threshold_minutes,
        target_share,
        patience_minutes,
        early_leavers_count_as_missed,
        ("agents", count),
    )
    return _levels(mixed, mixed.others[0])


def _checked(
    arrivals: ArrayLike,
    rate_cv: ArrayLike,
    handle: ArrayLike,
    threshold: ArrayLike,
    target: ArrayLike,
    patience: ArrayLike,
    leavers_missed: bool,
    other: tuple[str, FloatArray],
) -> _Mixed:
    from scipy.special import gammainccinv, gammaincinv

    named: tuple[tuple[str, NDArray[Any]], ...] = (
        ("mean_arrivals_per_hour", numbers("mean_arrivals_per_hour", arrivals, minimum=0.0, maximum=1e9)),
        ("rate_cv", numbers("rate_cv", rate_cv, minimum=0.0, maximum=1.0)),
        ("handle_minutes", numbers("handle_minutes", handle, above=0.0, maximum=1e6)),
        ("threshold_minutes", numbers("threshold_minutes", threshold, minimum=0.0, maximum=1e9)),
        ("target_share", numbers("target_share", target, minimum=0.0, below=1.0)),
        ("patience_minutes", _patience(patience)),
        other,
    )
    rate, cv, handling, within, level, patient, extra = (np.ravel(values) for values in together(*named))
    load = rate * handling / 60.0
    refuse_where(
        load > _LARGEST_AGENTS / 10.0,
        "mean_arrivals_per_hour",
        rate,
        f"that is more than {_LARGEST_AGENTS / 10.0:g} erlangs: split the stream, or check the units",
    )
    uncertain = (cv >= 1e-4) & (load > 0.0)
    shape = np.where(uncertain, 1.0 / np.where(uncertain, cv, 1.0) ** 2, 0.0)
    safe = np.where(uncertain, shape, 1.0)
    low = np.where(uncertain, np.maximum(gammaincinv(safe, _TAIL) / safe, 1e-200), 1.0) * load
    high = np.where(uncertain, gammainccinv(safe, _TAIL) / safe, 1.0) * load
    theta = np.where(np.isinf(patient), 0.0, handling / patient)
    shape_given = together(*named)[0].shape
    return _Mixed(
        load,
        shape,
        low,
        high,
        theta,
        within / handling,
        np.array(level),
        (np.array(extra),),
        not leavers_missed,
        shape_given,
    )


def _patience(patience: ArrayLike) -> FloatArray:
    raw = np.asarray(patience)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError("patience_minutes must be plain numbers: give minutes, or infinity if nobody gives up")
    endless = raw == np.inf
    checked = numbers("patience_minutes", np.where(endless, 1.0, raw), above=0.0, maximum=1e9)
    return np.where(endless, np.inf, checked)


def _quantile(mixed: _Mixed, share: FloatArray) -> FloatArray:
    from scipy.special import gammaincinv

    safe = np.where(mixed.shape > 0.0, mixed.shape, 1.0)
    return np.where(mixed.shape > 0.0, gammaincinv(safe, share) / safe, 1.0) * mixed.mean


def _fewest(mixed: _Mixed, mean: FloatArray, shape: FloatArray, promise: RatePromise, guess: FloatArray) -> FloatArray:
    answer = np.zeros(mixed.mean.size)
    evaluations = 4.0 * answer.size if shape.any() else 0.04 * answer.size
    run_in_parts(
        fill_fewest_mixed,
        answer.size,
        _WORK_PER_LEVEL * evaluations,
        array(np.ceil(guess)),
        array(mean),
        array(shape),
        array(mixed.low),
        array(mixed.high),
        array(mixed.theta),
        array(mixed.time),
        mixed.is_virtual,
        array(mixed.target),
        promise is not RatePromise.OF_INTERVALS,
        answer,
    )
    refuse_where(
        answer < 0.0,
        "target_share",
        mixed.target,
        "a million agents do not reach it under this rate: ask for less, or lower rate_cv",
    )
    return answer


def _levels(mixed: _Mixed, agents: FloatArray) -> UncertainRateLevel:
    from scipy.special import gammainc

    size = mixed.mean.size
    of_calls, of_intervals, largest = np.zeros(size), np.zeros(size), np.zeros(size)
    count = array(agents)
    law = [array(values) for values in mixed.law]
    run_in_parts(fill_mixed_levels, size, size * _WORK_PER_LEVEL, count, *law, mixed.is_virtual, of_calls, of_intervals)
    busy = mixed.mean > 0.0
    low, high = np.where(busy, mixed.low * 1e-3, 1e-3), np.where(busy, mixed.high, 1.0)
    run_in_parts(
        fill_load_at_target,
        size,
        size * _WORK_PER_LEVEL,
        count,
        law[4],
        law[5],
        mixed.is_virtual,
        array(mixed.target),
        array(low),
        array(high),
        largest,
    )
    safe = np.where(mixed.shape > 0.0, mixed.shape, 1.0)
    ratio = largest / np.where(busy, mixed.mean, 1.0)
    kept = np.where(mixed.shape > 0.0, gammainc(safe, safe * ratio), (of_calls >= mixed.target) * 1.0)
    return UncertainRateLevel(
        of_calls_share=frozen(of_calls.reshape(mixed.given)),
        of_intervals_share=frozen(of_intervals.reshape(mixed.given)),
        kept_share=frozen(np.where(busy, kept, 1.0).reshape(mixed.given)),
    )
