"""What happens to the whole company: seasons, growth, promotions, one regional spike, one regional shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.places import REGIONS
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Bools, Floats, Timeline

YEARLY_GROWTH = 0.04
SEASON_SWING = 0.12
PROMOTION_FACTOR, AFTER_PROMOTION_FACTOR = 1.25, 0.93
LONG_ENOUGH_WEEKS = 6
"""Shorter companies have no planted effects: there would be no before and after to see them by."""


@dataclass(frozen=True, slots=True)
class RegionEffect:
    """A factor on the region's orders and contacts in weeks `from_week` to `to_week` (not included)."""

    region: int
    from_week: int
    to_week: int
    factor: float


@dataclass(frozen=True)
class CompanyEffects:
    """Effects known to the whole company. Weeks count from 0, the first week with data."""

    spike: RegionEffect | None
    shift: RegionEffect | None
    promotion_weeks: tuple[int, ...]
    first_promotion_week: int
    season: Floats
    growth: Floats

    def region_factor(self, weeks: int) -> Floats:
        """Factor of spike and shift together, shape [region, week]."""
        factor = np.ones((len(REGIONS), weeks))
        for effect in (self.spike, self.shift):
            if effect is not None:
                factor[effect.region, effect.from_week : effect.to_week] *= effect.factor
        return factor

    def promotion_factor(self, weeks: int) -> Floats:
        """Factor of promotions on accounts that respond to them, shape [week]."""
        factor = np.ones(weeks)
        for week in self.promotion_weeks:
            factor[week] *= PROMOTION_FACTOR
            if week + 1 < weeks and week + 1 not in self.promotion_weeks:
                factor[week + 1] *= AFTER_PROMOTION_FACTOR
        return factor

    def spike_weeks(self, weeks: int) -> Bools:
        """True where the regional spike is on, shape [region, week]."""
        mask = np.zeros((len(REGIONS), weeks), np.bool_)
        if self.spike is not None:
            mask[self.spike.region, self.spike.from_week : self.spike.to_week] = True
        return mask


def company_effects(spec: CompanySpec, timeline: Timeline) -> CompanyEffects:
    """Draw the company's effects."""
    rng = stream(spec.seed, Stream.COMPANY)
    weeks = spec.weeks
    spike = shift = None
    if weeks >= LONG_ENOUGH_WEEKS:
        start = int(weeks * 0.6) + int(rng.integers(0, max(1, weeks // 20)))
        spike = RegionEffect(0, start, min(start + 2, weeks - 1), 1.8)
        shift = RegionEffect(2, int(weeks * 0.8), weeks, 1.15)
    # A promotion a quarter, two weeks each, never touching the spike.
    starts = range(4 + int(rng.integers(0, 4)), weeks - 1, 13)
    promotions = [w for start in starts for w in (start, start + 1)]
    if spike is not None:
        promotions = [w for w in promotions if not spike.from_week - 2 <= w <= spike.to_week]
    angle = 2.0 * np.pi * (timeline.year_day[None, : spec.days] - np.array([[r.peak_day] for r in REGIONS])) / 365.25
    growth = (1.0 + YEARLY_GROWTH) ** (np.arange(spec.days) / 365.25)
    return CompanyEffects(spike, shift, tuple(promotions), starts.start, 1.0 + SEASON_SWING * np.cos(angle), growth)
