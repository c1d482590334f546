"""How much demand lies beyond a level, by sums of positive terms only: nothing cancels, however far out.

Each entry fills `out[i]` with: P(D <= x), P(D > x), E[(D - x)+], E[(x - D)+], and the two second-order losses.
"""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel

_TINY = 1e-19
# Smaller numbers lose digits, then stop shrinking.
_NOTHING = 1e-300
_HALF_LOG_TWO_PI = 0.9189385332046727
_LARGEST_TERMS = 200_000_000


@kernel
def _log_excess(ratio: float, whole: float) -> float:
    """u - log(1 + u) for `ratio` u and `whole` 1 + u; a series near 0, where the difference would cancel."""
    if abs(ratio) > 0.1:
        return ratio - math.log(whole)
    total = 0.0
    power = ratio * ratio
    sign = 1.0
    for order in range(2, 19):
        total += sign * power / order
        power *= ratio
        sign = -sign
    return total


@kernel
def _stirling_error(count: float) -> float:
    """log(n!) less Stirling's approximation of it."""
    if count < 16.0:
        return math.lgamma(count + 1.0) - (count + 0.5) * math.log(count) + count - _HALF_LOG_TWO_PI
    square = 1.0 / (count * count)
    series = 1 / 12 + square * (-1 / 360 + square * (1 / 1260 + square * (-1 / 1680 + square * (1 / 1188))))
    return series / count


@kernel
def _poisson_mass(count: float, mean: float) -> float:
    """Poisson probability, by Loader's saddle-point form; `count` may be fractional (a gamma density)."""
    if mean == 0.0:
        return 1.0 if count == 0.0 else 0.0
    if count == 0.0:
        return math.exp(-mean)
    exponent = -_stirling_error(count) - count * _log_excess((mean - count) / count, mean / count)
    return math.exp(exponent) / math.sqrt(2.0 * math.pi * count) if exponent > -740.0 else 0.0


@kernel
def _counting_mass(count: float, mean: float, size: float) -> float:
    """Negative binomial probability with `size` r (0 means infinite: Poisson), Loader's form."""
    if size == 0.0 or mean == 0.0:
        return _poisson_mass(count, mean)
    if count == 0.0:
        return math.exp(-size * math.log1p(mean / size))
    near = _log_excess((count - mean) / (size + mean), (size + count) / (size + mean))
    share = mean / (size + mean)
    far = _log_excess(size * (mean - count) / ((size + mean) * count), share * (size + count) / count)
    exponent = _stirling_error(size + count) - _stirling_error(size) - _stirling_error(count)
    exponent -= size * near + count * far
    if exponent < -740.0:
        return 0.0
    return math.exp(exponent) * math.sqrt(size / (2.0 * math.pi * count * (size + count)))


@kernel
def _counting_beyond(level: float, mean: float, size: float) -> tuple[float, float, float]:
    """(P(D > x), E(D - x)+, half E(D - x)+(D - x - 1)+) for a whole x at or above the mean."""
    slope = mean / (size + mean) if size > 0.0 else 0.0
    start = size * slope if size > 0.0 else mean
    mass = _counting_mass(level + 1.0, mean, size)
    beyond = 0.0
    first = 0.0
    second = 0.0
    step = 1.0
    while step < _LARGEST_TERMS:
        beyond += mass
        first += step * mass
        added = 0.5 * step * (step - 1.0) * mass
        second += added
        mass *= (start + slope * (level + step)) / (level + step + 1.0)
        if step > 2.0 and (added <= _TINY * second or mass < _NOTHING):
            break
        step += 1.0
    return beyond, first, second


@kernel
def _counting_below(level: float, mean: float, size: float) -> tuple[float, float, float]:
    """(P(D <= x), E(x - D)+, half E(x - D)+(x - D + 1)+) for a whole x >= 0 below the mean."""
    slope = mean / (size + mean) if size > 0.0 else 0.0
    start = size * slope if size > 0.0 else mean
    mass = _counting_mass(level, mean, size)
    within = 0.0
    first = 0.0
    second = 0.0
    count = level
    while count >= 0.0:
        within += mass
        gap = level - count
        first += gap * mass
        added = 0.5 * gap * (gap + 1.0) * mass
        second += added
        if gap > 2.0 and (added <= _TINY * second or mass < _NOTHING):
            break
        if count > 0.0:
            mass *= count / (start + slope * (count - 1.0))
        count -= 1.0
    return within, first, second


