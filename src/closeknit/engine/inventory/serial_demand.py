"""Demand per period, and what it adds up to over a lead time: normal, Poisson, compound Poisson, any whole numbers."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where
from closeknit.engine.errors import EngineInputError

TAIL = 10.0
"""Standard deviations kept on each side: what is cut off has a chance below 1e-22."""

LONGEST_COUNT = 200_000
"""Most values that a lead time's demand may take."""


def one_number(name: str, value: float, *, above: float | None = None, minimum: float = 0.0) -> float:
    """One checked number."""
    return float(numbers(name, value, minimum=minimum, above=above, ndim=0))


@dataclass(frozen=True, slots=True)
class NormalDemand:
    """Demand that is normal over any stretch of time: `mean_per_period` (mu) and `sd_per_period` (sigma > 0)."""

    mean_per_period: float
    sd_per_period: float

    def __post_init__(self) -> None:
        one_number("mean_per_period", self.mean_per_period)
        one_number("sd_per_period", self.sd_per_period, above=0.0)


@dataclass(frozen=True, slots=True)
class PoissonDemand:
    """Single units at the rate `mean_per_period` (lambda > 0)."""

    mean_per_period: float

    def __post_init__(self) -> None:
        one_number("mean_per_period", self.mean_per_period, above=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class DiscreteDemand:
    """Independent periods whose demand is 0, 1, 2, ... with the chances `share[0], share[1], ...`; whole lead times."""

    share: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", frozen(checked_shares("share", self.share)))

    @property
    def mean_per_period(self) -> float:
        """Mean demand of a period."""
        return float(self.share @ np.arange(self.share.size))


@dataclass(frozen=True, slots=True, eq=False)
class CompoundPoissonDemand:
    """Orders at a rate, each of 0, 1, 2, ... units with the chances `size_share[0], size_share[1], ...`."""

    orders_per_period: float
    size_share: FloatArray

    def __post_init__(self) -> None:
        one_number("orders_per_period", self.orders_per_period, above=0.0)
        object.__setattr__(self, "size_share", frozen(checked_shares("size_share", self.size_share)))

    @property
    def mean_per_period(self) -> float:
        """Mean demand of a period."""
        return self.orders_per_period * float(self.size_share @ np.arange(self.size_share.size))


WholeDemand: TypeAlias = PoissonDemand | DiscreteDemand | CompoundPoissonDemand
Demand: TypeAlias = NormalDemand | WholeDemand


@dataclass(frozen=True, slots=True, eq=False)
class LeadDemand:
    """Chances `share` of the whole numbers `first`, `first + 1`, ...: the demand of one lead time."""

    first: int
    share: FloatArray

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.share @ (self.first + np.arange(self.share.size)))

    def at_least(self, values: FloatArray) -> FloatArray:
        """P(D >= value) at whole values."""
        tail = np.append(np.cumsum(self.share[::-1])[::-1], 0.0)
        place = np.clip(np.asarray(values) - self.first, 0, self.share.size).astype(np.int64)
        chances: FloatArray = tail[place]
        return chances

    def excess(self, level: int) -> float:
        """E[(D - level)+]."""
        over = self.first + np.arange(self.share.size) - level
        return float(self.share @ np.maximum(over, 0)) if over.size else 0.0

    def quantile(self, chance: float) -> int:
        """The smallest value that demand does not exceed with this chance."""
        # Counted from above where the chance is near one, for there the sums from below have lost their digits.
        if chance > 0.5:
            over = np.append(np.cumsum(self.share[::-1])[::-1][1:], 0.0)
            return self.first + int(np.argmax(over <= 1.0 - chance))
        return self.first + int(np.argmax(np.cumsum(self.share) >= chance))


def checked_shares(name: str, value: ArrayLike) -> FloatArray:
    """Chances of 0, 1, 2, ...: at least one, none negative, 1 in all, not all on zero."""
    shares = numbers(name, value, minimum=0.0, maximum=1.0, ndim=1)
    total = float(shares.sum())
    if shares.size == 0 or abs(total - 1.0) > 1e-9:
        raise EngineInputError(f"{name} adds up to {total:g}: give chances of 0, 1, 2, ... units that add up to 1")
    if shares[0] >= 1.0:
        raise EngineInputError(f"{name} leaves no demand at all: give some chance to more than 0 units")
    return shares / total


def lead_demand(demand: WholeDemand, periods: float) -> LeadDemand:
    """The distribution of the demand of `periods` periods, cut where a chance of less than 1e-20 is left."""
    if periods == 0.0:
        return LeadDemand(0, np.ones(1))
    if isinstance(demand, PoissonDemand):
        return _poisson(demand.mean_per_period * periods)
    if isinstance(demand, CompoundPoissonDemand):
        return _trimmed(_compound(demand.orders_per_period * periods, demand.size_share))
    refuse_where(
        np.asarray(periods != np.floor(periods)),
        "lead_periods",
        np.asarray(periods),
        "give whole periods where demand is given by period",
    )
    return _trimmed(_power(demand.share, int(periods)))


def _poisson(mean: float) -> LeadDemand:
    """Ratios outward from the mode, then scaled to one: no logarithm of a large factorial loses digits."""
    reach = TAIL * mean**0.5 + 40.0
    if 2.0 * reach > LONGEST_COUNT:
        raise EngineInputError(f"the demand of a lead time has mean {mean:g}: give it in larger units, or as normal")
    first, mode = max(0, int(mean - reach)), int(mean)
    up = np.cumprod(mean / np.arange(mode + 1, int(mean + reach) + 1))
    down = np.cumprod(np.arange(mode, first, -1) / mean)
    share = np.concatenate([down[::-1], [1.0], up])
    return LeadDemand(first, share / share.sum())


def _compound(orders: float, size: FloatArray) -> FloatArray:
    """Panjer's recursion on a part small enough for exp(-orders), then doubled back."""
    doublings = max(0, int(np.ceil(np.log2(orders / 50.0)))) if orders > 50.0 else 0
    part = orders / 2**doublings
    count = int((part + TAIL * part**0.5 + 40.0) * (size.size - 1)) + 1
    _refuse_long(count * 2**doublings)
    weights = part * size * np.arange(size.size)
    share = np.zeros(count)
    share[0] = np.exp(-part * (1.0 - size[0]))
    for total in range(1, count):
        most = min(total, size.size - 1)
        share[total] = weights[1 : most + 1] @ share[total - most : total][::-1] / total
    for _ in range(doublings):
        share = np.convolve(share, share)
    normed: FloatArray = share / share.sum()
    return normed


def _power(share: FloatArray, times: int) -> FloatArray:
    _refuse_long(times * share.size)
    result, square = np.ones(1), share
    while times:
        if times & 1:
            result = np.convolve(result, square)
        times >>= 1
        if times:
            square = np.convolve(square, square)
    return result


def _refuse_long(count: int) -> None:
    if count > LONGEST_COUNT:
        raise EngineInputError(
            f"the demand of a lead time takes {count:,} values: give it in larger units, or as normal"
        )


def _trimmed(share: FloatArray) -> LeadDemand:
    kept = np.flatnonzero(share > 1e-24 * share.max())
    return LeadDemand(int(kept[0]), share[kept[0] : kept[-1] + 1])
