"""How good were forecasts: scores of complete weeks and days, by whatever they can be told apart by."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Avg, Case, Count, F, FloatField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Abs, Cast

from closeknit.kernel.actor import Actor
from closeknit.kernel.names import account_names
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand.compute.accuracy import Matched
from closeknit.rooms.demand.compute.accuracy import compare_versions as compare
from closeknit.rooms.demand.contracts import RunPurpose
from closeknit.rooms.demand.contracts.accuracy import (
    AccuracyBy,
    AccuracyRow,
    ScoredWeek,
    ScoreLevel,
    ScorePeriod,
    VersionComparison,
    VersionKind,
)
from closeknit.rooms.demand.models import Score
from closeknit.rooms.demand.reads.runs import sees_whole
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import visible_account_numbers

KEY = ("level", "service", "region", "work_class", "tier", "account_number")
GROUPS: dict[AccuracyBy, tuple[str, ...]] = {
    AccuracyBy.OPERATION: ("operation",),
    AccuracyBy.ACCOUNT: ("account_number",),
    AccuracyBy.SEGMENT: ("service", "region", "work_class", "tier"),
    AccuracyBy.SERVICE: ("service",),
    AccuracyBy.REGION: ("region",),
    AccuracyBy.TIER: ("tier",),
    AccuracyBy.HORIZON: ("horizon_weeks",),
    AccuracyBy.METHOD: ("method",),
    AccuracyBy.VERSION: ("code_version",),
    AccuracyBy.DATA: ("data_version",),
    AccuracyBy.RUN: ("run_id", "run__first_on", "run__purpose"),
    AccuracyBy.WEEK: ("starts_on",),
}
OF_SERIES = {AccuracyBy.ACCOUNT, AccuracyBy.SEGMENT, AccuracyBy.TIER}
MOST_GROUPS = 2000
_OFF = Cast(F("actual") - F("mean"), FloatField())


def list_accuracy(
    operation: str,
    *,
    group_by: AccuracyBy = AccuracyBy.HORIZON,
    level: ScoreLevel | None = None,
    period: ScorePeriod = ScorePeriod.WEEK,
    purpose: RunPurpose | None = None,
    account_number: str = "",
    since_on: date | None = None,
    until_on: date | None = None,
    by: Actor,
) -> list[AccuracyRow]:
    """Return how good an operation's forecasts were, in groups; those with most work first, or in order of time.

    `level` None: totals of services and regions, where the actor sees every account and the groups are none of
    series. Accounts out of reach, and tiers that they are forecast with, are not in it.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    rows = _scores(operation, by)
    if account_number:
        customers.get_account(account_number, by=by, permission=Permission.READ_CAPACITY)
        rows = rows.filter(account_number__in=account_names(account_number))
    chosen = level or _level(group_by, account_number, by)
    rows = rows.filter(period=period, level=chosen)
    if group_by is AccuracyBy.ACCOUNT:
        rows = rows.exclude(account_number="")
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    if since_on:
        rows = rows.filter(starts_on__gte=since_on)
    if until_on:
        rows = rows.filter(starts_on__lt=until_on)
    names = GROUPS[group_by]
    found = [_row(group_by, names, sums) for sums in _sums(rows, names)]
    if group_by in (AccuracyBy.HORIZON, AccuracyBy.WEEK):
        return sorted(found, key=lambda row: (len(row.group), row.group))
    return sorted(found, key=lambda row: (-row.units, row.name))


def list_score_versions(operation: str, *, by: Actor) -> dict[VersionKind, list[str]]:
    """Return the code and data versions that an operation's scored forecasts were made with, newest run first."""
    found: dict[VersionKind, list[str]] = {}
    for kind in VersionKind:
        rows = _scores(operation, by).values_list(_COLUMNS[kind]).annotate(last=Max("run__made_at")).order_by("-last")
        found[kind] = [str(version) for version, _ in rows]
    return found


def list_scored_operations(*, by: Actor) -> list[str]:
    """Return the operations of which any forecast was held against what came, by name."""
    return list(_scores("", by).order_by("operation").values_list("operation", flat=True).distinct())


def compare_versions(
    operation: str,
    before: str,
    after: str,
    *,
    kind: VersionKind = VersionKind.CODE,
    level: ScoreLevel | None = None,
    by: Actor,
) -> VersionComparison:
    """Compare what two versions forecast for the same series, weeks and horizons, with an interval by weeks."""
    rows = _scores(operation, by).filter(period=ScorePeriod.WEEK, level=level or _level(AccuracyBy.VERSION, "", by))
    said = [_said(rows.filter(**{_COLUMNS[kind]: version})) for version in (before, after)]
    both = sorted(said[0].keys() & said[1].keys())
    weeks = {week: number for number, week in enumerate(sorted({key[-2] for key in both}))}
    matched = Matched(
        week=np.array([weeks[key[-2]] for key in both], dtype=np.int64),
        before=np.array([said[0][key][0] for key in both], dtype=np.float64),
        after=np.array([said[1][key][0] for key in both], dtype=np.float64),
        actual=np.array([said[1][key][1] for key in both], dtype=np.float64),
    )
    return compare(operation, kind, before, after, matched, len({key[:-2] for key in both}))


