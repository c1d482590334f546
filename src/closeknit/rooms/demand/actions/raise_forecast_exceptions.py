"""Raise what came otherwise than forecast, so that someone looks at it and says why."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.actions.update_late_exceptions import update_late_exceptions
from closeknit.rooms.demand.compute.exceptions import (
    Found,
    Limits,
    find_exceptions,
    name_series,
    say_exception,
)
from closeknit.rooms.demand.contracts.accuracy import ScoredWeek
from closeknit.rooms.demand.contracts.changes import ChangeCard, SeriesName
from closeknit.rooms.demand.contracts.exceptions import (
    EXCEPTION_DUE_HOURS,
    EXCEPTION_LEAST_UNITS,
    EXCEPTION_RANGE,
    EXCEPTION_SHARE,
    ForecastExceptionsRaised,
)
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.demand.reads.accuracy import list_scored_weeks
from closeknit.rooms.demand.reads.changes import classify_series
from closeknit.rooms.demand.reads.exceptions import change_as_stored
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, Role, SettingPlace
from closeknit.rooms.org.contracts.settings import Level, Resolved, Setting
from closeknit.rooms.sensing import reads as sensing

LOOK_BACK_DAYS = 35
"""Weeks that began this long before the newest data are past looking at."""
Changes = dict[SeriesName, tuple[ChangeCard, list[tuple[date, float]]]]


def raise_forecast_exceptions(operation: str, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Raise an exception for every complete week that came otherwise than forecast; return how many are new.

    One series and week is raised once, however often data come. Each has an owner, a time by which it is to be
    answered, and a thread of its own; it is closed only with a finding. Late data bring open ones
    up to date.

    Raises:
        NotFound: when nothing is forecast of this operation.
    """
    by.require(Permission.RUN_PLAN)
    weeks = _weeks(operation, by)
    found = find_exceptions(weeks, _limits(weeks, by, at))
    update_late_exceptions(operation, weeks, found, by=by, at=at)
    new = _not_there_yet(operation, found)
    if not new:
        return 0
    changes = classify_series(operation, [_name(f.week) for f in new], by=by, at=at)
    hours = _settings(EXCEPTION_DUE_HOURS, [f.week for f in new], by, at)
    rows = [_row(operation, f, changes, h.value, at) for f, h in zip(new, hours, strict=True)]
    return _write(operation, rows, thread_id, by, at)


def _weeks(operation: str, by: Actor) -> list[ScoredWeek]:
    since_on = sensing.get_operation(operation, by=by).last_at.date() - timedelta(days=LOOK_BACK_DAYS)
    weeks = list_scored_weeks(operation, since_on=since_on, by=by)
    return [week for week in weeks if week.actual > 0 or week.mean > 0]


def _limits(weeks: Sequence[ScoredWeek], by: Actor, at: datetime) -> list[Limits]:
    shares, least, ranges = (
        _settings(setting, weeks, by, at) for setting in (EXCEPTION_SHARE, EXCEPTION_LEAST_UNITS, EXCEPTION_RANGE)
    )
    return [
        Limits(share.value, units.value, span.value, share.level in (Level.TIER, Level.ACCOUNT))
        for share, units, span in zip(shares, least, ranges, strict=True)
    ]


def _settings(setting: Setting, weeks: Sequence[ScoredWeek], by: Actor, at: datetime) -> list[Resolved]:
    places = [SettingPlace(region=w.region, tier=w.tier, account_number=w.account_number) for w in weeks]
    return org.get_settings(setting, places, at=at, by=by)


def _name(week: ScoredWeek) -> SeriesName:
    return SeriesName(week.level, week.service, week.region, week.work_class, week.tier, week.account_number)


def _not_there_yet(operation: str, found: Sequence[Found]) -> list[Found]:
    names = ("level", "service", "region", "work_class", "tier", "account_number", "week_on")
    there = set(ForecastException.objects.filter(operation=operation).values_list(*names))
    return [f for f in found if tuple(getattr(f.week, name) for name in names) not in there]


