"""Master data of the source systems: accounts, sites, terms, pools, rosters, staff, closed days."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from closeknit.demo.accounts import Profiles, opened_on
from closeknit.demo.capacity import RosterRow
from closeknit.demo.catalogue import (
    GROUP_CURRENCY,
    LANGUAGES,
    POOLS,
    RULE_OF,
    SKILLS,
    TERM_RULES,
    TIER_NAMES,
    TermRule,
)
from closeknit.demo.names import person_name
from closeknit.demo.places import REGIONS, TEAMS, closures
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Timeline
from closeknit.demo.writing import Columns, Row

TERM_HEADER = (
    "term_number",
    "contract_number",
    "account_number",
    "tier",
    "operation",
    "service",
    "work_class",
    "measure",
    "threshold_minutes",
    "target_share",
    "credit_per_miss",
    "currency",
    "starts_on",
    "ends_on",
)
CHANGED_DEFAULTS = (("standard", "picking"), ("key", "phone"))
"""Tier defaults that get a stricter version half-way through the data."""
WEEK_HOURS, WEEK_HOURS_SHARES = (40, 30, 20), (0.8, 0.12, 0.08)
KEEPS_CUSTOMERS, KEEPERS_SHARE = "retention", 0.15
"""A skill of some who answer customers, and how many of them have it."""


def account_columns(spec: CompanySpec, profiles: Profiles) -> Columns:
    """Rows of `accounts.csv` for a granule."""
    regions = [REGIONS[r] for r in profiles.region.tolist()]
    return {
        "account_number": profiles.numbers,
        "name": profiles.names,
        "tier": [TIER_NAMES[t] for t in profiles.tier.tolist()],
        "team": [TEAMS[t] for t in profiles.team.tolist()],
        "region": [r.code for r in regions],
        "time_zone": [r.time_zone for r in regions],
        "jurisdiction": [r.jurisdiction for r in regions],
        "opened_on": [opened_on(spec, day) for day in profiles.opened_day.tolist()],
    }


def depot_rows() -> list[Row]:
    """Fernhill's own sites: no account number."""
    return [(r.depot_id, "", r.depot_name, r.time_zone, r.jurisdiction, r.code) for r in REGIONS]


def site_rows(spec: CompanySpec, profiles: Profiles) -> list[Row]:
    """Rows of `sites.csv` for a granule; strategic accounts also have sites outside their home region."""
    rng = stream(spec.seed, Stream.CONTRACTS, 2 * profiles.granule + 1)
    rows: list[Row] = []
    for a, number in enumerate(profiles.numbers):
        for s in range(int(profiles.sites[a])):
            draws = rng.random(2)
            home = int(profiles.region[a])
            abroad = profiles.tier[a] == 0 and s > 0 and draws[0] < 0.4
            region = REGIONS[(home + 1 + int(draws[1] * 2)) % 3 if abroad else home]
            town = region.towns[int(draws[1] * len(region.towns))]
            name = f"{profiles.names[a]} {town}"
            rows.append((f"ST-{number[1:]}-{s + 1}", number, name, region.time_zone, region.jurisdiction, region.code))
    return rows


def _term(
    number: str,
    contract: str,
    who: tuple[str, str],
    rule: TermRule,
    promise: tuple[str, str, str],
    span: tuple[str, str],
) -> Row:
    return (
        number,
        contract,
        *who,
        rule.operation,
        rule.service,
        "",
        rule.measure,
        *promise,
        GROUP_CURRENCY,
        *span,
    )


def _stricter(promise: tuple[str, str, str]) -> tuple[str, str, str]:
    """Half the misses allowed, credits up by a half."""
    threshold, target, credit = promise
    return threshold, f"{1.0 - (1.0 - float(target)) / 2.0:.3f}", f"{float(credit) * 1.5:.2f}"


