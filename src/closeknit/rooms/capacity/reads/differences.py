"""Where sales and the plan in force disagree. Totals over all accounts: for who sees every one."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.contracts import (
    DifferenceCard,
    DifferenceState,
    PlanCard,
    PlanState,
    PoolProjection,
    Resolution,
)
from closeknit.rooms.capacity.models import PipelineDifference
from closeknit.rooms.capacity.reads.plans import list_plans, list_pool_weeks, list_pools
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.demand.contracts import AdjustmentSource
from closeknit.rooms.org.contracts import Permission


def list_differences(
    *,
    by: Actor,
    at: datetime,
    operation: str = "",
    state: DifferenceState | None = None,
    owner_key: str = "",
    limit: int = 500,
) -> list[DifferenceCard]:
    """Return differences between sales and plan, by week; none for who sees only some accounts."""
    rows = _visible(by)
    if operation:
        rows = rows.filter(operation=operation)
    if state is not None:
        rows = rows.filter(state=state.value)
    if owner_key:
        rows = rows.filter(owner_key=owner_key)
    return [_card(row, at) for row in rows.order_by("week_on", "operation", "pool", "id")[:limit]]


def count_differences(*, by: Actor) -> dict[str, int]:
    """Return how many differences are in each state, and how many weeks that are over came nearer to whom."""
    rows = _visible(by)
    counts = {state.value: rows.filter(state=state.value).count() for state in DifferenceState}
    measured = rows.filter(actual_hours__isnull=False)
    sales = sum(_nearer(row) == "sales" for row in measured)
    return {**counts, "sales": sales, "plan": measured.count() - sales}


def get_difference(difference_id: UUID, *, by: Actor, at: datetime) -> DifferenceCard:
    """Return one difference, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=difference_id).first()
    if row is None:
        raise NotFound("There is no such difference.", where=str(difference_id))
    return _card(row, at)


def find_plan_in_force(operation: str, *, by: Actor) -> PlanCard | None:
    """Return the plan in force of an operation, or None."""
    found = list_plans(by=by, operation=operation, states=(PlanState.COMMITTED,), limit=1)
    return found[0] if found else None


def project_pools(plan: PlanCard, *, by: Actor, at: datetime) -> list[PoolProjection]:
    """Return what sales now project for every pool and week to come of a plan, beside the plan's own hours."""
    by.require(Permission.READ_CAPACITY)
    pipeline = demand.list_pipeline(plan.operation, by=by, at=at, weeks=plan.weeks + 8)
    monday = pipeline.weeks[0].week_on if pipeline.weeks else pipeline.on
    weeks = [week for week in list_pool_weeks(plan.plan_id, by=by) if week.week_on >= monday]
    now = {(week.service, week.region, week.week_on): week.expected_units for week in pipeline.weeks}
    counted: dict[tuple[str, str, date], float] = {}
    for applied in demand.list_applied_adjustments(plan.forecast_run_id, by=by):
        if applied.adjustment.source is AdjustmentSource.PIPELINE:
            place = applied.adjustment.place
            for week in applied.weeks:
                key = (place.service, place.region, week.week_on)
                counted[key] = counted.get(key, 0.0) + week.units_after - week.units_before
    return compute.project(list_pools(by=by, operation=plan.operation), weeks, now, counted)


def find_difference_row(difference_id: UUID, by: Actor) -> PipelineDifference:
    """Return a difference's row for change, or raise NotFound where the actor may not answer for it."""
    by.require(Permission.COMMIT_PLAN)
    row = _visible(by).select_for_update().filter(pk=difference_id).first()
    if row is None or not by.scope_of(Permission.COMMIT_PLAN).every_account:
        raise NotFound("There is no such difference.", where=str(difference_id))
    return row


def _visible(by: Actor) -> "QuerySet[PipelineDifference]":
    by.require(Permission.READ_CAPACITY)
    rows = PipelineDifference.objects.all()
    return rows if by.scope_of(Permission.READ_CAPACITY).every_account else rows.none()


def _nearer(row: PipelineDifference) -> str:
    projected = row.need_hours - row.counted_hours + row.pipeline_hours
    return compute.nearer_to(projected, row.need_hours, row.actual_hours or 0.0).value


def _card(row: PipelineDifference, at: datetime) -> DifferenceCard:
    projected = row.need_hours - row.counted_hours + row.pipeline_hours
    state = DifferenceState(row.state)
    actual = row.actual_hours
    return DifferenceCard(
        difference_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        plan_id=row.plan_id,
        pool=row.pool,
        pool_name=row.pool_name,
        week_on=row.week_on,
        committed_hours=row.committed_hours,
        need_hours=row.need_hours,
        counted_hours=row.counted_hours,
        pipeline_hours=row.pipeline_hours,
        projected_hours=projected,
        difference_hours=projected - row.committed_hours,
        state=state,
        owner_key=row.owner_key,
        owner=row.owner_name,
        raised_at=row.raised_at,
        due_on=row.due_on,
        is_overdue=state is DifferenceState.OPEN and row.due_on < at.date(),
        resolution=Resolution(row.resolution) if row.resolution else None,
        resolution_text=row.resolution_text,
        settled_by=row.settled_by_name,
        settled_at=row.settled_at,
        actual_hours=actual,
        nearer_to=None if actual is None else compute.nearer_to(projected, row.need_hours, actual),
    )