@kernel
def fill_counting(start: int, stop: int, level: Vector, mean: Vector, size: Vector, out: Matrix) -> None:
    """Losses of Poisson (size 0) and negative binomial demand at whole levels."""
    for i in range(start, stop):
        x, m, r = level[i], mean[i], size[i]
        spread = 0.5 * ((m + (m * m / r if r > 0.0 else 0.0)) + (m - x) * (m - x) - (m - x))
        if x >= m:
            beyond, first, second = _counting_beyond(x, m, r)
            out[i, 0] = 1.0 - beyond
            out[i, 1] = beyond
            out[i, 2] = first
            out[i, 3] = first + (x - m)
            out[i, 4] = second
            out[i, 5] = spread - second
        elif x < 0.0:
            out[i, 0] = 0.0
            out[i, 1] = 1.0
            out[i, 2] = m - x
            out[i, 3] = 0.0
            out[i, 4] = spread
            out[i, 5] = 0.0
        else:
            within, first, second = _counting_below(x, m, r)
            out[i, 0] = within
            out[i, 1] = 1.0 - within
            out[i, 2] = first + (m - x)
            out[i, 3] = first
            out[i, 4] = spread - second
            out[i, 5] = second


@kernel
def find_counting_quantiles(
    start: int, stop: int, share: Vector, mean: Vector, size: Vector, guess: Vector, out: Vector
) -> None:
    """Smallest whole x with P(D <= x) >= share, walked to from a guess."""
    for i in range(start, stop):
        m, r = mean[i], size[i]
        slope = m / (r + m) if r > 0.0 else 0.0
        first = r * slope if r > 0.0 else m
        x = max(math.floor(guess[i]), 0.0)
        if x >= m:
            beyond, _, _ = _counting_beyond(x, m, r)
        else:
            within, _, _ = _counting_below(x, m, r)
            beyond = 1.0 - within
        allowed = (1.0 - share[i]) * (1.0 + 1e-13)
        mass = _counting_mass(x, m, r)
        if beyond > allowed:
            while beyond > allowed and mass >= 0.0:
                mass *= (first + slope * x) / (x + 1.0)
                x += 1.0
                if mass < 1e-17 * beyond and x > m:
                    break
                beyond -= mass
        else:
            while x > 0.0 and beyond + mass <= allowed:
                beyond += mass
                mass *= x / (first + slope * (x - 1.0))
                x -= 1.0
        out[i] = x


@kernel
def _gamma_excess(level: float, shape: float) -> tuple[float, float, float]:
    """(P(D <= z), E(z - D)+, half E((z - D)+)^2) for unit scale: sum over j of j w(k + j), w a Poisson mass."""
    mass = _poisson_mass(shape, level)
    within = 0.0
    first = 0.0
    second = 0.0
    step = 0.0
    while step < _LARGEST_TERMS:
        within += mass
        first += step * mass
        second += 0.5 * step * (step - 1.0) * mass
        ratio = level / (shape + step + 1.0)
        mass *= ratio
        step += 1.0
        if ratio < 1.0 and step > 3.0 and (step * step * mass <= _TINY * second * (1.0 - ratio) or mass < _NOTHING):
            break
    return within, first, second


@kernel
def _gamma_shortfall(level: float, shape: float) -> tuple[float, float, float]:
    """(P(D > z), E(D - z)+, half E((D - z)+)^2) for unit scale: ratios U(a, k + 1, z) / U(a - 1, k + 1, z)."""
    ratio = 0.0
    second = 0.0
    third = 0.0
    for order in range(int(400.0 / math.sqrt(level)) + 150, 0, -1):
        ratio = 1.0 / (level + 2.0 * order - shape - 1.0 - order * (order - shape) * ratio)
        if order == 3:
            third = ratio
        elif order == 2:
            second = ratio
    above = _poisson_mass(shape, level) * shape * ratio
    more = (shape - 1.0) * second
    return above, above * (1.0 + more), above * (1.0 + more * (2.0 + (shape - 2.0) * third))


