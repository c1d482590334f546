"""Incidents on installed equipment and the visits that resolve them."""

from __future__ import annotations

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.capacity import Congestion
from closeknit.demo.catalogue import EQUIPMENT_MODELS, POOL_OF
from closeknit.demo.finishing import counts_to_events, finish_clocks, late_chance, ordinals
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import Rates
from closeknit.demo.timeline import Timeline
from closeknit.demo.writing import Columns

PRIORITY_SHARES = (0.08, 0.22, 0.45, 0.25)
VISIT_HOURS = (8 * 60, 18 * 60)
REOPENED_SHARE, REOPENED_WHEN_RUSHED_SHARE = 0.04, 0.09


def incident_columns(
    rng: np.random.Generator, profiles: Profiles, rates: Rates, jam: Congestion, timeline: Timeline
) -> Columns:
    """All rows of `incidents.csv` for a granule, in order of time."""
    account, day = counts_to_events(rng, rates.incidents)
    second = np.floor((7.0 + 13.0 * rng.beta(1.8, 2.4, len(day))) * 3600.0).astype(np.int64)
    by_time = np.lexsort((account, second, day))
    account, day, second = account[by_time], day[by_time], second[by_time]
    region = profiles.region[account]
    priority = rng.choice(4, len(day), p=PRIORITY_SHARES) + 1
    unit = np.floor(rng.random(len(day)) * profiles.equipment_units[account]).astype(np.int64) + 1
    pools = [POOL_OF[f"repair-{r.short}"] for r in REGIONS]
    mean = np.array([p.true_handle_minutes for p in pools])[region]
    sigma = np.array([p.handle_sigma for p in pools])[region]
    visit = mean * np.exp(rng.standard_normal(len(day)) * sigma - 0.5 * sigma**2)

    promise = profiles.repair_minutes[account]
    clock = timeline.clock(region, day, second // 60)
    delay = jam.repair_delay_days[region, day]
    chance = late_chance(profiles.late_share[account], delay, promise)
    done = finish_clocks(rng, clock, promise, chance, VISIT_HOURS)
    done_day, done_minute = timeline.at_clock(region, done)
    resolved_at = timeline.stamps(region, done_day, done_minute * 60)
    still_open = done_day >= timeline.days
    reopening = np.where(delay > 0.5, REOPENED_WHEN_RUSHED_SHARE, REOPENED_SHARE)
    reopened = (rng.random(len(day)) < reopening) & ~still_open
    numbers = [profiles.numbers[a] for a in account.tolist()]
    ordinal = ordinals(account, profiles.count).tolist()
    return {
        "incident_number": [f"IN-{n[1:]}-{o:05d}" for n, o in zip(numbers, ordinal, strict=True)],
        "account_number": numbers,
        "opened_at": timeline.stamps(region, day, second),
        "priority": [str(p) for p in priority.tolist()],
        "equipment": [
            f"{EQUIPMENT_MODELS[u % len(EQUIPMENT_MODELS)]}/{n[1:]}-{u:03d}"
            for n, u in zip(numbers, unit.tolist(), strict=True)
        ],
        "visit_minutes": [f"{v:.1f}" for v in visit.tolist()],
        "resolved_at": ["" if o else t for o, t in zip(still_open.tolist(), resolved_at, strict=True)],
        "reopened": ["true" if r else "false" for r in reopened.tolist()],
        "region": [REGIONS[r].code for r in region.tolist()],
    }
