"""Sales opportunities as probable demand: chances of winning by stage and age, when, and how much work that brings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    FloatArray,
    IntArray,
    frozen,
    numbers,
    refuse_where,
    rising_levels,
    same_shape,
    whole_number,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError

OPEN, WON, LOST = 0, 1, 2
AGES_FROM_DAYS = (0.0, 4.0, 8.0, 15.0, 29.0, 57.0, 85.0, 113.0, 141.0, 197.0, 365.0)
PRIOR_EVENTS_OF_AGES = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CloseHazards:
    """Rates per day at which open opportunities are won and lost, by stage and bin of ages.

    `age_from_days` [bin] begins each bin; `won_per_day`, `lost_per_day` [stage, bin]; `open_days`, `won_count` and
    `lost_count` [stage, bin]: what they stand on.
    """

    age_from_days: FloatArray
    won_per_day: FloatArray
    lost_per_day: FloatArray
    open_days: FloatArray
    won_count: IntArray
    lost_count: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class WinChance:
    """What becomes of open opportunities within the weeks ahead; shares are 0..1, one per opportunity (n).

    `won_share`, `lost_share`, `open_share` add up to 1; `won_by_week` [n, week]: to be won by the end of each week.
    """

    won_share: FloatArray
    lost_share: FloatArray
    open_share: FloatArray
    won_by_week: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ProbableDemand:
    """Units per week that opportunities bring: `mean` [group, week], exact; `quantiles` [level, group, week], drawn."""

    mean: FloatArray
    quantiles: FloatArray


def fit_close_hazards(
    stage: ArrayLike,
    from_days: ArrayLike,
    to_days: ArrayLike,
    outcome: ArrayLike,
    n_stages: int,
    prior_events: float = 8.0,
    ages_from_days: ArrayLike = AGES_FROM_DAYS,
) -> CloseHazards:
    """Learn from past opportunities at which rates they are won and lost, by stage and age: competing risks.

    One row per opportunity ([n]): `stage` (0 to `n_stages` - 1, the last one before it closed), `from_days` (its age
    when we first knew of it; above 0 where earlier closings are not on record), `to_days` (its age when it closed, or
    now), `outcome` (0 still open, 1 won, 2 lost). `ages_from_days` ([B], rising from 0): where bins of ages begin.
    `prior_events` (k > 0): how many closings all stages together count in each stage's bin. Formula: all stages, bin b,
    outcome c: p_bc = (D_bc + 2 r_c / r) / (E_b + 2 / r), with D closings, E open days and r the rates over all ages; a
    bin without open days takes the one before. Stage s: (D_sbc + k p_bc / p_b) / (E_sb + k / p_b). Validity: open ones
    are at risk until `to_days`, whatever comes (right censoring), and from `from_days` on (left truncation); rates do
    not drift. Source: Kalbfleisch and Prentice, *The Statistical Analysis of Failure Time Data* (2002), 8.2;
    gamma-Poisson shrinkage.

    >>> known = fit_close_hazards([0] * 4, [0.0] * 4, [10.0, 10.0, 20.0, 40.0], [1, 2, 1, 0], 1, ages_from_days=[0.0])
    >>> float(known.won_per_day[0, 0]), float(known.lost_per_day[0, 0])
    (0.025, 0.0125)
    """
    n_stages = whole_number("n_stages", n_stages, minimum=1, maximum=1000)
    place = whole_numbers("stage", stage, minimum=0, maximum=n_stages - 1, ndim=1)
    since = numbers("from_days", from_days, minimum=0.0, ndim=1)
    until = numbers("to_days", to_days, minimum=0.0, ndim=1)
    ended = whole_numbers("outcome", outcome, minimum=OPEN, maximum=LOST, ndim=1)
    same_shape([("from_days", since), ("to_days", until), ("outcome", ended)], place.shape, "one per opportunity")
    refuse_where(until < since, "to_days", until, "give an age of at least from_days")
    edges = _edges(ages_from_days)
    weight = float(numbers("prior_events", prior_events, above=0.0, ndim=0))
    days = _open_days(place, since, until, edges, n_stages)
    won, lost = (_closings(place, until, ended == kind, edges, n_stages) for kind in (WON, LOST))
    if days.sum() <= 0.0 or (won + lost).sum() == 0:
        raise EngineInputError("outcome holds no closing after any open day: give some that were won (1) or lost (2)")
    pooled = _pooled(days.sum(axis=0), np.stack([won.sum(axis=0), lost.sum(axis=0)]).astype(np.float64))
    worth = weight / pooled.sum(axis=0)
    return CloseHazards(
        age_from_days=frozen(edges),
        won_per_day=frozen((won + worth * pooled[0]) / (days + worth)),
        lost_per_day=frozen((lost + worth * pooled[1]) / (days + worth)),
        open_days=frozen(days),
        won_count=frozen(won),
        lost_count=frozen(lost),
    )


def win_chance(hazards: CloseHazards, stage: ArrayLike, age_days: ArrayLike, weeks: int) -> WinChance:
    """Return the chance that open opportunities are won within the next weeks, by stage and age.

    `hazards`: of `fit_close_hazards`; `stage`, `age_days` ([n]): of each open one now; `weeks` (W): how far to look.
    Formula: rates hold within a bin of ages; over d days there with rates l_w, l_l the chance grows by S l_w / l (1 -
    exp(-l d)), with S the chance to be open still, and S shrinks by exp(-l d). Validity: as for the hazards; beyond the
    oldest age on record the last rates go on. Source: the cumulative incidence function, ibid. 8.2.

    >>> known = fit_close_hazards([0] * 4, [0.0] * 4, [10.0, 10.0, 20.0, 40.0], [1, 2, 1, 0], 1, ages_from_days=[0.0])
    >>> win_chance(known, [0], [5.0], weeks=52).won_share.round(4).tolist()
    [0.6667]
    """
    count = hazards.won_per_day.shape[0]
    place = whole_numbers("stage", stage, minimum=0, maximum=count - 1, ndim=1)
    age = numbers("age_days", age_days, minimum=0.0, ndim=1)
    same_shape([("age_days", age)], place.shape, "one per opportunity")
    until = age[:, None] + 7.0 * np.arange(1, whole_number("weeks", weeks, minimum=1, maximum=1000) + 1)
    still, won, lost = np.ones(until.shape), np.zeros(until.shape), np.zeros(until.shape)
    width = np.diff(np.append(hazards.age_from_days, np.inf))
    for b, start in enumerate(hazards.age_from_days):
        spent = np.clip(until - start, 0.0, width[b]) - np.clip(age - start, 0.0, width[b])[:, None]
        win, lose = hazards.won_per_day[place, b][:, None], hazards.lost_per_day[place, b][:, None]
        ends = -np.expm1(-(win + lose) * spent) * still
        won += ends * win / (win + lose)
        lost += ends * lose / (win + lose)
        still -= ends
    won = np.maximum.accumulate(np.clip(won, 0.0, 1.0), axis=1)
    return WinChance(
        won_share=frozen(won[:, -1].copy()),
        lost_share=frozen(lost[:, -1].copy()),
        open_share=frozen(np.clip(1.0 - won[:, -1] - lost[:, -1], 0.0, 1.0)),
        won_by_week=frozen(won),
    )


def probable_demand(
    won_by_week: ArrayLike,
    units_per_week: ArrayLike,
    lead_weeks: ArrayLike,
    start_week: ArrayLike,
    end_week: ArrayLike,
    group: ArrayLike,
    n_groups: int,
    quantile_levels: ArrayLike,
    rng: np.random.Generator,
    draws: int = 2000,
) -> ProbableDemand:
    """Return the work per week that open opportunities bring, expected and by quantiles of the sum.

    One row per opportunity ([n]): `won_by_week` ([n, W], rising, 0..1: of `win_chance`), `units_per_week` (u >= 0),
    `lead_weeks` (L: whole weeks from winning until work begins), `start_week` and `end_week` (weeks from now: no work
    before the first, none from the second on), `group` (0 to `n_groups` - 1). Formula: mean = sum u P(won by week t -
    L) for start <= t < end, exact; quantiles from `draws` runs in which each is won in a week drawn, or not. Validity:
    one win says nothing of another. Source: arithmetic; Monte Carlo.

    >>> rng = np.random.default_rng(1)
    >>> found = probable_demand([[0.5, 0.5]], [10.0], [1], [0], [9], [0], 1, [0.1, 0.9], rng)
    >>> found.mean.tolist(), found.quantiles[:, 0, 1].tolist()
    ([[0.0, 5.0]], [0.0, 10.0])
    """
    chance = numbers("won_by_week", won_by_week, minimum=0.0, maximum=1.0, ndim=2)
    refuse_where(np.diff(chance, axis=1, prepend=0.0) < 0.0, "won_by_week", chance, "give chances that never fall")
    rows, weeks = chance.shape
    units = numbers("units_per_week", units_per_week, minimum=0.0, ndim=1)
    n_groups = whole_number("n_groups", n_groups, minimum=1, maximum=10**6)
    lead = whole_numbers("lead_weeks", lead_weeks, minimum=0, ndim=1)
    start = whole_numbers("start_week", start_week, minimum=0, ndim=1)
    end = whole_numbers("end_week", end_week, minimum=0, ndim=1)
    place = whole_numbers("group", group, minimum=0, maximum=n_groups - 1, ndim=1)
    named = [
        ("units_per_week", units),
        ("lead_weeks", lead),
        ("start_week", start),
        ("end_week", end),
        ("group", place),
    ]
    same_shape(named, (rows,), "one per opportunity")
    levels = rising_levels("quantile_levels", quantile_levels)
    draws = whole_number("draws", draws, minimum=10, maximum=10**6)
    mean = np.zeros((n_groups, weeks))
    np.add.at(mean, place, units[:, None] * _working(chance, lead, start, end))
    quantiles = np.zeros((levels.size, n_groups, weeks))
    for found in np.unique(place):
        mine = np.flatnonzero(place == found)
        drawn = _drawn(chance[mine], units[mine], lead[mine], start[mine], end[mine], draws, rng)
        quantiles[:, found] = np.quantile(drawn, levels, axis=0, method="inverted_cdf")
    return ProbableDemand(mean=frozen(mean), quantiles=frozen(quantiles))


def _edges(ages_from_days: ArrayLike) -> FloatArray:
    edges = numbers("ages_from_days", ages_from_days, minimum=0.0, ndim=1)
    if edges.size == 0 or edges[0] != 0.0:
        raise EngineInputError("ages_from_days does not begin at 0: give where each bin begins, the first at 0")
    refuse_where(np.diff(edges, prepend=-1.0) <= 0.0, "ages_from_days", edges, "give ages in strictly rising order")
    return edges


def _open_days(place: IntArray, since: FloatArray, until: FloatArray, edges: FloatArray, stages: int) -> FloatArray:
    """[stage, bin]: days that opportunities were open and known of."""
    width = np.diff(np.append(edges, np.inf))
    days = np.zeros((stages, edges.size))
    for b, start in enumerate(edges):
        spent = np.clip(until - start, 0.0, width[b]) - np.clip(since - start, 0.0, width[b])
        days[:, b] = np.bincount(place, spent, minlength=stages)
    return days


def _closings(place: IntArray, until: FloatArray, ended: FloatArray, edges: FloatArray, stages: int) -> IntArray:
    """[stage, bin]: closings of one kind. One on the edge of two bins belongs to the first: it was open in that."""
    bins = np.maximum(np.searchsorted(edges, until[ended], side="left") - 1, 0)
    flat = np.bincount(place[ended] * edges.size + bins, minlength=stages * edges.size)
    return flat.reshape(stages, edges.size).astype(np.int64)


def _pooled(days: FloatArray, closings: FloatArray) -> FloatArray:
    """[2, bin]: rates of winning and losing over all stages; where nothing was open, those of the bin before."""
    overall = closings.sum(axis=1) / days.sum()
    prior = PRIOR_EVENTS_OF_AGES / overall.sum()
    rates: FloatArray = (closings + prior * overall[:, None]) / (days + prior)
    for b in range(1, days.size):
        if days[b] <= 0.0 and closings[:, b].sum() == 0.0:
            rates[:, b] = rates[:, b - 1]
    return rates


def _working(chance: FloatArray, lead: IntArray, start: IntArray, end: IntArray) -> FloatArray:
    """[n, week]: the chance that work is under way in each week."""
    rows, weeks = chance.shape
    week = np.arange(weeks)
    source = week[None, :] - lead[:, None]
    won = np.where(source >= 0, chance[np.arange(rows)[:, None], np.maximum(source, 0)], 0.0)
    working: FloatArray = np.where((week >= start[:, None]) & (week < end[:, None]), won, 0.0)
    return working


def _drawn(
    chance: FloatArray,
    units: FloatArray,
    lead: IntArray,
    start: IntArray,
    end: IntArray,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """[draw, week]: the sum of all opportunities' work, in each run of the future."""
    weeks = chance.shape[1]
    change = np.zeros((draws, weeks + 1))
    run = np.arange(draws)
    for i in range(chance.shape[0]):
        won_in = np.searchsorted(chance[i], rng.random(draws), side="right")
        begins = np.minimum(np.maximum(np.where(won_in < weeks, won_in + lead[i], weeks), start[i]), weeks)
        stops = np.maximum(min(int(end[i]), weeks), begins)
        change[run, begins] += units[i]
        change[run, stops] -= units[i]
    drawn: FloatArray = np.maximum(np.cumsum(change[:, :-1], axis=1), 0.0)
    return drawn
