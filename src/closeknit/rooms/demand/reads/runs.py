"""Every question about forecast runs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import account_names
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import (
    AccountUnits,
    Branch,
    EventEffect,
    ForecastCard,
    ForecastNumbers,
    Grain,
    Panel,
    RunPurpose,
    SeriesCard,
    WeekPoint,
    mondays_of,
)
from closeknit.rooms.demand.models.runs import ForecastRun
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.archives import stored_numbers
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import list_visible

WEEKS_SHOWN = 26
SHARE_DAYS = 182
"""An account without a series of its own has the share of its tier's forecast that it had of this many past days."""


def list_runs(
    *, by: Actor, operation: str = "", limit: int = 20, purpose: RunPurpose | None = RunPurpose.PLAN
) -> list[ForecastCard]:
    """Return forecast runs made for a purpose (None: any), newest first."""
    by.require(Permission.READ_CAPACITY)
    rows = ForecastRun.objects.defer("numbers", "snapshot").order_by("-stands_since_at", "-made_at", "-pk")
    if operation:
        rows = rows.filter(operation=operation)
    if purpose is not None:
        rows = rows.filter(purpose=purpose.value)
    return [_card(row) for row in rows[:limit]]


def list_forecast_operations(*, by: Actor) -> list[str]:
    """Return the operations that there is a forecast to plan by of."""
    by.require(Permission.READ_CAPACITY)
    rows = ForecastRun.objects.filter(purpose=RunPurpose.PLAN.value).order_by("operation")
    return list(rows.values_list("operation", flat=True).distinct())


def get_run(run_id: UUID, *, by: Actor) -> ForecastCard:
    """Return one run's card, or raise NotFound."""
    by.require(Permission.READ_CAPACITY)
    row = ForecastRun.objects.defer("numbers", "snapshot").filter(pk=run_id).first()
    if row is None:
        raise NotFound("There is no such forecast.", where=str(run_id))
    return _card(row)


def find_current_run(operation: str, *, by: Actor) -> ForecastCard | None:
    """Return an operation's newest run to plan by, or None."""
    runs = list_runs(by=by, operation=operation, limit=1)
    return runs[0] if runs else None


def get_numbers(run_id: UUID, *, by: Actor) -> ForecastNumbers:
    """Return a run with all its arrays. For planning: needs sight of every account."""
    by.require(Permission.READ_CAPACITY)
    row = ForecastRun.objects.defer("numbers", "snapshot").filter(pk=run_id).first()
    if row is None or not sees_whole(by=by):
        raise NotFound("There is no such forecast.", where=str(run_id))
    levels, panels = stored_numbers(run_id)
    return ForecastNumbers(card=_card(row), quantile_levels=levels, panels=panels)


def list_series(run_id: UUID, *, by: Actor, limit: int = 500) -> list[SeriesCard]:
    """Return a run's series, largest first. Series of accounts outside the actor's scope are left out."""
    levels, panels = open_numbers(run_id, by=by)
    hidden = _hidden_accounts(panels, by)
    cards = [
        _series_card(panel, i, levels)
        for panel in panels
        for i, key in enumerate(panel.keys)
        if key.account_number not in hidden and (key.account_number or sees_whole(by=by))
    ]
    return sorted(cards, key=lambda card: -card.units_per_week)[:limit]


def list_event_effects(run_id: UUID, *, by: Actor) -> list[EventEffect]:
    """Return what holidays and other events do to each service and region, as a run found it. Needs sight of all."""
    _require_all(by, run_id)
    _, panels = open_numbers(run_id, by=by)
    return [event for panel in panels for event in panel.events]


def weekly_points(
    run_id: UUID, *, by: Actor, account_number: str = "", service: str = "", region: str = ""
) -> list[WeekPoint]:
    """Return observed weeks and forecast weeks of one account, one service or a whole operation.

    An account whose tier is forecast together gets its share of that forecast, without an interval: nothing is known
    of how that account alone varies.
    """
    levels, panels = open_numbers(run_id, by=by)
    card = get_run(run_id, by=by)
    if account_number:
        account_number = customers.get_account(
            account_number, by=by, permission=Permission.READ_CAPACITY
        ).account_number
        future = _account_weeks(card, panels, levels, account_number)
    else:
        _require_all(by, run_id)
        future = _total_weeks(panels, levels, service, region)
    past = _observed_weeks(card, account_number, service, region)
    first_whole = _first_whole_week(card.first_on)
    after_last = card.first_on + timedelta(days=card.horizon_days - 6)
    return [*past, *(point for point in future if first_whole <= point.week_on < after_last)]


