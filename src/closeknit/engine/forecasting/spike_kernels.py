"""Short departures from a level that holds: every stretch of a few periods against what its level lets expect.

Given all that was counted, what falls into a stretch is binomial where counts are Poisson, and beta-binomial where they
are negative binomial with variance = dispersion x mean: exact, and free of the level. Amounts that are no whole numbers
are taken as counts of a quarter of their dispersion, which gives them the skewness of a gamma distribution, nearly.
"""

import math

from closeknit.engine.compiled import IntMatrix, Matrix, Vector, kernel

MOST_SPIKES = 6
CLEAR = 6.0
"""Squared standard deviations below which no stretch can be one among hundreds."""
LARGE = 1e4
MOST_TERMS = 3000
LEAST_WORTH, BOUND = 1e-6, 8.0
"""Between these (times the limit) the sum over windows is worth its work: counts jump, so most are less likely."""
UNITS = 4.0
PLAIN = 1.1
"""Dispersion below which counts are taken as Poisson: their tail is known."""
STANDS_OUT = 1.2
"""Elsewhere a spike must lie that many times as far out as any other stretch of its length: no tail is known so far."""


@kernel
def _find_spikes(
    values: Vector,
    expected: Vector,
    level: Vector,
    longest: int,
    dispersion: float,
    is_whole: int,
    known: float,
    smallest_log: float,
    of_windows: float,
    most_plain: float,
    most_other: float,
    sum_y: Vector,
    sum_m: Vector,
    spikes: IntMatrix,
    numbers: Matrix,
) -> int:
    """Stretches that noise alone would show anywhere with at most a given chance: [start, stop], [.., .., chance].

    `of_windows`: independent windows among all, as a share; `known`: numbers fitted. The chance may be `most_plain`
    where counts vary as Poisson ones do, else `most_other`. The level is fitted again without each stretch found.
    """
    n = values.shape[0]
    found = 0
    least_spread = 1.0 if is_whole == 1 else 0.5 * dispersion
    while found < MOST_SPIKES:
        _sum_up(values, expected, level, spikes, found, sum_y, sum_m)
        total, mean = float(sum_y[n]), float(sum_m[n])
        least, at, stop = 0.0, -1, -1
        windows = 0
        for a in range(n):
            if expected[a] <= 0.0:
                continue
            for b in range(a + 1, min(a + longest, n) + 1):
                y, m = sum_y[b] - sum_y[a], sum_m[b] - sum_m[a]
                windows += 1
                if (y - m) * (y - m) < CLEAR * least_spread * m or m <= 0.0 or m >= mean or expected[b - 1] <= 0.0:
                    continue
                if y > 0.0 and abs(math.log(y / m)) < smallest_log:
                    continue
                chance = _log_tail(y, m, total, mean, dispersion, is_whole)
                if chance < least and not _touches(a, b, spikes, found):
                    least, at, stop = chance, a, b
        if at < 0:
            return found
        y, m = sum_y[stop] - sum_y[at], sum_m[stop] - sum_m[at]
        # A spike must not count as the noise that it is judged by.
        spread = _rest_spread(values, expected, level, spikes, found, at, stop, known, least_spread, is_whole)
        most = most_plain if is_whole == 1 and spread < PLAIN else most_other
        least = _log_tail(y, m, total, mean, spread, is_whole)
        chance = of_windows * windows * math.exp(least)
        if chance > LEAST_WORTH and chance < BOUND * most and is_whole == 1:
            chance = of_windows * _attained(expected, longest, spread, 0.5 * math.exp(least), sum_y, sum_m)
        if chance > most:
            return found
        if is_whole == 0 or spread >= PLAIN:
            other = _furthest_other(sum_y, sum_m, at, stop, y > m)
            if other * STANDS_OUT > abs(y - m) / math.sqrt(m):
                return found
        spikes[found, 0], spikes[found, 1] = at, stop
        numbers[found, 2] = chance
        found += 1
        _fit_again(values, expected, level, spikes, found)
    return found


