"""How fine to forecast: the shortest period that still carries information, and which branches stand alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    whole_number,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.local_level import by_phase, share

STEPS_MINUTES = (15, 30, 60, 120, 240, 720, 1440, 2880, 10080)
"""Periods to choose from, a quarter of an hour to a week."""


@dataclass(frozen=True, slots=True, eq=False)
class Granularity:
    """The finest period worth a forecast, per branch.

    `period_minutes` [branch]; `signal_share` [branch]: at that period, the part of the mean square of its counts that
    is not chance; `units_per_period` [branch]; `is_worth_it` [branch]: False where even the longest period is too much
    chance (such a branch is better forecast with its group); `reason` [branch] in words.
    """

    period_minutes: IntArray
    signal_share: FloatArray
    units_per_period: FloatArray
    is_worth_it: BoolArray
    reason: tuple[str, ...]


def finest_period(
    history: ArrayLike,
    period_minutes: int,
    response_minutes: ArrayLike,
    *,
    least_signal_share: float = 0.8,
    steps_minutes: Sequence[int] = STEPS_MINUTES,
) -> Granularity:
    """The shortest period whose counts are more than chance, never shorter than operations can respond.

    Parameters: `history` [branch, period] (units, >= 0; NaN = missing), `period_minutes` (length of its periods),
    `response_minutes` [branch] or one (how fast the work force can follow), `least_signal_share` (0 to 1: the part
    that must not be chance), `steps_minutes` (periods to choose from; multiples of `period_minutes` among
    them are tried).
    Formula: over periods of L minutes, signal = 1 - noise / mean of y^2; noise = half the mean squared difference of
    the same place in two weeks running (of neighbours, where there are less than two weeks). For Poisson counts of mean
    m that is m / (m + 1): the default of 0.8 asks for four units. The shortest L >= response with enough signal is
    taken; with none, the longest there is. Validity: a pattern that returns every week; at least eight periods of L.
    Source: Cox and Lewis, The Statistical Analysis of Series of Events (1966), chapter 4 (variance of counts by
    interval length).

    >>> day = [0.0] * 16 + [40.0, 80.0, 60.0, 40.0] * 4 + [0.0] * 16
    >>> found = finest_period([day * 28], 30, 60.0)
    >>> found.period_minutes.tolist(), found.reason[0]
    ([60], 'every 60 minutes: 100 % of it is not chance (36.7 units); operations respond in 60 minutes')
    """
    values = numbers("history", history, minimum=0.0, missing_allowed=True, ndim=2)
    base = whole_number("period_minutes", period_minutes, minimum=1, maximum=10080)
    least = float(numbers("least_signal_share", least_signal_share, minimum=0.0, maximum=1.0, ndim=0))
    response = numbers("response_minutes", response_minutes, minimum=0.0, maximum=1e7)
    if response.ndim > 1 or (response.ndim == 1 and response.size != values.shape[0]):
        raise EngineInputError(f"response_minutes has shape {response.shape}: give one, or {values.shape[0]} of them")
    response = np.broadcast_to(response, values.shape[0])
    steps = [whole_number(f"steps_minutes[{i}]", s, minimum=1, maximum=10**6) for i, s in enumerate(steps_minutes)]
    tried = sorted({s for s in steps if s % base == 0} | {base})
    found = [_signal(values, s // base, 10080 // base) for s in tried]
    usable = [i for i, (_, _, enough) in enumerate(found) if enough] or [0]
    signal, units = (np.array([found[i][part] for i in usable]) for part in (0, 1))
    minutes = np.array([tried[i] for i in usable])
    slow = minutes[:, None] >= response
    good = slow & (signal >= least)
    chosen = np.where(np.any(good, axis=0), good.argmax(axis=0), minutes.size - 1)
    rows = np.arange(values.shape[0])
    worth: BoolArray = np.any(good, axis=0)
    seen = zip(minutes[chosen], signal[chosen, rows], units[chosen, rows], worth, response, strict=True)
    return Granularity(
        period_minutes=frozen(minutes[chosen]),
        signal_share=frozen(signal[chosen, rows]),
        units_per_period=frozen(units[chosen, rows]),
        is_worth_it=frozen(worth),
        reason=tuple(_reason(int(m), float(s), float(u), bool(w), float(r)) for m, s, u, w, r in seen),
    )


def _reason(minutes: int, signal: float, units: float, worth: bool, response: float) -> str:
    if not worth:
        return f"even every {minutes:g} minutes only {signal * 100:.0f} % of it is not chance: forecast with its group"
    said = f"every {minutes:g} minutes: {signal * 100:.0f} % of it is not chance ({units:.1f} units)"
    if response >= minutes:
        return f"{said}; operations respond in {response:g} minutes"
    return f"{said}; shorter periods are too much chance, or shorter than the response of {response:g} minutes"


def _signal(values: FloatArray, length: int, week: int) -> tuple[FloatArray, FloatArray, bool]:
    """Signal share and mean units per period of `length` base periods, and whether there are enough of them."""
    count = values.shape[1] // length
    kept = values[:, values.shape[1] - count * length :]
    sums = kept.reshape(values.shape[0], count, length).sum(axis=2)
    seen = np.count_nonzero(~np.isnan(sums), axis=1).astype(np.float64)
    square = share(np.nansum(sums**2, axis=1), seen, 0.0)
    lag = week // length if week % length == 0 and count >= 2 * (week // length) else 1
    apart = sums[:, lag:] - sums[:, : count - lag] if count > lag else np.full((values.shape[0], 1), np.nan)
    pairs = np.count_nonzero(~np.isnan(apart), axis=1).astype(np.float64)
    noise = np.where(pairs > 0.0, 0.5 * share(np.nansum(apart**2, axis=1), pairs, 0.0), square)
    signal = np.clip(1.0 - share(noise, square, 1.0), 0.0, 1.0)
    return signal, share(np.nansum(sums, axis=1), seen, 0.0), count >= 8


@dataclass(frozen=True, slots=True, eq=False)
class OwnSeries:
    """Which branches have a series of their own; `gain_share` [branch]: the part of the squared error that it saves."""

    is_own: BoolArray
    gain_share: FloatArray
    reason: tuple[str, ...]


def branches_of_their_own(
    history: ArrayLike,
    group_of_branch: ArrayLike,
    season_periods: int,
    *,
    least_gain_share: float = 0.02,
    tested_share: float = 0.25,
) -> OwnSeries:
    """Which branches deserve a series of their own, and which are better forecast as a share of their group.

    Parameters: `history` [branch, period] (units, >= 0; NaN = missing), `group_of_branch` [branch] (0, 1, ...),
    `season_periods` (m >= 1), `least_gain_share` (a branch stands alone if that saves more than this part of the
    squared error), `tested_share` (0 to 1: the last part of the periods, which judges).
    Formula: from the first part, the branch's own means by phase of the season against its share of the group's means
    by phase (the branch taken out of neither); gain = 1 - squared error alone / squared error with the group, on the
    last part. A branch with a rhythm of its own gains, a sparse one loses by its own noise. Validity: two seasons to
    learn from and one to judge by; else no branch stands alone. Source: Gross and Sohl, J. Forecasting 9 (1990).

    >>> alike, other = [9.0, 1.0] * 8, [0.0, 8.0] * 8
    >>> found = branches_of_their_own([alike, alike, alike, other], [0, 0, 1, 1], 2)
    >>> found.is_own.tolist(), found.reason[3]
    ([False, False, True, True], 'alone: saves 100 % of the squared error of its share of the group')
    """
    values = numbers("history", history, minimum=0.0, missing_allowed=True, ndim=2)
    group = whole_numbers("group_of_branch", group_of_branch, minimum=0, maximum=10**7, ndim=1)
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    least = float(numbers("least_gain_share", least_gain_share, minimum=-1.0, maximum=1.0, ndim=0))
    tested = float(numbers("tested_share", tested_share, above=0.0, below=1.0, ndim=0))
    if group.size != values.shape[0]:
        raise EngineInputError(f"group_of_branch has {group.size} entries: give {values.shape[0]}, one per branch")
    gain = _gains(values, group, season, tested)
    own = gain > least
    words = (
        f"alone: saves {g * 100:.0f} %" if o else f"with its group: alone saves {g * 100:.0f} %"
        for g, o in zip(gain, own, strict=True)
    )
    said = tuple(f"{word} of the squared error of its share of the group" for word in words)
    return OwnSeries(frozen(own), frozen(gain), said)


def _gains(values: FloatArray, group: IntArray, season: int, tested: float) -> FloatArray:
    periods = values.shape[1]
    first = int(periods * (1.0 - tested)) // season * season
    if first < 2 * season or periods - first < season:
        return np.zeros(values.shape[0])
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    units, seen = (by_phase(part[:, :first].astype(np.float64), season) for part in (filled, there))
    alone = share(units, seen, 0.0)
    groups = int(group.max()) + 1 if group.size else 0
    together = np.zeros((groups, season))
    np.add.at(together, group, alone)
    part = share(alone.sum(axis=1), together.sum(axis=1)[group] if groups else alone.sum(axis=1), 0.0)
    shared = part[:, None] * together[group]
    phase = np.arange(first, periods) % season
    late, judged = filled[:, first:], there[:, first:]
    errors = [np.where(judged, (late - said[:, phase]) ** 2, 0.0).sum(axis=1) for said in (alone, shared)]
    return np.clip(1.0 - share(errors[0], errors[1], 1.0), -1.0, 1.0)
