"""Forecasts against what came: scores of complete weeks and days, and a comparison of two versions. No database."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.grouping import PERIODS_PER_DAY
from closeknit.rooms.demand.contracts import Grain, Panel
from closeknit.rooms.demand.contracts.accuracy import ScoreLevel, ScorePeriod, VersionComparison, VersionKind
from closeknit.rooms.sensing.contracts import SeriesKey

FloatArray = NDArray[np.float64]
Days = NDArray[np.datetime64]
WEEK = np.timedelta64(7, "D")
LOWEST_TIER = "volume"
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Came:
    """What came: keys (S), days without gaps (D), units (S x D), and the tier of each account."""

    keys: tuple[SeriesKey, ...]
    days: Days
    units: FloatArray
    tiers: Mapping[str, str]

    def between(self, first: np.datetime64, after: np.datetime64) -> slice:
        """Return the place of the days from `first` until before `after`."""
        start = int((first - self.days[0]).astype(int)) if self.days.size else 0
        return slice(max(start, 0), max(start + int((after - first).astype(int)), 0))


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One forecast number and what came (see models.Score)."""

    level: ScoreLevel
    period: ScorePeriod
    service: str
    region: str
    work_class: str
    tier: str
    account_number: str
    starts_on: date
    horizon_weeks: int
    method: str
    mean: float
    statistical_mean: float
    low: float | None
    high: float | None
    pinball: float | None
    naive: float
    actual: float


def week_digests(came: Came, mondays: Sequence[date]) -> dict[str, str]:
    """Return a digest of all that came in each of these weeks, by its Monday (ISO)."""
    found = {}
    for monday in mondays:
        start = np.datetime64(monday, "D")
        sums = came.units[:, came.between(start, start + WEEK)].sum(axis=1)
        said = [(came.keys[i], float(sums[i]).hex()) for i in np.nonzero(sums)[0].tolist()]
        found[monday.isoformat()] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return found


def score_run(
    panels: Sequence[Panel], levels: FloatArray, first_on: date, mondays: Sequence[date], came: Came
) -> list[ScoreRow]:
    """Hold one run against what came in these complete weeks of its horizon.

    A series of an account is what came of that account; one of a tier, what came of all its accounts without a series
    of their own. The naive forecast repeats the last week before the run.
    """
    rows: list[ScoreRow] = []
    for panel in panels:
        series_of, total_of = places(panel, came)
        series, totals = summed(came, series_of, len(panel.keys)), summed(came, total_of, len(panel.total_keys))
        weeks = [(w, day) for w, day in enumerate(panel.week_on.astype("datetime64[D]")) if day.item() in set(mondays)]
        for week, monday in weeks:
            rows += _series_weeks(panel, levels, week, monday, first_on, series, came)
            rows += _total_weeks(panel, levels, week, monday, first_on, totals, came)
            rows += _total_days(panel, levels, monday, first_on, totals, came)
    return rows


