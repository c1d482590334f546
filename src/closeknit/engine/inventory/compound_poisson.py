"""Orders at random, each of several units: the demand of spare parts and of business customers."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.demand import Demand, checked_share
from closeknit.engine.inventory.losses import Loss, checked_masses, discrete_parts, loss_of

LONGEST = 200_000
SAFE_ORDERS = 50.0
"""Most orders for which the recursion begins well above the smallest float."""


@dataclass(frozen=True, slots=True, eq=False)
class CompoundPoissonDemand(Demand):
    """Compound Poisson demand of one item: a Poisson number of orders, whose sizes are whole and independent.

    Formula: P(D = 0) = exp(-l (1 - q_0)), P(D = n) = l / n sum_k k q_k P(D = n - k) (Panjer 1981).

    >>> d = CompoundPoissonDemand.of(2.0, [1, 6], [0.75, 0.25])
    >>> float(d.mean), round(float(d.sd), 6), d.quantile(0.9).tolist()
    (4.5, 4.41588, 10.0)
    """

    is_whole = True
    orders: float
    size_shares: FloatArray

    @classmethod
    def of(cls, orders: float, sizes: ArrayLike, shares: ArrayLike) -> Self:
        """From the mean number of orders in a period (> 0) and an order's sizes (whole, >= 0) with their shares."""
        checked = float(numbers("orders", orders, above=0.0, maximum=1e6, ndim=0))
        values, chances = checked_masses(sizes, shares)
        whole = (values == np.floor(values)) & (values >= 0.0) & (values <= LONGEST)
        if not whole.all() or not values.any():
            raise EngineInputError(f"sizes hold {values.tolist()}: give whole numbers of at least 0, not all 0")
        return cls(checked, frozen(np.bincount(values.astype(np.int64), chances)))

    @property
    def mean(self) -> FloatArray:
        return frozen(np.array(self.orders * self._moment(1)))

    @property
    def sd(self) -> FloatArray:
        return frozen(np.array((self.orders * self._moment(2)) ** 0.5))

    def _moment(self, power: int) -> float:
        return float(self.size_shares @ np.arange(self.size_shares.size, dtype=np.float64) ** power)

    def loss(self, level: ArrayLike) -> Loss:
        masses = self.masses()
        return loss_of(discrete_parts(numbers("level", level), np.arange(masses.size, dtype=np.float64), masses))

    def quantile(self, share: ArrayLike) -> FloatArray:
        reached = np.cumsum(self.masses())
        place = np.searchsorted(reached, checked_share(share), side="left")
        return frozen(np.minimum(place, reached.size - 1).astype(np.float64))

    def over(self, periods: ArrayLike) -> Self:
        count = float(numbers("periods", periods, above=0.0, maximum=1e6, ndim=0))
        return type(self)(self.orders * count, self.size_shares)

    def masses(self) -> FloatArray:
        # A part small enough for exp(-orders), then doubled back.
        doublings = max(0, int(np.ceil(np.log2(self.orders / SAFE_ORDERS))))
        part = self.orders / 2**doublings
        count = int((part + 10.0 * part**0.5 + 40.0) * (self.size_shares.size - 1)) + 1
        if count * 2**doublings > LONGEST:
            raise EngineInputError(f"demand takes up to {count * 2**doublings:,} values: give it in larger units")
        weights = part * self.size_shares * np.arange(self.size_shares.size)
        chances = np.zeros(count)
        chances[0] = np.exp(-part * (1.0 - self.size_shares[0]))
        for total in range(1, count):
            most = min(total, weights.size - 1)
            chances[total] = weights[1 : most + 1] @ chances[total - most : total][::-1] / total
        for _ in range(doublings):
            chances = np.convolve(chances, chances)
        return frozen(chances / chances.sum())
