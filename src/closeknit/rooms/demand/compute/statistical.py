"""What the methods say of every node: events taken out, the best method of each chosen, events put back.

Sums and series with enough work are forecast by days. Thin series, of whose days chance alone decides, are forecast by
weeks and laid over their days as their total's are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import EventEffects, event_effects, finest_period, with_effects, without_effects
from closeknit.rooms.demand.compute.calendar import EventRows
from closeknit.rooms.demand.compute.judged import Judged, judge
from closeknit.rooms.demand.compute.nodes import Nodes, moved
from closeknit.rooms.demand.contracts import ForecastKey

YEAR_DAYS = 364
"""A year of whole weeks, so that the same weekday is a year ago."""
SUM_CORRELATION = 0.25
"""How errors of periods go together where there are too few weeks to measure sums: 0 independent, 1 all at once."""
FEWEST_WEEKS = 16
DAY_MINUTES = 1440
SERIES_AT_ONCE = 4096
LARGEST_LISTED = 4

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """What there is to forecast from: a row per node. `rows`, `days` and `special` (holidays) cover the horizon too."""

    nodes: Nodes
    values: FloatArray
    group: IntArray
    tail: BoolArray
    rows: EventRows
    concerned: BoolArray
    days: NDArray[np.datetime64]
    special: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A forecast's numbers per node: of periods and weeks, with the method of each and why.

    `quantiles` [level, total, period] are of totals alone; the weeks' are of series and totals.
    """

    mean: FloatArray
    quantiles: FloatArray
    weekly_mean: FloatArray
    weekly_quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the methods say of some nodes (`rows`) by day, with events; `base` and the past `calm` without them."""

    rows: IntArray
    mean: FloatArray
    quantiles: FloatArray
    base: FloatArray
    calm: FloatArray
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


def concerned_nodes(nodes: Nodes, keys: Sequence[ForecastKey], rows: EventRows) -> BoolArray:
    """[node, row]: whether a row concerns a node; what is about one account concerns its own series alone."""
    found = np.zeros((nodes.count, len(rows.names)), dtype=np.bool_)
    found[: nodes.series] = rows.concerning(keys)
    shared = ~_of_one_account(rows)
    for place, members in enumerate(nodes.below):
        found[nodes.series + place] = found[members].any(axis=0) & shared
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Grains:
    """By what each node is forecast: `is_thin` [node] by weeks, else by days; and why, in words."""

    is_thin: BoolArray
    reasons: tuple[str, ...]


def grains_of(plain: Plain) -> Grains:
    """Return by what each node is forecast: series by days where these are more than chance, sums always."""
    n = plain.nodes.series
    thin, reasons = np.zeros(plain.nodes.count, dtype=np.bool_), [""] * plain.nodes.count
    if plain.values.shape[1] < 7 * FEWEST_WEEKS:
        return Grains(thin, tuple(reasons))
    for start in range(0, n, SERIES_AT_ONCE):
        rows = slice(start, min(start + SERIES_AT_ONCE, n))
        past = np.maximum(plain.values[rows], 0.0)
        found = finest_period(past, DAY_MINUTES, float(DAY_MINUTES), steps_minutes=(DAY_MINUTES, 7 * DAY_MINUTES))
        thin[rows] = found.period_minutes > DAY_MINUTES
        for place in range(past.shape[0]):
            sure, units = found.signal_share[place], found.units_per_period[place]
            if thin[start + place]:
                reasons[start + place] = (
                    f"by weeks, of which {sure:.0%} is not chance ({units:.2g} units); of days, less"
                )
            else:
                reasons[start + place] = f"by days, of which {sure:.0%} is not chance ({units:.2g} units)"
    return Grains(thin, tuple(reasons))


def say_days(plain: Plain, rows: IntArray, horizon: int, levels: FloatArray, windows: int) -> Said:
    """Forecast days of some nodes, by the methods that did best on each one's own past."""
    past = plain.values.shape[1]
    calm, effects = _calmed(plain, rows)
    seasons = (7, YEAR_DAYS) if past >= 2 * YEAR_DAYS + horizon else (7,)
    made = judge(calm, seasons, horizon, levels, plain.group[rows], plain.tail[rows], windows)
    mean, quantiles = made.mean, made.quantiles
    if effects is not None:
        ahead = plain.rows.indicators[:, past : past + horizon]
        mean, quantiles = (
            np.array(with_effects(mean, effects, ahead)),
            np.array(with_effects(quantiles, effects, ahead)),
        )
        mean, quantiles = _with_accounts(plain, rows, made.mean, mean, quantiles, effects, ahead)
    return Said(
        rows, mean, quantiles, made.mean, calm, made.methods, _reasons(made, plain.rows.names, effects), effects
    )


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


