"""Hold overrides against what came: was the forecast nearer with them, or without?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.compute.override_actuals import mondays_between, units_by_week
from closeknit.rooms.demand.contracts import (
    AdjustedWeek,
    AdjustmentSource,
    OverridesMeasured,
    OverrideWorth,
    RunPurpose,
    place_words,
)
from closeknit.rooms.demand.models import ForecastRun, Override, OverrideWeek
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

LATE = timedelta(days=35)
"""Data of weeks that ended this long ago are looked at again: what came late changes what an override was worth."""
LOOKED_BACK = timedelta(days=400)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Applied:
    """A week of an override as the last forecast before that week had it."""

    override: Override
    run: ForecastRun
    week: AdjustedWeek


def measure_overrides(operation: str, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Measure weeks of overrides that have been observed to their end; return how many are new or came otherwise.

    A week counts with the last forecast made before it: what it said of the override's place and days before and after
    the override. Idempotent; weeks of the last month are measured again when late data change them.
    """
    by.require(Permission.RUN_PLAN)
    today = reads.get_operation_day(operation, by=by)
    known = {
        (row.override_id, row.week_on): row
        for row in OverrideWeek.objects.filter(override__operation=operation, week_on__gte=today - LOOKED_BACK)
    }
    settled = {key for key in known if key[1] + WEEK < today - LATE}
    applied = [one for one in _applied_weeks(operation, today) if (one.override.pk, one.week.week_on) not in settled]
    if not applied:
        return 0
    rows = _measured(operation, applied, today, by, at)
    changed = [row for row in rows if _differs(row, known.get((row.override_id, row.week_on)))]
    if not changed:
        return 0
    with transaction.atomic():
        OverrideWeek.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["override", "week_on"],
            update_fields=["run", "units_before", "units_after", "units_actual", "measured_at"],
        )
        for override in {row.override_id: row.override for row in changed}.values():
            if override.to_on <= today:
                record_entry(_entry(override, by), by=by)
        publish(OverridesMeasured(thread_id, operation, len(changed)), by=by)
    return len(changed)


def _applied_weeks(operation: str, today: date) -> list[_Applied]:
    """Return the observed weeks of overrides that the last forecast before them had applied."""
    since = today - LOOKED_BACK
    overrides = list(Override.objects.filter(operation=operation, from_on__lt=today, to_on__gt=since))
    runs = ForecastRun.objects.filter(operation=operation, purpose=RunPurpose.PLAN.value, first_on__gte=since)
    # Of a day's runs the one that was said last stands.
    newest = (
        list(runs.defer("numbers", "snapshot").order_by("-first_on", "-stands_since_at", "-made_at", "-pk"))
        if overrides
        else []
    )
    told = {run.pk: _weeks_by_override(run) for run in newest}
    found = []
    for override in overrides:
        for monday in mondays_between(override.from_on, min(override.to_on, today)):
            before = max(monday, override.from_on)
            run = next((run for run in newest if run.first_on <= before), None)
            week = told[run.pk].get((str(override.pk), monday)) if run else None
            if run and week and min(monday + WEEK, override.to_on) <= today:
                found.append(_Applied(override, run, week))
    return found


def _weeks_by_override(run: ForecastRun) -> dict[tuple[str, date], AdjustedWeek]:
    return {
        (one.adjustment.adjustment_id, week.week_on): week
        for one in compute.applied_of(run.adjustments)
        if one.adjustment.source is AdjustmentSource.OVERRIDE
        for week in one.weeks
    }


def _measured(operation: str, applied: Sequence[_Applied], today: date, by: Actor, at: datetime) -> list[OverrideWeek]:
    zone = ZoneInfo(sensing.get_operation(operation, by=by).time_zone)
    since_at = datetime.combine(min(one.week.week_on for one in applied), time(), zone)
    until_at = datetime.combine(today, time(), zone)
    keys, days, quantities = merged_series.daily_quantities(operation, since_at=since_at, until_at=until_at, by=by)
    tiers = {key.account_number: key.tier for key in customers.list_account_keys(by=by)}
    place = merged_series.places_now(by)
    came: dict[UUID, dict[date, float]] = {}
    for one in applied:
        row = one.override
        if row.pk not in came:
            came[row.pk] = units_by_week(keys, days, quantities, tiers, place(row.place), row.from_on, row.to_on)
    return [
        OverrideWeek(
            override=one.override,
            account_number=one.override.account_number,
            week_on=one.week.week_on,
            run=one.run,
            units_before=one.week.units_before,
            units_after=one.week.units_after,
            units_actual=came[one.override.pk].get(one.week.week_on, 0.0),
            measured_at=at,
        )
        for one in applied
    ]


def _differs(row: OverrideWeek, known: OverrideWeek | None) -> bool:
    names = ("run_id", "units_before", "units_after", "units_actual")
    return known is None or any(getattr(row, name) != getattr(known, name) for name in names)


def _entry(override: Override, by: Actor) -> Entry:
    worth = reads.get_override(override.pk, by=by).worth or OverrideWorth(0, 0.0, 0.0, 0.0)
    share = worth.added_share
    verdict = "no nearer" if worth.added_units == 0 else "nearer" if worth.added_units > 0 else "further off"
    return Entry(
        thread_id=override.thread_id,
        kind="override.measured",
        subject=f"override:{override.pk}",
        sentence=(
            f"The change to the forecast of {override.operation}, {place_words(override.place)}, brought it {verdict}:"
            f" off by {worth.error_after:,.6g} units over {worth.weeks} weeks, {worth.error_before:,.6g} without it."
        ),
        account_number=override.account_number,
        evidence={
            "override_id": override.pk,
            "weeks": worth.weeks,
            "units_actual": worth.units_actual,
            "error_before": worth.error_before,
            "error_after": worth.error_after,
            "added_share": share,
        },
    )
