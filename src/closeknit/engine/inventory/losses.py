"""Loss functions: how much demand is expected beyond a level, and how much of the level is left over.

First order: n(x) = E[(D - x)+] (shortfall) and E[(x - D)+] (excess). Second order: half the expected square of the
same, for continuous demand; for whole-numbered demand the sum of n(y) over y > x, which is what costs sum to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.inventory.loss_kernels import fill_counting, fill_gamma

LARGEST_COUNT = 1e8
"""Largest mean and level accepted for demand in whole units; beyond it use a continuous form."""

_LARGEST_SD = 1e6
_CONTINUED_FROM = 2.0
_CONTINUED_TERMS = 120


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """What lies on each side of a level, in units of demand (`second_*`: units squared).

    `shortfall` E[(D - x)+], `excess` E[(x - D)+], `within_share` P(D <= x), `beyond_share` P(D > x),
    `second_shortfall` and `second_excess`: the second-order losses.
    """

    within_share: FloatArray
    beyond_share: FloatArray
    shortfall: FloatArray
    excess: FloatArray
    second_shortfall: FloatArray
    second_excess: FloatArray


def loss_of(parts: list[FloatArray] | FloatArray) -> Loss:
    """A frozen result from the six arrays in the order of its fields."""
    return Loss(*(frozen(np.array(part)) for part in parts))


def standard_normal_loss(z: ArrayLike) -> Loss:
    """Loss functions of the standard normal distribution.

    Parameters: `z`, any shape, in standard deviations. Formula: phi(z) - z Q(z); second order
    ((z^2 + 1) Q(z) - z phi(z)) / 2. Beyond z = 2 a continued fraction replaces the differences, which cancel there.
    Validity: |z| <= 1e6; relative error below 1e-12 as far as the numbers can be held (z = 37).
    Source: Snyder and Shen (2019), appendix C.3.

    >>> standard_normal_loss([0.0, 3.0]).shortfall.round(8).tolist()
    [0.39894228, 0.00038215]
    """
    return loss_of(normal_parts(numbers("z", z, minimum=-1e6, maximum=1e6), np.array(0.0), np.array(1.0)))


def normal_loss(level: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Loss:
    """Loss functions of normal demand at `level`.

    Parameters (broadcast): `level` (x), `mean` (mu), `sd` (sigma > 0), in units of demand. Formula:
    n(x) = sigma L((x - mu) / sigma) with the standard normal loss L. Source: as `standard_normal_loss`.

    >>> n = normal_loss(40.0, 50.0, 8.0)
    >>> round(float(n.shortfall), 6), round(float(n.excess), 6)
    (10.404695, 0.404695)
    """
    level, mean, sd = numbers("level", level), numbers("mean", mean), numbers("sd", sd, above=0.0)
    return loss_of(normal_parts(*together(("level", level), ("mean", mean), ("sd", sd))))


def normal_parts(level: FloatArray, mean: FloatArray, sd: FloatArray) -> list[FloatArray]:
    """`normal_loss` on checked arrays."""
    z = np.clip((level - mean) / sd, -1e100, 1e100)
    return [
        special.ndtr(z),
        special.ndtr(-z),
        sd * _normal_order(z, 1),
        sd * _normal_order(-z, 1),
        sd * sd * _normal_order(z, 2),
        sd * sd * _normal_order(-z, 2),
    ]


def _normal_order(z: FloatArray, order: int) -> FloatArray:
    """Standard normal loss of first or second order."""
    far = np.maximum(z, _CONTINUED_FROM)
    tail = _density(far) * _scaled(far, order) if np.any(z > _CONTINUED_FROM) else np.zeros_like(z)
    # The direct forms hold where z is small or negative.
    near = np.minimum(z, _CONTINUED_FROM)
    above, density = special.ndtr(-near), _density(near)
    direct = density - near * above if order == 1 else 0.5 * ((near * near + 1.0) * above - near * density)
    return np.where(z > _CONTINUED_FROM, tail, direct)


def _density(z: FloatArray) -> FloatArray:
    density: FloatArray = np.exp(-0.5 * np.minimum(z * z, 1480.0)) / np.sqrt(2.0 * np.pi) * (z * z < 1480.0)
    return density


def _scaled(z: FloatArray, order: int) -> FloatArray:
    """Repeated integral of the normal tail over its density: order 0 is Mills' ratio; for z >= -5."""
    ratio = np.zeros_like(np.maximum(z, _CONTINUED_FROM))
    far = np.maximum(z, _CONTINUED_FROM)
    product = np.ones_like(far)
    for term in range(_CONTINUED_TERMS, -1, -1):
        ratio = 1.0 / (far + (term + 1.0) * ratio)
        if term <= order:
            product = product * ratio
    near = np.clip(z, -5.0, _CONTINUED_FROM)
    mills = special.ndtr(-near) / _density(near)
    direct = (mills, 1.0 - near * mills, 0.5 * ((near * near + 1.0) * mills - near))[order]
    return np.where(z > _CONTINUED_FROM, product, direct)


