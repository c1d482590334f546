"""How many calls are in progress while arrivals change: the infinite-server load, and arrivals seen with a lag."""

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.time_varying_run import Pools, checked_pools


def modified_offered_load(
    arrivals_per_hour: ArrayLike,
    interval_minutes: ArrayLike,
    handle_minutes: ArrayLike,
    *,
    handle_variability: float = 1.0,
    start_calls: ArrayLike = 0,
    repeats: bool = False,
) -> FloatArray:
    """Mean calls in progress in each interval if nobody ever had to wait: the modified offered load, in erlangs.

    Parameters (broadcast together; the last axis is the interval): `arrivals_per_hour` (lambda), `interval_minutes`,
    `handle_minutes` (E[S]). `handle_variability`: coefficient of variation of handling time; 1 is exponential, 0 always
    the same, others a gamma distribution. `start_calls`: calls in progress at the start. `repeats`: a day after itself.
    Formula: m(t) = E[S] E[lambda(t - S_e)], S_e the excess of handling time, averaged over each interval exactly.
    Validity: constant rates within an interval; other than exponential handling needs one handling time for all
    intervals of a pool and `start_calls` 0. Source: Eick, Massey and Whitt, Operations Research 41 (1993); Jennings,
    Mandelbaum, Massey and Whitt, Management Science 42 (1996).

    >>> modified_offered_load([60.0, 120.0, 60.0], 30.0, 10.0).round(3).tolist()
    [6.833, 16.675, 13.002]
    """
    pools, _ = checked_pools(arrivals_per_hour, interval_minutes, handle_minutes, None, 0.0, start_calls)
    load = mean_loads(pools, variability(handle_variability), repeats)
    result: FloatArray = frozen(load.reshape(pools.shape))
    return result


def variability(value: float) -> float:
    """The checked coefficient of variation of handling time."""
    return float(numbers("handle_variability", value, minimum=0.0, maximum=20.0, ndim=0))


def mean_loads(pools: Pools, handle_variability: float, repeats: bool) -> FloatArray:
    """The modified offered load of checked pools, averaged over each interval."""
    if handle_variability == 1.0:
        return exponential_loads(pools, repeats)[0]
    mu = pools.days[:, :, 1]
    refuse_where(mu != mu[:, :1], "handle_minutes", 1.0 / mu, "give one handling time per pool, or variability 1")
    if np.any(pools.opening):
        raise EngineInputError(
            "start_calls is above 0: their handling so far is unknown unless handle_variability is 1"
        )
    lengths = pools.days[:, :, 3]
    days = 1 + (
        int(np.ceil(np.max(30.0 * (1.0 + handle_variability**2) / mu[:, 0] / lengths.sum(axis=1)))) if repeats else 0
    )
    ends = np.cumsum(np.tile(lengths, days), axis=1)
    ends = np.concatenate([np.zeros((len(ends), 1)), ends], axis=1)
    count = lengths.shape[1]
    upto = _integrals(ends[:, -count - 1 :, None] - ends[:, None, :], mu[:, :1, None], handle_variability)
    inside = np.diff(np.diff(upto, axis=1), axis=2)
    loads: FloatArray = -np.einsum("qij,qj->qi", inside, np.tile(pools.days[:, :, 0], days)) / lengths
    return np.maximum(loads, 0.0)


def exponential_loads(pools: Pools, repeats: bool) -> tuple[FloatArray, FloatArray]:
    """(mean over each interval; at all interval ends, beginning with the start), for exponential handling."""
    mu, length = pools.days[:, :, 1], pools.days[:, :, 3]
    own, kept = pools.loads, np.exp(-mu * length)
    start = pools.opening[:, 0].astype(np.float64)
    ends = np.empty((own.shape[0], own.shape[1] + 1))
    for turn in range(2 if repeats else 1):
        ends[:, 0] = start
        for i in range(own.shape[1]):
            ends[:, i + 1] = own[:, i] + (ends[:, i] - own[:, i]) * kept[:, i]
        if repeats and turn == 0:
            whole = np.prod(kept, axis=1)
            start = (ends[:, -1] - whole * start) / (1.0 - whole)
    mean = own + (ends[:, :-1] - own) * -np.expm1(-mu * length) / (mu * length)
    return mean, ends


def _integrals(time: FloatArray, mu: FloatArray, handle_variability: float) -> FloatArray:
    """Integral over 0..t of E[min(S, u)] du, S gamma or constant; 0 before 0."""
    t = np.maximum(time, 0.0)
    mean = 1.0 / mu
    if handle_variability == 0.0:
        short = np.minimum(t, mean)
        return np.asarray(short * short / 2.0 + (t - short) * mean)
    # Loading it takes longer than all else here, and the usual case needs none of it.
    from scipy import special

    shape = 1.0 / handle_variability**2
    x = t * mu * shape
    first, second = special.gammainc(shape + 1.0, x), special.gammainc(shape + 2.0, x)
    moment = mean**2 * (1.0 + handle_variability**2)
    beyond = special.gammaincc(shape, x)
    return np.asarray(t * mean * first - moment * second / 2.0 + t * t * beyond / 2.0)


def lagged_rates(pools: Pools, repeats: bool) -> FloatArray:
    """Arrivals per minute as they were one handling time before, averaged over each interval (lagged SIPP).

    Before the first interval the first one's rate is taken; in a repeating day, the end of the day.
    """
    result = np.empty(pools.days.shape[:2])
    for q, (arrivals, mu, _, length, _) in enumerate(np.moveaxis(pools.days, -1, 1)):
        ends = np.concatenate([[0.0], np.cumsum(length)])
        total = np.concatenate([[0.0], np.cumsum(arrivals * length)])
        from_time, to_time = ends[:-1] - 1.0 / mu, ends[1:] - 1.0 / mu
        calls = _calls_until(to_time, ends, total, repeats) - _calls_until(from_time, ends, total, repeats)
        result[q] = np.maximum(calls, 0.0) / length
    return result


def _calls_until(time: FloatArray, ends: FloatArray, total: FloatArray, repeats: bool) -> FloatArray:
    """Calls that have come by a time, which may lie before the start."""
    if repeats:
        turns = np.floor(time / ends[-1])
        return np.asarray(np.interp(time - turns * ends[-1], ends, total) + turns * total[-1])
    first_rate = total[1] / ends[1]
    return np.asarray(np.interp(time, ends, total) + np.minimum(time, 0.0) * first_rate)