def weekly_quantile(run_id: UUID, quantile: float, *, by: Actor) -> dict[date, float]:
    """Return an operation's units per whole forecast week (by its Monday) at a quantile. Needs sight of every account.

    The operation's own quantile; where a run has none, those of its groups are summed, which is the widest case.
    """
    _require_all(by, run_id)
    levels, panels = open_numbers(run_id, by=by)
    card = get_run(run_id, by=by)
    weeks = compute.whole_weeks(card)
    told = compute.weekly_range(panels, levels, Branch(), weeks, (quantile,))
    return dict(zip(weeks, told.quantiles[0].tolist(), strict=True))


def account_weekly_share(operation: str, run_id: UUID, *, by: Actor) -> dict[str, float]:
    """Return mean forecast units per week of every account of an operation, over the weeks of the run."""
    shares: dict[str, float] = {}
    for row in account_weekly_units(operation, run_id, by=by):
        if row.account_number:
            shares[row.account_number] = shares.get(row.account_number, 0.0) + row.units_per_week
    return shares


def account_weekly_units(operation: str, run_id: UUID, *, by: Actor) -> list[AccountUnits]:
    """Return mean forecast units per week by service, region and account, over the weeks of the run.

    What is forecast by tier is shared by what each account brought in the half-year before the forecast.
    """
    numbers = get_numbers(run_id, by=by)
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    until = numbers.card.data_until_at
    recent = merged_series.units_by_account(operation, since=until - timedelta(days=SHARE_DAYS), until=until, by=by)
    rows = [row for panel in numbers.panels for row in _panel_units(panel, recent, tiers)]
    return sorted(rows, key=lambda row: (row.service, row.region, row.tier, row.account_number))


def _panel_units(
    panel: Panel, recent: Mapping[tuple[str, str, str], float], tiers: Mapping[str, str]
) -> list[AccountUnits]:
    own: dict[tuple[str, str, str, str], float] = {}
    together: dict[tuple[str, str, str], float] = {}
    for i, key in enumerate(panel.keys):
        units = float(np.mean(_whole_weeks(panel, panel.weekly_mean[i])))
        if key.account_number:
            place = (key.service, key.region, key.tier, key.account_number)
            own[place] = own.get(place, 0.0) + units
        else:
            group = (key.service, key.region, key.tier)
            together[group] = together.get(group, 0.0) + units
    alone = {account for *_, account in own}
    members: dict[tuple[str, str, str], dict[str, float]] = {}
    for (service, region, account), units in recent.items():
        group = (service, region, tiers.get(account, "volume"))
        if account not in alone and group in together:
            members.setdefault(group, {})[account] = units
    rows = [AccountUnits(*place, units, True) for place, units in own.items()]
    for group, brought in members.items():
        part = together[group] / sum(brought.values())
        rows += [AccountUnits(*group, account, part * units, False) for account, units in brought.items()]
    return rows


def open_numbers(run_id: UUID, *, by: Actor) -> tuple[NDArray[np.float64], tuple[Panel, ...]]:
    """Return a run's quantile levels and panels, whole: who calls shows of them what the actor may see."""
    by.require(Permission.READ_CAPACITY)
    if not ForecastRun.objects.filter(pk=run_id).exists():
        raise NotFound("There is no such forecast.", where=str(run_id))
    return stored_numbers(run_id)


def sees_whole(*, by: Actor) -> bool:
    """Tell whether the actor may see forecasts of all accounts together. Refuses who may see none."""
    by.require(Permission.READ_CAPACITY)
    return by.scope_of(Permission.READ_CAPACITY).every_account


def _require_all(by: Actor, run_id: UUID) -> None:
    if not sees_whole(by=by):
        raise NotFound("There is no such forecast.", where=str(run_id))


def _hidden_accounts(panels: Sequence[Panel], by: Actor) -> set[str]:
    if sees_whole(by=by):
        return set()
    named = {key.account_number for panel in panels for key in panel.keys if key.account_number}
    return named - list_visible(named, permission=Permission.READ_CAPACITY, by=by)


def _series_card(panel: Panel, i: int, levels: NDArray[np.float64]) -> SeriesCard:
    low, high = (_level(levels, q) for q in (0.1, 0.9))
    wape = float(panel.wape_share[i])
    return SeriesCard(
        key=panel.keys[i],
        grain=panel.grain,
        units_per_week=float(np.mean(_whole_weeks(panel, panel.weekly_mean[i]))),
        low_per_week=float(np.mean(_whole_weeks(panel, panel.weekly_quantiles[low, i]))),
        high_per_week=float(np.mean(_whole_weeks(panel, panel.weekly_quantiles[high, i]))),
        method=panel.methods[i],
        wape_share=None if np.isnan(wape) else wape,
        statistical_units_per_week=float(np.mean(_whole_weeks(panel, panel.statistical_weekly_mean[i]))),
        reason=panel.reasons[i],
    )