@kernel
def _rest_spread(
    values: Vector,
    expected: Vector,
    level: Vector,
    spikes: IntMatrix,
    found: int,
    at: int,
    stop: int,
    known: float,
    usual: float,
    is_whole: int,
) -> float:
    """Variance over mean of all periods outside a stretch and spikes, serial correlation counted in."""
    # The furthest of many lies so far out by chance: left out altogether, noise would look calmer than it is.
    square, product, count, before, size = CLEAR * usual, 0.0, 1.0, 0.0, 0.0
    for t in range(values.shape[0]):
        m = level[t] * expected[t]
        if m <= 0.0 or at <= t < stop or _touches(t, t + 1, spikes, found):
            before = 0.0
            continue
        rest = (values[t] - m) / math.sqrt(m)
        square += rest * rest
        product += rest * before
        before = rest
        count += 1.0
        size += m
    if count <= known or size <= 0.0:
        return 1.0 if is_whole == 1 else 1e300
    correlation = min(max(product / square, 0.0), 0.9)
    correlation *= min(1.0, 0.5 * correlation * math.sqrt(count))
    spread = square / (count - known)
    if is_whole == 1:
        unsure = math.sqrt((2.0 + count / size) / count)
        more = max(spread - 1.0, 0.0)
        spread = 1.0 + more * min(1.0, more / unsure)
    return spread * (1.0 + correlation) / (1.0 - correlation)


@kernel
def _attained(expected: Vector, longest: int, dispersion: float, tail: float, sum_y: Vector, sum_m: Vector) -> float:
    """The sum over all windows of the probability of a count at most as likely as `tail` on its side."""
    n = expected.shape[0]
    total, mean = float(sum_y[n]), float(sum_m[n])
    whole, last_m, last = 0.0, -1.0, 0.0
    for length in range(1, longest + 1):
        for a in range(n - length + 1):
            m = sum_m[a + length] - sum_m[a]
            if m <= 0.0 or m >= mean or expected[a] <= 0.0 or expected[a + length - 1] <= 0.0:
                continue
            if abs(m - last_m) > 1e-9 * m:
                last_m, last = m, _attained_of_one(m, total, mean, dispersion, tail)
            whole += last
    return whole


@kernel
def _attained_of_one(m: float, total: float, mean: float, dispersion: float, tail: float) -> float:
    """The largest probabilities, of both tails, that are at most `tail`."""
    share = m / mean
    m = share * total
    if m / dispersion > LARGE or m <= 0.0 or m >= total:
        return 2.0 * tail
    a, b, n = m, total - m, total
    if dispersion > 1.0:
        a, b = a / (dispersion - 1.0), b / (dispersion - 1.0)
    middle = float(math.floor(m))
    first = math.exp(_log_chance(middle, n, a, b, dispersion))
    # Up: everything above the middle, less what is passed on the way.
    above, term, k = first, first, middle
    for _ in range(MOST_TERMS):
        if k >= n or term < 1e-12 * above:
            break
        term *= _step(k, n, a, b, dispersion)
        k += 1.0
        above += term
    term, k = first, middle
    for _ in range(MOST_TERMS):
        if above <= tail or k >= n:
            break
        above -= term
        term *= _step(k, n, a, b, dispersion)
        k += 1.0
    below = 0.0
    term, k = math.exp(_log_chance(0.0, n, a, b, dispersion)), 0.0
    for _ in range(MOST_TERMS):
        if below + term > tail or k >= middle:
            break
        below += term
        term *= _step(k, n, a, b, dispersion)
        k += 1.0
    return max(min(above, tail), 0.0) + below


