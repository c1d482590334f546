"""Forecast an operation's demand from what was observed up to an instant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import Term, longest_days
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import Accuracy, History
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS, ForecastRefreshed, Grain, Panel
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OperationSpan, SeriesKey

LEAST_DAYS = 15
MOST_TAIL_DAYS = 60
DAYS_OF_HISTORY = {Grain.DAY: 3 * 364, Grain.HALF_HOUR: 26 * 7}


def refresh_forecast(
    operation: str, *, as_of: datetime | None, weeks: int, thread_id: UUID, by: Actor, at: datetime
) -> UUID:
    """Make a forecast run and publish it; return its id. The same data and code give the run that is there already.

    The horizon runs from the day after the data to the end of the last of `weeks` whole weeks (Monday to Sunday), and
    on by the longest promise, so that work due after the last week is seen coming.

    Raises:
        NotFound: when nothing of this operation was observed.
        Invalid: when there are fewer than 15 days of it, too few to see a week's pattern.
    """
    by.require(Permission.RUN_PLAN)
    span = sensing.get_operation(operation, by=by)
    first_on = _first_day(span, as_of)
    monday = first_on + timedelta(days=-first_on.weekday() % 7)
    terms = agreements.terms_in_force(operation, on=monday, by=by)
    horizon_days = (monday - first_on).days + 7 * weeks + min(longest_days(terms), MOST_TAIL_DAYS)
    tiers = {key.account_number: key.tier for key in customers.list_account_keys(by=by)}
    sources = _sources(span, terms, first_on, by)
    own_from = _own_from(sources, tiers, by, at)
    snapshot = _snapshot_digest(span, first_on, weeks, horizon_days, terms, sources, tiers, own_from)
    existing = _same(operation, snapshot)
    if existing:
        return _publish_again(existing, thread_id, by)
    results = _forecast(sources, tiers, own_from, horizon_days, span.time_zone)
    run = _run(span, first_on, weeks, horizon_days, snapshot, results, thread_id, at)
    try:
        return _store(run, by)
    except IntegrityError:
        # Another job may have stored the same run while this one computed: then that one stands.
        made = _same(operation, snapshot)
        if made is None:
            raise
        return _publish_again(made, thread_id, by)


def _same(operation: str, snapshot: str) -> ForecastRun | None:
    return ForecastRun.objects.filter(
        operation=operation, snapshot_digest=snapshot, code_version=compute.CODE_VERSION
    ).first()


def _first_day(span: OperationSpan, as_of: datetime | None) -> date:
    """Return the first forecast day: the one after the last day that is whole in the data."""
    zone = ZoneInfo(span.time_zone)
    if as_of is None or as_of > span.last_at:
        return span.last_at.astimezone(zone).date() + timedelta(days=1)
    return as_of.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class _Source:
    """A history and the zone on whose wall clock it was read."""

    history: History
    zone: str


def _sources(span: OperationSpan, terms: Sequence[Term], first_on: date, by: Actor) -> list[_Source]:
    """Read the history: days on the operation's clock, half-hours on the clock of each region's own zone."""
    grain_of = {
        service: compute.grain_of([t.threshold_minutes for t in terms if t.service in ("", service)])
        for service in sensing.list_services(span.operation, by=by)
    }
    daily, fine = ({s for s, chosen in grain_of.items() if chosen is grain} for grain in (Grain.DAY, Grain.HALF_HOUR))
    sources = [_daily(span, daily, first_on, by)] if daily else []
    return [*sources, *_half_hours(span, fine, first_on, by)] if fine else sources


def _daily(span: OperationSpan, services: set[str], first_on: date, by: Actor) -> _Source:
    until_at = _midnight(first_on, span.time_zone)
    since_at = until_at - timedelta(days=DAYS_OF_HISTORY[Grain.DAY])
    read = sensing.daily_quantities(span.operation, until_at=until_at, since_at=since_at, by=by)
    return _Source(_history(span, Grain.DAY, read, lambda key: key.service in services), span.time_zone)


def _half_hours(span: OperationSpan, services: set[str], first_on: date, by: Actor) -> list[_Source]:
    zones = sensing.region_zones(by=by)
    sources = []
    for zone in sorted({span.time_zone, *zones.values()}):
        until_at = _midnight(first_on, zone)
        since_at = until_at - timedelta(days=DAYS_OF_HISTORY[Grain.HALF_HOUR])
        read = sensing.half_hour_quantities(span.operation, until_at=until_at, since_at=since_at, zone=zone, by=by)
        mine = [k for k in read[0] if k.service in services and zones.get(k.region, span.time_zone) == zone]
        if mine:
            chosen = set(mine)
            sources.append(_Source(_history(span, Grain.HALF_HOUR, read, chosen.__contains__), zone))
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
    return History(grain, tuple(keys[i] for i in kept), starts, np.asarray(quantities, dtype=np.float64)[kept])


def _own_from(sources: Sequence[_Source], tiers: Mapping[str, Tier], by: Actor, at: datetime) -> dict[str, float]:
    """Return from how much work on accounts of top tiers have a series of their own, where that is not the default."""
    seen = {key.account_number for source in sources for key in source.history.keys}
    top = sorted(account for account in seen if tiers.get(account) in TOP_TIERS)
    places = [SettingPlace(tier=tiers[account].value, account_number=account) for account in top]
    found = org.get_settings(OWN_SERIES_UNITS, places, at=at, by=by)
    pairs = zip(top, found, strict=True)
    return {account: resolved.value for account, resolved in pairs if resolved.value != OWN_SERIES_UNITS.default}


def _forecast(
    sources: Sequence[_Source], tiers: Mapping[str, Tier], own_from: Mapping[str, float], horizon_days: int, zone: str
) -> list[tuple[Panel, Accuracy]]:
    """Forecast each source on its own clock, lay all on the operation's, and join those of one grain."""
    made = [(compute.forecast_panel(source.history, tiers, horizon_days, own_from), source.zone) for source in sources]
    results = []
    for grain in Grain:
        mine = [(panel, accuracy, of) for (panel, accuracy), of in made if panel.grain is grain]
        if mine:
            joined = compute.join_panels([compute.on_clock(panel, of, zone) for panel, _, of in mine])
            results.append((joined, compute.join_accuracy([accuracy for _, accuracy, _ in mine])))
    return results


