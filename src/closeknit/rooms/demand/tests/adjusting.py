"""Small panels and adjustments for tests."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from closeknit.rooms.demand.compute.placing import FloatArray
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    Adjustment,
    AdjustmentKind,
    AdjustmentSource,
    ForecastKey,
    Grain,
    Panel,
    mondays_of,
)

MONDAY = date(2026, 3, 2)
LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
MADE_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def make_panel(series: dict[tuple[str, str, str, str], FloatArray], grain: Grain = Grain.DAY) -> Panel:
    """A coherent panel: (service, region, tier, account) -> means; quantiles go from half to one and a half of them."""
    keys = tuple(ForecastKey(s, r, "", t, a) for s, r, t, a in series)
    mean = np.array(list(series.values()), dtype=float)
    per_day = 1 if grain is Grain.DAY else 48
    starts = np.datetime64(MONDAY, "m") + np.arange(mean.shape[1]) * np.timedelta64(1440 // per_day, "m")
    weeks, week_of = np.unique(mondays_of(starts), return_inverse=True)
    member = np.zeros((starts.size, weeks.size))
    member[np.arange(starts.size), week_of] = 1.0
    totals = tuple(sorted({(key.service, key.region) for key in keys}))
    of_series = np.array([totals.index((key.service, key.region)) for key in keys], dtype=np.int64)
    total = np.array([mean[of_series == t].sum(axis=0) for t in range(len(totals))])
    spread = (0.5 + np.linspace(0.0, 1.0, LEVELS.size))[:, None, None]
    return Panel(
        grain=grain,
        keys=keys,
        methods=("test",) * len(keys),
        wape_share=np.full(len(keys), np.nan),
        local_starts=starts,
        mean=mean,
        week_on=weeks,
        weekly_mean=mean @ member,
        weekly_quantiles=spread * (mean @ member),
        total_keys=totals,
        total_of_series=of_series,
        total_mean=total,
        total_quantiles=spread * total,
        total_weekly_mean=total @ member,
        total_weekly_quantiles=spread * (total @ member),
    )


def make(
    kind: AdjustmentKind,
    size: float,
    from_day: int = 7,
    to_day: int = 14,
    number: str = "a",
    p: float = 1.0,
    **place: str,
) -> Adjustment:
    """An adjustment of the days from_day until before to_day; later names are made later."""
    later = timedelta(minutes=ord(number[0]))
    return Adjustment(
        adjustment_id=number,
        source=AdjustmentSource.OVERRIDE,
        kind=kind,
        size=size,
        probability=p,
        place=AdjustedPlace(**place),
        from_on=day(from_day),
        to_on=day(to_day),
        author_key="person:1",
        made_at=MADE_AT + later,
    )
