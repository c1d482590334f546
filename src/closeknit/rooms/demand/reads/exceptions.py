"""Forecast exceptions as people read them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.kernel.keyset import Order, page_after
from closeknit.kernel.listing import BACKWARDS, refuse_sort
from closeknit.kernel.names import account_names
from closeknit.rooms.demand.compute.exceptions import name_series, say_exception
from closeknit.rooms.demand.contracts.accuracy import ScoreLevel
from closeknit.rooms.demand.contracts.changes import (
    CapacityResponse,
    ChangeCard,
    ChangeKind,
    ResponseKind,
    SeriesName,
)
from closeknit.rooms.demand.contracts.exceptions import (
    ClassifierAgreement,
    ForecastExceptionCard,
    ForecastExceptionStepCard,
    SeriesWeek,
)
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.demand.reads.accuracy import list_scored_weeks
from closeknit.rooms.demand.reads.changes import hide_costs
from closeknit.rooms.demand.reads.runs import WEEKS_SHOWN, sees_whole
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import visible_account_numbers

FORECAST_EXCEPTION_ORDERS: dict[str, Order] = {
    "consequence": Order("consequence"),
    "week": Order("week_on"),
    "operation": Order("operation"),
    "account": Order("account_number"),
    "due": Order("due_at"),
}
"""What forecast exceptions can be sorted by, each by an index. Those of no single account come before accounts."""
ROLE = "role:"


def list_forecast_exceptions(
    *,
    by: Actor,
    at: datetime,
    operation: str = "",
    state: str = "open",
    account_number: str = "",
    mine: bool = False,
    sort: str = "-consequence",
    after: str = "",
    limit: int = 500,
) -> list[ForecastExceptionCard]:
    """Return forecast exceptions that the actor may see, in an order (`FORECAST_EXCEPTION_ORDERS`, with "-" backwards),
    after one for paging: by default the largest consequence first. `state` "": any.
    """
    refuse_sort(sort, list(FORECAST_EXCEPTION_ORDERS))
    rows = visible_forecast_exceptions(by)
    for name, value in (("operation", operation), ("state", state)):
        if value:
            rows = rows.filter(**{name: value})
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    if mine:
        rows = rows.filter(owner_key__in=[by.key, *(f"{ROLE}{role}" for role in by.roles)])
    order, descending = FORECAST_EXCEPTION_ORDERS[sort.removeprefix(BACKWARDS)], sort.startswith(BACKWARDS)
    seen = visible_forecast_exceptions(by)
    found = page_after(rows, order, key="id", after=after, of=seen, limit=limit, descending=descending)
    names = _owner_names(found)
    return [_card(row, names, by, at) for row in found]


def count_forecast_exceptions(*, by: Actor, at: datetime, account_number: str = "") -> dict[str, int]:
    """Return how many exceptions that the actor may see are open, overdue and closed."""
    rows = visible_forecast_exceptions(by)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    is_open = Q(state="open")
    return rows.aggregate(
        open=Count("id", filter=is_open),
        overdue=Count("id", filter=is_open & Q(due_at__lte=at)),
        closed=Count("id", filter=Q(state="closed")),
    )


def get_forecast_exception(exception_id: UUID, *, by: Actor, at: datetime) -> ForecastExceptionCard:
    """Return one exception, or raise NotFound where there is none that the actor may see."""
    row = find_exception_row(exception_id, by)
    return _card(row, _owner_names([row]), by, at)


def list_exception_steps(exception_id: UUID, *, by: Actor) -> list[ForecastExceptionStepCard]:
    """Return what happened to an exception, oldest first."""
    row = find_exception_row(exception_id, by)
    steps = ForecastExceptionStep.objects.filter(exception=row).order_by("id")
    return [ForecastExceptionStepCard(step.kind, step.at, step.by_name, step.text) for step in steps]


def list_exception_weeks(exception_id: UUID, *, by: Actor) -> list[SeriesWeek]:
    """Return the weeks of an exception's series: what came, and what was forecast last before each week."""
    row = find_exception_row(exception_id, by)
    weeks: dict[date, SeriesWeek] = {}
    for monday, units in (row.change or {}).get("weeks", []):
        day = date.fromisoformat(monday)
        weeks[day] = SeriesWeek(day, units, None, None, None)
    first = min([*weeks, row.week_on - timedelta(weeks=WEEKS_SHOWN)])
    for week in list_scored_weeks(row.operation, since_on=first, by=by, **_series_of(row)):
        weeks[week.week_on] = SeriesWeek(week.week_on, week.actual, week.mean, week.low, week.high)
    return [weeks[day] for day in sorted(weeks)]


def list_classifier_agreement(*, by: Actor, operation: str = "") -> list[ClassifierAgreement]:
    """Return by kind of change how often findings said the same as the classification."""
    rows = visible_forecast_exceptions(by).filter(agrees__isnull=False)
    if operation:
        rows = rows.filter(operation=operation)
    counts: dict[str, list[int]] = {}
    for change, agrees in rows.values_list("change", "agrees"):
        counts.setdefault(str((change or {}).get("kind", "")), [0, 0])[0 if agrees else 1] += 1
    return [ClassifierAgreement(kind, *both) for kind, both in sorted(counts.items())]


