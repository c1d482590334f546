"""What the methods say of some nodes: events taken out, the best method of each chosen, events put back.

Sums and series with enough work are forecast by days. Thin series, of whose days chance alone decides, are forecast by
weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import (
    EventEffects,
    effect_errors,
    event_effects,
    finest_period,
    widened_quantiles,
    with_effects,
    without_effects,
)
from closeknit.rooms.demand.compute.calendar import EventRows
from closeknit.rooms.demand.compute.judged import Judged, judge

YEAR_DAYS = 364
"""A year of whole weeks, so that the same weekday is a year ago."""
FEWEST_WEEKS = 16
DAY_MINUTES = 1440
LARGEST_LISTED = 4

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """What there is to forecast from: a row per node, all of them sums or none. `rows` cover the horizon, too."""

    values: FloatArray
    are_sums: bool
    group: IntArray
    tail: BoolArray
    rows: EventRows
    concerned: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the methods say of some nodes (`rows`) by day, with events; `base` and the past `calm` without them.

    `loose` [row, week ahead]: how far off the week is, as a share of it, as nobody knows its events' effects exactly.
    `alone` [row, day ahead]: units that events of single accounts bring.
    """

    rows: IntArray
    mean: FloatArray
    quantiles: FloatArray
    base: FloatArray
    calm: FloatArray
    loose: FloatArray
    alone: FloatArray | None
    methods: tuple[str, ...]
    reasons: tuple[str, ...]
    effects: EventEffects | None


@dataclass(frozen=True, slots=True, eq=False)
class WholeWeeks:
    """A forecast of whole weeks, counted from the first day ahead: `mean` [node, week], `quantiles` [level, ...]."""

    mean: FloatArray
    quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Grains:
    """By what each node is forecast: `is_thin` [node] by weeks, else by days; and why, in words."""

    is_thin: BoolArray
    reasons: tuple[str, ...]


def grains_of(plain: Plain) -> Grains:
    """Return by what each node is forecast: series by days where these are more than chance, sums always."""
    count = plain.values.shape[0]
    if plain.are_sums or plain.values.shape[1] < 7 * FEWEST_WEEKS:
        return Grains(np.zeros(count, dtype=np.bool_), ("",) * count)
    past = np.maximum(plain.values, 0.0)
    found = finest_period(past, DAY_MINUTES, float(DAY_MINUTES), steps_minutes=(DAY_MINUTES, 7 * DAY_MINUTES))
    thin = found.period_minutes > DAY_MINUTES
    told = zip(thin.tolist(), found.signal_share.tolist(), found.units_per_period.tolist(), strict=True)
    return Grains(thin, tuple(_grain_in_words(*one) for one in told))


def _grain_in_words(is_thin: bool, sure: float, units: float) -> str:
    if is_thin:
        return f"by weeks, of which {sure:.0%} is not chance ({units:.2g} units); of days, less"
    return f"by days, of which {sure:.0%} is not chance ({units:.2g} units)"


def say_days(plain: Plain, rows: IntArray, week_of_day: IntArray, levels: FloatArray, windows: int) -> Said:
    """Forecast days of some nodes, by the methods that did best on each one's own past.

    `week_of_day` counts the weeks of the days ahead.
    """
    past, horizon = plain.values.shape[1], week_of_day.size
    calm, effects = _calmed(plain, rows)
    seasons = (7, YEAR_DAYS) if past >= 2 * YEAR_DAYS + horizon else (7,)
    made = judge(calm, seasons, horizon, levels, plain.group[rows], plain.tail[rows], windows)
    reasons = _reasons(made, plain.rows.names, effects)
    if effects is None:
        loose = np.zeros((rows.size, int(week_of_day.max()) + 1))
        return Said(rows, made.mean, made.quantiles, made.mean, calm, loose, None, made.methods, reasons, None)
    ahead = plain.rows.indicators[:, past : past + horizon]
    mean = np.array(with_effects(made.mean, effects, ahead))
    off = effect_errors(mean, effects, ahead)
    quantiles = widened_quantiles(mean, with_effects(made.quantiles, effects, ahead), levels, off)
    loose = _loose(mean, effects, ahead, week_of_day)
    alone = _of_accounts(plain, made.mean, mean, effects, ahead)
    return Said(rows, mean, np.maximum(quantiles, 0.0), made.mean, calm, loose, alone, made.methods, reasons, effects)


