"""Erlang's loss and delay formulas over arrays, and what they say about a team of agents."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, together, whole_numbers

LARGEST_LOAD = 1e6
"""Largest offered load and number of servers accepted (erlangs); tested to 100,000."""

_OVERLOAD_SPREADS = 6.0
_FRACTION_TERMS = 200


@dataclass(frozen=True, slots=True, eq=False)
class ErlangCPerformance:
    """What a number of agents gives, per interval. Shares are 0..1; times in minutes.

    An unstable interval (load not below agents) has everybody waiting without end: `wait_share` 1, service
    level 0, infinite waits, occupancy 1, `is_stable` False. Without arrivals nobody waits: level 1, wait 0.
    """

    offered_erlangs: FloatArray
    wait_share: FloatArray
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_wait_of_waiting_minutes: FloatArray
    occupancy_share: FloatArray
    is_stable: BoolArray


def erlang_b(servers: ArrayLike, offered_erlangs: ArrayLike) -> FloatArray:
    """Probability that an arrival finds all servers busy when nobody may wait (M/M/c/c).

    Parameters: `servers` (c, whole, >= 0) and `offered_erlangs` (a = arrivals x handling time, >= 0), any
    shapes that broadcast. Formula: B = (a^c/c!) / sum_{k<=c} a^k/k!, the Poisson(a) mass at c over its
    cumulative probability at c; in overload a finite continued fraction of positive terms, so no sum
    overflows. Validity: both up to 1e6; relative error below 1e-11 to 100,000 servers.
    Source: Erlang (1917); Jagerman, BSTJ 53 (1974).

    >>> erlang_b([1, 2], 1.0).round(6).tolist()
    [0.5, 0.2]
    """
    count = whole_numbers("servers", servers, minimum=0, maximum=int(LARGEST_LOAD)).astype(np.float64)
    load = numbers("offered_erlangs", offered_erlangs, minimum=0.0, maximum=LARGEST_LOAD)
    count, load = together(("servers", count), ("offered_erlangs", load))
    return frozen(blocking(count, load))


def erlang_c(servers: ArrayLike, offered_erlangs: ArrayLike) -> FloatArray:
    """Probability that an arrival has to wait when everybody may (M/M/c).

    Parameters as in `erlang_b`. Formula: C = c B / (c - a (1 - B)). Validity: steady state; where the load
    is not below the servers the queue grows without end and the probability is 1 (with no load at all, 0).
    Source: Erlang (1917).

    >>> erlang_c([14, 10], 10.0).round(6).tolist()
    [0.174132, 1.0]
    """
    count = whole_numbers("servers", servers, minimum=0, maximum=int(LARGEST_LOAD)).astype(np.float64)
    load = numbers("offered_erlangs", offered_erlangs, minimum=0.0, maximum=LARGEST_LOAD)
    count, load = together(("servers", count), ("offered_erlangs", load))
    return frozen(waiting(count, load))


def erlang_c_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
) -> ErlangCPerformance:
    """Service level, waits and occupancy of `agents` serving a Poisson stream (M/M/c, steady state).

    Parameters (broadcast together): `agents` (c, whole), `arrivals_per_hour` (lambda >= 0),
    `handle_minutes` (1/mu > 0), `threshold_minutes` (T >= 0, answer within).
    Formula: a = lambda/mu; level = 1 - C exp(-(c - a) mu T); mean wait = C / (mu (c - a)).
    Source: Erlang (1917); Hillier and Lieberman, queueing chapter.

    >>> p = erlang_c_performance(14, 200.0, 3.0, 0.33)
    >>> round(float(p.service_level_share), 4), round(float(p.wait_share), 4), bool(p.is_stable)
    (0.8879, 0.1741, True)
    """
    count = whole_numbers("agents", agents, minimum=0, maximum=int(LARGEST_LOAD)).astype(np.float64)
    load, handle, threshold = offered_load(arrivals_per_hour, handle_minutes, threshold_minutes)
    count, load, handle, threshold = together(
        ("agents", count),
        ("arrivals_per_hour", load),
        ("handle_minutes", handle),
        ("threshold_minutes", threshold),
    )
    return performance(count, load, handle, threshold)


def offered_load(
    arrivals_per_hour: ArrayLike, handle_minutes: ArrayLike, threshold_minutes: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Checked (offered erlangs, handle minutes, threshold minutes), broadcast together."""
    arrivals = numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9)
    handle = numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6)
    threshold = numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9)
    arrivals, handle, threshold = together(
        ("arrivals_per_hour", arrivals), ("handle_minutes", handle), ("threshold_minutes", threshold)
    )
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = numbers("arrivals_per_hour x handle_minutes / 60", arrivals * handle / 60.0, maximum=LARGEST_LOAD, fix=fix)
    return load, handle, threshold


