"""Spike or shift: the latest change of level of every series of an operation, and which capacity it asks for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute.accuracy import Came
from closeknit.rooms.demand.compute.changes import SeriesHistory, classify, history_of
from closeknit.rooms.demand.contracts import RunPurpose
from closeknit.rooms.demand.contracts import changes as settings
from closeknit.rooms.demand.contracts.changes import ChangeCard, ChangeKind, ResponseCosts, SeriesName
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.archives import stored_numbers
from closeknit.rooms.demand.reads.runs import sees_whole
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.org.contracts.settings import Setting
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import EventKind, OperationSpan

HISTORY_WEEKS = 104
RECENT_WEEKS = 26
MEASURED_DAYS = 182


def list_changes(
    operation: str, *, by: Actor, at: datetime, recent_weeks: int = RECENT_WEEKS, every: bool = False
) -> list[ChangeCard]:
    """Return the series of the newest forecast whose level changed in the last weeks, the largest change first.

    `every` returns the others, too. Accounts out of reach are left out, and so is what is forecast together, for who
    does not see every account.

    Raises:
        NotFound: where nothing is forecast of this operation.
    """
    by.require(Permission.READ_CAPACITY)
    cards, last_on = _classified(operation, by, at)
    since_on = last_on - timedelta(weeks=recent_weeks)
    if not every:
        cards = [c for c in cards if c.kind is not ChangeKind.NONE and c.since_on and c.since_on >= since_on]
    return sorted(hide_costs(cards, by=by), key=lambda c: -abs(c.units_after - c.units_before))


def hide_costs(cards: Sequence[ChangeCard], *, by: Actor) -> list[ChangeCard]:
    """Return changes without what their responses cost, for who may not read prices."""
    shown = org.redact([card.response for card in cards], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)
    return [replace(card, response=response) for card, response in zip(cards, shown, strict=True)]


def classify_series(
    operation: str, wanted: Sequence[SeriesName], *, by: Actor, at: datetime
) -> dict[SeriesName, tuple[ChangeCard, list[tuple[date, float]]]]:
    """Return the latest change of each of these series, with its last whole weeks; what is not forecast is left out.

    For the program's own steps: needs sight of every account.
    """
    by.require(Permission.READ_CAPACITY)
    if not sees_whole(by=by):
        raise Denied(f"{by.name} sees the accounts of some teams only.", where="account scope")
    history, _ = _history(operation)
    kept = history.only([i for i, name in enumerate(history.names) if name in set(wanted)])
    cards = classify(operation, kept, _costs(operation, kept.names, by, at))
    return {name: (card, _weeks(kept, i)) for i, (name, card) in enumerate(zip(kept.names, cards, strict=True))}


def _classified(operation: str, by: Actor, at: datetime) -> tuple[list[ChangeCard], date]:
    history, last_on = _history(operation)
    named = {name.account_number for name in history.names if name.account_number}
    seen = org.list_visible(named, permission=Permission.READ_CAPACITY, by=by)
    whole = sees_whole(by=by)
    shown = [
        i for i, name in enumerate(history.names) if (name.account_number in seen if name.account_number else whole)
    ]
    kept = history.only(shown)
    return classify(operation, kept, _costs(operation, kept.names, by, at)), last_on


def _history(operation: str) -> tuple[SeriesHistory, date]:
    """Read the weeks of the newest forecast's series; what is shown of them is for the caller to choose."""
    by = org.system_actor()
    run = (
        ForecastRun.objects.defer("numbers", "snapshot")
        .filter(operation=operation, purpose=RunPurpose.PLAN)
        .order_by("-stands_since_at", "-made_at", "-pk")
        .first()
    )
    if run is None:
        raise NotFound("There is no forecast of this operation.", where=operation, todo="Run: closeknit plan.")
    _, panels = stored_numbers(run.pk)
    span = sensing.get_operation(operation, by=by)
    came = _came(span, by)
    history = history_of(panels, came, _promotions(operation, came, by), _arrivals(span, came, by))
    return history, span.last_at.astimezone(ZoneInfo(span.time_zone)).date()


def _came(span: OperationSpan, by: Actor) -> Came:
    since_at, until_at = _span(span)
    keys, days, units = merged_series.daily_quantities(span.operation, until_at=until_at, since_at=since_at, by=by)
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    return Came(tuple(keys), days, units, tiers)


