"""From observed work to forecast numbers of one grain. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import interval_coverage
from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand.compute.calendar import Occasion, event_rows, is_holiday
from closeknit.rooms.demand.compute.grouping import (
    PERIODS_PER_DAY,
    History,
    closed_periods,
    future_starts,
    group_series,
    totals_of,
)
from closeknit.rooms.demand.compute.half_hours import days_of, kinds_of_day, laid_out
from closeknit.rooms.demand.compute.nodes import Nodes, coherent, moved, nodes_of
from closeknit.rooms.demand.compute.statistical import (
    Grains,
    Numbers,
    Plain,
    Said,
    WholeWeeks,
    concerned_nodes,
    days_of_weeks,
    grains_of,
    judge_weeks,
    quantiles_of_weeks,
    say_days,
    spread_of,
)
from closeknit.rooms.demand.contracts import EventEffect, ForecastKey, Grain, Panel, mondays_of

CODE_VERSION = "demand/3"
QUANTILE_LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95])
PLANNING_MINUTES = 120.0
"""Promises shorter than this need the half-hour grain: a day cannot show who waits two minutes."""
HELD_OUT_DAYS = 28
WINDOWS, HELD_OUT_WINDOWS = 8, 4
MOST_SCORED = 5_000
"""With more series than this each one's own error on weeks held out is not measured, only that of totals."""
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


def forecast_panel(
    history: History,
    tiers: Mapping[str, Tier],
    horizon_days: int,
    own_from: Mapping[str, float] = NO_CHOICES,
    occasions: Sequence[Occasion] = (),
    best_tiers: Sequence[Tier] = TOP_TIERS,
) -> tuple[Panel, Accuracy]:
    """Forecast one grain: accounts of top tiers with enough work alone, the rest by tier; and each group's total.

    `own_from` says by account from how much work on it has a series of its own, where that is not the default.
    `occasions` are holidays and events, past and to come. Series of `best_tiers` and all sums try every method, others
    the cheap ones. A day without any work on a weekday that usually has some, and that is no holiday, is taken as
    closed (missing), not as no demand. All series add up.
    """
    keys, values = group_series(history, tiers, own_from)
    totals, total_of_series, _ = totals_of(keys, values)
    nodes = nodes_of(keys, total_of_series, totals)
    plain = _plain(history, nodes, keys, nodes.with_sums(values), horizon_days, occasions, best_tiers)
    future = future_starts(history, horizon_days)
    numbers, said = _forecast(plain, history.grain, horizon_days, WINDOWS)
    accuracy, wape = _held_out(plain, history.grain)
    leaf, total = slice(0, nodes.series), slice(nodes.series, nodes.series + nodes.totals)
    panel = Panel(
        grain=history.grain,
        keys=keys,
        methods=numbers.methods[leaf],
        wape_share=wape,
        local_starts=future,
        mean=numbers.mean[leaf],
        week_on=np.unique(mondays_of(future)),
        weekly_mean=numbers.weekly_mean[leaf],
        weekly_quantiles=numbers.weekly_quantiles[:, leaf],
        total_keys=totals,
        total_of_series=total_of_series,
        total_mean=numbers.mean[total],
        total_quantiles=numbers.quantiles,
        total_weekly_mean=numbers.weekly_mean[total],
        total_weekly_quantiles=numbers.weekly_quantiles[:, total],
        reasons=numbers.reasons[leaf],
        total_methods=numbers.methods[total],
        total_reasons=numbers.reasons[total],
        events=_events(said, plain, totals),
    )
    return panel, accuracy


def _plain(
    history: History,
    nodes: Nodes,
    keys: Sequence[ForecastKey],
    values: FloatArray,
    horizon_days: int,
    occasions: Sequence[Occasion],
    best_tiers: Sequence[Tier],
) -> Plain:
    """What there is to forecast from, closed days missing and special days marked."""
    per_day = PERIODS_PER_DAY[history.grain]
    days = history.local_starts[::per_day].astype("datetime64[D]")
    closed = closed_periods(history, values[nodes.series : nodes.series + nodes.totals])
    values[:, closed & ~np.repeat(is_holiday(occasions, days), per_day)] = np.nan
    all_days = days[0] + np.arange(days.size + horizon_days)
    rows = event_rows(occasions, all_days, days.size)
    concerned = concerned_nodes(nodes, keys, rows)
    special = is_holiday(occasions, all_days)
    return Plain(
        nodes, values, _groups(nodes, keys), _tail(nodes, keys, best_tiers), rows, concerned, all_days, special
    )


