"""The demand of one lead time, as chances of whole numbers."""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import FloatArray
from closeknit.engine.inventory.demand import Demand, PoissonDemand


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
        return float(self.share @ np.maximum(over, 0))

    def quantile(self, chance: float) -> int:
        """The smallest value that demand does not exceed with this chance."""
        # Counted from above where the chance is near one, for there the sums from below have lost their digits.
        if chance > 0.5:
            over = np.append(np.cumsum(self.share[::-1])[::-1][1:], 0.0)
            return self.first + int(np.argmax(over <= 1.0 - chance))
        return self.first + int(np.argmax(np.cumsum(self.share) >= chance))


def lead_demand(demand: Demand, periods: float) -> LeadDemand:
    """The distribution of the demand of `periods` periods, without the zeros at its ends."""
    if periods == 0.0:
        return LeadDemand(0, np.ones(1))
    if isinstance(demand, PoissonDemand):
        return _poisson(float(demand.mean) * periods)
    masses = demand.over(periods).masses()
    kept = np.flatnonzero(masses > 1e-24 * masses.max())
    share = masses[kept[0] : kept[-1] + 1]
    return LeadDemand(int(kept[0]), share / share.sum())


def _poisson(mean: float) -> LeadDemand:
    """Ratios outward from the mode, then scaled to one: many at once, and right in relation far out as well."""
    if mean == 0.0:
        return LeadDemand(0, np.ones(1))
    reach = 10.0 * mean**0.5 + 40.0
    first, mode = max(0, int(mean - reach)), int(mean)
    up = np.cumprod(mean / np.arange(mode + 1, int(mean + reach) + 1))
    down = np.cumprod(np.arange(mode, first, -1) / mean)
    share = np.concatenate([down[::-1], [1.0], up])
    return LeadDemand(first, share / share.sum())
