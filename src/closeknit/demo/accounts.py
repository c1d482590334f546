"""The accounts of one granule: who they are and how they truly behave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from closeknit.demo.catalogue import RULE_OF, TIERS
from closeknit.demo.effects import LONG_ENOUGH_WEEKS
from closeknit.demo.names import company_name
from closeknit.demo.places import REGIONS
from closeknit.demo.seeds import GRANULE_ACCOUNTS, Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Bools, Floats, Ints

NEVER = 1_000_000
"""A week or day that does not come: no churn, no spike, no shift."""
RHYTHM_WEEKS = (1, 2, 4)


@dataclass(frozen=True)
class Profiles:
    """Accounts `first` to `first + count - 1` (account numbers count from 1); one entry per account."""

    granule: int
    first: int
    numbers: list[str]
    names: list[str]
    tier: Ints
    region: Ints
    team: Ints
    opened_day: Ints
    orders_per_week: Floats
    lines_per_order: Floats
    contacts_per_week: Floats
    equipment_units: Ints
    rhythm_weeks: Ints
    rhythm_phase: Ints
    weekday_share: Floats
    patience_minutes: Floats
    late_share: Floats
    satisfaction: Floats
    responds_to_promotions: Bools
    churn_week: Ints
    spike_week: Ints
    spike_length_weeks: Ints
    spike_factor: Floats
    shift_week: Ints
    shift_factor: Floats
    sites: Ints
    has_exception: Bools
    ship_minutes: Floats
    repair_minutes: Floats

    @property
    def count(self) -> int:
        """Accounts in the granule."""
        return len(self.numbers)


def account_number(position: int) -> str:
    """The account number at `position` (from 0)."""
    return f"A{position + 1:06d}"


def granules(accounts: int) -> int:
    """How many granules `accounts` make."""
    return -(-accounts // GRANULE_ACCOUNTS)


def _quotas(count: int) -> list[int]:
    """Accounts per tier in a granule, by largest remainder, so that every full granule has every tier."""
    exact = [tier.share * count for tier in TIERS]
    quotas = [int(x) for x in exact]
    by_remainder = sorted(range(len(TIERS)), key=lambda t: quotas[t] - exact[t])
    for t in by_remainder[: count - sum(quotas)]:
        quotas[t] += 1
    return quotas


def _lognormal_with_mean(rng: np.random.Generator, mean: Floats, sigma: float) -> Floats:
    factor: Floats = rng.lognormal(-0.5 * sigma * sigma, sigma, mean.shape)
    return mean * factor


def _weekday_shares(rng: np.random.Generator, count: int) -> Floats:
    """Each account's own week: the company's pattern, with its favourite weekday doubled; rows sum to one."""
    base = np.array([1.15, 1.10, 1.0, 1.0, 0.85, 0.06, 0.03])
    shares = np.tile(base, (count, 1))
    shares[np.arange(count), rng.integers(0, 5, count)] *= 2.0
    total: Floats = shares.sum(axis=1, keepdims=True)
    return shares / total


def _planted_weeks(rng: np.random.Generator, weeks: int, share: float, always: Bools) -> Ints:
    """A week in the middle of the data for about `share` of the accounts and for those `always` chosen."""
    chosen = (rng.random(len(always)) < share) | always
    week = rng.integers(int(weeks * 0.3), max(int(weeks * 0.3) + 1, int(weeks * 0.85)), len(always))
    if weeks < LONG_ENOUGH_WEEKS:
        chosen[:] = False
    return np.where(chosen, week, NEVER)


def _churn_weeks(rng: np.random.Generator, granule: int, tier: Ints, weeks: int) -> Ints:
    """Exponential lifetimes by tier, from the end of the first quarter of the data on."""
    yearly = np.array([t.yearly_churn for t in TIERS])[tier]
    week = weeks // 4 + np.floor(rng.exponential(1.0 / yearly) * 52.0)
    if granule == 0:
        # One churned account in every company long enough to show it.
        week[int(np.flatnonzero(tier == len(TIERS) - 1)[0])] = weeks // 2
    if weeks < LONG_ENOUGH_WEEKS:
        week[:] = NEVER
    return np.where(week < weeks, week, NEVER).astype(np.int64)


def _opened_days(rng: np.random.Generator, granule: int, churn_week: Ints, weeks: int) -> Ints:
    """Days relative to the first day with data: most opened years before, some while the data run."""
    count = len(churn_week)
    before = -rng.integers(30, 12 * 365, count)
    during = rng.integers(0, max(1, int(weeks * 7 * 0.6)), count)
    newly = (rng.random(count) < min(0.06, weeks / 52 * 0.04)) & (churn_week == NEVER)
    if granule == 0:
        # The company's planted spike and shift need a before.
        newly[:] = False
    return np.where(newly, during, before)


def _teams(tier: Ints, region: Ints) -> Ints:
    big = tier <= 1
    return np.where(big, 0, np.where(region == 0, 1, 2)).astype(np.int64)


def draw_profiles(spec: CompanySpec, granule: int) -> Profiles:
    """Draw the accounts of one granule."""
    rng = stream(spec.seed, Stream.PROFILES, granule)
    first = granule * GRANULE_ACCOUNTS
    count = min(GRANULE_ACCOUNTS, spec.accounts - first)
    tier = rng.permutation(np.repeat(np.arange(len(TIERS)), _quotas(count))).astype(np.int64)
    region = rng.choice(len(REGIONS), count, p=[r.share for r in REGIONS]).astype(np.int64)

    def typical(field: str) -> Floats:
        return np.array([float(getattr(t, field)) for t in TIERS])[tier]

    size = rng.lognormal(-0.5 * 0.6**2, 0.6, count)
    churn_week = _churn_weeks(rng, granule, tier, spec.weeks)
    rhythm = np.where(tier <= 1, 1, rng.choice(RHYTHM_WEEKS, count, p=[0.5, 0.3, 0.2]))
    low = np.array([t.sites[0] for t in TIERS])[tier]
    high = np.array([t.sites[1] for t in TIERS])[tier]
    has_exception = (tier == 0) | ((tier == 1) & (rng.random(count) < 0.35))
    ship = np.array([float(m) for m in RULE_OF["picking"].threshold_minutes])[tier]
    repair = np.array([float(m) for m in RULE_OF["repair"].threshold_minutes])[tier]
    # The company's first key account always has a spike and its first standard account a shift.
    position = np.arange(count)
    spiked = (granule == 0) & (position == int(np.argmax(tier == 1)))
    shifted = (granule == 0) & (position == int(np.argmax(tier == 2)))
    opened_day = _opened_days(rng, granule, churn_week, spec.weeks)
    positions = range(first, first + count)
    return Profiles(
        granule=granule,
        first=first,
        numbers=[account_number(p) for p in positions],
        names=[company_name(p, spec.seed, REGIONS[r].code) for p, r in zip(positions, region.tolist(), strict=True)],
        tier=tier,
        region=region,
        team=_teams(tier, region),
        opened_day=opened_day,
        orders_per_week=typical("orders_per_week") * size,
        lines_per_order=1.0 + (typical("lines_per_order") - 1.0) * rng.uniform(0.6, 1.4, count),
        contacts_per_week=_lognormal_with_mean(rng, typical("contacts_per_week") * np.sqrt(size), 0.3),
        equipment_units=np.maximum(1, np.rint(typical("equipment_units") * np.sqrt(size))).astype(np.int64),
        rhythm_weeks=rhythm.astype(np.int64),
        rhythm_phase=(rng.integers(0, 4, count) % rhythm).astype(np.int64),
        weekday_share=_weekday_shares(rng, count),
        patience_minutes=_lognormal_with_mean(rng, typical("patience_minutes"), 0.35),
        late_share=np.clip(_lognormal_with_mean(rng, typical("late_share"), 0.3), 0.002, 0.3),
        satisfaction=rng.normal(0.0, 0.35, count),
        responds_to_promotions=rng.random(count) < 0.4,
        churn_week=churn_week,
        spike_week=_planted_weeks(rng, spec.weeks, 0.02, spiked),
        spike_length_weeks=rng.integers(1, 4, count),
        spike_factor=rng.uniform(2.5, 4.0, count),
        shift_week=_planted_weeks(rng, spec.weeks, 0.03, shifted),
        shift_factor=np.where(rng.random(count) < 0.5, rng.uniform(0.4, 0.65, count), rng.uniform(1.5, 2.2, count)),
        sites=rng.integers(low, high + 1),
        has_exception=has_exception,
        ship_minutes=ship,
        repair_minutes=np.where(has_exception & (tier == 1), 1440.0, repair),
    )


def opened_on(spec: CompanySpec, day: int) -> str:
    """The date of a day counted from the first day with data."""
    return (spec.starts_on + timedelta(days=day)).isoformat()
