"""From observed work to forecast numbers of one grain. No database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import interval_coverage
from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand.compute.calendar import EventRows, Occasion, event_rows, is_holiday
from closeknit.rooms.demand.compute.gathering import Gathered, Numbers
from closeknit.rooms.demand.compute.grouping import (
    PERIODS_PER_DAY,
    Groups,
    History,
    closed_days,
    future_starts,
    group_series,
    totals_of,
)
from closeknit.rooms.demand.compute.half_hours import SHAPE_DAYS, kinds_of_day, laid_out
from closeknit.rooms.demand.compute.nodes import Nodes, nodes_of
from closeknit.rooms.demand.compute.parts import (
    FEWEST_DAYS_TO_SCORE,
    HELD_OUT_DAYS,
    QUANTILE_LEVELS,
    SERIES_OF_PART,
    Each,
    Part,
    Whole,
    part_of,
    say_part,
)
from closeknit.rooms.demand.contracts import EventEffect, ForecastKey, Grain, Panel, mondays_of

CODE_VERSION = "demand/8"
PLANNING_MINUTES = 120.0
"""Promises shorter than this need the half-hour grain: a day cannot show who waits two minutes."""
NO_CHOICES: Mapping[str, float] = MappingProxyType({})

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How the methods did on the last weeks, which they had not seen; None where there was too little history."""

    wape_share: float | None
    interval_coverage_share: float | None
    bias_share: float | None


def grain_of(threshold_minutes: Sequence[float]) -> Grain:
    """Return the grain that a service's promises need: half-hours when any is shorter than two hours."""
    return Grain.HALF_HOUR if threshold_minutes and min(threshold_minutes) < PLANNING_MINUTES else Grain.DAY


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """What one grain is forecast from: the history in its groups, the tree, and what all parts share."""

    history: History
    groups: Groups
    nodes: Nodes
    whole: Whole
    sums: FloatArray
    special: NDArray[np.bool_]

    @property
    def past_days(self) -> int:
        return int(self.sums.shape[1])

    def parts(self) -> Iterator[Part]:
        """All sums, then the series in parts of the same size, whatever computes them."""
        yield part_of(self.whole, np.arange(self.nodes.series, self.nodes.count), self.sums, are_sums=True)
        for start, stop in self.groups.blocks(SERIES_OF_PART):
            values = self.groups.days(self.history, start, stop)
            yield part_of(self.whole, np.arange(start, stop), values, are_sums=False)


def forecast_panel(
    history: History,
    tiers: Mapping[str, Tier],
    horizon_days: int,
    own_from: Mapping[str, float] = NO_CHOICES,
    occasions: Sequence[Occasion] = (),
    best_tiers: Sequence[Tier] = TOP_TIERS,
    each: Each = map,
) -> tuple[Panel, Accuracy]:
    """Forecast one grain: accounts of top tiers with enough work alone, the rest by tier; and each group's total.

    `own_from` says by account from how much work on it has a series of its own, where its tier alone does not say.
    `occasions` are holidays and events, past and to come. Series of `best_tiers` and all sums try every method, others
    the cheap ones. A day without any work on a weekday that usually has some, and that is no holiday, is taken as
    closed (missing), not as no demand. All series add up. `each` applies a function to the forecast's parts, wherever.
    """
    base = _base(history, tiers, horizon_days, own_from, occasions, best_tiers)
    nodes = base.nodes
    days, future = base.whole.days, future_starts(history, horizon_days)
    ahead = Gathered(nodes, days[base.past_days :])
    held_out = Gathered(nodes, days[base.past_days - HELD_OUT_DAYS : base.past_days]) if _is_scored(base) else None
    for spoken in each(say_part, base.parts()):
        ahead.take(spoken.ahead)
        if held_out is not None and spoken.held_out is not None:
            held_out.take(spoken.held_out)
    accuracy, wape = _score(base, held_out)
    numbers = _of_grain(base, ahead.numbers(), base.past_days)
    leaf, total = slice(0, nodes.series), slice(nodes.series, nodes.series + nodes.totals)
    further = slice(total.stop, None)
    totals = tuple((key.service, key.region) for key in _first_keys(base))
    panel = Panel(
        grain=history.grain,
        keys=base.groups.keys,
        methods=numbers.methods[leaf],
        wape_share=wape,
        local_starts=future,
        mean=numbers.mean[leaf],
        week_on=np.unique(mondays_of(future)),
        weekly_mean=numbers.weekly_mean[leaf],
        weekly_quantiles=numbers.weekly_quantiles[:, leaf],
        total_keys=totals,
        total_of_series=nodes.total_of_series,
        total_mean=numbers.mean[total],
        total_quantiles=numbers.quantiles,
        total_weekly_mean=numbers.weekly_mean[total],
        total_weekly_quantiles=numbers.weekly_quantiles[:, total],
        reasons=numbers.reasons[leaf],
        total_methods=numbers.methods[total],
        total_reasons=numbers.reasons[total],
        events=_events(ahead, base.whole, totals),
        node_names=nodes.names(base.groups.keys),
        node_weekly_mean=numbers.weekly_mean[further],
        node_weekly_quantiles=numbers.weekly_quantiles[:, further],
    )
    return panel, accuracy


