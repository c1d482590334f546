"""Small forecasts, pools and terms for tests of the computation: no database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np

from closeknit.rooms.agreements.contracts import Clock, Measure, Term, TermSource
from closeknit.rooms.capacity.compute import PlanInputs, PoolInput, RosterInput
from closeknit.rooms.demand.contracts import ForecastCard, ForecastKey, ForecastNumbers, Grain, Panel

MONDAY = date(2026, 3, 2)


def term(
    number,
    *,
    tier="",
    account="",
    minutes=1440.0,
    share=0.95,
    measure=Measure.SHIP_WITHIN,
    credit="0",
    service="",
    clock=Clock.CALENDAR,
):
    return Term(
        term_number=number,
        contract_number="C",
        account_number=account,
        tier=tier,
        operation="warehouse",
        service=service,
        work_class="",
        measure=measure,
        threshold_minutes=minutes,
        target_share=share,
        credit_per_miss=Decimal(credit),
        currency="EUR",
        starts_on=date(2020, 1, 1),
        ends_on=None,
        source=TermSource.CONTRACT,
        clock=clock,
    )


def pool(
    name="pickers",
    *,
    staffing="deadline",
    handle_minutes=6.0,
    heads=2.0,
    hours=(540, 1020),
    weekdays=range(5),
    shrinkage=("0.2",),
    overtime_share=0.1,
    services=("picking",),
    regions=("*",),
    time_zone="Europe/Berlin",
    closed_on=(),
):
    return PoolInput(
        pool=name,
        name=name.title(),
        unit="picker",
        staffing=staffing,
        services=tuple(services),
        regions=tuple(regions),
        handle_minutes=handle_minutes,
        handle_source="stated",
        shrinkage_parts=tuple(shrinkage),
        cost_per_hour="20",
        overtime_cost_per_hour="30",
        overtime_share_max=overtime_share,
        time_zone=time_zone,
        closed_on=tuple(closed_on),
        roster=tuple(RosterInput(day, hours[0], hours[1], heads, date(2020, 1, 1), None) for day in weekdays),
    )


def forecast(series, *, grain=Grain.DAY, weeks=2, tail_days=0, spread=1.0, weekly_spread=None):
    """series: {(service, region, tier, account): units per period, a number or an array}. Quantile = mean x spread."""
    per_day = 48 if grain is Grain.HALF_HOUR else 1
    periods = (7 * weeks + tail_days) * per_day
    step = np.timedelta64(1440 // per_day, "m")
    starts = np.datetime64(MONDAY, "m") + np.arange(periods) * step
    keys = tuple(ForecastKey(s, r, "", t, a) for s, r, t, a in series)
    mean = np.array([np.broadcast_to(np.asarray(v, dtype=float), (periods,)) for v in series.values()])
    totals = tuple(sorted({(k.service, k.region) for k in keys}))
    index = np.array([totals.index((k.service, k.region)) for k in keys])
    total = np.array([mean[index == i].sum(axis=0) for i in range(len(totals))])
    levels = np.array([0.5, 0.8])
    week_on = np.unique(
        starts.astype("datetime64[D]") - ((starts.astype("datetime64[D]").astype(int) + 3) % 7).astype("timedelta64[D]")
    )
    weekly = np.zeros((len(keys), week_on.size))
    total_weekly = np.ones((len(totals), week_on.size))
    panel = Panel(
        grain=grain,
        keys=keys,
        methods=("test",) * len(keys),
        wape_share=np.full(len(keys), np.nan),
        local_starts=starts,
        mean=mean,
        week_on=week_on,
        weekly_mean=weekly,
        weekly_quantiles=np.zeros((2, *weekly.shape)),
        total_keys=totals,
        total_of_series=index,
        total_mean=total,
        total_quantiles=np.stack([total, total * spread]),
        total_weekly_mean=total_weekly,
        total_weekly_quantiles=np.stack(
            [total_weekly, total_weekly * (spread if weekly_spread is None else weekly_spread)]
        ),
    )
    card = ForecastCard(
        run_id=UUID(int=1),
        thread_id=UUID(int=2),
        operation="warehouse",
        grains=(grain,),
        time_zone="Europe/Berlin",
        first_on=MONDAY,
        weeks=weeks,
        horizon_days=7 * weeks + tail_days,
        made_at=datetime(2026, 3, 1, tzinfo=UTC),
        data_until_at=datetime(2026, 3, 1, tzinfo=UTC),
        snapshot_digest="s",
        result_digest="r",
        code_version="t",
        series=len(keys),
        wape_share=None,
        interval_coverage_share=None,
        bias_share=None,
    )
    return ForecastNumbers(card=card, quantile_levels=levels, panels=(panel,))


def inputs(pools, terms, *, weeks=2):
    return PlanInputs(
        operation="warehouse",
        first_on=MONDAY,
        weeks=weeks,
        planning_quantile=0.8,
        forecast_run_id=str(UUID(int=1)),
        forecast_digest="r",
        tier_floor_multiples={"strategic": 8.0, "key": 4.0, "standard": 2.0, "volume": 1.25},
        pools=tuple(pools),
        terms=tuple(terms),
    )
