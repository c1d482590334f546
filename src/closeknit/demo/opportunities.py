"""Sales opportunities: their stages, how long they stay open, which are won, and the work that won ones bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.accounts import Profiles, opened_on
from closeknit.demo.catalogue import TIERS
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import spread_orders
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Bools, Floats, Ints, Timeline

OPPORTUNITY_HEADER = (
    "opportunity_number",
    "account_number",
    "operation",
    "service",
    "region",
    "stage",
    "units_per_week",
    "amount",
    "currency",
    "opened_on",
    "expected_close_on",
    "closed_on",
    "outcome",
    "starts_on",
    "ends_on",
    "stated_share",
)
STAGES = ("qualified", "proposal", "negotiation", "verbal")
WIN_SHARES = (0.15, 0.35, 0.60, 0.85)
STAGE_SHARES = (0.35, 0.30, 0.20, 0.15)
YEARLY_BY_TIER = (1.2, 1.0, 0.35, 0.1)
LEAST_DAYS, WON_MEAN_DAYS, LOST_MEAN_DAYS = 7, 56.0, 140.0
"""Every opportunity stays open a week at least; beyond that, times to close are exponential with these means."""
BEFORE_DATA_WEEKS = 104
REALISED_SHARE, REALISED_SPREAD = 0.85, 0.25
"""Won work is on average so much of what was stated: the mean of a lognormal, and its sigma."""
LEAST_IN_FIRST = 14
NO_END = 1_000_000


@dataclass(frozen=True)
class Opportunities:
    """A granule's opportunities, by the day they opened; days count from the first day with data."""

    account: Ints
    stage: Ints
    opened_day: Ints
    closes_day: Ints
    expected_day: Ints
    wins: Bools
    starts_day: Ints
    ends_day: Ints
    stated_units: Floats
    true_units: Floats
    stated_share: Floats
    worth: Floats

    @property
    def count(self) -> int:
        """Opportunities in the granule."""
        return len(self.account)


def draw_opportunities(spec: CompanySpec, profiles: Profiles) -> Opportunities:
    """Draw a granule's opportunities, from two years before the data on."""
    rng = stream(spec.seed, Stream.OPPORTUNITIES, profiles.granule)
    span = BEFORE_DATA_WEEKS * 7 + spec.days
    counts = rng.poisson(np.array(YEARLY_BY_TIER)[profiles.tier] * span / 365.25)
    if profiles.granule == 0:
        short = LEAST_IN_FIRST - int(counts.sum())
        counts[: max(0, short)] += 1
    account = np.repeat(np.arange(profiles.count), counts)
    n = len(account)
    opened = rng.integers(-BEFORE_DATA_WEEKS * 7, spec.days, n)
    stage = rng.choice(len(STAGES), n, p=STAGE_SHARES)
    wins = rng.random(n) < np.array(WIN_SHARES)[stage]
    took = LEAST_DAYS + np.floor(rng.exponential(np.where(wins, WON_MEAN_DAYS, LOST_MEAN_DAYS)))
    closes = opened + took.astype(np.int64)
    expected = np.maximum(opened + rng.integers(30, 120, n), np.where(closes >= spec.days, spec.days + 7, opened))
    closed = closes < spec.days
    starts = _monday(np.where(closed, closes, expected) + rng.integers(14, 43, n))
    ends = np.where(rng.random(n) < 0.2, NO_END, starts + 7 * rng.integers(26, 53, n))
    lines = profiles.orders_per_week[account] * profiles.lines_per_order[account]
    stated = np.maximum(1.0, np.round(lines * rng.uniform(0.03, 0.08, n), 1))
    realised = REALISED_SHARE * np.exp(REALISED_SPREAD * rng.standard_normal(n) - 0.5 * REALISED_SPREAD**2)
    base = np.array(WIN_SHARES)[stage]
    hoped = np.where(rng.random(n) < 0.1, np.nan, np.round(base + (1.0 - base) * rng.uniform(0.1, 0.6, n), 2))
    weeks = np.minimum(52, (ends - starts) // 7)
    worth = stated * weeks * np.array([t.units_per_line for t in TIERS])[profiles.tier[account]] * 12.0
    order = np.lexsort((account, opened))
    order = order[opened[order] < 7 * profiles.churn_week[account[order]]]
    found = Opportunities(
        account, stage, opened, closes, expected, wins, starts, ends, stated, stated * realised, hoped, worth
    )
    return Opportunities(**{name: getattr(found, name)[order] for name in found.__dataclass_fields__})


def _monday(day: Ints) -> Ints:
    """The first Monday from `day` on: day 0 is one."""
    return -(-day // 7) * 7


def won_orders(opportunities: Opportunities, profiles: Profiles, timeline: Timeline) -> Floats:
    """Expected orders a day that won opportunities bring, shape [account, day]: only work that begins in the data."""
    weekly = np.zeros((profiles.count, timeline.days))
    o = opportunities
    for i in np.flatnonzero(o.wins & (o.starts_day >= 0) & (o.closes_day < timeline.days)).tolist():
        orders = o.true_units[i] / profiles.lines_per_order[o.account[i]]
        weekly[o.account[i], o.starts_day[i] : min(timeline.days, o.ends_day[i])] += orders
    return spread_orders(profiles, timeline, weekly)


def opportunity_columns(spec: CompanySpec, profiles: Profiles, o: Opportunities) -> dict[str, list[str]]:
    """Rows of `opportunities.csv` for a granule, as sales' own system states them when the data end."""
    closed = (o.closes_day < spec.days).tolist()
    wins, region = o.wins.tolist(), profiles.region[o.account].tolist()

    def on(days: Ints) -> list[str]:
        return ["" if d >= NO_END else opened_on(spec, d) for d in days.tolist()]

    return {
        "opportunity_number": numbers(profiles, o),
        "account_number": [profiles.numbers[a] for a in o.account.tolist()],
        "operation": ["warehouse"] * o.count,
        "service": ["picking"] * o.count,
        "region": [REGIONS[r].code for r in region],
        "stage": [STAGES[s] for s in o.stage.tolist()],
        "units_per_week": [f"{u:.1f}" for u in o.stated_units.tolist()],
        "amount": [f"{w:.2f}" for w in o.worth.tolist()],
        "currency": [REGIONS[r].currency for r in region],
        "opened_on": on(o.opened_day),
        "expected_close_on": on(o.expected_day),
        "closed_on": [text if is_closed else "" for text, is_closed in zip(on(o.closes_day), closed, strict=True)],
        "outcome": [("won" if w else "lost") if c else "" for w, c in zip(wins, closed, strict=True)],
        "starts_on": on(o.starts_day),
        "ends_on": on(o.ends_day),
        "stated_share": ["" if np.isnan(s) else f"{s:.2f}" for s in o.stated_share.tolist()],
    }


def numbers(profiles: Profiles, o: Opportunities) -> list[str]:
    """The opportunities' numbers, in their order."""
    return [f"OP-{profiles.granule:04d}-{n + 1:05d}" for n in range(o.count)]