def may_close(row: ForecastException | ForecastExceptionCard, *, by: Actor) -> bool:
    """Tell whether the actor may work on an exception: whoever may adjust the forecast there. Refuses who sees none."""
    by.require(Permission.READ_CAPACITY)
    if row.account_number:
        return by.may_at(Permission.ADJUST_FORECAST, org.place_of(row.account_number))
    return by.may(Permission.ADJUST_FORECAST) and by.scope_of(Permission.ADJUST_FORECAST).every_account


def require_may_close(row: ForecastException, by: Actor) -> None:
    """Refuse who may not adjust the forecast where the exception is."""
    by.require(Permission.ADJUST_FORECAST)
    if not may_close(row, by=by):
        raise Denied(
            f"{by.name} may not answer for this exception.",
            where=f"permission {Permission.ADJUST_FORECAST}",
            todo="Leave it to its owner, or ask for a role that covers it.",
        )


def find_exception_row(exception_id: UUID, by: Actor) -> ForecastException:
    """Return an exception's row, or raise NotFound where there is none that the actor may see."""
    row = visible_forecast_exceptions(by).filter(pk=exception_id).first()
    if row is None:
        raise NotFound("There is no such forecast exception.", where=str(exception_id))
    return row


def visible_forecast_exceptions(by: Actor) -> "QuerySet[ForecastException]":
    """Return the rows that the actor may see: those of no single account are for who sees every account."""
    by.require(Permission.READ_CAPACITY)
    if sees_whole(by=by):
        return ForecastException.objects.all()
    return ForecastException.objects.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))


def change_as_stored(card: ChangeCard, weeks: list[tuple[date, float]]) -> dict[str, Any]:
    """Return a classification as it is kept with an exception, with the weeks that it was made from."""
    plain = _plain(card)
    return {**plain, "weeks": [[monday.isoformat(), units] for monday, units in weeks]}


def _plain(thing: Any) -> Any:
    if is_dataclass(thing):
        return {field.name: _plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Enum):
        return str(thing.value)
    if isinstance(thing, date):
        return thing.isoformat()
    return float(thing) if isinstance(thing, Decimal) else thing


def _change(stored: Mapping[str, Any] | None) -> ChangeCard | None:
    if not stored:
        return None
    values = {name: value for name, value in stored.items() if name != "weeks"}
    series, response = values["series"], values["response"]
    return ChangeCard(
        **{
            **values,
            "kind": ChangeKind(values["kind"]),
            "series": SeriesName(**{**series, "level": ScoreLevel(series["level"])}),
            "since_on": _day(values["since_on"]),
            "until_on": _day(values["until_on"]),
            "response": CapacityResponse(**{**response, "kind": ResponseKind(response["kind"])}),
        }
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _series_of(row: ForecastException) -> dict[str, str]:
    return {
        "level": row.level,
        "service": row.service,
        "region": row.region,
        "work_class": row.work_class,
        "tier": row.tier,
        "account_number": row.account_number,
    }


def _owner_names(rows: list[ForecastException]) -> dict[str, str]:
    names = {}
    for key in {row.owner_key for row in rows}:
        if key.startswith(ROLE):
            names[key] = f"role {key.removeprefix(ROLE)}"
            continue
        try:
            names[key] = org.get_actor(key).name
        except NotFound:
            names[key] = "someone who left"
    return names


def _card(row: ForecastException, owners: Mapping[str, str], by: Actor, at: datetime) -> ForecastExceptionCard:
    name = name_series(**_series_of(row))
    changes = [change] if (change := _change(row.change)) else []
    return ForecastExceptionCard(
        exception_id=row.pk,
        name=name,
        thread_id=row.thread_id,
        run_id=row.run_id,
        operation=row.operation,
        level=ScoreLevel(row.level),
        service=row.service,
        region=row.region,
        work_class=row.work_class,
        tier=row.tier,
        account_number=row.account_number,
        week_on=row.week_on,
        horizon_weeks=row.horizon_weeks,
        causes=tuple(row.causes),
        mean=row.mean,
        low=row.low,
        high=row.high,
        actual=row.actual,
        deviation_share=(row.actual - row.mean) / row.mean if row.mean > 0 else None,
        share_limit=row.share_limit,
        consequence=row.consequence,
        sentence=say_exception(name, row.actual, row.mean, row.low, row.high, row.share_limit, row.causes),
        change=next(iter(hide_costs(changes, by=by)), None),
        state=row.state,
        owner=row.owner_key,
        owner_name=owners[row.owner_key],
        raised_at=row.raised_at,
        due_at=row.due_at,
        is_overdue=row.state == "open" and row.due_at <= at,
        finding=row.finding,
        finding_text=row.finding_text,
        follow_up=row.follow_up,
        follow_up_id=row.follow_up_id,
        closed_at=row.closed_at,
        closed_by=row.closed_by_name,
        agrees=row.agrees,
    )