def default_term_rows(spec: CompanySpec) -> list[Row]:
    """Every operation's default for every tier; a version ends on the day the next one starts."""
    begins = (spec.starts_on - timedelta(days=730)).isoformat()
    change = (spec.starts_on + timedelta(weeks=spec.weeks // 2)).isoformat()
    rows: list[Row] = []
    for rule in TERM_RULES:
        for t, tier in enumerate(TIER_NAMES):
            contract, stem = f"GTC-{tier}", f"T-{tier}-{rule.service}"
            promise = (rule.threshold_minutes[t], rule.target_share[t], rule.credit_per_miss[t])
            if (tier, rule.service) in CHANGED_DEFAULTS:
                rows.append(_term(f"{stem}-1", contract, ("", tier), rule, promise, (begins, change)))
                rows.append(_term(f"{stem}-2", contract, ("", tier), rule, _stricter(promise), (change, "")))
            else:
                rows.append(_term(f"{stem}-1", contract, ("", tier), rule, promise, (begins, "")))
    return rows


def exception_term_rows(spec: CompanySpec, profiles: Profiles) -> list[Row]:
    """Contracts of strategic accounts (picking) and some key ones (repair); a third of them change."""
    rng = stream(spec.seed, Stream.CONTRACTS, 2 * profiles.granule)
    rows: list[Row] = []
    for a in np.flatnonzero(profiles.has_exception).tolist():
        tier, number = int(profiles.tier[a]), profiles.numbers[a]
        rule = RULE_OF["picking"] if tier == 0 else RULE_OF["repair"]
        minutes = profiles.ship_minutes[a] if tier == 0 else profiles.repair_minutes[a]
        promise = _stricter((f"{minutes:.0f}", rule.target_share[tier], rule.credit_per_miss[tier]))
        draws = rng.random(2)
        begins = max(opened_on(spec, int(profiles.opened_day[a])), (spec.starts_on - timedelta(days=365)).isoformat())
        contract, stem, who = f"C-{number[1:]}", f"T-{number[1:]}-{rule.service}", (number, "")
        change_on = (spec.starts_on + timedelta(weeks=int(spec.weeks * (0.4 + 0.4 * draws[1])))).isoformat()
        if draws[0] < 0.34 and change_on > begins:
            rows.append(_term(f"{stem}-1", contract, who, rule, promise, (begins, change_on)))
            rows.append(_term(f"{stem}-2", contract, who, rule, _stricter(promise), (change_on, "")))
        else:
            rows.append(_term(f"{stem}-1", contract, who, rule, promise, (begins, "")))
    return rows


def pool_columns() -> Columns:
    """Rows of `pools.csv`: what the company states, not what is true."""
    return {
        "pool": [p.code for p in POOLS],
        "name": [p.name for p in POOLS],
        "operation": [p.operation for p in POOLS],
        "services": [p.services for p in POOLS],
        "regions": [p.region for p in POOLS],
        "site": [p.site for p in POOLS],
        "unit": [p.unit for p in POOLS],
        "staffing": [p.staffing for p in POOLS],
        "handle_minutes": [f"{p.handle_minutes:.1f}" for p in POOLS],
        "shrinkage_parts": ["|".join(p.shrinkage_parts) for p in POOLS],
        "cost_per_hour": [p.cost_per_hour for p in POOLS],
        "overtime_cost_per_hour": [p.overtime_cost_per_hour for p in POOLS],
        "overtime_share_max": [p.overtime_share_max for p in POOLS],
        "currency": [GROUP_CURRENCY] * len(POOLS),
        "time_zone": [p.time_zone for p in POOLS],
    }


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def roster_columns(spec: CompanySpec, rosters: list[RosterRow]) -> Columns:
    """Rows of `rosters.csv`; `to_on` is the first day the row no longer holds."""

    def on(day: int) -> str:
        return (spec.starts_on + timedelta(days=day)).isoformat()

    return {
        "pool": [r.pool for r in rosters],
        "weekday": [str(r.weekday) for r in rosters],
        "starts_local": [_clock_text(r.starts_minute) for r in rosters],
        "ends_local": [_clock_text(r.ends_minute) for r in rosters],
        "headcount": [str(r.headcount) for r in rosters],
        "from_on": [on(r.from_day) for r in rosters],
        "to_on": ["" if r.to_day is None else on(r.to_day) for r in rosters],
    }


def staff_rows(spec: CompanySpec, rosters: list[RosterRow]) -> list[Row]:
    """Rows of `staff.csv`: as many people as the pool's busiest weekday in force at the end asks for."""
    rng, contracts = stream(spec.seed, Stream.STAFF), stream(spec.seed, Stream.STAFF, 2)
    rows: list[Row] = []
    for pool in POOLS:
        by_weekday = [
            sum(r.headcount for r in rosters if r.pool == pool.code and r.to_day is None and r.weekday == weekday)
            for weekday in range(5)
        ]
        others = SKILLS[pool.unit][1:]
        first = "email" if pool.services == "email" else SKILLS[pool.unit][0]
        for _ in range(max(by_weekday)):
            number = len(rows) + 1
            extra = [s for s, d in zip(others, rng.random(len(others)), strict=True) if d < 0.35 and s != first]
            keeps = [KEEPS_CUSTOMERS] if contracts.random() < KEEPERS_SHARE and pool.unit == "agent" else []
            skills = "|".join([first, *extra, *keeps, LANGUAGES[pool.region]])
            region = pool.region if pool.region != "*" else "iberia"
            hired = spec.ends_on - timedelta(days=int(rng.exponential(1100.0)) + 14)
            rows.append(
                (
                    f"E{number:05d}",
                    person_name(number, spec.seed, region),
                    pool.code,
                    skills,
                    hired.isoformat(),
                    str(contracts.choice(WEEK_HOURS, p=WEEK_HOURS_SHARES)),
                )
            )
    return rows


def closure_rows(spec: CompanySpec, timeline: Timeline) -> list[Row]:
    """Rows of `closures.csv`: weekdays a region does not work, to some months after the data."""
    last = spec.starts_on + timedelta(days=len(timeline.date_texts) - 1)
    return [
        (region.code, day.isoformat(), reason)
        for region in REGIONS
        for day, reason in closures(region, spec.starts_on, last).items()
    ]