def _snapshot_digest(
    span: OperationSpan,
    first_on: date,
    weeks: int,
    horizon_days: int,
    terms: Sequence[Term],
    sources: Sequence[_Source],
    tiers: Mapping[str, Tier],
    own_from: Mapping[str, float],
) -> str:
    seen = {key.account_number for source in sources for key in source.history.keys}
    # Where nobody set anything the digest is the one of the default, so that old runs are found again.
    chosen = {"own_series_units": dict(own_from)} if own_from else {}
    return digest(
        {
            **chosen,
            "operation": span.operation,
            "time_zone": span.time_zone,
            "first_on": first_on,
            "weeks": weeks,
            "horizon_days": horizon_days,
            "grains": sorted({(t.service, t.threshold_minutes) for t in terms}),
            "tiers": {account: tiers[account] for account in seen if account in tiers},
            "histories": [(source.zone, compute.history_digest(source.history)) for source in sources],
        }
    )


def _run(
    span: OperationSpan,
    first_on: date,
    weeks: int,
    horizon_days: int,
    snapshot: str,
    results: Sequence[tuple[Panel, Accuracy]],
    thread_id: UUID,
    at: datetime,
) -> ForecastRun:
    panels = [panel for panel, _ in results]
    accuracy = compute.join_accuracy([part for _, part in results])
    return ForecastRun(
        id=ids.new_id(),
        thread_id=thread_id,
        operation=span.operation,
        grains=[panel.grain.value for panel in panels],
        time_zone=span.time_zone,
        first_on=first_on,
        weeks=weeks,
        horizon_days=horizon_days,
        made_at=at,
        data_until_at=datetime.combine(first_on, time(), ZoneInfo(span.time_zone)),
        snapshot_digest=snapshot,
        result_digest=compute.result_digest(panels),
        code_version=compute.CODE_VERSION,
        series_count=sum(len(panel.keys) for panel in panels),
        wape_share=accuracy.wape_share,
        interval_coverage_share=accuracy.interval_coverage_share,
        bias_share=accuracy.bias_share,
        numbers=compute.pack(compute.QUANTILE_LEVELS, panels),
    )


def _store(run: ForecastRun, by: Actor) -> UUID:
    with transaction.atomic():
        run.save(force_insert=True)
        record_entry(_entry(run), by=by)
        publish(ForecastRefreshed(run.thread_id, run.pk, run.operation), by=by)
    return run.pk


def _publish_again(run: ForecastRun, thread_id: UUID, by: Actor) -> UUID:
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="forecast.unchanged",
                subject=f"forecast:{run.pk}",
                sentence=f"Nothing new was observed in {run.operation}: its forecast of {run.first_on} stands.",
                evidence={"snapshot_digest": run.snapshot_digest, "first_thread_id": run.thread_id},
            ),
            by=by,
        )
        publish(ForecastRefreshed(thread_id, run.pk, run.operation), by=by)
    return run.pk


def _entry(run: ForecastRun) -> Entry:
    error = "" if run.wape_share is None else f"; on the last four weeks it was off by {run.wape_share:.0%}"
    return Entry(
        thread_id=run.thread_id,
        kind="forecast.refreshed",
        subject=f"forecast:{run.pk}",
        sentence=(
            f"Forecast {run.operation} from {run.first_on} for {run.weeks} weeks, {run.series_count} series{error}."
        ),
        evidence={
            "run_id": run.pk,
            "data_until_at": run.data_until_at,
            "snapshot_digest": run.snapshot_digest,
            "result_digest": run.result_digest,
            "code_version": run.code_version,
            "grains": run.grains,
            "wape_share": run.wape_share,
            "interval_coverage_share": run.interval_coverage_share,
            "bias_share": run.bias_share,
        },
    )
