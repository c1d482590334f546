"""Ask someone about every week in which sales' projections and the plan in force disagree."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.capacity import compute, reads
from closeknit.rooms.capacity.contracts import (
    DIFFERENCE_DAYS,
    DIFFERENCE_SHARE,
    DifferenceState,
    PipelineDiffered,
    PlanCard,
    PoolProjection,
)
from closeknit.rooms.capacity.models import PipelineDifference
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission, Role
from closeknit.rooms.org.reads import get_setting

FIRST_OWNER, FIRST_OWNER_NAME = f"role:{Role.PLANNER}", "Planners"
NUMBERS = ("plan_id", "pool_name", "committed_hours", "need_hours", "counted_hours", "pipeline_hours")


def raise_differences(operation: str, *, by: Actor, at: datetime) -> int:
    """Raise what differs by more than the setting's share of a pool's hours; return how many are new.

    Each has an owner, a day by which to settle it, and a thread of its own. What stands is brought up to date; what
    plan and sales agree on again is gone. One that was settled is raised anew only when it moves by as much again.
    Idempotent.
    """
    by.require(Permission.RUN_PLAN)
    plan = reads.find_plan_in_force(operation, by=by)
    if plan is None:
        return 0
    share = float(get_setting(DIFFERENCE_SHARE, at=at, by=by).value)
    due_on = at.date() + timedelta(days=int(get_setting(DIFFERENCE_DAYS, at=at, by=by).value))
    projections = reads.project_pools(plan, by=by, at=at)
    wanted = [found for found in projections if compute.differs(found, share)]
    with transaction.atomic():
        rows = PipelineDifference.objects.select_for_update().filter(operation=operation, measured_at=None)
        standing = {(row.pool, row.week_on): row for row in rows.filter(state=DifferenceState.OPEN.value)}
        _end({key: row for key, row in standing.items() if key not in {(w.pool, w.week_on) for w in wanted}}, by)
        for found in wanted:
            row = standing.get((found.pool, found.week_on))
            if row is not None:
                _update(row, found, plan)
        settled = {
            (row.pool, row.week_on): row
            for row in rows.filter(state=DifferenceState.SETTLED.value).order_by("settled_at")
        }
        new = [
            found
            for found in wanted
            if (found.pool, found.week_on) not in standing
            and _moved(found, settled.get((found.pool, found.week_on)), share)
        ]
        for found in new:
            _open(found, plan, due_on, by, at)
        if new:
            publish(PipelineDiffered(plan.thread_id, operation, len(new)), by=by)
    return len(new)


def _moved(found: PoolProjection, settled: PipelineDifference | None, share: float) -> bool:
    if settled is None:
        return True
    before = settled.need_hours - settled.counted_hours + settled.pipeline_hours - settled.committed_hours
    return abs(found.difference_hours - before) > share * max(found.committed_hours, 1e-9)


def _open(found: PoolProjection, plan: PlanCard, due_on: date, by: Actor, at: datetime) -> None:
    row = PipelineDifference.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        operation=plan.operation,
        pool=found.pool,
        week_on=found.week_on,
        owner_key=FIRST_OWNER,
        owner_name=FIRST_OWNER_NAME,
        raised_at=at,
        due_on=due_on,
        **_numbers(found, plan.plan_id),
    )
    way = "more" if found.difference_hours > 0 else "less"
    _record(
        row,
        "raised",
        f"Sales project {found.projected_hours:,.0f} hours for {row.pool_name} in the week of {row.week_on},"
        f" {abs(found.difference_hours):,.0f} {way} than the plan in force has.",
        by,
    )


def _update(row: PipelineDifference, found: PoolProjection, plan: PlanCard) -> None:
    numbers = _numbers(found, plan.plan_id)
    if any(getattr(row, name) != value for name, value in numbers.items()):
        PipelineDifference.objects.filter(pk=row.pk).update(**numbers)


def _end(rows: dict[object, PipelineDifference], by: Actor) -> None:
    for row in rows.values():
        PipelineDifference.objects.filter(pk=row.pk).update(state=DifferenceState.GONE.value)
        words = f"Sales and plan agree again on {row.pool_name} in the week of {row.week_on}."
        _record(row, "gone", words, by)


def _numbers(found: PoolProjection, plan_id: UUID) -> dict[str, object]:
    return {name: plan_id if name == "plan_id" else getattr(found, name) for name in NUMBERS}


def _record(row: PipelineDifference, kind: str, sentence: str, by: Actor) -> None:
    evidence = {
        "difference_id": row.pk,
        "plan_id": row.plan_id,
        "pool": row.pool,
        "week_on": row.week_on,
        **{name: getattr(row, name) for name in NUMBERS[2:]},
    }
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind=f"pipeline-difference.{kind}",
            subject=f"pipeline-difference:{row.pk}",
            sentence=sentence,
            evidence=evidence,
        ),
        by=by,
    )
