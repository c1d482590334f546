"""What is known of the demand in one period: a distribution that answers quantiles and losses at any level.

Each kind is made with `.of(...)`, holds read-only arrays of one shape (a catalogue of items), and can be summed over
independent periods with `over`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.loss_kernels import fill_counting_mass, find_counting_quantiles
from closeknit.engine.inventory.losses import (
    LARGEST_COUNT,
    Loss,
    checked_masses,
    counting_parts,
    counting_work,
    discrete_parts,
    gamma_parts,
    lognormal_parts,
    loss_of,
    normal_parts,
    size_of,
    uniform_parts,
)


class Demand(ABC):
    """Demand in one period, independent from period to period, in units."""

    is_whole = False
    """Whether demand comes in whole units, so that best levels are whole too."""

    @property
    @abstractmethod
    def mean(self) -> FloatArray:
        """Expected demand in a period (units)."""

    @property
    @abstractmethod
    def sd(self) -> FloatArray:
        """Standard deviation of demand in a period (units)."""

    @abstractmethod
    def loss(self, level: ArrayLike) -> Loss:
        """Expected shortfall and excess at `level` (units), and the chances of each side."""

    @abstractmethod
    def quantile(self, share: ArrayLike) -> FloatArray:
        """Smallest level that demand stays within with probability `share` (0 < share < 1)."""

    def masses(self) -> FloatArray:
        """P(D = 0), P(D = 1), ... of one item whose demand is a whole number >= 0, up to a chance below 1e-16."""
        raise EngineInputError(f"{type(self).__name__} is not in whole units: give PoissonDemand or another whole kind")

    def over(self, periods: ArrayLike) -> Self:
        """Demand over a number of independent periods (at least one; fractions where the kind allows)."""
        raise EngineInputError(
            f"{type(self).__name__} over {periods!r} periods is of no simple kind: give the demand of the whole "
            "interval, or use NormalDemand or GammaDemand with its mean and standard deviation"
        )


def _positive_periods(periods: ArrayLike) -> FloatArray:
    return numbers("periods", periods, above=0.0, maximum=1e6)


def checked_share(share: ArrayLike) -> FloatArray:
    """Probabilities strictly between 0 and 1."""
    return numbers("share", share, above=0.0, below=1.0)


@dataclass(frozen=True, slots=True, eq=False)
class NormalDemand(Demand):
    """Normal demand (units); a mean below three or four standard deviations makes it negative too often.

    >>> d = NormalDemand.of(50.0, 8.0)
    >>> round(float(d.quantile(0.795454545)), 4), round(float(d.over(5).sd), 4)
    (56.604, 17.8885)
    """

    mean_units: FloatArray
    sd_units: FloatArray

    @classmethod
    def of(cls, mean: ArrayLike, sd: ArrayLike) -> Self:
        """From the mean (mu) and the standard deviation (sigma > 0) of demand in a period, in units."""
        mean, sd = together(("mean", numbers("mean", mean)), ("sd", numbers("sd", sd, above=0.0)))
        return cls(frozen(np.array(mean)), frozen(np.array(sd)))

    @property
    def mean(self) -> FloatArray:
        return self.mean_units

    @property
    def sd(self) -> FloatArray:
        return self.sd_units

    def loss(self, level: ArrayLike) -> Loss:
        level, mean, sd = _with_level(level, self.mean_units, self.sd_units)
        return loss_of(normal_parts(level, mean, sd))

    def quantile(self, share: ArrayLike) -> FloatArray:
        return frozen(self.mean_units + self.sd_units * special.ndtri(checked_share(share)))

    def over(self, periods: ArrayLike) -> Self:
        count = _positive_periods(periods)
        return type(self).of(self.mean_units * count, self.sd_units * np.sqrt(count))


@dataclass(frozen=True, slots=True, eq=False)
class GammaDemand(Demand):
    """Gamma demand: never negative, skewed to the right.

    >>> d = GammaDemand.of(8.0, 4.0)
    >>> round(float(d.loss(12.0).shortfall), 4)
    0.466
    """

    shape: FloatArray
    scale_units: FloatArray

    @classmethod
    def of(cls, mean: ArrayLike, sd: ArrayLike) -> Self:
        """From the mean (> 0) and the standard deviation (> 0, at most 100 means) of demand in a period, in units."""
        mean, sd = numbers("mean", mean, above=0.0), numbers("sd", sd, above=0.0)
        mean, sd = together(("mean", mean), ("sd", sd))
        refuse_where((sd > 100.0 * mean) | (sd < 1e-4 * mean), "sd", sd, "give from 1e-4 to 100 times the mean")
        return cls(frozen((mean / sd) ** 2), frozen(sd * sd / mean))

    @property
    def mean(self) -> FloatArray:
        return frozen(self.shape * self.scale_units)

    @property
    def sd(self) -> FloatArray:
        return frozen(np.sqrt(self.shape) * self.scale_units)

    def loss(self, level: ArrayLike) -> Loss:
        level, shape, scale = _with_level(level, self.shape, self.scale_units)
        return loss_of(gamma_parts(level, shape, scale))

    def quantile(self, share: ArrayLike) -> FloatArray:
        share = checked_share(share)
        # The complement keeps its digits where the share is near 1.
        low = special.gammaincinv(self.shape, np.minimum(share, 0.5))
        high = special.gammainccinv(self.shape, np.minimum(1.0 - share, 0.5))
        return frozen(self.scale_units * np.where(share <= 0.5, low, high))

    def over(self, periods: ArrayLike) -> Self:
        shape, scale = together(("shape", self.shape * _positive_periods(periods)), ("scale", self.scale_units))
        return type(self)(frozen(np.array(shape)), frozen(np.array(scale)))


@dataclass(frozen=True, slots=True, eq=False)
class LognormalDemand(Demand):
    """Lognormal demand: the logarithm is normal.

    >>> d = LognormalDemand.of(6.0, 0.3)
    >>> round(float(d.quantile(0.15002125)), 4)
    295.6266
    """

    log_mean: FloatArray
    log_sd: FloatArray

    @classmethod
    def of(cls, log_mean: ArrayLike, log_sd: ArrayLike) -> Self:
        """From the mean (mu) and standard deviation (sigma, 1e-4..5) of the logarithm of demand in a period."""
        mu = numbers("log_mean", log_mean, minimum=-50.0, maximum=50.0)
        sigma = numbers("log_sd", log_sd, minimum=1e-4, maximum=5.0)
        mu, sigma = together(("log_mean", mu), ("log_sd", sigma))
        return cls(frozen(np.array(mu)), frozen(np.array(sigma)))

    @classmethod
    def of_moments(cls, mean: ArrayLike, sd: ArrayLike) -> Self:
        """From the mean and standard deviation (both > 0) of demand itself, in units."""
        mean, sd = numbers("mean", mean, above=0.0), numbers("sd", sd, above=0.0)
        log_variance = np.log1p((sd / mean) ** 2)
        return cls.of(np.log(mean) - log_variance / 2.0, np.sqrt(log_variance))

    @property
    def mean(self) -> FloatArray:
        return frozen(np.exp(self.log_mean + self.log_sd**2 / 2.0))

    @property
    def sd(self) -> FloatArray:
        return frozen(self.mean * np.sqrt(np.expm1(self.log_sd**2)))

    def loss(self, level: ArrayLike) -> Loss:
        return loss_of(lognormal_parts(*_with_level(level, self.log_mean, self.log_sd)))

    def quantile(self, share: ArrayLike) -> FloatArray:
        return frozen(np.exp(self.log_mean + self.log_sd * special.ndtri(checked_share(share))))


@dataclass(frozen=True, slots=True, eq=False)
class UniformDemand(Demand):
    """Demand equally likely anywhere between two bounds.

    >>> UniformDemand.of(0.0, 8.0).quantile(0.75).tolist()
    6.0
    """

    lowest: FloatArray
    highest: FloatArray

    @classmethod
    def of(cls, lowest: ArrayLike, highest: ArrayLike) -> Self:
        """From the bounds (units), `lowest` below `highest`."""
        low, high = numbers("lowest", lowest), numbers("highest", highest)
        low, high = together(("lowest", low), ("highest", high))
        refuse_where(high <= low, "highest", high, "give a number above lowest")
        return cls(frozen(np.array(low)), frozen(np.array(high)))

    @property
    def mean(self) -> FloatArray:
        return frozen((self.lowest + self.highest) / 2.0)

    @property
    def sd(self) -> FloatArray:
        return frozen((self.highest - self.lowest) / np.sqrt(12.0))

    def loss(self, level: ArrayLike) -> Loss:
        return loss_of(uniform_parts(*_with_level(level, self.lowest, self.highest)))

    def quantile(self, share: ArrayLike) -> FloatArray:
        return frozen(self.lowest + checked_share(share) * (self.highest - self.lowest))


@dataclass(frozen=True, slots=True, eq=False)
class PoissonDemand(Demand):
    """Poisson demand: whole units, ordered one by one at random.

    >>> d = PoissonDemand.of(6.0)
    >>> d.quantile(0.8).tolist(), round(float(d.loss(8).shortfall), 6)
    (8.0, 0.314021)
    """

    is_whole = True
    mean_units: FloatArray

    @classmethod
    def of(cls, mean: ArrayLike) -> Self:
        """From the mean (lambda >= 0, units) of demand in a period."""
        return cls(frozen(numbers("mean", mean, minimum=0.0, maximum=LARGEST_COUNT)))

    @property
    def mean(self) -> FloatArray:
        return self.mean_units

    @property
    def sd(self) -> FloatArray:
        return frozen(np.sqrt(self.mean_units))

    def loss(self, level: ArrayLike) -> Loss:
        level, mean, size = _with_level(level, self.mean_units, np.zeros_like(self.mean_units))
        return loss_of(counting_parts(level, mean, size))

    def quantile(self, share: ArrayLike) -> FloatArray:
        return _counting_quantile(checked_share(share), self.mean_units, np.zeros_like(self.mean_units))

    def over(self, periods: ArrayLike) -> Self:
        return type(self).of(self.mean_units * _positive_periods(periods))

    def masses(self) -> FloatArray:
        return _counting_masses(self, self.mean_units, np.zeros_like(self.mean_units))


@dataclass(frozen=True, slots=True, eq=False)
class NegativeBinomialDemand(Demand):
    """Negative binomial demand: whole units in clumps (a Poisson number of orders of logarithmic size).

    >>> d = NegativeBinomialDemand.of(9.0, 5.0)
    >>> d.quantile(0.9).tolist(), round(float(d.over(4).sd), 6)
    (16.0, 10.0)
    """

    is_whole = True
    mean_units: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, mean: ArrayLike, sd: ArrayLike) -> Self:
        """From the mean (>= 0) and standard deviation (at least sqrt(mean)) of demand in a period, in units."""
        mean = numbers("mean", mean, minimum=0.0, maximum=LARGEST_COUNT)
        sd = numbers("sd", sd, minimum=0.0, maximum=1e6)
        mean, sd = together(("mean", mean), ("sd", sd))
        return cls(frozen(np.array(mean)), frozen(size_of(mean, sd)))

    @property
    def mean(self) -> FloatArray:
        return self.mean_units

    @property
    def sd(self) -> FloatArray:
        clumps = self.size > 0.0
        extra = np.where(clumps, self.mean_units**2 / np.where(clumps, self.size, 1.0), 0.0)
        return frozen(np.sqrt(self.mean_units + extra))

    def loss(self, level: ArrayLike) -> Loss:
        return loss_of(counting_parts(*_with_level(level, self.mean_units, self.size)))

    def quantile(self, share: ArrayLike) -> FloatArray:
        return _counting_quantile(checked_share(share), self.mean_units, self.size)

    def over(self, periods: ArrayLike) -> Self:
        count = _positive_periods(periods)
        mean, size = together(("mean", self.mean_units * count), ("size", self.size * count))
        return type(self)(frozen(np.array(mean)), frozen(np.array(size)))

    def masses(self) -> FloatArray:
        return _counting_masses(self, self.mean_units, self.size)


@dataclass(frozen=True, slots=True, eq=False)
class DiscreteDemand(Demand):
    """Demand that takes listed values with listed probabilities: one item, any levels.

    >>> d = DiscreteDemand.of([1, 2, 3, 4, 5, 6, 7, 8], [0.25, 0.05, 0.1, 0.2, 0.15, 0.10, 0.10, 0.05])
    >>> d.quantile(2 / 3).tolist(), float(d.mean.round(6))
    (5.0, 3.9)
    """

    is_whole = True
    values: FloatArray
    shares: FloatArray

    @classmethod
    def of(cls, values: ArrayLike, shares: ArrayLike) -> Self:
        """From values (units, one dimension) and their probabilities (>= 0, scaled to sum to 1)."""
        values, shares = checked_masses(values, shares)
        distinct, place = np.unique(values, return_inverse=True)
        return cls(frozen(distinct), frozen(np.bincount(place, shares, distinct.size)))

    @classmethod
    def of_samples(cls, samples: ArrayLike) -> Self:
        """The empirical distribution of observed demands (units, one dimension, at least one)."""
        observed = numbers("samples", samples, ndim=1)
        return cls.of(observed, np.ones(observed.size))

    @property
    def mean(self) -> FloatArray:
        return frozen(np.array(self.values @ self.shares))

    @property
    def sd(self) -> FloatArray:
        return frozen(np.sqrt(((self.values - self.mean) ** 2) @ self.shares))

    def loss(self, level: ArrayLike) -> Loss:
        return loss_of(discrete_parts(numbers("level", level), self.values, self.shares))

    def quantile(self, share: ArrayLike) -> FloatArray:
        reached = np.cumsum(self.shares) * (1.0 + 1e-12)
        place = np.searchsorted(reached, checked_share(share), side="left")
        return frozen(self.values[np.minimum(place, self.values.size - 1)])

    def over(self, periods: ArrayLike) -> Self:
        count = numbers("periods", periods, minimum=1.0, maximum=1e4, ndim=0)
        refuse_where(count != np.floor(count), "periods", count, "give a whole number for listed demand")
        if np.any(self.values != np.floor(self.values)):
            return super(DiscreteDemand, self).over(periods)
        low = self.values[0]
        dense = np.zeros(int(self.values[-1] - low) + 1)
        dense[(self.values - low).astype(int)] = self.shares
        total = np.ones(1)
        for _ in range(int(count)):
            total = np.convolve(total, dense)
        return type(self).of(low * count + np.arange(total.size), total)

    def masses(self) -> FloatArray:
        whole = (self.values == np.floor(self.values)) & (self.values >= 0.0)
        refuse_where(~whole, "values", self.values, "give whole numbers of at least 0")
        return frozen(np.bincount(self.values.astype(np.int64), self.shares))


def _counting_masses(demand: Demand, mean: FloatArray, size: FloatArray) -> FloatArray:
    if mean.size != 1:
        raise EngineInputError(f"demand holds {mean.size} items: give one at a time here")
    count = int(np.max(demand.quantile(1.0 - 1e-16))) + 2
    out = np.zeros(count)
    run_in_parts(fill_counting_mass, count, 30.0 * count, float(mean.ravel()[0]), float(size.ravel()[0]), out)
    return frozen(out)


def _with_level(level: ArrayLike, *parameters: FloatArray) -> tuple[FloatArray, ...]:
    checked = numbers("level", level)
    named = [("level", checked), *((f"demand's parameter {k}", p) for k, p in enumerate(parameters, 1))]
    return together(*named)


def _counting_quantile(share: FloatArray, mean: FloatArray, size: FloatArray) -> FloatArray:
    share, mean, size = together(("share", share), ("mean", mean), ("size", size))
    clumps = size > 0.0
    variance = mean + np.where(clumps, mean * mean / np.where(clumps, size, 1.0), 0.0)
    # A gamma of the same mean and variance is a near guess; the kernel walks from there.
    shape = np.where(mean > 0.0, mean * mean / np.where(mean > 0.0, variance, 1.0), 1.0)
    scale = np.where(mean > 0.0, variance / np.where(mean > 0.0, mean, 1.0), 0.0)
    guess = special.gammaincinv(np.maximum(shape, 1e-3), share) * scale
    out = np.zeros(share.size)
    arrays = [array(part.ravel()) for part in (share, mean, size, guess)]
    run_in_parts(find_counting_quantiles, share.size, counting_work(mean, size), *arrays, out)
    return frozen(out.reshape(share.shape))