def _arrivals(span: OperationSpan, came: Came, by: Actor) -> NDArray[np.float64]:
    """Read how often that work came, in its own rows and columns: some may have come since it was read."""
    since_at, until_at = _span(span)
    keys, days, times = merged_series.daily_arrivals(span.operation, until_at=until_at, since_at=since_at, by=by)
    found = np.zeros_like(came.units)
    if days.size and came.days.size:
        row_of = {key: row for row, key in enumerate(came.keys)}
        column = (days - came.days[0]).astype(np.int64)
        there = (column >= 0) & (column < came.days.size)
        for key, row in zip(keys, times, strict=True):
            if key in row_of:
                found[row_of[key], column[there]] = row[there]
    return found


def _span(span: OperationSpan) -> tuple[datetime, datetime]:
    """Return the instants between which the weeks lie."""
    zone = ZoneInfo(span.time_zone)
    since_on = span.last_at.astimezone(zone).date() - timedelta(weeks=HISTORY_WEEKS)
    since_at = datetime.combine(since_on, time(), zone).astimezone(UTC)
    return since_at, span.last_at + timedelta(microseconds=1)


def _promotions(operation: str, came: Came, by: Actor) -> list[compute.Occasion]:
    """Read the promotions that ran in these days."""
    if not came.days.size:
        return []
    first, last = (day.astype("datetime64[D]").item() for day in (came.days[0], came.days[-1]))
    events = sensing.list_events(operation, by=by, from_on=first, to_on=last + timedelta(days=1))
    return [
        compute.Occasion(e.title, e.kind.value, e.service, e.region, e.account_number, e.starts_on, e.ends_on)
        for e in events
        if e.kind is EventKind.PROMOTION
    ]


def _weeks(history: SeriesHistory, row: int) -> list[tuple[date, float]]:
    recent = range(max(history.mondays.size - RECENT_WEEKS, 0), history.mondays.size)
    return [
        (date.fromisoformat(str(history.mondays[w].astype("datetime64[D]"))), float(history.units[row, w]))
        for w in recent
        if history.units[row, w] == history.units[row, w]
    ]


def _costs(operation: str, names: Sequence[SeriesName], by: Actor, at: datetime) -> list[ResponseCosts]:
    """Return what each way of doing more costs where each series is; minutes as measured, where they are."""
    regions = sorted({name.region for name in names})
    places = [SettingPlace(region=region) for region in regions]

    def at_places(setting: Setting) -> dict[str, float]:
        found = org.get_settings(setting, places, at=at, by=by)
        return {region: _number(r.value) for region, r in zip(regions, found, strict=True)}

    hour, overtime, temp = (
        at_places(s) for s in (settings.HOUR_COST, settings.OVERTIME_PREMIUM, settings.TEMP_PREMIUM)
    )
    temp_once, hire_once = at_places(settings.TEMP_COST), at_places(settings.HIRE_COST)
    temp_lead, hire_lead = at_places(settings.TEMP_LEAD_WEEKS), at_places(settings.HIRE_LEAD_WEEKS)
    notice, hours = at_places(settings.HIRE_NOTICE_WEEKS), at_places(settings.PERSON_HOURS)
    assumed, measured = at_places(settings.UNIT_MINUTES), _measured(operation)
    return [
        ResponseCosts(
            overtime_per_hour=hour[name.region] * (1.0 + overtime[name.region]),
            temp_per_hour=hour[name.region] * (1.0 + temp[name.region]),
            hire_per_hour=hour[name.region],
            temp_once=temp_once[name.region],
            hire_once=hire_once[name.region],
            temp_lead_weeks=temp_lead[name.region],
            hire_lead_weeks=hire_lead[name.region],
            hire_notice_weeks=notice[name.region],
            hours_per_person=hours[name.region],
            minutes_per_unit=_minutes(measured, name) or assumed[name.region],
        )
        for name in names
    ]


def _number(value: float | Decimal) -> float:
    return float(value)


def _measured(operation: str) -> dict[tuple[str, str, str], tuple[float, int]]:
    by = org.system_actor()
    last = sensing.get_operation(operation, by=by).last_at
    return sensing.handle_minutes(operation, since_at=last - timedelta(days=MEASURED_DAYS), by=by)


def _minutes(measured: dict[tuple[str, str, str], tuple[float, int]], name: SeriesName) -> float | None:
    rows = [
        found
        for (service, region, work_class), found in measured.items()
        if (service, region) == (name.service, name.region) and name.work_class in ("", work_class)
    ]
    count = sum(n for _, n in rows)
    return sum(minutes * n for minutes, n in rows) / count if count else None
