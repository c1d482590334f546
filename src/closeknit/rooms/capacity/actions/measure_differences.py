"""Hold differences against what came: was sales' figure nearer, or the plan's?"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity import compute, reads
from closeknit.rooms.capacity.models import PipelineDifference
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

WEEK = timedelta(days=7)


def measure_differences(operation: str, *, by: Actor, at: datetime) -> int:
    """Measure the weeks that are observed to their end; return how many. Each once, and none that is gone."""
    by.require(Permission.RUN_PLAN)
    span = sensing.get_operation(operation, by=by)
    zone = ZoneInfo(span.time_zone)
    today = span.last_at.astimezone(zone).date() + timedelta(days=1)
    pools = {pool.pool: pool for pool in reads.list_pools(by=by, operation=operation)}
    with transaction.atomic():
        rows = list(
            PipelineDifference.objects.select_for_update()
            .filter(operation=operation, measured_at=None, week_on__lte=today - WEEK, pool__in=pools)
            .exclude(state="gone")
            .order_by("week_on", "id")
        )
        came = {week: _units(operation, week, zone, by) for week in {row.week_on for row in rows}}
        for row in rows:
            row.actual_hours, row.measured_at = compute.pool_hours(pools[row.pool], came[row.week_on]), at
            row.save(update_fields=["actual_hours", "measured_at"])
            _record(row, by)
    return len(rows)


def _units(operation: str, week_on: date, zone: ZoneInfo, by: Actor) -> dict[tuple[str, str], float]:
    since, until = (datetime.combine(day, time(), zone) for day in (week_on, week_on + WEEK))
    found: dict[tuple[str, str], float] = defaultdict(float)
    for (service, region, _), units in sensing.units_by_account(operation, since=since, until=until, by=by).items():
        found[service, region] += units
    return found


def _record(row: PipelineDifference, by: Actor) -> None:
    projected = row.need_hours - row.counted_hours + row.pipeline_hours
    nearer = compute.nearer_to(projected, row.need_hours, row.actual_hours or 0.0)
    entry = Entry(
        thread_id=row.thread_id,
        kind="pipeline-difference.measured",
        subject=f"pipeline-difference:{row.pk}",
        sentence=(
            f"{row.pool_name} had work for {row.actual_hours:,.0f} hours in the week of {row.week_on}: nearer to"
            f" {'sales' if nearer == 'sales' else 'the plan'} ({projected:,.0f} against {row.need_hours:,.0f})."
        ),
        evidence={"difference_id": row.pk, "actual_hours": row.actual_hours, "nearer_to": nearer.value},
    )
    record_entry(entry, by=by)
