"""Means and shares with confidence intervals, from sums that replications leave behind."""

from dataclasses import dataclass, field

import numpy as np

from closeknit.engine.checks import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A mean or share, and half the width of its confidence interval (Student's t over replications)."""

    mean: FloatArray
    half_width: FloatArray

    @property
    def lower(self) -> FloatArray:
        """Lower end of the interval."""
        return frozen(self.mean - self.half_width)

    @property
    def upper(self) -> FloatArray:
        """Upper end of the interval."""
        return frozen(self.mean + self.half_width)


@dataclass(slots=True, eq=False)
class RatioSums:
    """Sums of numerators x and denominators n over replications, and of their squares and products.

    The ratio X/N of the sums has variance R/(R-1) x sum (x - n X/N)^2 / N^2 (the delta method, as for any ratio of
    means). `kept` holds x and n themselves, where two runs are to be compared replication by replication.
    """

    count: int = 0
    x: FloatArray = field(default_factory=lambda: np.zeros(()))
    n: FloatArray = field(default_factory=lambda: np.zeros(()))
    xx: FloatArray = field(default_factory=lambda: np.zeros(()))
    xn: FloatArray = field(default_factory=lambda: np.zeros(()))
    nn: FloatArray = field(default_factory=lambda: np.zeros(()))

    def add(self, x: FloatArray, n: FloatArray) -> None:
        """Take in the replications along the first axis."""
        self.count += len(x)
        self.x = self.x + x.sum(axis=0)
        self.n = self.n + n.sum(axis=0)
        self.xx = self.xx + np.einsum("r...,r...->...", x, x)
        self.xn = self.xn + np.einsum("r...,r...->...", x, n)
        self.nn = self.nn + np.einsum("r...,r...->...", n, n)

    def estimate(self, confidence_share: float, if_none: FloatArray) -> Estimate:
        """The ratios, with `if_none` where the denominator is zero."""
        some = self.n > 0.0
        n = np.where(some, self.n, 1.0)
        ratio = np.where(some, self.x / n, if_none)
        squares = np.maximum(self.xx - 2.0 * ratio * self.xn + ratio**2 * self.nn, 0.0)
        # What is left of equal sums after rounding isn't variance.
        squares = np.where(squares <= 1e-13 * self.xx, 0.0, squares)
        variance = squares * self.count / (self.count - 1) / n**2
        half_width = t_quantile(self.count, confidence_share) * np.sqrt(variance)
        return Estimate(frozen(ratio), frozen(np.where(some, half_width, 0.0)))


def t_quantile(count: int, confidence_share: float) -> float:
    """Student's t that `count` - 1 degrees of freedom keep within, both ways, with the given probability."""
    # A quarter of a second that importing the simulator needn't wait for.
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 0.5 + confidence_share / 2.0))