def _row(operation: str, found: Found, changes: Changes, due_hours: float, at: datetime) -> ForecastException:
    week = found.week
    change = changes.get(_name(week))
    return ForecastException(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        operation=operation,
        level=week.level,
        service=week.service,
        region=week.region,
        work_class=week.work_class,
        tier=week.tier,
        account_number=week.account_number,
        week_on=week.week_on,
        run_id=week.run_id,
        horizon_weeks=week.horizon_weeks,
        causes=[cause.value for cause in found.causes],
        mean=week.mean,
        low=found.low,
        high=found.high,
        actual=week.actual,
        share_limit=found.share_limit,
        consequence=found.consequence,
        change=change_as_stored(*change) if change else None,
        owner_key=f"role:{Role.ACCOUNT_MANAGER if week.account_number else Role.PLANNER}",
        raised_at=at,
        due_at=at + timedelta(hours=due_hours),
    )


def _write(operation: str, rows: list[ForecastException], thread_id: UUID, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        # Of two that raise the same series and week one inserts; the other's row is left out here and below.
        ForecastException.objects.bulk_create(rows, ignore_conflicts=True)
        made = set(ForecastException.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        new = [row for row in rows if row.pk in made]
        for row in new:
            _record(row, by, at)
        if new:
            _tell_planners(operation, new, thread_id, by, at)
            publish(ForecastExceptionsRaised(thread_id, operation, len(new)), by=by)
    return len(new)


def _record(row: ForecastException, by: Actor, at: datetime) -> None:
    name = name_series(row.service, row.region, row.work_class, row.tier, row.account_number, row.level)
    said = say_exception(name, row.actual, row.mean, row.low, row.high, row.share_limit, row.causes)
    sentence = f"Week of {row.week_on} in {row.operation}: {said}"
    ForecastExceptionStep.objects.create(exception=row, kind="raised", at=at, by_key=by.key, by_name=by.name, text=said)
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="forecast-exception.raised",
            subject=f"forecast-exception:{row.pk}",
            sentence=sentence,
            account_number=row.account_number,
            evidence={
                "exception_id": row.pk,
                "run_id": row.run_id,
                "week_on": row.week_on,
                "actual": row.actual,
                "mean": row.mean,
                "low": row.low,
                "high": row.high,
                "causes": row.causes,
                "share_limit": row.share_limit,
                "change": {k: v for k, v in (row.change or {}).items() if k in ("kind", "sentence", "lasting_share")},
                "owner": row.owner_key,
                "due_at": row.due_at,
            },
        ),
        by=by,
    )
    if row.account_number:
        notify_people(
            to=_managers(row.account_number, by, at),
            cause=f"forecast-exception:{row.pk}",
            title=f"{row.account_number} came otherwise than forecast",
            body=said,
            link=f"/demand/exceptions/{row.pk}/",
            urgent=False,
            thread_id=row.thread_id,
            account_number=row.account_number,
            permission=Permission.ADJUST_FORECAST,
            by=by,
            at=at,
        )


def _managers(account_number: str, by: Actor, at: datetime) -> list[str]:
    people = org.list_people_who(Permission.ADJUST_FORECAST, account_number=account_number, at=at, by=by)
    return [person.key for person in people if Role.ACCOUNT_MANAGER in person.roles]


def _tell_planners(operation: str, rows: Sequence[ForecastException], thread_id: UUID, by: Actor, at: datetime) -> None:
    people = org.list_people_who(Permission.ADJUST_FORECAST, account_number="", at=at, by=by)
    count = len(rows)
    notify_people(
        to=[person.key for person in people if Role.PLANNER in person.roles],
        cause=f"forecast-exceptions:{operation}",
        title=f"{operation}: {count} week{'s' * (count != 1)} came otherwise than forecast",
        body="Each needs someone to look at it and a finding. The largest consequence comes first.",
        link=f"/demand/exceptions/?operation={operation}",
        urgent=False,
        thread_id=thread_id,
        permission=Permission.ADJUST_FORECAST,
        by=by,
        at=at,
    )
