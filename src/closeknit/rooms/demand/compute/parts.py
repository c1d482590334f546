"""A forecast in parts that are made one by one, wherever there is room: some thousand series each, and all sums.

Which nodes are in a part follows from the series alone, never from where parts are made: series that lend to each other
do so within their part, so that the numbers are the same, bit for bit, in one process or in many.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import EventEffects
from closeknit.rooms.demand.compute.calendar import EventRows
from closeknit.rooms.demand.compute.grouping import narrow
from closeknit.rooms.demand.compute.statistical import (
    Grains,
    Plain,
    Said,
    WholeWeeks,
    grains_of,
    judge_weeks,
    say_days,
    spread_of,
)
from closeknit.rooms.demand.contracts import mondays_of

QUANTILE_LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95])
SERIES_OF_PART = 2048
HELD_OUT_DAYS = 28
FEWEST_DAYS_TO_SCORE = 3 * HELD_OUT_DAYS
WINDOWS, HELD_OUT_WINDOWS = 8, 4

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some nodes and all that their forecast is made from.

    `values` [node, day] in the narrowest form; `is_closed` [day]: missing for all; `days`: of the past and to come.
    """

    nodes: IntArray
    are_sums: bool
    values: NDArray[Any]
    is_closed: BoolArray
    group: IntArray
    tail: BoolArray
    rows: EventRows
    concerned: BoolArray
    days: NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What all parts of a forecast share: by node, who lends to whom, what is cheap, and which events concern it."""

    is_closed: BoolArray
    group: IntArray
    tail: BoolArray
    rows: EventRows
    concerned: BoolArray
    days: NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What the methods say of a part's nodes.

    `mean` [node, day ahead] (of thin nodes nothing yet), `spread` [node]: how far off; `week_mean` [node, whole week]
    and `week_quantiles` [level, ...] where there are weeks enough, `loose` [node, week]. Of sums, `quantiles` [level,
    node, day] and `base` [node, day] without events, and `effects`; of series `quantiles` only where weeks are too
    few. `alone`: units [row of `alone_of`, day] that events of single accounts bring.
    """

    nodes: IntArray
    is_thin: BoolArray
    mean: FloatArray
    spread: FloatArray
    loose: FloatArray
    week_mean: FloatArray | None
    week_quantiles: FloatArray | None
    quantiles: FloatArray | None
    base: FloatArray | None
    effects: EventEffects | None
    alone_of: IntArray
    alone: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SpokenPart:
    """A part's forecast, and the one of the last four weeks from what came before; None where there is too little."""

    ahead: Spoken
    held_out: Spoken | None


Each = Callable[[Callable[[Part], SpokenPart], Iterable[Part]], Iterator[SpokenPart]]
"""Applies a function to many parts and yields what comes out, in order: `map`, or one that spreads the work."""


def week_numbers(days: NDArray[np.datetime64]) -> IntArray:
    """[day]: the number of its week, Mondays first, from 0."""
    return np.unique(mondays_of(days), return_inverse=True)[1].astype(np.int64)


def say_part(part: Part) -> SpokenPart:
    """Forecast a part, and once more without its last four weeks."""
    values = part.values.astype(np.float64)
    values[:, part.is_closed] = np.nan
    ahead = _say(part, values, part.days.size - values.shape[1], WINDOWS, whole=True)
    if values.shape[1] < FEWEST_DAYS_TO_SCORE:
        return SpokenPart(ahead, None)
    return SpokenPart(ahead, _say(part, values[:, :-HELD_OUT_DAYS], HELD_OUT_DAYS, HELD_OUT_WINDOWS, whole=False))


def _say(part: Part, values: FloatArray, horizon: int, windows: int, *, whole: bool) -> Spoken:
    """Forecast so many days after some; `whole` keeps the quantiles of series, which only final numbers need."""
    plain = Plain(values, part.are_sums, part.group, part.tail, part.rows, part.concerned)
    past = values.shape[1]
    week_of_day = week_numbers(part.days[past : past + horizon])
    grains = grains_of(plain)
    rows = np.flatnonzero(~grains.is_thin)
    said = say_days(plain, rows, week_of_day, QUANTILE_LEVELS, windows)
    weeks = judge_weeks(plain, said, 1 + horizon // 7, QUANTILE_LEVELS)
    return _spoken(part, said, weeks, grains, keep=whole)


def _spoken(part: Part, said: Said, weeks: WholeWeeks | None, grains: Grains, *, keep: bool) -> Spoken:
    count = part.nodes.size
    mean, spread = np.zeros((count, said.mean.shape[1])), np.zeros(count)
    loose = np.zeros((count, said.loose.shape[1]))
    mean[said.rows], spread[said.rows] = said.mean, spread_of(said.quantiles, QUANTILE_LEVELS)
    loose[said.rows] = said.loose
    thin = np.flatnonzero(grains.is_thin)
    if weeks is not None and thin.size:
        spread[thin] = spread_of(weeks.quantiles[:, thin], QUANTILE_LEVELS) / np.sqrt(7.0)
    with_alone = np.flatnonzero((said.alone != 0.0).any(axis=1)) if said.alone is not None else thin[:0]
    methods, reasons = _words(said, weeks, grains)
    return Spoken(
        nodes=part.nodes,
        is_thin=grains.is_thin,
        mean=mean,
        spread=spread,
        loose=loose,
        week_mean=None if weeks is None else weeks.mean,
        week_quantiles=weeks.quantiles if weeks is not None and keep else None,
        quantiles=said.quantiles if part.are_sums or (keep and weeks is None) else None,
        base=said.base if part.are_sums else None,
        effects=said.effects if part.are_sums else None,
        alone_of=part.nodes[said.rows[with_alone]],
        alone=said.mean[:0] if said.alone is None else said.alone[with_alone],
        methods=methods,
        reasons=reasons,
    )


def _words(said: Said, weeks: WholeWeeks | None, grains: Grains) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Each node's method and why, with the grain it was forecast by."""
    count = grains.is_thin.size
    methods = [f"{method} of weeks" for method in weeks.methods] if weeks else [""] * count
    reasons = list(weeks.reasons) if weeks else [""] * count
    for place, node in enumerate(said.rows.tolist()):
        methods[node], reasons[node] = said.methods[place], said.reasons[place]
    told = zip(grains.reasons, reasons, strict=True)
    return tuple(methods), tuple("; ".join(part for part in both if part) for both in told)


def part_of(whole: Whole, nodes: IntArray, values: FloatArray, *, are_sums: bool) -> Part:
    """Return the part of these nodes, with their days [node, day]."""
    return Part(
        nodes=nodes,
        are_sums=are_sums,
        values=narrow(values),
        is_closed=whole.is_closed,
        group=whole.group[nodes],
        tail=whole.tail[nodes],
        rows=whole.rows,
        concerned=whole.concerned[nodes],
        days=whole.days,
    )
