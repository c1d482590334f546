"""When the recovery date of a shortage comes: is everyone kept again?"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts.shortage import RecoveryChecked, ShortageState
from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, ShortageRow
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

PATIENCE = timedelta(days=7)
"""So long a plan made after the reassignment may be awaited before its absence is the answer."""


def check_recoveries(*, by: Actor, at: datetime) -> list[UUID]:
    """Answer every shortage whose date has come; return which. The worker asks again and again.

    Kept is answered by the newest plan put in force that was made after the reassignment and reaches the date: nobody
    is short in that week. Where there is none for a week, the answer is no.
    """
    by.require(Permission.RUN_PLAN)
    due = ShortageRow.objects.filter(state=ShortageState.IN_FORCE.value).select_related("plan").order_by("pk")
    return [row.pk for row in due if _due_on(row) <= at.date() and _answer(row, by, at)]


def _due_on(row: ShortageRow) -> date:
    """Return the day of the answer: the recovery date, or the last week of a plan that had none."""
    return row.recovery_on or row.plan.first_on + timedelta(days=7 * (row.plan.weeks - 1))


def _answer(row: ShortageRow, by: Actor, at: datetime) -> bool:
    assert row.in_force_at is not None
    plan = _plan_since(row)
    if plan is None and at < row.in_force_at + PATIENCE:
        return False
    week = _due_on(row)
    short = ClaimWeekRow.objects.filter(plan=plan, week_on=week, short_hours__gt=0) if plan else None
    count = short.count() if short is not None else None
    hours = (short.aggregate(hours=Sum("short_hours"))["hours"] or 0.0) if short is not None else None
    kept = count == 0
    with transaction.atomic():
        mine = ShortageRow.objects.filter(pk=row.pk, state=ShortageState.IN_FORCE.value)
        state = ShortageState.RECOVERED if kept else ShortageState.MISSED
        if not mine.update(state=state.value, checked_at=at, checked_plan_id=plan.pk if plan else None):
            return False
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="recovery.checked",
                subject=f"shortage:{row.pk}",
                sentence=_sentence(row, week, count, hours),
                evidence={
                    "shortage_id": row.pk,
                    "kept": kept,
                    "recovery_on": row.recovery_on,
                    "checked_week_on": week,
                    "plan_id": plan.pk if plan else None,
                    "claimants_short": count,
                    "short_hours": hours,
                },
            ),
            by=by,
        )
        publish(RecoveryChecked(row.thread_id, row.pk, row.operation), by=by)
    return True


def _plan_since(row: ShortageRow) -> Plan | None:
    week = _due_on(row)
    plans = Plan.objects.defer("snapshot", "cells", "members").filter(
        operation=row.operation, committed_at__isnull=False, made_at__gte=row.in_force_at, first_on__lte=week
    )
    reach = (plan for plan in plans.order_by("-made_at") if week < plan.first_on + timedelta(days=7 * plan.weeks))
    return next(reach, None)


def _sentence(row: ShortageRow, week: date, count: int | None, hours: float | None) -> str:
    if count is None:
        return f"No plan of {row.operation} made since the reassignment reaches {week}: the recovery was not kept."
    if count == 0:
        return f"In the week of {week} everyone in {row.operation} is kept again, as was said."
    return f"In the week of {week} {count} in {row.operation} are still short, by {hours:,.1f} hours."