def lognormal_loss(level: ArrayLike, log_mean: ArrayLike, log_sd: ArrayLike) -> Loss:
    """Loss functions of lognormal demand: its logarithm is normal with `log_mean` (mu) and `log_sd` (sigma).

    Parameters (broadcast): `level` (x, units), `log_mean` (-50..50), `log_sd` (1e-4..5). Formula:
    n(x) = e^(mu + sigma^2/2) Phi(d + sigma) - x Phi(d), d = (mu - log x) / sigma; where the two terms nearly agree,
    their difference is taken as an integral of Mills' ratio. Source: Snyder and Shen (2019), section 4.3.

    >>> round(float(lognormal_loss(295.6266448, 6.0, 0.3).shortfall), 5)
    132.4383
    """
    level = numbers("level", level, maximum=1e12)
    mu = numbers("log_mean", log_mean, minimum=-50.0, maximum=50.0)
    sigma = numbers("log_sd", log_sd, minimum=1e-4, maximum=5.0)
    return loss_of(lognormal_parts(*together(("level", level), ("log_mean", mu), ("log_sd", sigma))))


def lognormal_parts(level: FloatArray, mu: FloatArray, sigma: FloatArray) -> list[FloatArray]:
    """`lognormal_loss` on checked arrays."""
    mean, square = np.exp(mu + sigma * sigma / 2.0), np.exp(2.0 * mu + 2.0 * sigma * sigma)
    positive = level > 0.0
    x = np.where(positive, level, 1.0)
    z = (np.log(x) - mu) / sigma
    upper = z > sigma
    first = _lognormal_side(x, z, sigma, 1, upper, mean, square)
    second = _lognormal_side(x, z, sigma, 2, upper, mean, square)
    # The mean's distance from the level and the variance, without cancelling.
    gap = np.where(positive, x * np.expm1(sigma * (sigma / 2.0 - z)), mean - level)
    half = 0.5 * (mean * mean * np.expm1(sigma * sigma) + gap * gap)
    return [
        np.where(positive, special.ndtr(z), 0.0),
        np.where(positive, special.ndtr(-z), 1.0),
        np.where(positive, np.where(upper, first, first + gap), gap),
        np.where(positive, np.where(upper, first - gap, first), 0.0),
        np.where(positive, np.where(upper, second, half - second), half),
        np.where(positive, np.where(upper, half - second, second), 0.0),
    ]