def _whole_weeks(panel: Panel, weekly: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the weeks that the horizon covers in part."""
    per_week = 7 * compute.PERIODS_PER_DAY[panel.grain]
    _, count = np.unique(mondays_of(panel.local_starts), return_counts=True)
    whole = count == per_week
    return weekly[whole] if whole.any() else weekly


def _level(levels: NDArray[np.float64], quantile: float) -> int:
    return int(np.argmin(np.abs(levels - quantile)))


def _total_weeks(panels: Sequence[Panel], levels: NDArray[np.float64], service: str, region: str) -> list[WeekPoint]:
    weeks = sorted({day.item() for panel in panels for day in panel.week_on})
    told = compute.weekly_range(panels, levels, Branch(service, region), weeks, (0.1, 0.9))
    columns = zip(told.mean.tolist(), *(quantile.tolist() for quantile in told.quantiles), strict=True)
    return [WeekPoint(day, None, mean, low, high) for day, (mean, low, high) in zip(weeks, columns, strict=True)]


def _account_weeks(
    card: ForecastCard, panels: Sequence[Panel], levels: NDArray[np.float64], account_number: str
) -> list[WeekPoint]:
    sums: dict[date, list[float]] = {}
    names = account_names(account_number)
    for panel in panels:
        for i, key in enumerate(panel.keys):
            if key.account_number not in names:
                continue
            for week, day in enumerate(panel.week_on):
                row = sums.setdefault(day.item(), [0.0, 0.0, 0.0])
                row[0] += float(panel.weekly_mean[i, week])
                row[1] += float(panel.weekly_quantiles[_level(levels, 0.1), i, week])
                row[2] += float(panel.weekly_quantiles[_level(levels, 0.9), i, week])
    if sums:
        return [WeekPoint(day, None, mean, low, high) for day, (mean, low, high) in sorted(sums.items())]
    return _shared_weeks(card, panels, account_number)


def _shared_weeks(card: ForecastCard, panels: Sequence[Panel], account_number: str) -> list[WeekPoint]:
    from closeknit.rooms.org.reads import system_actor

    by = system_actor()
    mean_units = account_weekly_share(card.operation, card.run_id, by=by).get(account_number)
    if mean_units is None:
        return []
    tier = customers.get_account(account_number, by=by).tier.value
    sums: dict[date, float] = {}
    for panel in panels:
        rows = [i for i, key in enumerate(panel.keys) if key.tier == tier and not key.account_number]
        for week, day in enumerate(panel.week_on):
            sums[day.item()] = sums.get(day.item(), 0.0) + float(panel.weekly_mean[rows, week].sum())
    level = float(np.mean(list(sums.values()))) if sums else 0.0
    factor = mean_units / level if level > 0 else 0.0
    return [WeekPoint(day, None, units * factor, None, None) for day, units in sorted(sums.items())]


def _observed_weeks(card: ForecastCard, account_number: str, service: str, region: str) -> list[WeekPoint]:
    from closeknit.rooms.org.reads import system_actor

    until: datetime = card.data_until_at
    days, units = merged_series.daily_units(
        card.operation,
        until_at=until,
        since_at=until - timedelta(days=7 * WEEKS_SHOWN),
        account_number=account_number,
        service=service,
        region=region,
        by=system_actor(),
    )
    if not days.size:
        return []
    weeks, sums = compute.weekly_sums(days, units)
    shown = compute.shown_weeks(weeks, days)
    return [
        WeekPoint(week.item(), float(total), None, None, None)
        for week, total in zip(weeks[shown], sums[shown], strict=True)
    ]


def _first_whole_week(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _card(row: ForecastRun) -> ForecastCard:
    return ForecastCard(
        run_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        grains=tuple(Grain(grain) for grain in row.grains),
        time_zone=row.time_zone,
        first_on=row.first_on,
        weeks=row.weeks,
        horizon_days=row.horizon_days,
        made_at=row.made_at,
        data_until_at=row.data_until_at,
        snapshot_digest=row.snapshot_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
        series=row.series_count,
        wape_share=row.wape_share,
        interval_coverage_share=row.interval_coverage_share,
        bias_share=row.bias_share,
        purpose=RunPurpose(row.purpose),
        scenario=row.scenario,
        frozen_until_on=row.frozen_until_on,
        horizon_reason=row.horizon_reason,
    )
