"""Sums over the states of a queue, each to about 14 digits for any size of it.

With s > 0 servers and offered load z, relative to the probability of the state with s busy:
- below: R(s, z) = 1 + s/z + s(s-1)/z^2 + ..., the states up to s (Erlang's 1/B, for real s too);
- above: S(s, z) = z/(s+1) + z^2/((s+1)(s+2)) + ..., the states beyond s when state s+k is left at rate s+k, and
  its first moment T(s, z), each state weighted with k;
- whole: G(s, z) = R + S = Gamma(s+1) e^z / z^s.
R and S are incomplete gamma functions. Short sums of positive terms where they are short; else Temme's uniform
expansion, at a cost that does not grow with s. Nothing overflows; nothing is subtracted from its equal.

Functions take `excess` = (z - s)/s beside z, for z itself has lost its digits where z and s are large and close.
"""

import math

from closeknit.engine.compiled import kernel
from closeknit.engine.queueing.expansion_kernels import temme_sum

LARGE = 24.0
"""From here on the expansion holds 15 digits."""

EXPANDS_FROM = -0.5
EXPANDS_TO = 0.9
"""The excess for which it does."""

ROOT_PI = 1.772453850905516
HALF_LOG_TWO_PI = 0.9189385332046728


@kernel
def stirling_error(s: float) -> float:
    """log Gamma(s+1) less Stirling's approximation of it, for s >= 24."""
    v = 1.0 / (s * s)
    return ((((-691.0 / 360360.0 * v + 1.0 / 1188.0) * v - 1.0 / 1680.0) * v + 1.0 / 1260.0) * v - 1.0 / 360.0) * (
        v / s
    ) + 1.0 / (12.0 * s)


@kernel
def log_excess(u: float) -> float:
    """u - log(1 + u): a series near 0, where the difference would cancel."""
    if u < -0.1 or u > 0.1:
        return u - math.log1p(u)
    total = 0.0
    for power in range(18, 1, -1):
        total = total * -u + 1.0 / power
    return total * u * u


@kernel
def mills(x: float) -> float:
    """sqrt(pi) exp(x^2) erfc(x), for x > -5: no overflow, no underflow."""
    if x < 4.0:
        return ROOT_PI * math.exp(x * x) * math.erfc(x)
    return 1.0 / (x + _mills_tail(x))


@kernel
def mills_gap(x: float) -> float:
    """1 - x mills(x), for x >= 0, without cancellation where x is large."""
    if x < 4.0:
        return 1.0 - x * mills(x)
    tail = _mills_tail(x)
    return tail / (x + tail)


@kernel
def _mills_tail(x: float) -> float:
    """The continued fraction K with mills(x) = 1/(x + K)."""
    tail = 0.0
    for term in range(24 if x < 6.0 else 12, 0, -1):
        tail = 0.5 * term / (x + tail)
    return tail


@kernel
def log_whole(s: float, z: float, log_z: float, excess: float) -> float:
    """log G(s, z)."""
    if s < LARGE:
        return math.lgamma(s + 1.0) + z - s * log_z
    # near -1 the excess no longer tells how small z is
    gap = log_excess(excess) if excess > EXPANDS_FROM else excess - (log_z - math.log(s))
    return HALF_LOG_TWO_PI + 0.5 * math.log(s) + stirling_error(s) + s * gap


@kernel
def above(s: float, z: float, excess: float) -> float:
    """S(s, z), for excess <= 0."""
    if s < LARGE or excess < EXPANDS_FROM:
        term = z / (s + 1.0)
        total = term
        k = 1.0
        while term > 1e-17 * total:
            k += 1.0
            term *= z / (s + k)
            total += term
        return total
    eta = -math.sqrt(2.0 * log_excess(excess))
    half = math.sqrt(0.5 * s)
    return math.exp(stirling_error(s)) * (half * mills(-eta * half) - temme_sum(eta, s)) - 1.0


@kernel
def above_moment(s: float, z: float, excess: float) -> float:
    """T(s, z), for excess <= 0."""
    if s < LARGE or excess < EXPANDS_FROM:
        term = z / (s + 1.0)
        total = term
        k = 1.0
        while k * term > 1e-17 * total:
            k += 1.0
            term *= z / (s + k)
            total += k * term
        return total
    if s * excess * excess * -excess > 1e4:
        return _far_moment(s, 1.0 + excess, 1.0 / (s * excess * excess))
    if excess > -1e-150:
        return s
    # T = s + (z - s)(1 + S), the cancellation of its parts done by hand
    eta = -math.sqrt(2.0 * log_excess(excess))
    ratio = excess / eta
    error = stirling_error(s)
    rest = temme_sum(eta, s) - (1.0 / excess - 1.0 / eta)
    return s * (math.exp(error) * (ratio * mills_gap(-eta * math.sqrt(0.5 * s)) - excess * rest) - math.expm1(error))


@kernel
def above_both(s: float, z: float, excess: float) -> tuple[float, float]:
    """(S(s, z), T(s, z)), for excess <= 0."""
    if s < LARGE or excess < EXPANDS_FROM or s * excess * excess * -excess > 1e4 or excess > -1e-150:
        return above(s, z, excess), above_moment(s, z, excess)
    eta = -math.sqrt(2.0 * log_excess(excess))
    x = -eta * math.sqrt(0.5 * s)
    error = stirling_error(s)
    growth = math.exp(error)
    rest = temme_sum(eta, s)
    gap = mills_gap(x)
    total = growth * ((1.0 - gap) / x * math.sqrt(0.5 * s) - rest) - 1.0 if x > 1e-3 else above(s, z, excess)
    rest -= 1.0 / excess - 1.0 / eta
    return total, s * (growth * (excess / eta * gap - excess * rest) - math.expm1(error))


@kernel
def _far_moment(s: float, ratio: float, r: float) -> float:
    """T(s, z) by DLMF 8.11.6, for r = s/(z - s)^2 < 5e-5 and ratio = z/s < 1."""
    b5 = (((120.0 * ratio + 444.0) * ratio + 328.0) * ratio + 52.0) * ratio + 1.0
    b4 = ((24.0 * ratio + 58.0) * ratio + 22.0) * ratio + 1.0
    b3 = (6.0 * ratio + 8.0) * ratio + 1.0
    b2 = 2.0 * ratio + 1.0
    return s * ratio * r * (1.0 - r * (b2 - r * (b3 - r * (b4 - r * b5))))


@kernel
def below(s: float, z: float, excess: float) -> float:
    """R(s, z), for excess > 0."""
    if s < LARGE or excess > EXPANDS_TO:
        total = 0.0
        term = 1.0
        left = s
        while left >= 1.0 and term > 1e-17 * total:
            total += term
            term *= left / z
            left -= 1.0
        return total + term * below_one(left, z) if left < 1.0 else total + term
    eta = math.sqrt(2.0 * log_excess(excess))
    half = math.sqrt(0.5 * s)
    return 1.0 + math.exp(stirling_error(s)) * (half * mills(eta * half) + temme_sum(eta, s))


@kernel
def below_one(s: float, z: float) -> float:
    """R(s, z) for 0 <= s < 1 and any z > 0."""
    if s == 0.0:
        return 1.0
    if z < 2.0:
        return math.exp(min(709.0, math.lgamma(s + 1.0) + z - s * math.log(z))) - above(s, z, -1.0)
    terms = 6 + int(110.0 / z)
    value = z - s + 2.0 * terms
    for term in range(terms, 0, -1):
        value = z - s + 2.0 * (term - 1) + term * (s + 1.0 - term) / value
    return z / value
