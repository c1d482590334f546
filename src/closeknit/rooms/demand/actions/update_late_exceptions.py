"""Hold open forecast exceptions against data that came late: what they say changes, or they were an error of data."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
from closeknit.rooms.demand.compute.exceptions import Found
from closeknit.rooms.demand.contracts.accuracy import ScoredWeek
from closeknit.rooms.demand.contracts.exceptions import FindingKind
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.org.contracts import Permission

NAMES = ("level", "service", "region", "work_class", "tier", "account_number", "week_on")
LATE = "Data of this week came late; with them it is as forecast."


def update_late_exceptions(
    operation: str, weeks: Sequence[ScoredWeek], found: Sequence[Found], *, by: Actor, at: datetime
) -> int:
    """Bring open exceptions up to what has come now; return how many changed.

    One that is within its limits with the late data is closed as a data error. Where only limits were set anew, people
    decide: nothing changes.
    """
    by.require(Permission.RUN_PLAN)
    came = {_key(week): week.actual for week in weeks}
    still = {_key(f.week): f for f in found}
    changed = 0
    for row in ForecastException.objects.filter(operation=operation, state="open"):
        key = tuple(getattr(row, name) for name in NAMES)
        if key not in came or came[key] == row.actual:
            continue
        changed += 1
        if key in still:
            _update(row, still[key], by, at)
        else:
            close_forecast_exception(row.pk, finding=FindingKind.DATA_ERROR, text=LATE, by=by, at=at)
    return changed


def _key(week: ScoredWeek) -> tuple[object, ...]:
    return tuple(getattr(week, name) for name in NAMES)


def _update(row: ForecastException, found: Found, by: Actor, at: datetime) -> None:
    said = f"{found.week.actual:,.0f} came with late data, not {row.actual:,.0f}."
    with transaction.atomic():
        changed = ForecastException.objects.filter(pk=row.pk, state="open").update(
            actual=found.week.actual, consequence=found.consequence, causes=[cause.value for cause in found.causes]
        )
        if not changed:
            return
        ForecastExceptionStep.objects.create(
            exception=row, kind="updated", at=at, by_key=by.key, by_name=by.name, text=said
        )
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="forecast-exception.updated",
                subject=f"forecast-exception:{row.pk}",
                sentence=f"Week of {row.week_on} in {row.operation}: {said}",
                account_number=row.account_number,
                evidence={"exception_id": row.pk, "before": row.actual, "actual": found.week.actual},
            ),
            by=by,
        )