def _lognormal_side(
    x: FloatArray, z: FloatArray, sigma: FloatArray, order: int, upper: BoolArray, mean: FloatArray, square: FloatArray
) -> FloatArray:
    """The loss on the smaller side of the level: beyond it where `upper`, below it otherwise."""
    # Beyond: Mills' ratio at z - order sigma .. z; below: at -z .. -z + order sigma.
    start = np.where(upper, z - order * sigma, -z)
    sign = np.where(upper, -1.0, 1.0)
    at = [special.ndtr(sign * (z - k * sigma)) for k in range(order + 1)]
    plain = upper * (mean * at[1] - x * at[0]) + ~upper * (x * at[0] - mean * at[1])
    if order == 2:
        plain = 0.5 * (square * at[2] - 2.0 * x * mean * at[1] + x * x * at[0])
    nodes, weights = np.polynomial.legendre.leggauss(20)
    total = np.zeros_like(start)
    for node, weight in zip((nodes + 1.0) / 2.0, weights / 2.0, strict=True):
        if order == 1:
            total = total + weight * _scaled(start + node * sigma, 1)
        else:
            # The second difference of Mills' ratio weighs its second derivative by a triangle.
            both = node * _scaled(start + node * sigma, 2) + (1 - node) * _scaled(start + (1 + node) * sigma, 2)
            total = total + weight * both
    density = _density(z)
    smooth = x**order * density * total * sigma**order
    return np.where(((sigma <= 1.0) & (start > -5.0)) | (start > _CONTINUED_FROM), smooth, plain)


def exponential_loss(level: ArrayLike, mean: ArrayLike) -> Loss:
    """Loss functions of exponential demand with `mean` (units, > 0) at `level` (x).

    Formula: n(x) = mean e^(-x / mean) for x >= 0. Source: Snyder and Shen (2019), appendix C.3.

    >>> float(exponential_loss(1.0, 5.0).shortfall.round(6))
    4.093654
    """
    level, mean = numbers("level", level), numbers("mean", mean, above=0.0)
    level, mean = together(("level", level), ("mean", mean))
    return loss_of(gamma_parts(level, np.ones_like(mean), mean))


def gamma_loss(level: ArrayLike, shape: ArrayLike, scale: ArrayLike) -> Loss:
    """Loss functions of gamma demand with mean `shape` x `scale`.

    Parameters (broadcast): `level` (x, units), `shape` (k, 1e-4..1e8), `scale` (theta > 0, units). Formula:
    n(x) = k theta Q(k + 1, x / theta) - x Q(k, x / theta), computed as a sum of positive terms below the mean and a
    continued fraction above. Source: Snyder and Shen (2019), appendix C.3; DLMF 13.3.7, 13.3.10.

    >>> round(float(gamma_loss(12.0, 2.0, 4.0).shortfall), 6)
    0.995741
    """
    level = numbers("level", level)
    shape = numbers("shape", shape, minimum=1e-4, maximum=LARGEST_COUNT)
    scale = numbers("scale", scale, above=0.0)
    return loss_of(gamma_parts(*together(("level", level), ("shape", shape), ("scale", scale))))


def gamma_parts(level: FloatArray, shape: FloatArray, scale: FloatArray) -> list[FloatArray]:
    """`gamma_loss` on checked arrays of one shape."""
    out = np.zeros((level.size, 6))
    standard = np.minimum(level / scale, 1e12)
    work = 200.0 * level.size + 10.0 * float(np.sum(np.sqrt(shape)))
    run_in_parts(fill_gamma, level.size, work, array(standard.ravel()), array(shape.ravel()), out)
    power = np.array([0, 0, 1, 1, 2, 2])
    return [out[:, k].reshape(level.shape) * scale ** power[k] for k in range(6)]


def uniform_loss(level: ArrayLike, lowest: ArrayLike, highest: ArrayLike) -> Loss:
    """Loss functions of demand that is equally likely anywhere from `lowest` (a) to `highest` (b), units.

    Formula: n(x) = (b - x)^2 / (2 (b - a)) between a and b. Source: Snyder and Shen (2019), appendix C.3.

    >>> float(uniform_loss(6.0, 0.0, 8.0).shortfall)
    0.25
    """
    level, low, high = numbers("level", level), numbers("lowest", lowest), numbers("highest", highest)
    level, low, high = together(("level", level), ("lowest", low), ("highest", high))
    refuse_where(high <= low, "highest", high, "give a number above lowest")
    return loss_of(uniform_parts(level, low, high))