@kernel
def fill_gamma(start: int, stop: int, level: Vector, shape: Vector, out: Matrix) -> None:
    """Losses of gamma demand with unit scale."""
    for i in range(start, stop):
        z, k = level[i], shape[i]
        spread = 0.5 * (k + (k - z) * (k - z))
        if z <= 0.0:
            out[i, 0] = 0.0
            out[i, 1] = 1.0
            out[i, 2] = k - z
            out[i, 3] = 0.0
            out[i, 4] = spread
            out[i, 5] = 0.0
        elif z > k + 2.0 * math.sqrt(k) and z > 0.25:
            above, first, second = _gamma_shortfall(z, k)
            out[i, 0] = 1.0 - above
            out[i, 1] = above
            out[i, 2] = first
            out[i, 3] = first + (z - k)
            out[i, 4] = second
            out[i, 5] = spread - second
        else:
            within, first, second = _gamma_excess(z, k)
            out[i, 0] = within
            out[i, 1] = 1.0 - within
            out[i, 2] = first + (k - z)
            out[i, 3] = first
            out[i, 4] = spread - second
            out[i, 5] = second


@kernel
def fill_counting_mass(start: int, stop: int, mean: float, size: float, out: Vector) -> None:
    """P(D = k) of Poisson (size 0) or negative binomial demand for k in start..stop."""
    for count in range(start, stop):
        out[count] = _counting_mass(float(count), mean, size)


@kernel
def find_lot_policies(
    start: int, stop: int, setup: Vector, hold: Vector, short: Vector, mean: Vector, size: Vector, out: Matrix
) -> None:
    """Best whole (r, Q): grow the set of levels r + 1 .. r + Q by the cheaper neighbour while that lowers the mean.

    `out[i]` comes with the smallest best level in its first place and goes with (r, Q, cost). `setup` is K lambda.
    """
    for i in range(start, stop):
        h, p, m, r = hold[i], short[i], mean[i], size[i]
        slope = m / (r + m) if r > 0.0 else 0.0
        first = r * slope if r > 0.0 else m
        top = out[i, 0]
        if top >= m:
            beyond, shortfall, _ = _counting_beyond(top, m, r)
            excess = shortfall + (top - m)
        else:
            within, excess, _ = _counting_below(top, m, r)
            beyond = 1.0 - within
            shortfall = excess + (m - top)
        at_top = h * excess + p * shortfall
        bottom = top
        at_bottom = at_top
        beyond_top = beyond
        mass_top = _counting_mass(top, m, r)
        mass_bottom = mass_top
        beyond_bottom = beyond
        total = setup[i] + at_top
        count = 1.0
        # Next candidates: one level above the top, one below the bottom.
        above = at_top + h - (h + p) * beyond_top
        beyond_bottom += mass_bottom
        below = at_bottom - h + (h + p) * beyond_bottom
        while count < 1e9:
            least = min(above, below)
            if least * count >= total:
                break
            total += least
            count += 1.0
            if above <= below:
                mass_top *= (first + slope * top) / (top + 1.0)
                top += 1.0
                beyond_top = max(beyond_top - mass_top, 0.0)
                above += h - (h + p) * beyond_top
            else:
                mass_bottom *= max(bottom, 0.0) / (first + slope * (bottom - 1.0)) if bottom > 0.0 else 0.0
                bottom -= 1.0
                beyond_bottom = min(beyond_bottom + mass_bottom, 1.0) if bottom >= 0.0 else 1.0
                below += -h + (h + p) * beyond_bottom
        out[i, 0] = bottom - 1.0
        out[i, 1] = count
        out[i, 2] = total / count