def _of_one_account(rows: EventRows) -> BoolArray:
    return np.array([any(account for _, _, account in places) for places in rows.places], dtype=np.bool_)


def _with_accounts(
    plain: Plain,
    rows: IntArray,
    base: FloatArray,
    mean: FloatArray,
    quantiles: FloatArray,
    effects: EventEffects,
    ahead: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Sums expect more by what events of single accounts bring those accounts."""
    alone = _of_one_account(plain.rows)
    if not (alone[:, None] & (ahead > 0.0)).any():
        return mean, quantiles
    without = with_effects(base, replace(effects, effect=np.where(alone[None, :], 0.0, effects.effect)), ahead)
    is_series = rows < plain.nodes.series
    more = np.zeros((plain.nodes.series, mean.shape[1]))
    more[rows[is_series]] = (mean - without)[is_series]
    of_sums = np.where(is_series[:, None], 0.0, plain.nodes.with_sums(more)[rows])
    raised = np.maximum(mean + of_sums, 0.0)
    return raised, moved(mean, quantiles, raised)


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


def days_of_weeks(plain: Plain, said: Said, whole: WholeWeeks, thin: IntArray) -> FloatArray:
    """[thin series, day ahead]: weeks laid over their days as those of the series' total lie, events with them."""
    horizon = said.mean.shape[1]
    week = np.arange(horizon) // 7
    place = np.searchsorted(said.rows, plain.nodes.series + np.arange(plain.nodes.totals))
    base, full = said.base[place], said.mean[place]
    padded = np.zeros((base.shape[0], 7 * (int(week[-1]) + 1)))
    padded[:, :horizon] = base
    if horizon % 7:
        # The days of a last part of a week weigh as they did the week before.
        padded[:, horizon:] = (
            base[:, horizon - 7 : horizon - horizon % 7] if horizon >= 7 else base.mean(axis=1)[:, None]
        )
    of_week = padded.reshape(base.shape[0], -1, 7).sum(axis=2)[:, week]
    share = np.divide(full, of_week, out=np.zeros_like(full), where=of_week > 0.0)
    laid: FloatArray = whole.mean[thin][:, week] * share[plain.nodes.total_of_series[thin]]
    return laid


def spread_of(quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """[node]: root mean square of a tenth to nine tenths, as of a normal error."""
    low, high = (int(np.argmin(np.abs(levels - q))) for q in (0.1, 0.9))
    spread: FloatArray = np.sqrt(np.mean((quantiles[high] - quantiles[low]) ** 2, axis=1)) / 2.563
    return spread


def quantiles_of_weeks(
    mean: FloatArray, said: Said, whole: WholeWeeks | None, week_of_day: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Weeks' means [node, week] and quantiles [level, node, week] of the final means of days.

    A whole week has the relative width of weeks that far ahead; a part of one has its share of it, were its days'
    errors independent; where weeks are too few to judge, the width is put together from days, whose errors are taken
    to be correlated by 0.25.
    """
    weeks = int(week_of_day.max()) + 1
    member = (week_of_day[:, None] == np.arange(weeks)[None, :]).astype(np.float64)
    total = mean @ member
    result = np.repeat(total[None], said.quantiles.shape[0], axis=0)
    off = moved(said.mean, said.quantiles, mean[said.rows]) - mean[said.rows][None]
    together, squares = off @ member, (off**2) @ member
    spread = np.sqrt((1.0 - SUM_CORRELATION) * squares + SUM_CORRELATION * together**2)
    result[:, said.rows] += np.sign(together) * spread
    if whole is not None:
        last_day = np.array([np.flatnonzero(week_of_day == w)[-1] for w in range(weeks)])
        for week in range(weeks):
            ahead = min(int(last_day[week]) // 7, whole.mean.shape[1] - 1)
            part = float(member[:, week].sum()) / 7.0
            told = whole.mean[:, ahead] * part
            wide = told + (whole.quantiles[:, :, ahead] - whole.mean[:, ahead]) * np.sqrt(part)
            result[:, :, week] = moved(told, wide, total[:, week])
    return total, np.sort(np.maximum(result, 0.0), axis=0)


def _reasons(made: Judged, names: Sequence[str], effects: EventEffects | None) -> tuple[str, ...]:
    if effects is None:
        return made.reasons
    return tuple(reason + _events_in_words(effects, names, row) for row, reason in enumerate(made.reasons))


def _events_in_words(effects: EventEffects, names: Sequence[str], node: int) -> str:
    known = np.flatnonzero(effects.is_known[node] & (effects.occurrences[node] > 0))
    largest = known[np.argsort(-np.abs(effects.effect[node, known]), kind="stable")][:LARGEST_LISTED]
    words = [f"{names[row]} {effects.effect[node, row]:+.0%}" for row in largest]
    return f"; events: {', '.join(words)}" if words else ""