def uniform_parts(level: FloatArray, low: FloatArray, high: FloatArray) -> list[FloatArray]:
    """`uniform_loss` on checked arrays of one shape."""
    width, inside = high - low, np.clip(level, low, high)
    over, under = high - inside, inside - low
    below, above = np.maximum(low - level, 0.0), np.maximum(level - high, 0.0)
    mean, spread = (low + high) / 2.0, width * width / 24.0
    return [
        under / width,
        over / width,
        over * over / (2.0 * width) + below,
        under * under / (2.0 * width) + above,
        np.where(below > 0.0, 0.5 * (mean - level) ** 2 + spread, over**3 / (6.0 * width)),
        np.where(above > 0.0, 0.5 * (mean - level) ** 2 + spread, under**3 / (6.0 * width)),
    ]


def poisson_loss(level: ArrayLike, mean: ArrayLike) -> Loss:
    """Loss functions of Poisson demand.

    Parameters (broadcast): `level` (x, units), `mean` (lambda >= 0, units; at most 1e8). Formula: sums of
    (y - x) p(y) over y > x, or of (x - y) p(y) over y < x, whichever is the smaller; between whole levels the losses
    are straight lines. Source: Snyder and Shen (2019), appendix C.3.

    >>> round(float(poisson_loss(18, 15.0).shortfall), 6), round(float(poisson_loss(18, 15.0).excess), 6)
    (0.51761, 3.51761)
    """
    level = numbers("level", level, minimum=-LARGEST_COUNT, maximum=2.0 * LARGEST_COUNT)
    mean = numbers("mean", mean, minimum=0.0, maximum=LARGEST_COUNT)
    level, mean = together(("level", level), ("mean", mean))
    return loss_of(counting_parts(level, mean, np.zeros_like(mean)))


