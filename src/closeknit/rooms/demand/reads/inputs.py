"""What a forecast run would be made from: the history, what it is about, and what is known and said of the future."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import Term, longest_days
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import TIER_ORDER, TOP_TIERS, Tier
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import ForecastInputs, History, Occasion, Source
from closeknit.rooms.demand.contracts import (
    AS_DERIVED,
    BEST_METHODS_TO,
    HOLIDAY_COUNTRY,
    NOBODYS,
    OWN_SERIES_UNITS,
    Adjustment,
    Grain,
)
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.adjustments import list_standing_adjustments
from closeknit.rooms.demand.reads.unwanted import NEVER_UNITS, list_unwanted, served_tiers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.org.contracts.settings import Level
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OperationSpan, SeriesKey

LEAST_DAYS = 15
MOST_TAIL_DAYS = 60
DAYS_OF_HISTORY = {Grain.DAY: 3 * 364, Grain.HALF_HOUR: 2 * 364}


def get_forecast_inputs(
    operation: str, *, as_of: datetime | None, weeks: int, scenario: str = "", by: Actor, at: datetime
) -> ForecastInputs:
    """Return what a forecast of an operation as of an instant (None: of all data) is made from.

    The horizon runs from the day after the data to the end of the last of `weeks` whole weeks (Monday to Sunday), and
    on by the longest promise in force on any of its days, so that work due after the last week is seen coming; the
    shortest of them decides the grain. Settings and people's adjustments are those that stand at `at`. Raises NotFound
    where nothing was observed, Invalid below 15 days.
    """
    by.require(Permission.RUN_PLAN)
    span = sensing.get_operation(operation, by=by)
    first_on = _first_day(span, as_of)
    monday = first_on + timedelta(days=-first_on.weekday() % 7)
    terms = agreements.terms_in_force(operation, on=monday, until=monday + timedelta(days=7 * weeks), by=by)
    horizon_days = (monday - first_on).days + 7 * weeks + min(longest_days(terms), MOST_TAIL_DAYS)
    sources = _sources(span, terms, first_on, by)
    seen = {key.account_number for source in sources for key in source.history.keys}
    tiers = {k.account_number: k.tier for k in customers.list_account_keys(by=by) if k.account_number in seen}
    unwanted = list_unwanted(tiers, by=by, at=at)
    tiers = served_tiers(tiers, unwanted)
    until_on = first_on + timedelta(days=horizon_days)
    return ForecastInputs(
        operation=operation,
        zone=span.time_zone,
        first_on=first_on,
        weeks=weeks,
        horizon_days=horizon_days,
        tiers=dict(sorted(tiers.items())),
        own_from=_own_from(tiers, {t.account_number for t in terms}, by, at)
        | dict.fromkeys(sorted(unwanted), NEVER_UNITS),
        best_tiers=_best_tiers(by, at),
        occasions=_occasions(operation, sources, until_on, by, at),
        adjustments=_adjustments(operation, first_on, until_on, scenario, by, at),
        sources=tuple(sources),
    )


def _first_day(span: OperationSpan, as_of: datetime | None) -> date:
    """Return the first forecast day: the one after the last day that is whole in the data."""
    zone = ZoneInfo(span.time_zone)
    if as_of is None or as_of > span.last_at:
        return span.last_at.astimezone(zone).date() + timedelta(days=1)
    return as_of.astimezone(zone).date()


def _sources(span: OperationSpan, terms: Sequence[Term], first_on: date, by: Actor) -> list[Source]:
    """Read the history: days on the operation's clock, half-hours on the clock of each region's own zone."""
    grain_of = {
        service: compute.grain_of([t.threshold_minutes for t in terms if t.service in ("", service)])
        for service in sensing.list_services(span.operation, by=by)
    }
    daily, fine = ({s for s, chosen in grain_of.items() if chosen is grain} for grain in (Grain.DAY, Grain.HALF_HOUR))
    sources = [_daily(span, daily, first_on, by)] if daily else []
    return [*sources, *_half_hours(span, fine, first_on, by)] if fine else sources


def _daily(span: OperationSpan, services: set[str], first_on: date, by: Actor) -> Source:
    until_at = _midnight(first_on, span.time_zone)
    since_at = until_at - timedelta(days=DAYS_OF_HISTORY[Grain.DAY])
    read = merged_series.daily_quantities(span.operation, until_at=until_at, since_at=since_at, by=by)
    return Source(_history(span, Grain.DAY, read, lambda key: key.service in services), span.time_zone)


def _half_hours(span: OperationSpan, services: set[str], first_on: date, by: Actor) -> list[Source]:
    zones = sensing.region_zones(by=by)
    sources = []
    for zone in sorted({span.time_zone, *zones.values()}):
        until_at = _midnight(first_on, zone)
        since_at = until_at - timedelta(days=DAYS_OF_HISTORY[Grain.HALF_HOUR])
        read = merged_series.half_hour_quantities(
            span.operation, until_at=until_at, since_at=since_at, zone=zone, by=by
        )
        mine = [k for k in read[0] if k.service in services and zones.get(k.region, span.time_zone) == zone]
        if mine:
            chosen = set(mine)
            sources.append(Source(_history(span, Grain.HALF_HOUR, read, chosen.__contains__), zone))
    return sources


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _history(span: OperationSpan, grain: Grain, read: Any, wanted: Callable[[SeriesKey], bool]) -> History:
    keys, starts, quantities = read
    days = starts.size // compute.PERIODS_PER_DAY[grain]
    if days < LEAST_DAYS:
        raise Invalid(
            f"There are {days} days of {span.operation}; a forecast needs {LEAST_DAYS}.",
            where=span.operation,
            todo="Load a longer history.",
        )
    kept = [i for i, key in enumerate(keys) if wanted(key)]
    narrow = compute.narrow(np.asarray(quantities, dtype=np.float64))
    mine = narrow if len(kept) == len(keys) else narrow[kept]
    return History(grain, tuple(keys[i] for i in kept), starts, mine)


def _own_from(tiers: Mapping[str, Tier], promised: set[str], by: Actor, at: datetime) -> dict[str, float]:
    """Return from how much work on accounts have a series of their own, where their tier alone does not say.

    Accounts of top tiers have one, and whoever was promised something of their own: within their tier it would be lost.
    """
    top = {account for account, tier in tiers.items() if tier in TOP_TIERS}
    candidates = sorted(top | (promised & tiers.keys()))
    # Of a great many accounts few deviate from their tier: only these are asked for one by one.
    alone = set(org.list_places_set(OWN_SERIES_UNITS, Level.ACCOUNT, at=at, by=by)) & set(candidates)
    asked = [SettingPlace(tier=tier.value) for tier in TIER_ORDER]
    asked += [SettingPlace(tier=tiers[account].value, account_number=account) for account in sorted(alone)]
    found = org.get_settings(OWN_SERIES_UNITS, asked, at=at, by=by)
    value = {(p.tier, p.account_number): resolved.value for p, resolved in zip(asked, found, strict=True)}
    chosen = {a: value[tiers[a].value, a if a in alone else ""] for a in candidates}
    return {a: units for a, units in chosen.items() if a not in top or units != OWN_SERIES_UNITS.default}


def _best_tiers(by: Actor, at: datetime) -> tuple[Tier, ...]:
    """Return the tiers whose series try every method: the setting's and all closer ones."""
    (resolved,) = org.get_settings(BEST_METHODS_TO, [SettingPlace()], at=at, by=by)
    return TIER_ORDER[: TIER_ORDER.index(Tier(resolved.value)) + 1]