@kernel
def _log_chance(k: float, n: float, a: float, b: float, spread: float) -> float:
    """Log of the probability of k out of n: binomial with a of a + b expected, or beta-binomial (spread > 1)."""
    result = math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
    if spread > 1.0:
        result += math.lgamma(k + a) + math.lgamma(n - k + b) - math.lgamma(n + a + b)
        return result + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return result + k * math.log(a / (a + b)) + (n - k) * math.log(b / (a + b))


@kernel
def _step(k: float, n: float, a: float, b: float, spread: float) -> float:
    """The probability of k + 1 over that of k."""
    odds = (k + a) / (n - k - 1.0 + b) if spread > 1.0 else a / b
    return (n - k) / (k + 1.0) * odds


@kernel
def _touches(a: int, b: int, spikes: IntMatrix, found: int) -> bool:
    touched = False
    for i in range(found):
        touched = touched or (spikes[i, 0] < b and spikes[i, 1] > a)
    return touched


@kernel
def _sum_up(
    values: Vector, expected: Vector, level: Vector, spikes: IntMatrix, found: int, sum_y: Vector, sum_m: Vector
) -> None:
    """Running sums of values and their means, spikes left out."""
    sum_y[0] = 0.0
    sum_m[0] = 0.0
    for t in range(values.shape[0]):
        there = 0.0 if _touches(t, t + 1, spikes, found) else 1.0
        sum_y[t + 1] = sum_y[t] + there * values[t]
        sum_m[t + 1] = sum_m[t] + there * level[t] * expected[t]


@kernel
def _fit_again(values: Vector, expected: Vector, level: Vector, spikes: IntMatrix, found: int) -> None:
    """Each stretch of one level gets the level of its periods outside spikes."""
    n = values.shape[0]
    a = 0
    while a < n:
        y, e, b = 0.0, 0.0, a
        while b < n and level[b] == level[a]:
            if not _touches(b, b + 1, spikes, found):
                y += values[b]
                e += expected[b]
            b += 1
        fitted = y / e if e > 0.0 else level[a]
        for t in range(a, b):
            level[t] = fitted
        a = b


@kernel
def _furthest_other(sum_y: Vector, sum_m: Vector, at: int, stop: int, up: bool) -> float:
    """The largest standardised sum of the same length and side that does not touch the stretch."""
    furthest, length = 0.0, stop - at
    for a in range(sum_y.shape[0] - length):
        if a + length > at and a < stop:
            continue
        m = sum_m[a + length] - sum_m[a]
        far = (sum_y[a + length] - sum_y[a] - m) / math.sqrt(m) if m > 0.0 else 0.0
        furthest = max(furthest, far if up else -far)
    return furthest


@kernel
def _log_tail(y: float, m: float, total: float, mean: float, dispersion: float, is_whole: int) -> float:
    """Log of the probability of `y` or further out on both sides, where `m` of `mean` is expected and `total` came."""
    share = m / mean
    m = share * total
    if m / dispersion > LARGE:
        z = abs(y - m) / math.sqrt(dispersion * m * (1.0 - share))
        if z > 30.0:
            return -0.5 * z * z - math.log(z)
        return math.log(math.erfc(z / math.sqrt(2.0)))
    unit, spread = 1.0, dispersion
    if is_whole == 0:
        unit, spread = dispersion / UNITS, UNITS
    n, k = total / unit, y / unit
    a, b = m / unit, n - m / unit
    if n < 1.0 or a <= 0.0 or b <= 0.0 or k > n:
        return 0.0
    if spread > 1.0:
        a, b = a / (spread - 1.0), b / (spread - 1.0)
    first = _log_chance(k, n, a, b, spread)
    term, tail = 1.0, 1.0
    up = y > m
    for _ in range(MOST_TERMS):
        if (up and k + 1.0 > n) or (not up and k < 1.0):
            break
        if up:
            term *= _step(k, n, a, b, spread)
            k += 1.0
        else:
            k -= 1.0
            term /= _step(k, n, a, b, spread)
        tail += term
        if term < 1e-9 * tail:
            break
    return min(first + math.log(2.0 * tail), 0.0)