def _first_keys(base: _Base) -> list[ForecastKey]:
    """A key of each total, in the totals' order."""
    return [base.groups.keys[base.nodes.below[t][0]] for t in range(base.nodes.totals)]


def _base(
    history: History,
    tiers: Mapping[str, Tier],
    horizon_days: int,
    own_from: Mapping[str, float],
    occasions: Sequence[Occasion],
    best_tiers: Sequence[Tier],
) -> _Base:
    """Group the history, add up its days, and mark closed and special ones."""
    groups = group_series(history, tiers, own_from)
    totals, total_of_series = totals_of(groups.keys)
    nodes = nodes_of(groups.keys, total_of_series, totals)
    per_day = PERIODS_PER_DAY[history.grain]
    days = history.local_starts[::per_day].astype("datetime64[D]")
    sums = np.zeros((nodes.count - nodes.series, days.size))
    for start, stop in groups.blocks():
        sums += nodes.sums_of(np.arange(start, stop), groups.days(history, start, stop))
    closed = closed_days(history, sums[: nodes.totals]) & ~is_holiday(occasions, days)
    all_days = days[0] + np.arange(days.size + horizon_days)
    rows = event_rows(occasions, all_days, days.size)
    whole = Whole(
        is_closed=closed,
        group=_groups(nodes, groups.keys),
        tail=_tail(nodes, groups.keys, best_tiers),
        rows=rows,
        concerned=_concerned(nodes, groups.keys, rows),
        days=all_days,
    )
    return _Base(history, groups, nodes, whole, sums, is_holiday(occasions, all_days))


def _concerned(nodes: Nodes, keys: Sequence[ForecastKey], rows: EventRows) -> NDArray[np.bool_]:
    """[node, row]: whether a row concerns a node; what is about one account concerns its own series alone."""
    found = np.zeros((nodes.count, len(rows.names)), dtype=np.bool_)
    found[: nodes.series] = rows.concerning(keys)
    shared = ~rows.of_one_account()
    for place, members in enumerate(nodes.below):
        found[nodes.series + place] = found[members].any(axis=0) & shared
    return found


def _of_grain(base: _Base, numbers: Numbers, past_days: int) -> Numbers:
    """Lay days out over half-hours where these are asked, by the shapes of so many past days."""
    if base.history.grain is Grain.DAY:
        return numbers
    used = min(past_days, SHAPE_DAYS)
    values = _half_hours(base, past_days - used, past_days)
    days = base.whole.days[past_days - used : past_days + numbers.mean.shape[1]]
    kinds = kinds_of_day(days, base.special[past_days - used :][: days.size])
    return laid_out(numbers, values, base.nodes, base.whole.group, kinds, QUANTILE_LEVELS)


def _half_hours(base: _Base, first_day: int, after_day: int) -> FloatArray:
    """[series and totals, half-hour] of some past days; closed ones are missing."""
    nodes, per_day = base.nodes, PERIODS_PER_DAY[base.history.grain]
    periods = slice(first_day * per_day, after_day * per_day)
    values = np.zeros((nodes.series + nodes.totals, (after_day - first_day) * per_day))
    for start, stop in base.groups.blocks():
        values[start:stop] = base.groups.values(base.history, start, stop, periods)
    np.add.at(values, nodes.series + nodes.total_of_series, values[: nodes.series])
    values[:, np.repeat(base.whole.is_closed[first_day:after_day], per_day)] = np.nan
    return values