def _forecast(plain: Plain, grain: Grain, horizon_days: int, windows: int) -> tuple[Numbers, Said]:
    """Forecast days, make them agree, sum them into weeks, and lay them out over half-hours where these are asked."""
    past = plain.values.shape[1] // PERIODS_PER_DAY[grain]
    days = plain.days[: past + horizon_days]
    by_day = plain if grain is Grain.DAY else replace(plain, values=days_of(plain.values))
    grains = grains_of(by_day)
    said = say_days(by_day, np.flatnonzero(~grains.is_thin), horizon_days, QUANTILE_LEVELS, windows)
    whole = judge_weeks(by_day, said, 1 + horizon_days // 7, QUANTILE_LEVELS)
    mean = _reconciled(by_day, said, whole, np.flatnonzero(grains.is_thin))
    week_of_day = np.unique(mondays_of(days[past:]), return_inverse=True)[1].astype(np.int64)
    weekly, weekly_quantiles = quantiles_of_weeks(mean, said, whole, week_of_day)
    totals = slice(plain.nodes.series, plain.nodes.series + plain.nodes.totals)
    place = np.searchsorted(said.rows, np.arange(totals.start, totals.stop))
    quantiles = moved(said.mean[place], said.quantiles[:, place], mean[totals])
    methods, reasons = _words(said, whole, grains)
    numbers = Numbers(mean, quantiles, weekly, weekly_quantiles, methods, reasons)
    if grain is Grain.HALF_HOUR:
        kinds = kinds_of_day(days, plain.special[: days.size])
        numbers = laid_out(numbers, plain.values, plain.nodes, plain.group, kinds, QUANTILE_LEVELS)
    return numbers, said


def _reconciled(plain: Plain, said: Said, whole: WholeWeeks | None, thin: IntArray) -> FloatArray:
    """[node, day ahead]: means of all nodes that add up, each giving way by how sure it is."""
    mean = np.zeros((plain.nodes.count, said.mean.shape[1]))
    spread = np.zeros(plain.nodes.count)
    mean[said.rows], spread[said.rows] = said.mean, spread_of(said.quantiles, QUANTILE_LEVELS)
    if whole is not None and thin.size:
        mean[thin] = days_of_weeks(plain, said, whole, thin)
        spread[thin] = spread_of(whole.quantiles[:, thin], QUANTILE_LEVELS) / np.sqrt(7.0)
    return coherent(plain.nodes, mean, spread)


def _words(said: Said, whole: WholeWeeks | None, grains: Grains) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Each node's method and why, with the grain it was forecast by."""
    count = grains.is_thin.size
    methods = [f"{method} of weeks" for method in whole.methods] if whole else [""] * count
    reasons = list(whole.reasons) if whole else [""] * count
    for place, node in enumerate(said.rows.tolist()):
        methods[node], reasons[node] = said.methods[place], said.reasons[place]
    told = zip(grains.reasons, reasons, strict=True)
    return tuple(methods), tuple("; ".join(part for part in both if part) for both in told)


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


def _events(said: Said, plain: Plain, totals: Sequence[tuple[str, str]]) -> tuple[EventEffect, ...]:
    """What events do to each total, the most often seen first."""
    effects, found = said.effects, []
    if effects is None:
        return ()
    for t, (service, region) in enumerate(totals):
        node = plain.nodes.series + t
        place = int(np.searchsorted(said.rows, node))
        for row in np.flatnonzero(plain.concerned[node]):
            share, error = float(effects.effect[place, row]), float(effects.standard_error[place, row])
            seen = int(effects.occurrences[place, row])
            found.append(EventEffect(plain.rows.names[row], service, region, share, error, seen))
    return tuple(sorted(found, key=lambda e: (e.service, e.region, -e.occurrences, e.name)))


def _held_out(plain: Plain, grain: Grain) -> tuple[Accuracy, FloatArray]:
    """Forecast the last four weeks from what came before, and score it: totals together, and each series."""
    nodes, periods = plain.nodes, HELD_OUT_DAYS * PERIODS_PER_DAY[grain]
    n, shown = nodes.series, nodes.series + nodes.totals
    if plain.values.shape[1] < 3 * periods:
        return Accuracy(None, None, None), np.full(n, np.nan)
    cut = plain.values.shape[1] - periods
    past = replace(plain, values=plain.values[:, :cut])
    if n > MOST_SCORED:
        return _held_out_totals(past, grain, plain.values[:shown, cut:])
    numbers, _ = _forecast(past, grain, HELD_OUT_DAYS, HELD_OUT_WINDOWS)
    return score(plain.values[:shown, cut:], numbers.mean[:shown], numbers.quantiles, n)


def _held_out_totals(past: Plain, grain: Grain, actual: FloatArray) -> tuple[Accuracy, FloatArray]:
    """Score totals by day alone, as forecasting a great many series twice would take as long again."""
    n = past.nodes.series
    rows = np.arange(n, n + past.nodes.totals)
    by_day = past if grain is Grain.DAY else replace(past, values=days_of(past.values))
    said = say_days(by_day, rows, HELD_OUT_DAYS, QUANTILE_LEVELS, HELD_OUT_WINDOWS)
    came = actual[n:] if grain is Grain.DAY else days_of(actual[n:])
    accuracy, _ = score(came, said.mean, said.quantiles, 0)
    return accuracy, np.full(n, np.nan)


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
