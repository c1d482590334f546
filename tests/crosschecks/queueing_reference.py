"""Queues at 50 digits, by sums over states and by nothing that the engine uses."""

from dataclasses import dataclass
from typing import Any

import mpmath

Exact = Any
DIGITS = 50
_SMALL = mpmath.mpf(10) ** -45


def states_below(servers: Exact, load: Exact) -> Exact:
    """1/B: the probability of up to `servers` in the system, relative to that of `servers`; any real number."""
    total, term, left = mpmath.mpf(0), mpmath.mpf(1), servers
    while left >= 1:
        total += term
        term *= left / load
        left -= 1
        if term < _SMALL * total:
            return total
    if left == 0:
        return total + term
    # what is left of a server: a/B = integral of (1 + t)^c e^(-a t), as an incomplete gamma function
    rest = mpmath.exp(load) * load**-left * mpmath.gammainc(left + 1, load)
    return total + term * rest


@dataclass(frozen=True)
class Sums:
    """Over states c + k, k >= 1, relative to state c: 1, k, h_k = sum 1/(c + j theta) and theta sum j/(c + j theta)."""

    ones: Exact
    first: Exact
    answered: Exact
    abandoned: Exact
    last: Exact


def states_above(agents: Exact, load: Exact, theta: Exact, places: int | None = None) -> Sums:
    term, k = mpmath.mpf(1), 0
    ones = first = answered = abandoned = sojourn = gone = mpmath.mpf(0)
    while places is None or k < places:
        k += 1
        rate = agents + k * theta
        term *= load / rate
        sojourn += 1 / rate
        gone += theta * k / rate
        ones += term
        first += k * term
        answered += term * sojourn
        abandoned += term * gone
        if places is None and rate > load and k * term < _SMALL * first and term < _SMALL * ones:
            break
    return Sums(ones, first, answered, abandoned, term if k else mpmath.mpf(1))


def blocking(servers: float, load: float) -> Exact:
    with mpmath.workdps(DIGITS):
        return 1 / states_below(mpmath.mpf(servers), mpmath.mpf(load))


@dataclass(frozen=True)
class Measures:
    wait: Exact
    abandoned: Exact
    blocked: Exact
    level_of_offered: Exact
    level_virtual: Exact
    queue: Exact
    wait_of_answered: Exact
    wait_of_abandoned: Exact


def with_patience(agents: float, load: float, theta: float, time: float) -> Measures:
    """M/M/c+M in handling times, by series; the wait's tail as E[1 + S] at the load that is left at `time`."""
    with mpmath.workdps(DIGITS):
        c, a, th, t = (mpmath.mpf(value) for value in (agents, load, theta, time))
        above = states_above(c, a, th)
        first = 1 / (states_below(c, a) + above.ones)
        left = mpmath.exp(-th * t)
        later = states_above(c, a * left, th)
        fall = first * mpmath.exp(a / th * (1 - left) - c * t)
        abandoned = first * th / a * above.first
        return Measures(
            wait=first * (1 + above.ones),
            abandoned=abandoned,
            blocked=mpmath.mpf(0),
            level_of_offered=1 - abandoned - fall * later.ones * c / a,
            level_virtual=1 - fall * (1 + later.ones),
            queue=first * above.first,
            wait_of_answered=first * above.answered * c / a / (1 - abandoned),
            wait_of_abandoned=first * above.abandoned / a / abandoned,
        )


def with_lines(agents: int, load: float, theta: float, lines: int, time: float) -> Measures:
    """M/M/c/K+M in handling times: who finds k waiting is behind an exponential chain of k + 1 steps, solved as one."""
    with mpmath.workdps(DIGITS):
        c, a, th, t = mpmath.mpf(agents), mpmath.mpf(load), mpmath.mpf(theta), mpmath.mpf(time)
        places = lines - agents
        weights = [mpmath.mpf(1)]
        for k in range(1, places + 1):
            weights.append(weights[-1] * a / (c + k * th))
        first = 1 / (states_below(c, a) + sum(weights[1:]))
        abandoned = sum(first * th / a * k * weights[k] for k in range(places + 1))
        late = virtual = mpmath.mpf(0)
        for k in range(places):
            virtual += first * weights[k] * _longer(c, th, k, t)
            # given that it's answered, the chain's rates are those of one more in patience
            late += first * weights[k] * c / (c + (k + 1) * th) * _longer(c + th, th, k, t)
        blocked = first * weights[-1]
        sums = states_above(c, a, th, places)
        answered = 1 - blocked - abandoned
        return Measures(
            wait=first * sum(weights[:-1]),
            abandoned=abandoned,
            blocked=blocked,
            level_of_offered=answered - late,
            level_virtual=1 - blocked - virtual,
            queue=first * sums.first,
            wait_of_answered=first * sums.answered * c / a / answered,
            wait_of_abandoned=first * sums.abandoned / a / abandoned if abandoned else mpmath.mpf(0),
        )


def _longer(rate: Exact, step: Exact, k: int, time: Exact) -> Exact:
    """P(sum of exponentials with rates rate, rate + step, ..., rate + k step is longer than time), by integration."""
    if step == 0:
        return mpmath.gammainc(k + 1, rate * time, regularized=True)
    return mpmath.betainc(rate / step, k + 1, 0, mpmath.exp(-step * time), regularized=True)