def places(panel: Panel, came: Came) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return to which series and to which total of a panel each observed key belongs; -1 for none."""
    own = {(k.service, k.region, k.work_class, k.account_number): i for i, k in enumerate(panel.keys)}
    tier = {(k.service, k.region, k.work_class, k.tier): i for i, k in enumerate(panel.keys) if not k.account_number}
    total = {key: i for i, key in enumerate(panel.total_keys)}
    series_of, total_of = np.full(len(came.keys), -1), np.full(len(came.keys), -1)
    for n, key in enumerate(came.keys):
        place = (key.service, key.region, key.work_class)
        named = own.get((*place, key.account_number), -1) if key.account_number else -1
        of_tier = came.tiers.get(key.account_number, LOWEST_TIER)
        series_of[n] = named if named >= 0 else tier.get((*place, of_tier), -1)
        total_of[n] = total.get((key.service, key.region), -1)
    return series_of, total_of


def summed(came: Came, place: NDArray[np.int64], count: int) -> FloatArray:
    """Add up what came by its place; what has none is left out."""
    sums = np.zeros((count, came.days.size))
    inside = place >= 0
    np.add.at(sums, place[inside], came.units[inside])
    return sums


def _series_weeks(
    panel: Panel, levels: FloatArray, week: int, monday: np.datetime64, first_on: date, series: FloatArray, came: Came
) -> list[ScoreRow]:
    actual, naive = _week(series, came, monday), _week(series, came, np.datetime64(first_on, "D") - WEEK)
    quantiles = panel.weekly_quantiles[:, :, week]
    low, high, pinball = _ranges(levels, quantiles, actual)
    ahead = _weeks_ahead(first_on, monday)
    return [
        ScoreRow(
            ScoreLevel.SERIES,
            ScorePeriod.WEEK,
            key.service,
            key.region,
            key.work_class,
            key.tier,
            key.account_number,
            _date(monday),
            ahead,
            panel.methods[i],
            float(panel.weekly_mean[i, week]),
            float(panel.statistical_weekly_mean[i, week]),
            float(low[i]),
            float(high[i]),
            float(pinball[i]),
            float(naive[i]),
            float(actual[i]),
        )
        for i, key in enumerate(panel.keys)
    ]


def _total_weeks(
    panel: Panel, levels: FloatArray, week: int, monday: np.datetime64, first_on: date, totals: FloatArray, came: Came
) -> list[ScoreRow]:
    actual, naive = _week(totals, came, monday), _week(totals, came, np.datetime64(first_on, "D") - WEEK)
    low, high, pinball = _ranges(levels, panel.total_weekly_quantiles[:, :, week], actual)
    return [
        _total_row(
            panel,
            i,
            ScorePeriod.WEEK,
            monday,
            first_on,
            (panel.total_weekly_mean[i, week], panel.total_statistical_weekly_mean[i, week]),
            (float(low[i]), float(high[i]), float(pinball[i])),
            (naive[i], actual[i]),
        )
        for i in range(len(panel.total_keys))
    ]


def _total_days(
    panel: Panel, levels: FloatArray, monday: np.datetime64, first_on: date, totals: FloatArray, came: Came
) -> list[ScoreRow]:
    """Score the days of a week; half-hours are summed to days, of which no quantiles are known."""
    per_day = PERIODS_PER_DAY[panel.grain]
    starts = panel.local_starts.astype("datetime64[D]")[::per_day]
    rows: list[ScoreRow] = []
    for day in np.nonzero((starts >= monday) & (starts < monday + WEEK))[0].tolist():
        steps = slice(day * per_day, (day + 1) * per_day)
        actual = totals[:, came.between(starts[day], starts[day] + 1)].sum(axis=1)
        back = np.datetime64(first_on, "D") - 7 + int((starts[day] - np.datetime64(first_on, "D")).astype(int)) % 7
        naive = totals[:, came.between(back, back + 1)].sum(axis=1)
        low = high = pinball = None
        if panel.grain is Grain.DAY:
            low, high, pinball = _ranges(levels, panel.total_quantiles[:, :, day], actual)
        rows += [
            _total_row(
                panel,
                i,
                ScorePeriod.DAY,
                starts[day],
                first_on,
                (panel.total_mean[i, steps].sum(), panel.total_statistical_mean[i, steps].sum()),
                tuple(None if r is None else float(r[i]) for r in (low, high, pinball)),
                (naive[i], actual[i]),
            )
            for i in range(len(panel.total_keys))
        ]
    return rows


def _total_row(
    panel: Panel,
    i: int,
    period: ScorePeriod,
    starts: np.datetime64,
    first_on: date,
    means: tuple[float, float],
    ranges: tuple[float | None, ...],
    came: tuple[float, float],
) -> ScoreRow:
    service, region = panel.total_keys[i]
    low, high, pinball = ranges
    return ScoreRow(
        ScoreLevel.TOTAL,
        period,
        service,
        region,
        "",
        "",
        "",
        _date(starts),
        _weeks_ahead(first_on, starts),
        panel.total_methods[i],
        float(means[0]),
        float(means[1]),
        low,
        high,
        pinball,
        float(came[0]),
        float(came[1]),
    )


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day.astype("datetime64[D]")))


def _weeks_ahead(first_on: date, starts: np.datetime64) -> int:
    return int((starts - np.datetime64(first_on, "D")).astype(int)) // 7 + 1


def _week(sums: FloatArray, came: Came, monday: np.datetime64) -> FloatArray:
    total: FloatArray = sums[:, came.between(monday, monday + WEEK)].sum(axis=1)
    return total


def _ranges(levels: FloatArray, quantiles: FloatArray, actual: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the 10 % and 90 % quantiles and the mean pinball loss, one per series; quantiles are (Q x S)."""
    miss = actual[None, :] - quantiles
    pinball: FloatArray = np.maximum(levels[:, None] * miss, (levels[:, None] - 1.0) * miss).mean(axis=0)
    low, high = (quantiles[int(np.argmin(np.abs(levels - q)))] for q in (0.1, 0.9))
    return low, high, pinball


@dataclass(frozen=True, slots=True)
class Matched:
    """What two versions forecast for the same series, week and horizon, and what came: one entry each."""

    week: NDArray[np.int64]
    before: FloatArray
    after: FloatArray
    actual: FloatArray


def compare_versions(
    operation: str, kind: VersionKind, before: str, after: str, matched: Matched, series: int
) -> VersionComparison:
    """Compare the errors of two versions with a 95 % interval: weeks are drawn again, whole, as they hang together."""
    weeks, index = np.unique(matched.week, return_inverse=True)
    work = np.bincount(index, weights=matched.actual, minlength=weeks.size)
    misses = [
        np.bincount(index, weights=np.abs(matched.actual - said), minlength=weeks.size)
        for said in (matched.before, matched.after)
    ]
    total = float(work.sum())
    if weeks.size < 2 or total <= 0.0:
        few = "There are fewer than two weeks that both forecast: nothing can be said yet."
        none = (None, None, None, None, None)
        return VersionComparison(
            operation, kind, before, after, matched.week.size, series, int(weeks.size), *none, sentence=few
        )
    old, new = (float(m.sum()) / total for m in misses)
    drawn = np.random.default_rng(weeks.size).integers(0, weeks.size, (DRAWS, weeks.size))
    base = work[drawn].sum(axis=1)
    kept = base > 0.0
    changes = (misses[1] - misses[0])[drawn].sum(axis=1)[kept] / base[kept]
    low, high = (float(q) for q in np.quantile(changes, (0.025, 0.975)))
    return VersionComparison(
        operation,
        kind,
        before,
        after,
        int(matched.week.size),
        series,
        int(weeks.size),
        old,
        new,
        new - old,
        low,
        high,
        _verdict(new - old, low, high),
    )


def _verdict(change: float, low: float, high: float) -> str:
    span = f"{change:+.1%} of the work ({low:+.1%} to {high:+.1%})"
    if high < 0.0:
        return f"Better: the error changed by {span}."
    if low > 0.0:
        return f"Worse: the error changed by {span}."
    return f"No difference shows: the error changed by {span}."
