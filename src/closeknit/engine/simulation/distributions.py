"""How long things take: distributions of handling time, patience and pauses, each with its mean in minutes.

Every distribution draws its values one after another from one stream, so that the first hundred of a longer draw are
the hundred of a shorter one. Common random numbers rest on that.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, numbers
from closeknit.engine.errors import EngineInputError

LONGEST_MINUTES = 1e9
"""Longest mean accepted (some two thousand years): beyond it a clock in float64 minutes is no longer exact."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponential with `mean_minutes` m > 0: density exp(-x/m)/m, coefficient of variation 1.

    >>> Exponential(3.0).mean_minutes
    3.0
    """

    mean_minutes: float

    def __post_init__(self) -> None:
        _positive("mean_minutes", self.mean_minutes)

    def draw(self, rng: np.random.Generator, out: FloatArray) -> None:
        """Fill `out` with independent values in minutes."""
        rng.standard_exponential(out=out)
        out *= self.mean_minutes


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Lognormal with `mean_minutes` m > 0 and coefficient of variation `cv` > 0: log-variance s2 = log(1 + cv^2).

    Validity: the usual fit to handling times. Source: Brown et al. (2005), J. American Statistical Association 100.

    >>> Lognormal(mean_minutes=4.0, cv=0.8).cv
    0.8
    """

    mean_minutes: float
    cv: float

    def __post_init__(self) -> None:
        _positive("mean_minutes", self.mean_minutes)
        _variation(self.cv)

    def draw(self, rng: np.random.Generator, out: FloatArray) -> None:
        """Fill `out` with independent values in minutes."""
        variance = math.log1p(self.cv**2)
        rng.standard_normal(out=out)
        out *= math.sqrt(variance)
        out += math.log(self.mean_minutes) - variance / 2.0
        np.exp(out, out=out)


@dataclass(frozen=True, slots=True)
class Gamma:
    """Gamma with `mean_minutes` m > 0 and coefficient of variation `cv` > 0: shape 1/cv^2 (Erlang-k at cv = 1/sqrt(k)).

    >>> Gamma(mean_minutes=4.0, cv=0.5).mean_minutes
    4.0
    """

    mean_minutes: float
    cv: float

    def __post_init__(self) -> None:
        _positive("mean_minutes", self.mean_minutes)
        _variation(self.cv)

    def draw(self, rng: np.random.Generator, out: FloatArray) -> None:
        """Fill `out` with independent values in minutes."""
        shape = 1.0 / self.cv**2
        rng.standard_gamma(shape, out=out)
        out *= self.mean_minutes / shape


@dataclass(frozen=True, slots=True)
class Deterministic:
    """Always `mean_minutes` >= 0.

    >>> Deterministic(2.5).mean_minutes
    2.5
    """

    mean_minutes: float

    def __post_init__(self) -> None:
        numbers("mean_minutes", self.mean_minutes, minimum=0.0, maximum=LONGEST_MINUTES, ndim=0)

    def draw(self, rng: np.random.Generator, out: FloatArray) -> None:
        """Fill `out` with the one value."""
        del rng
        out[...] = self.mean_minutes


class Empirical:
    """Values drawn, each as likely as the others and with replacement, from observed `minutes[observation]` >= 0.

    >>> Empirical([2.0, 4.0, 9.0]).mean_minutes
    5.0
    """

    __slots__ = ("_minutes", "mean_minutes")

    def __init__(self, minutes: ArrayLike) -> None:
        values = numbers("minutes", minutes, minimum=0.0, maximum=LONGEST_MINUTES, ndim=1)
        if values.size == 0:
            raise EngineInputError("minutes is empty: give at least one observed time")
        self._minutes = values
        self.mean_minutes = float(values.mean())

    def draw(self, rng: np.random.Generator, out: FloatArray) -> None:
        """Fill `out` with independent values in minutes."""
        rng.random(out=out)
        out *= self._minutes.size
        out[...] = self._minutes[out.astype(np.int64)]


Distribution: TypeAlias = Exponential | Lognormal | Gamma | Deterministic | Empirical


def check_distribution(name: str, value: object) -> None:
    """Refuse what isn't one of the five distributions."""
    if not isinstance(value, Distribution):
        raise EngineInputError(
            f"{name} is {value!r}: give a distribution, such as Exponential(mean_minutes=3.0) or Lognormal(3.0, cv=0.8)"
        )


def _positive(name: str, value: float) -> None:
    numbers(name, value, above=0.0, maximum=LONGEST_MINUTES, ndim=0)


def _variation(cv: float) -> None:
    numbers("cv", cv, minimum=1e-3, maximum=100.0, ndim=0, fix="use Deterministic for no variation at all")