def join_accuracy(parts: Sequence[Accuracy]) -> Accuracy:
    """Return the plain mean over grains of what each could measure."""

    def mean(name: str) -> float | None:
        known = [getattr(part, name) for part in parts if getattr(part, name) is not None]
        return float(np.mean(known)) if known else None

    return Accuracy(mean("wape_share"), mean("interval_coverage_share"), mean("bias_share"))


def _groups(nodes: Nodes, keys: Sequence[ForecastKey]) -> IntArray:
    """[node]: who lends to whom: sums among themselves, accounts of a service, tiers of a service."""
    services = sorted({key.service for key in keys})
    group = np.zeros(nodes.count, dtype=np.int64)
    group[: nodes.series] = [1 + 2 * services.index(key.service) + bool(key.account_number) for key in keys]
    return group


def _tail(nodes: Nodes, keys: Sequence[ForecastKey], best_tiers: Sequence[Tier]) -> NDArray[np.bool_]:
    best = {tier.value for tier in best_tiers}
    tail = np.zeros(nodes.count, dtype=np.bool_)
    tail[: nodes.series] = [key.tier not in best for key in keys]
    return tail


def _events(ahead: Gathered, whole: Whole, totals: Sequence[tuple[str, str]]) -> tuple[EventEffect, ...]:
    """What events do to each total, the most often seen first."""
    effects, found = ahead.effects, []
    if effects is None:
        return ()
    for t, (service, region) in enumerate(totals):
        for row in np.flatnonzero(whole.concerned[ahead.nodes.series + t]):
            share, error = float(effects.effect[t, row]), float(effects.standard_error[t, row])
            seen = int(effects.occurrences[t, row])
            found.append(EventEffect(whole.rows.names[row], service, region, share, error, seen))
    return tuple(sorted(found, key=lambda e: (e.service, e.region, -e.occurrences, e.name)))


def _is_scored(base: _Base) -> bool:
    return base.past_days >= FEWEST_DAYS_TO_SCORE


def _score(base: _Base, held_out: Gathered | None) -> tuple[Accuracy, FloatArray]:
    """Score the forecast of the last four weeks from what came before: totals together, and each series."""
    nodes = base.nodes
    if held_out is None:
        return Accuracy(None, None, None), np.full(nodes.series, np.nan)
    cut = base.past_days - HELD_OUT_DAYS
    numbers = _of_grain(base, held_out.days_alone(), cut)
    shown = nodes.series + nodes.totals
    return score(_came(base, cut), numbers.mean[:shown], numbers.quantiles, nodes.series)


def _came(base: _Base, first_day: int) -> FloatArray:
    """[series and totals, period]: what came from a day on; closed days are missing."""
    nodes = base.nodes
    if base.history.grain is not Grain.DAY:
        return _half_hours(base, first_day, base.past_days)
    came = np.zeros((nodes.series + nodes.totals, base.past_days - first_day))
    for start, stop in base.groups.blocks():
        came[start:stop] = base.groups.values(base.history, start, stop, slice(first_day, None))
    came[nodes.series :] = base.sums[: nodes.totals, first_day:]
    came[:, base.whole.is_closed[first_day:]] = np.nan
    return came


def score(actual: FloatArray, mean: FloatArray, quantiles: FloatArray, series: int) -> tuple[Accuracy, FloatArray]:
    """Return the totals' accuracy together, and each series' error: sum of errors over sum of work (WAPE).

    `actual`, `mean`: series, then totals, by period; `quantiles` [level, total, period].
    """
    totals = slice(series, None)
    error = np.nan_to_num(actual - mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        series_wape = np.abs(error[:series]).sum(axis=1) / np.nansum(actual[:series], axis=1)
    series_wape[~np.isfinite(series_wape)] = np.nan
    demand = float(np.nansum(actual[totals]))
    if demand <= 0.0:
        return Accuracy(None, None, None), series_wape
    low, high = (quantiles[int(np.argmin(np.abs(QUANTILE_LEVELS - q)))] for q in (0.1, 0.9))
    inside = interval_coverage(actual[totals], low, high)
    accuracy = Accuracy(
        wape_share=float(np.abs(error[totals]).sum()) / demand,
        interval_coverage_share=float(np.nanmean(inside)) if np.isfinite(inside).any() else None,
        bias_share=float(-error[totals].sum()) / demand,
    )
    return accuracy, series_wape