def _occasions(
    operation: str, sources: Sequence[Source], until_on: date, by: Actor, at: datetime
) -> tuple[Occasion, ...]:
    """Return the public holidays of the regions that have work, and the events stated, from the first day of data."""
    from_on = min(source.history.local_starts[0].astype("datetime64[D]").item() for source in sources)
    regions = {key.region for source in sources for key in source.history.keys}
    countries = _countries(operation, regions, by, at)
    if len(set(countries.values())) == 1:
        countries = {"": next(iter(countries.values()))}
    elif "" in countries:
        # Work without a region, beside regions of several countries, keeps nobody's holidays.
        del countries[""]
    kept = {region: country for region, country in countries.items() if country}
    events = sensing.list_events(operation, by=by, from_on=from_on, to_on=until_on)
    golden = customers.golden_numbers(by=by, at=None)
    told = [
        Occasion(
            e.title,
            e.kind.value,
            e.service,
            e.region,
            golden.get(e.account_number, e.account_number),
            e.starts_on,
            e.ends_on,
            e.expected_share,
        )
        for e in events
    ]
    return (*compute.public_holidays(kept, from_on, until_on), *told)


def _countries(operation: str, regions: set[str], by: Actor, at: datetime) -> dict[str, str]:
    """Return whose holidays each region keeps: as a source states it, else as people set it, else as derived."""
    derived = sensing.region_countries(operation, by=by)
    stated = sensing.stated_countries(operation, by=by)
    named = sorted(regions)
    found = org.get_settings(HOLIDAY_COUNTRY, [SettingPlace(region=region) for region in named], at=at, by=by)
    countries = {region: derived.get(region) or derived.get("", "") for region in named}
    for region, resolved in zip(named, found, strict=True):
        if resolved.value != AS_DERIVED and not {region, ""} & stated.keys():
            countries[region] = "" if resolved.value == NOBODYS else resolved.value
    return countries


def _adjustments(
    operation: str, from_on: date, to_on: date, scenario: str, by: Actor, at: datetime
) -> tuple[Adjustment, ...]:
    return tuple(list_standing_adjustments(operation, from_on, to_on, by=by, at=at, scenario=scenario))