def list_scored_weeks(operation: str, *, since_on: date, by: Actor, **series: str) -> list[ScoredWeek]:
    """Return the newest planning forecast of each series for each complete week from a day on, and what came.

    `series` narrows it to level, service, region, work_class, tier, account_number. Accounts out of reach are left out.
    """
    rows = _scores(operation, by).filter(
        period=ScorePeriod.WEEK, purpose=RunPurpose.PLAN, starts_on__gte=since_on, **series
    )
    order = (*KEY, "starts_on", "-run__first_on", "-run__made_at", "-run_id")
    return [_week(row) for row in rows.order_by(*order).distinct(*KEY, "starts_on")]


_COLUMNS = {VersionKind.CODE: "code_version", VersionKind.DATA: "data_version"}


def _scores(operation: str, by: Actor) -> "QuerySet[Score]":
    by.require(Permission.READ_CAPACITY)
    rows = Score.objects.filter(operation=operation) if operation else Score.objects.all()
    if not sees_whole(by=by):
        rows = rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))
    return rows


def _level(group_by: AccuracyBy, account_number: str, by: Actor) -> ScoreLevel:
    of_series = group_by in OF_SERIES or bool(account_number) or not sees_whole(by=by)
    return ScoreLevel.SERIES if of_series else ScoreLevel.TOTAL


def _sums(rows: "QuerySet[Score]", names: tuple[str, ...]) -> list[dict[str, Any]]:
    inside = Case(When(low__lte=F("actual"), high__gte=F("actual"), then=Value(1.0)), default=Value(0.0))
    found = (
        rows.order_by(*names)
        .values(*names)
        .annotate(
            points=Count("id"),
            units=Sum("actual"),
            miss=Sum(Abs(_OFF)),
            statistical_miss=Sum(Abs(F("actual") - F("statistical_mean"))),
            naive_miss=Sum(Abs(F("actual") - F("naive"))),
            over=Sum(F("mean") - F("actual")),
            inside=Avg(inside, filter=Q(low__isnull=False)),
            lost=Sum("pinball"),
            ranged_units=Sum("actual", filter=Q(pinball__isnull=False)),
        )
    )
    return list(found[:MOST_GROUPS])


def _row(group_by: AccuracyBy, names: tuple[str, ...], sums: Mapping[str, Any]) -> AccuracyRow:
    units = float(sums["units"] or 0.0)
    parts = [str(sums[name] if sums[name] is not None else "") for name in names]
    loss = None if sums["lost"] is None else _share(2.0 * sums["lost"], sums["ranged_units"])
    return AccuracyRow(
        group=parts[0] if group_by is not AccuracyBy.SEGMENT else "|".join(parts),
        name=_name(group_by, parts),
        points=int(sums["points"]),
        units=units,
        wape_share=_share(sums["miss"], units),
        statistical_wape_share=_share(sums["statistical_miss"], units),
        bias_share=_share(sums["over"], units),
        coverage_share=sums["inside"],
        quantile_loss_share=loss,
        against_naive=_share(sums["miss"], sums["naive_miss"]),
    )


def _share(top: float | None, bottom: float | None) -> float | None:
    return float(top) / float(bottom) if top is not None and bottom else None


def _name(group_by: AccuracyBy, parts: list[str]) -> str:
    match group_by:
        case AccuracyBy.HORIZON:
            return f"{parts[0]} week{'s' * (parts[0] != '1')} ahead"
        case AccuracyBy.RUN:
            return f"from {parts[1]} ({parts[2]})"
        case AccuracyBy.SEGMENT:
            return ", ".join(part for part in parts if part)
        case _:
            return parts[0] or "none"


def _said(rows: "QuerySet[Score]") -> dict[tuple[Any, ...], tuple[float, float]]:
    """Return forecast and actual by series, week and horizon; of several runs of one version, their mean."""
    names = (*KEY, "starts_on", "horizon_weeks")
    found = rows.order_by(*names).values_list(*names).annotate(said=Avg("mean"), came=Avg("actual"))
    return {row[: len(names)]: (row[-2], row[-1]) for row in found}


def _week(row: Score) -> ScoredWeek:
    return ScoredWeek(
        run_id=row.run_id,
        level=ScoreLevel(row.level),
        service=row.service,
        region=row.region,
        work_class=row.work_class,
        tier=row.tier,
        account_number=row.account_number,
        week_on=row.starts_on,
        horizon_weeks=row.horizon_weeks,
        mean=row.mean,
        low=row.mean if row.low is None else row.low,
        high=row.mean if row.high is None else row.high,
        actual=row.actual,
        method=row.method,
    )
