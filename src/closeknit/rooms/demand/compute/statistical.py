"""What the methods say of every node: events taken out, the best method of each chosen, events put back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import (
    EventEffects,
    event_effects,
    with_effects,
    without_effects,
)
from closeknit.rooms.demand.compute.calendar import EventRows
from closeknit.rooms.demand.compute.judged import Judged, judge
from closeknit.rooms.demand.compute.nodes import Nodes, moved
from closeknit.rooms.demand.contracts import ForecastKey

YEAR_DAYS = 364
"""A year of whole weeks, so that the same weekday is a year ago."""
SUM_CORRELATION = 0.25
"""How errors of periods go together where there are too few weeks to measure sums: 0 independent, 1 all at once."""
FEWEST_WEEKS = 16
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
    """A forecast's numbers per node: of periods and weeks, with the method of each and why."""

    mean: FloatArray
    quantiles: FloatArray
    weekly_mean: FloatArray
    weekly_quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the methods say: per node and period ahead, with the effects of events and what to do without them."""

    mean: FloatArray
    quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]
    effects: EventEffects | None
    calm: FloatArray


def concerned_nodes(nodes: Nodes, keys: Sequence[ForecastKey], rows: EventRows) -> BoolArray:
    """[node, row]: whether a row concerns a node; what is about one account concerns its own series alone."""
    own = rows.concerning(keys)
    above = (nodes.member[nodes.series :].astype(np.int64) @ own.astype(np.int64)) > 0
    alone = np.array([any(account for _, _, account in places) for places in rows.places], dtype=np.bool_)
    return np.vstack([own, above & ~alone[None, :]]) if len(rows.names) else np.zeros((nodes.count, 0), dtype=np.bool_)


def say(plain: Plain, horizon: int, levels: FloatArray, windows: int) -> Said:
    """Forecast days of all nodes, by the methods that did best on each one's own past."""
    past = plain.values.shape[1]
    calm, effects = _calmed(plain, past)
    seasons = (7, YEAR_DAYS) if past >= 2 * YEAR_DAYS + horizon else (7,)
    made = judge(calm, seasons, horizon, levels, plain.group, plain.tail, windows)
    mean, quantiles = made.mean, made.quantiles
    if effects is not None:
        ahead = plain.rows.indicators[:, past : past + horizon]
        base = mean
        mean, quantiles = with_effects(mean, effects, ahead), with_effects(quantiles, effects, ahead)
        mean, quantiles = _with_accounts(plain, base, mean, quantiles, effects, ahead)
    return Said(mean, quantiles, made.methods, _reasons(made, plain, effects), effects, calm)


def _calmed(plain: Plain, past: int) -> tuple[FloatArray, EventEffects | None]:
    """The history as it would have been without events, and what they did."""
    if not plain.concerned.any():
        return plain.values, None
    shown = plain.rows.indicators[:, :past]
    effects = event_effects(plain.values, shown, 7, group_of_series=plain.group, is_own=plain.concerned)
    calm = without_effects(plain.values, effects, shown)
    stated = np.array([np.nan if share is None else share for share in plain.rows.stated_share])
    told = plain.concerned & ~effects.is_known & ~np.isnan(stated)[None, :]
    effects = replace(effects, effect=np.where(told, np.nan_to_num(stated)[None, :], effects.effect))
    return np.where(calm.is_observed, calm.history, np.nan), effects


def _with_accounts(
    plain: Plain, base: FloatArray, mean: FloatArray, quantiles: FloatArray, effects: EventEffects, ahead: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sums expect more by what events of single accounts bring those accounts."""
    n = plain.nodes.series
    alone = np.array([any(account for _, _, account in places) for places in plain.rows.places], dtype=np.bool_)
    if not (alone[:, None] & (ahead > 0.0)).any():
        return mean, quantiles
    without = with_effects(base, replace(effects, effect=np.where(alone[None, :], 0.0, effects.effect)), ahead)
    more = plain.nodes.member[n:].astype(np.float64) @ (mean[:n] - without[:n])
    raised = mean.copy()
    raised[n:] = np.maximum(mean[n:] + more, 0.0)
    return raised, moved(mean, quantiles, raised)


@dataclass(frozen=True, slots=True, eq=False)
class WholeWeeks:
    """How sure weeks are: `mean` [node, week ahead] and `quantiles` [level, ...] of a forecast made of whole weeks."""

    mean: FloatArray
    quantiles: FloatArray


def judge_weeks(
    calm: FloatArray, group: IntArray, tail: BoolArray, weeks: int, levels: FloatArray
) -> WholeWeeks | None:
    """Forecast whole weeks for the sake of their quantiles, from errors of weeks; None where there are too few.

    Weeks are counted back from the last day. One with less than half its days is missing; closed days in others count
    as their week's mean day.
    """
    nodes, days = calm.shape
    blocks = days // 7
    if blocks < FEWEST_WEEKS:
        return None
    past = calm[:, days - 7 * blocks :].reshape(nodes, blocks, 7)
    seen = np.count_nonzero(~np.isnan(past), axis=2)
    sums = np.where(seen >= 4, np.nansum(past, axis=2) * 7.0 / np.maximum(seen, 1), np.nan)
    horizon = min(weeks, max(blocks // 4, 1))
    seasons = (52,) if blocks >= 104 + horizon else (1,)
    made = judge(sums, seasons, horizon, levels, group, tail)
    # Beyond what the past is long enough to judge, the last known width holds.
    last = np.minimum(np.arange(weeks), horizon - 1)
    return WholeWeeks(made.mean[:, last], made.quantiles[:, :, last])


def quantiles_of_weeks(
    mean: FloatArray, quantiles: FloatArray, whole: WholeWeeks | None, week_of_day: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Weeks' means [node, week] and quantiles [level, node, week] of a forecast of days.

    A whole week has the relative width of weeks that far ahead; a part of one, and what has none, is put together from
    its days, whose errors are taken to be correlated by 0.25.
    """
    weeks = int(week_of_day.max()) + 1
    member = (week_of_day[:, None] == np.arange(weeks)[None, :]).astype(np.float64)
    total = mean @ member
    off = quantiles - mean[None]
    together, squares = off @ member, (off**2) @ member
    spread = np.sqrt((1.0 - SUM_CORRELATION) * squares + SUM_CORRELATION * together**2)
    result = total[None] + np.sign(together) * spread
    if whole is not None:
        last_day = np.array([np.flatnonzero(week_of_day == w)[-1] for w in range(weeks)])
        for week in np.flatnonzero(member.sum(axis=0) == 7):
            ahead = min(int(last_day[week]) // 7, whole.mean.shape[1] - 1)
            result[:, :, week] = moved(whole.mean[:, ahead], whole.quantiles[:, :, ahead], total[:, week])
    return total, np.sort(np.maximum(result, 0.0), axis=0)


def _reasons(made: Judged, plain: Plain, effects: EventEffects | None) -> tuple[str, ...]:
    if effects is None:
        return made.reasons
    return tuple(reason + _events_in_words(effects, plain.rows.names, node) for node, reason in enumerate(made.reasons))


def _events_in_words(effects: EventEffects, names: Sequence[str], node: int) -> str:
    known = np.flatnonzero(effects.is_known[node] & (effects.occurrences[node] > 0))
    largest = known[np.argsort(-np.abs(effects.effect[node, known]), kind="stable")][:LARGEST_LISTED]
    words = [f"{names[row]} {effects.effect[node, row]:+.0%}" for row in largest]
    return f"; events: {', '.join(words)}" if words else ""
