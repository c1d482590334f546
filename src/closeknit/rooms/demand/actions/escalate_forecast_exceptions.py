"""Escalate forecast exceptions that nobody answered in time."""

from datetime import datetime
from itertools import groupby

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.demand.compute.exceptions import escalation_cause
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.org.contracts import Permission

MOST_AT_ONCE = 500
PATH = "forecast-exception"


def escalate_forecast_exceptions(*, by: Actor, at: datetime) -> int:
    """Escalate what is overdue, once; return how many exceptions were.

    One escalation stands for each account, and one for all of an operation's exceptions that are of no account. It
    closes when they are all answered.
    """
    by.require(Permission.RUN_PLAN)
    with transaction.atomic():
        rows = ForecastException.objects.select_for_update(skip_locked=True).filter(
            state="open", escalated_at=None, due_at__lte=at
        )
        late = sorted(rows.order_by("due_at", "id")[:MOST_AT_ONCE], key=_cause)
        for cause, group in groupby(late, key=_cause):
            _escalate(cause, list(group), by, at)
    return len(late)


def _cause(row: ForecastException) -> str:
    return escalation_cause(row.operation, row.account_number)


def _escalate(cause: str, rows: list[ForecastException], by: Actor, at: datetime) -> None:
    first, count = rows[0], len(rows)
    raise_escalation(
        path=PATH,
        cause=cause,
        title=f"{first.account_number or first.operation}: {count} forecast exception{'s' * (count != 1)} unanswered",
        summary="Nobody said in time why it came otherwise than forecast. It closes when all of them have a finding.",
        account_number=first.account_number,
        thread_id=first.thread_id if count == 1 else ids.new_id(),
        by=by,
        at=at,
    )
    ForecastException.objects.filter(pk__in=[row.pk for row in rows]).update(escalated_at=at)
    ForecastExceptionStep.objects.bulk_create(
        ForecastExceptionStep(
            exception=row, kind="escalated", at=at, by_key=by.key, by_name=by.name, text="Nobody answered in time."
        )
        for row in rows
    )
