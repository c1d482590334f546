"""Hold forecasts against what came, as soon as a week is complete."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.compute.accuracy import Came, ScoreRow, score_run, week_digests
from closeknit.rooms.demand.contracts import RunPurpose
from closeknit.rooms.demand.contracts.accuracy import ForecastsScored
from closeknit.rooms.demand.models import ForecastRun, Score, ScoredRun
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.archives import stored_numbers
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OperationSpan

LATE_DAYS = 35
"""Data of weeks that ended this long ago are looked at again: what came late changes their scores."""
COLUMNS = {
    "level": "text",
    "period": "text",
    "service": "text",
    "region": "text",
    "work_class": "text",
    "tier": "text",
    "account_number": "text",
    "starts_on": "date",
    "horizon_weeks": "int",
    "method": "text",
    "mean": "float8",
    "statistical_mean": "float8",
    "low": "float8",
    "high": "float8",
    "pinball": "float8",
    "naive": "float8",
    "actual": "float8",
}
INSERT = (
    f"insert into demand_score (run_id, operation, purpose, code_version, data_version, {', '.join(COLUMNS)})"
    f" select %s, %s, %s, %s, %s, u.* from unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())}) as u"
)
SCORED = frozenset({RunPurpose.PLAN, RunPurpose.BACKTEST})
Scored = tuple[ForecastRun, list[ScoreRow], dict[str, str]]


def score_forecasts(operation: str, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Score every run of an operation on the weeks that are complete now; return how many scores are new.

    Idempotent: a week whose data are as they were is not scored again; one whose data came late is, anew. Scenarios
    are no forecasts and are left out.

    Raises:
        NotFound: when nothing of this operation was observed.
    """
    by.require(Permission.RUN_PLAN)
    span = sensing.get_operation(operation, by=by)
    until_on = span.last_at.astimezone(ZoneInfo(span.time_zone)).date() + timedelta(days=1)
    runs = _to_look_at(operation, until_on)
    if not runs:
        return 0
    came = _came(span, min(run.first_on for run in runs) - timedelta(days=7), by)
    results = [(run, *_score(run, until_on, came)) for run in runs]
    changed = [(run, rows, digests) for run, rows, digests in results if rows]
    if not changed:
        return 0
    return _write(changed, span, until_on, thread_id, by, at)


def _weeks_of(run: ForecastRun, until_on: date) -> list[date]:
    """Return the Mondays of a run's whole weeks that are over."""
    monday = run.first_on + timedelta(days=-run.first_on.weekday() % 7)
    after = min(until_on, run.first_on + timedelta(days=run.horizon_days))
    return [monday + timedelta(weeks=n) for n in range(max((after - monday).days // 7, 0))]


def _to_look_at(operation: str, until_on: date) -> list[ForecastRun]:
    found = ForecastRun.objects.defer("numbers", "snapshot").filter(operation=operation, purpose__in=SCORED)
    known = dict(ScoredRun.objects.filter(run__operation=operation).values_list("run_id", "until_on"))
    chosen = []
    for run in found.filter(first_on__lte=until_on - timedelta(days=7)):
        weeks = _weeks_of(run, until_on)
        last = weeks[-1] + timedelta(days=7) if weeks else None
        is_new = run.pk not in known or (last is not None and known[run.pk] < last)
        if last and (is_new or last >= until_on - timedelta(days=LATE_DAYS)):
            chosen.append(run)
    return chosen


def _came(span: OperationSpan, since_on: date, by: Actor) -> Came:
    since_at = datetime.combine(since_on, time(), ZoneInfo(span.time_zone)).astimezone(UTC)
    until_at = span.last_at + timedelta(microseconds=1)
    keys, days, units = merged_series.daily_quantities(span.operation, until_at=until_at, since_at=since_at, by=by)
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    if not days.size:
        return Came((), np.zeros(0, dtype="datetime64[D]"), np.zeros((0, 0)), tiers)
    # The series begin with the first day that has work; the days asked for may begin before.
    lead = int((days[0] - np.datetime64(since_on, "D")).astype(int))
    if lead > 0:
        days = np.concatenate([np.datetime64(since_on, "D") + np.arange(lead), days])
        units = np.pad(units, ((0, 0), (lead, 0)))
    return Came(tuple(keys), days, units, tiers)


def _score(run: ForecastRun, until_on: date, came: Came) -> tuple[list[ScoreRow], dict[str, str]]:
    """Return the scores of the weeks whose data are new or changed, and the digests of those weeks."""
    weeks = _weeks_of(run, until_on)
    known: Mapping[str, str] = ScoredRun.objects.filter(pk=run.pk).values_list("week_digests", flat=True).first() or {}
    digests = {week: d for week, d in week_digests(came, weeks).items() if known.get(week) != d}
    if not digests:
        return [], {}
    levels, panels = stored_numbers(run.pk)
    return score_run(panels, levels, run.first_on, [date.fromisoformat(week) for week in digests], came), digests


def _write(
    changed: Sequence[Scored], span: OperationSpan, until_on: date, thread_id: UUID, by: Actor, at: datetime
) -> int:
    count = sum(len(rows) for _, rows, _ in changed)
    with transaction.atomic():
        for run, rows, digests in changed:
            data_version = sensing.recipe_versions(span.operation, until_at=run.made_at, by=by)
            _replace(run, rows, digests, data_version)
            _note(run, digests, min(until_on, run.first_on + timedelta(days=run.horizon_days)), at)
        record_entry(_entry(changed, span.operation, until_on, count, thread_id), by=by)
        publish(ForecastsScored(thread_id, span.operation, until_on.isoformat(), count), by=by)
    return count


def _replace(run: ForecastRun, rows: list[ScoreRow], digests: Mapping[str, str], data_version: str) -> None:
    for week in digests:
        first = date.fromisoformat(week)
        Score.objects.filter(run=run, starts_on__gte=first, starts_on__lt=first + timedelta(days=7)).delete()
    with connection.cursor() as cursor:
        for part in _parts(rows):
            columns = [[getattr(row, name) for row in part] for name in COLUMNS]
            about: list[Any] = [run.pk, run.operation, run.purpose, run.code_version, data_version]
            cursor.execute(INSERT, [*about, *columns])


def _parts(rows: list[ScoreRow], size: int = 20_000) -> Iterator[list[ScoreRow]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _note(run: ForecastRun, digests: Mapping[str, str], until_on: date, at: datetime) -> None:
    row, _ = ScoredRun.objects.get_or_create(
        run=run, defaults={"until_on": until_on, "week_digests": {}, "scored_at": at}
    )
    row.week_digests = {**row.week_digests, **digests}
    row.until_on, row.scored_at = until_on, at
    row.save(update_fields=["week_digests", "until_on", "scored_at"])


def _entry(changed: Sequence[Scored], operation: str, until_on: date, count: int, thread_id: UUID) -> Entry:
    weeks = sorted({week for _, _, digests in changed for week in digests})
    return Entry(
        thread_id=thread_id,
        kind="forecast.scored",
        subject=f"operation:{operation}",
        sentence=(
            f"Held {len(changed)} forecast{'s' * (len(changed) != 1)} of {operation} against"
            f" {len(weeks)} week{'s' * (len(weeks) != 1)} that are complete."
        ),
        evidence={
            "operation": operation,
            "until_on": until_on,
            "weeks": weeks,
            "runs": [str(run.pk) for run, _, _ in changed],
            "scores": count,
        },
    )