def performance(agents: FloatArray, load: FloatArray, handle: FloatArray, threshold: FloatArray) -> ErlangCPerformance:
    """`erlang_c_performance` on checked arrays of one shape."""
    idle = load == 0.0
    stable = idle | (load < agents)
    spare = np.where(stable & (agents > 0.0), agents - load, 1.0)
    wait = waiting(agents, load)
    # exp() of anything below -700 is 0 in float64; clipping keeps it from raising an underflow warning
    tail = np.exp(-np.minimum(spare / handle * threshold, 700.0))
    level = np.where(stable, 1.0 - wait * tail, 0.0)
    of_waiting = np.where(stable, handle / spare, np.inf)
    of_waiting = np.where(agents == 0.0, np.where(idle, 0.0, np.inf), of_waiting)
    busy = np.where(stable, load / np.maximum(agents, 1.0), 1.0)
    return ErlangCPerformance(
        offered_erlangs=frozen(np.array(load)),
        wait_share=frozen(wait),
        service_level_share=frozen(level),
        mean_wait_minutes=frozen(np.where(stable, wait * np.where(stable, of_waiting, 0.0), np.inf)),
        mean_wait_of_waiting_minutes=frozen(of_waiting),
        occupancy_share=frozen(busy),
        is_stable=frozen(stable),
    )


def waiting(servers: FloatArray, load: FloatArray) -> FloatArray:
    """Erlang C on checked arrays of one shape."""
    stable = (load > 0.0) & (load < servers)
    safe_servers = np.where(stable, servers, 1.0)
    safe_load = np.where(stable, load, 0.5)
    block = blocking(safe_servers, safe_load)
    result = safe_servers * block / (safe_servers - safe_load + safe_load * block)
    return np.where(stable, np.minimum(result, 1.0), np.where(load == 0.0, 0.0, 1.0))


def blocking(servers: FloatArray, load: FloatArray) -> FloatArray:
    """Erlang B on checked arrays of one shape."""
    result = np.where(servers == 0.0, 1.0, 0.0)
    active = (servers > 0.0) & (load > 0.0)
    over = active & (load - servers > _OVERLOAD_SPREADS * np.sqrt(servers) + 1.0)
    under = active & ~over
    if np.any(under):
        result[under] = _poisson_mass(servers[under], load[under]) / special.gammaincc(
            servers[under] + 1.0, load[under]
        )
    if np.any(over):
        result[over] = _overload_blocking(servers[over], load[over])
    return np.minimum(result, 1.0)


def _poisson_mass(count: FloatArray, mean: FloatArray) -> FloatArray:
    """Poisson probability of `count` >= 1 by Loader's saddle-point form: no cancellation for large counts."""
    deviance = count * _log_excess((mean - count) / count)
    exponent = -_stirling_error(count) - deviance
    return np.exp(np.maximum(exponent, -745.0)) * (exponent > -745.0) / np.sqrt(2.0 * np.pi * count)


def _log_excess(ratio: FloatArray) -> FloatArray:
    """u - log(1 + u), accurate near 0 (a series there, where the difference would cancel)."""
    small = np.abs(ratio) < 0.05
    near = np.where(small, ratio, 0.0)
    series = np.zeros_like(near)
    for power in range(14, 1, -1):
        series = series * near + (1.0 if power % 2 == 0 else -1.0) / power
    far = np.where(small, 0.0, ratio)
    return np.where(small, series * near * near, far - np.log1p(far))


def _stirling_error(count: FloatArray) -> FloatArray:
    """log(n!) - Stirling's approximation of it, for n >= 1."""
    inverse_square = 1.0 / (count * count)
    terms = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
    series = np.zeros_like(count)
    for term in reversed(terms):
        series = series * inverse_square + term
    small = count < 16.0
    near = np.where(small, count, 1.0)
    exact = special.gammaln(near + 1.0) - (near + 0.5) * np.log(near) + near - 0.5 * np.log(2.0 * np.pi)
    return np.where(small, exact, series / count)


def _overload_blocking(servers: FloatArray, load: FloatArray) -> FloatArray:
    """Erlang B where load is well above servers: (a - n + 1n/(a - n + 2 + 2(n-1)/(a - n + 4 + ...))) / a."""
    over = load - servers
    value = over + 2.0 * _FRACTION_TERMS
    for term in range(_FRACTION_TERMS, 0, -1):
        value = over + 2.0 * (term - 1) + np.maximum(term * (servers + 1.0 - term), 0.0) / value
    return value / load
