"""Escalate what the live plans of an operation leave undone, and end what a later plan covers."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.capacity.compute.dangers import Claimed, Danger, find_dangers, find_surge
from closeknit.rooms.capacity.contracts import SURGE_SHARE
from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, Pool
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

KINDS = ("shortfall", "threatened-term", "commitment-conflict", "surge")
SURGE_QUANTILE = 0.8


def escalate_plans(operation: str, *, thread_id: UUID, by: Actor, at: datetime) -> None:
    """Raise what is in danger in the plan in force or in the newest draft; close what no longer is.

    Idempotent: a cause that stands is not raised twice, however often plans are made again. Needs the right to run
    plans: it is an automatic step of theirs.
    """
    by.require(Permission.RUN_PLAN)
    plans = _live(operation)
    dangers = _dangers(operation, plans, by, at)
    wanted = {danger.cause for danger in dangers}
    with transaction.atomic():
        for danger in dangers:
            raise_escalation(
                path=danger.path,
                cause=danger.cause,
                title=danger.title,
                summary=danger.summary,
                account_number=danger.account_number,
                thread_id=thread_id,
                by=by,
                at=at,
            )
        for kind in KINDS:
            for cause in _standing(kind, operation, by):
                if cause not in wanted:
                    close_escalation(cause=cause, reason="The plans that stand now cover it.", by=by, at=at)


def _live(operation: str) -> list[Plan]:
    rows = Plan.objects.defer("snapshot", "cells", "members").filter(operation=operation).order_by("-made_at", "-pk")
    found = [rows.filter(state=state).first() for state in (Plan.State.COMMITTED, Plan.State.DRAFT)]
    return [plan for plan in found if plan is not None]


def _dangers(operation: str, plans: list[Plan], by: Actor, at: datetime) -> list[Danger]:
    if not plans:
        return []
    services = {pool.pool: tuple(pool.services) for pool in Pool.objects.filter(operation=operation)}
    claims = [
        Claimed(
            row.pool,
            services.get(row.pool, ()),
            row.week_on,
            row.tier,
            row.account_number,
            row.need_hours,
            row.served_hours,
            row.short_hours,
            plan.state == Plan.State.COMMITTED,
        )
        for plan in plans
        for row in ClaimWeekRow.objects.filter(plan=plan).exclude(account_number="").order_by("pk")
    ]
    until = max(plan.first_on + timedelta(days=7 * plan.weeks) for plan in plans)
    terms = agreements.terms_in_force(operation, on=min(plan.first_on for plan in plans), until=until, by=by)
    surge = _surge(operation, plans, by, at)
    return [*find_dangers(operation, claims, terms), *([surge] if surge else [])]


def _surge(operation: str, plans: list[Plan], by: Actor, at: datetime) -> Danger | None:
    """Compare the forecast of the newest plan with the one that the plan in force was made for."""
    if len(plans) < 2 or plans[0].forecast_run_id == plans[1].forecast_run_id:
        return None
    planned, now = (demand.weekly_quantile(plan.forecast_run_id, SURGE_QUANTILE, by=by) for plan in plans)
    limit = org.get_setting(SURGE_SHARE, at=at, by=by).value
    return find_surge(operation, planned, now, float(limit))


def _standing(kind: str, operation: str, by: Actor) -> list[str]:
    """Return the causes of an operation that stand; one whose name begins like another's is not taken for it."""
    found = decisions.list_open_causes(f"{kind}:{operation}", by=by)
    return [cause for cause in found if cause == f"{kind}:{operation}" or cause.startswith(f"{kind}:{operation}:")]