def negative_binomial_loss(level: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Loss:
    """Loss functions of negative binomial demand: whole units, lumpier than Poisson.

    Parameters (broadcast): `level` (x, units), `mean` (mu >= 0), `sd` (sigma >= sqrt(mu); equal means Poisson).
    Formula: as `poisson_loss` with p(y) = Gamma(y + r) / (y! Gamma(r)) q^r (1 - q)^y, r = mu^2 / (sigma^2 - mu),
    q = mu / sigma^2. Source: Snyder and Shen (2019), appendix C.3.

    >>> round(float(negative_binomial_loss(14, 9.0, 5.0).shortfall), 6)
    0.568046
    """
    level = numbers("level", level, minimum=-LARGEST_COUNT, maximum=2.0 * LARGEST_COUNT)
    mean = numbers("mean", mean, minimum=0.0, maximum=LARGEST_COUNT)
    sd = numbers("sd", sd, minimum=0.0, maximum=_LARGEST_SD)
    level, mean, sd = together(("level", level), ("mean", mean), ("sd", sd))
    return loss_of(counting_parts(level, mean, size_of(mean, sd)))


def size_of(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """The negative binomial size r of a mean and standard deviation; 0 stands for Poisson."""
    excess = sd * sd - mean
    low = excess < -1e-9 * np.maximum(mean, 1.0)
    refuse_where(low, "sd", sd, "give at least sqrt(mean): whole units ordered at random vary no less; use Poisson")
    # An excess below rounding is none.
    lumpy = (excess > 1e-9 * np.maximum(mean, 1e-9)) & (mean > 0.0)
    return np.where(lumpy, mean * mean / np.where(lumpy, excess, 1.0), 0.0)


def counting_parts(level: FloatArray, mean: FloatArray, size: FloatArray) -> list[FloatArray]:
    """Losses of whole-numbered demand on checked arrays of one shape; straight lines between whole levels."""
    low = np.floor(level)
    share = level - low
    parts = _counting_whole(low, mean, size)
    if np.any(share > 0.0):
        above = _counting_whole(low + 1.0, mean, size)
        parts = parts[:2] + [(1.0 - share) * a + share * b for a, b in zip(parts[2:], above[2:], strict=True)]
    return parts


def _counting_whole(level: FloatArray, mean: FloatArray, size: FloatArray) -> list[FloatArray]:
    out = np.zeros((level.size, 6))
    work = counting_work(mean, size)
    run_in_parts(fill_counting, level.size, work, array(level.ravel()), array(mean.ravel()), array(size.ravel()), out)
    return [out[:, k].reshape(level.shape) for k in range(6)]


def counting_work(mean: FloatArray, size: FloatArray) -> float:
    """Elementary steps that sums over whole-numbered demand take, estimated."""
    variance = mean + np.where(size > 0.0, mean * mean / np.where(size > 0.0, size, 1.0), 0.0)
    return float(np.sum(20.0 + 10.0 * np.sqrt(variance)))


def geometric_loss(level: ArrayLike, success_share: ArrayLike) -> Loss:
    """Loss functions of geometric demand: the number of trials up to the first success (1, 2, ...).

    Parameters (broadcast): `level` (x, units), `success_share` (p in (0, 1]). Formula: n(x) = (1 - p)^x / p for whole
    x >= 0. Source: Snyder and Shen (2019), appendix C.3.

    >>> round(float(geometric_loss(4, 0.25).shortfall), 6)
    1.265625
    """
    level = numbers("level", level, minimum=-LARGEST_COUNT, maximum=2.0 * LARGEST_COUNT)
    share = numbers("success_share", success_share, minimum=1e-6, maximum=1.0)
    level, share = together(("level", level), ("success_share", share))
    # One trial more than a negative binomial of size 1.
    mean = 1.0 / share - 1.0
    return loss_of(counting_parts(level - 1.0, mean, np.where(mean > 0.0, 1.0, 0.0)))


def discrete_loss(level: ArrayLike, values: ArrayLike, shares: ArrayLike) -> Loss:
    """Loss functions of demand that takes `values` (units, one dimension) with probabilities `shares`.

    `shares` are >= 0 and are scaled to sum to 1. `level` (x) has any shape. Formula: sums over the values on each
    side. Second order: half E[(D - x)+(D - x - 1)+], the convention of whole-numbered demand.

    >>> n = discrete_loss([3.0, 5.0], [1, 4, 8], [0.5, 0.25, 0.25])
    >>> n.shortfall.tolist(), n.excess.tolist()
    ([1.5, 0.75], [1.0, 2.25])
    """
    level = numbers("level", level)
    values, shares = checked_masses(values, shares)
    return loss_of(discrete_parts(level, values, shares))


def checked_masses(values: ArrayLike, shares: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Values in rising order with probabilities that sum to 1."""
    values, shares = numbers("values", values, ndim=1), numbers("shares", shares, minimum=0.0, ndim=1)
    together(("values", values), ("shares", shares))
    if values.size == 0 or values.size != shares.size or not np.sum(shares) > 0.0:
        refuse_where(np.array(True), "shares", shares.sum(), "give one share per value, with a sum above 0")
    order = np.argsort(values, kind="stable")
    return values[order], shares[order] / np.sum(shares)


def discrete_parts(level: FloatArray, values: FloatArray, shares: FloatArray) -> list[FloatArray]:
    """`discrete_loss` on checked arrays."""
    gap = values - level[..., None]
    over, under = np.maximum(gap, 0.0), np.maximum(-gap, 0.0)
    return [
        (gap <= 0.0) @ shares,
        (gap > 0.0) @ shares,
        over @ shares,
        under @ shares,
        0.5 * (over * np.maximum(gap - 1.0, 0.0)) @ shares,
        0.5 * (under * (under + 1.0)) @ shares,
    ]