def _calmed(plain: Plain, rows: IntArray) -> tuple[FloatArray, EventEffects | None]:
    """The history as it would have been without events, and what they did."""
    values, concerned = plain.values[rows], plain.concerned[rows]
    if not concerned.any():
        return values, None
    shown = plain.rows.indicators[:, : values.shape[1]]
    effects = event_effects(values, shown, 7, group_of_series=plain.group[rows], is_own=concerned)
    calm = without_effects(values, effects, shown)
    stated = np.array([np.nan if share is None else share for share in plain.rows.stated_share])
    told = concerned & ~effects.is_known & ~np.isnan(stated)[None, :]
    effects = replace(effects, effect=np.where(told, np.nan_to_num(stated)[None, :], effects.effect))
    return np.where(calm.is_observed, calm.history, np.nan), effects


def _loose(mean: FloatArray, effects: EventEffects, ahead: FloatArray, week_of_day: IntArray) -> FloatArray:
    off = effect_errors(mean, effects, ahead, week_of_day)
    member = (week_of_day[:, None] == np.arange(off.shape[1])[None, :]).astype(np.float64)
    of_week = mean @ member
    share: FloatArray = np.divide(off, of_week, out=np.zeros_like(of_week), where=of_week > 0.0)
    return share


def _of_accounts(
    plain: Plain, base: FloatArray, mean: FloatArray, effects: EventEffects, ahead: FloatArray
) -> FloatArray | None:
    """[row, day ahead]: what events of single accounts bring; None where no such event is near."""
    alone = plain.rows.of_one_account()
    if plain.are_sums or not (alone[:, None] & (ahead > 0.0)).any():
        return None
    without = with_effects(base, replace(effects, effect=np.where(alone[None, :], 0.0, effects.effect)), ahead)
    return np.asarray(mean - without)


def judge_weeks(plain: Plain, said: Said, weeks: int, levels: FloatArray) -> WholeWeeks | None:
    """Forecast whole weeks of all nodes, from errors of weeks; None where there are too few of them.

    Weeks are counted back from the last day. One with less than half its days is missing; closed days in others count
    as their week's mean day.
    """
    blocks = plain.values.shape[1] // 7
    if blocks < FEWEST_WEEKS:
        return None
    past = _sums_of_weeks(plain.values, blocks)
    past[said.rows] = _sums_of_weeks(said.calm, blocks)
    horizon = min(weeks, max(blocks // 4, 1))
    seasons = (52,) if blocks >= 104 + horizon else (1,)
    made = judge(past, seasons, horizon, levels, plain.group, plain.tail)
    # Beyond what the past is long enough to judge, the last known width holds.
    last = np.minimum(np.arange(weeks), horizon - 1)
    return WholeWeeks(made.mean[:, last], made.quantiles[:, :, last], made.methods, made.reasons)


def _sums_of_weeks(values: FloatArray, blocks: int) -> FloatArray:
    past = values[:, values.shape[1] - 7 * blocks :].reshape(values.shape[0], blocks, 7)
    seen = np.count_nonzero(~np.isnan(past), axis=2)
    sums: FloatArray = np.where(seen >= 4, np.nansum(past, axis=2) * 7.0 / np.maximum(seen, 1), np.nan)
    return sums


def spread_of(quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """[node]: root mean square of a tenth to nine tenths, as of a normal error."""
    low, high = (int(np.argmin(np.abs(levels - q))) for q in (0.1, 0.9))
    spread: FloatArray = np.sqrt(np.mean((quantiles[high] - quantiles[low]) ** 2, axis=1)) / 2.563
    return spread


def _reasons(made: Judged, names: Sequence[str], effects: EventEffects | None) -> tuple[str, ...]:
    if effects is None:
        return made.reasons
    return tuple(reason + _events_in_words(effects, names, row) for row, reason in enumerate(made.reasons))


def _events_in_words(effects: EventEffects, names: Sequence[str], node: int) -> str:
    known = np.flatnonzero(effects.is_known[node] & (effects.occurrences[node] > 0))
    largest = known[np.argsort(-np.abs(effects.effect[node, known]), kind="stable")][:LARGEST_LISTED]
    words = [f"{names[row]} {effects.effect[node, row]:+.0%}" for row in largest]
    return f"; events: {', '.join(words)}" if words else ""
