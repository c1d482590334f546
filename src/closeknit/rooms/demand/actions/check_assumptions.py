"""Close assumptions whose time has passed: did they hold?"""

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
from closeknit.rooms.demand.compute.assumed import Outcome, assumed_weeks, judge
from closeknit.rooms.demand.compute.override_actuals import mondays_between, units_by_week
from closeknit.rooms.demand.contracts import (
    ASSUMPTION_TOLERANCE,
    AdjustedWeek,
    Adjustment,
    AdjustmentKind,
    AdjustmentSource,
    AssumptionClosed,
    AssumptionState,
    RunPurpose,
)
from closeknit.rooms.demand.models import Assumption, ForecastRun
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.archives import stored_inputs, stored_numbers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.sensing import reads as sensing


def check_assumptions(operation: str, *, by: Actor, at: datetime) -> int:
    """Hold the open assumptions of an operation whose window is observed to its end against what came; return how many.

    What was forecast is what the methods said in the last run before each week. Each is closed once, with numbers.
    """
    by.require(Permission.RUN_PLAN)
    today = reads.get_operation_day(operation, by=by)
    due = Assumption.objects.filter(operation=operation, state=AssumptionState.OPEN.value, to_on__lte=today)
    return sum(_check(pk, by, at) for pk in due.order_by("to_on", "id").values_list("pk", flat=True))


def _check(assumption_id: UUID, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        row = Assumption.objects.select_for_update(skip_locked=True).filter(pk=assumption_id, ended_at=None).first()
        if row is None:
            return 0
        tolerance = _tolerance(row, by, at)
        weeks = _weeks(row)
        outcome = judge(weeks, _came(row, by), is_peak=row.is_peak, tolerance_share=tolerance) if weeks else None
        _close(row, outcome, tolerance, by, at)
    return 1


def _tolerance(row: Assumption, by: Actor, at: datetime) -> float:
    place = SettingPlace(region=row.region, tier=row.tier, account_number=row.account_number)
    (resolved,) = org.get_settings(ASSUMPTION_TOLERANCE, [place], at=at, by=by)
    return float(resolved.value)


def _weeks(row: Assumption) -> list[AdjustedWeek]:
    """Return the window's weeks as the last runs before them saw them, with and without the assumption."""
    runs = ForecastRun.objects.filter(operation=row.operation, purpose=RunPurpose.PLAN.value)
    ordered = runs.order_by("-first_on", "-stands_since_at", "-made_at", "-pk").only("pk", "first_on")
    firsts = list(ordered.values_list("pk", "first_on"))
    asked: dict[UUID, set[date]] = {}
    for monday in mondays_between(row.from_on, row.to_on):
        run_id = next((pk for pk, first_on in firsts if first_on <= max(monday, row.from_on)), None)
        if run_id is not None:
            asked.setdefault(run_id, set()).add(monday)
    return [week for run_id, mondays in asked.items() for week in _weeks_of(run_id, row) if week.week_on in mondays]


def _weeks_of(run_id: UUID, row: Assumption) -> tuple[AdjustedWeek, ...]:
    levels, panels = stored_numbers(run_id)
    shares = {}
    inputs = stored_inputs(run_id) if row.account_number else None
    if inputs is not None:
        keys = [key for panel in panels for key in panel.keys]
        shares = compute.account_shares([source.history for source in inputs.sources], keys, inputs.tiers)
    return assumed_weeks(panels, levels, _adjustment(row), shares)


def _adjustment(row: Assumption) -> Adjustment:
    return Adjustment(
        adjustment_id=str(row.pk),
        source=AdjustmentSource.ASSUMPTION,
        kind=AdjustmentKind(row.kind),
        size=row.size,
        probability=1.0,
        place=row.place,
        from_on=row.from_on,
        to_on=row.to_on,
        author_key=row.author_key,
        made_at=row.made_at,
    )


def _came(row: Assumption, by: Actor) -> dict[date, float]:
    zone = ZoneInfo(sensing.get_operation(row.operation, by=by).time_zone)
    since_at = datetime.combine(row.from_on - timedelta(days=row.from_on.weekday()), time(), zone)
    until_at = datetime.combine(row.to_on, time(), zone)
    keys, days, units = merged_series.daily_quantities(row.operation, since_at=since_at, until_at=until_at, by=by)
    tiers = {key.account_number: key.tier for key in customers.list_account_keys(by=by)}
    place = merged_series.places_now(by)(row.place)
    return units_by_week(keys, days, units, tiers, place, row.from_on, row.to_on)


def _close(row: Assumption, outcome: Outcome | None, tolerance: float, by: Actor, at: datetime) -> None:
    row.state = (outcome.state if outcome else AssumptionState.UNCHECKED).value
    row.verdict = outcome.verdict if outcome else "No forecast of these weeks was made before them: nothing to compare."
    row.tolerance_share, row.ended_at = tolerance, at
    row.ended_by_key, row.ended_by_name = by.key, by.name
    if outcome:
        row.units_forecast, row.units_assumed = outcome.units_forecast, outcome.units_assumed
        row.units_actual = outcome.units_actual
    row.save()
    words = {AssumptionState.HELD.value: "held", AssumptionState.NOT_HELD.value: "did not hold"}
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="assumption.checked",
            subject=f"assumption:{row.pk}",
            sentence=f"The assumption {words.get(row.state, 'could not be checked')}: {row.statement} {row.verdict}",
            account_number=row.account_number,
            evidence={
                "assumption_id": row.pk,
                "units_forecast": row.units_forecast,
                "units_assumed": row.units_assumed,
                "units_actual": row.units_actual,
                "tolerance_share": tolerance,
            },
        ),
        by=by,
    )
    publish(AssumptionClosed(row.thread_id, row.pk, row.operation, row.state), by=by)
