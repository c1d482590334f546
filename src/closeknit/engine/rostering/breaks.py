"""When everybody at work takes a break, so that least is missing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from closeknit.engine.checks import IntArray, frozen, refuse_where, same_shape, whole_numbers

MOST_INTERVALS, MOST_PEOPLE = 288, 2000


@dataclass(frozen=True, slots=True)
class BreakPlan:
    """Breaks placed. `interval[person]`; `working[interval]`: people there and not on a break.

    `short`: people missing, summed over intervals; `short_without`: as much without any break. No placing of the same
    breaks has a smaller `short`.
    """

    interval: IntArray
    working: IntArray
    short: int
    short_without: int


def place_breaks(
    need: ArrayLike, begins: ArrayLike, ends: ArrayLike, earliest: ArrayLike, latest: ArrayLike
) -> BreakPlan:
    """Give everybody one break of one interval of the day: first so that least is missing, then evenly.

    Parameters
    ----------
    need : whole numbers [interval], people who must work in each interval of the day.
    begins, ends : whole numbers [person], the intervals of each person's shift, the end not in it.
    earliest, latest : whole numbers [person], between which intervals (both in it) the break may be.

    Formula: with k people on a break in interval t, `short_t = max(0, need_t - there_t + k)` rises ever faster, so each
    further break there costs its own difference, and the exact optimum is an assignment of people to places
    (interval, k-th break), each at the cost `W (short_t(k) - short_t(k - 1)) + (2k - 1) / there_t`, W above all that
    the second term can come to: breaks are spread by the sum of `k^2 / there` among the placings with least missing.
    Validity: one break a person, as long as an interval; whole people. Source: Burkard, Dell'Amico, Martello,
    "Assignment Problems" (2009), on convex costs as copies of a place.

    >>> told = place_breaks([1, 2, 2, 1], [0, 0, 0], [4, 4, 4], [0, 0, 0], [3, 3, 3])
    >>> sorted(told.interval.tolist()), told.short, told.working.tolist()
    ([0, 1, 2], 0, [2, 2, 2, 3])
    """
    wanted = whole_numbers("need", need, minimum=0, maximum=MOST_PEOPLE, ndim=1)
    most = wanted.size
    refuse_where(np.array(not 1 <= most <= MOST_INTERVALS), "need", np.array(most), f"give 1 to {MOST_INTERVALS} of it")
    names = ("begins", "ends", "earliest", "latest")
    given = zip(names, (begins, ends, earliest, latest), strict=True)
    named = [(name, whole_numbers(name, value, minimum=0, maximum=most, ndim=1)) for name, value in given]
    start, end, first, last = (array for _, array in named)
    refuse_where(
        np.array(start.size > MOST_PEOPLE), "begins", np.array(start.size), f"give {MOST_PEOPLE} people at most"
    )
    same_shape(named, start.shape, "one for each person")
    refuse_where(first < start, "earliest", first, "let the break lie within the shift")
    refuse_where(last >= end, "latest", last, "let the break lie within the shift, whose end is not in it")
    refuse_where(last < first, "latest", last, "give an interval not before the earliest")
    inside = np.arange(most)[:, None]
    there = ((inside >= start) & (inside < end)).sum(axis=1)
    taken = _assign(wanted, there, first, last)
    working = there - np.bincount(taken, minlength=most)
    short = int(np.maximum(wanted - working, 0).sum())
    return BreakPlan(frozen(taken), frozen(working), short, int(np.maximum(wanted - there, 0).sum()))


def _assign(need: IntArray, there: IntArray, first: IntArray, last: IntArray) -> IntArray:
    people = first.size
    if not people:
        return np.zeros(0, dtype=np.int64)
    spans = (np.arange(need.size)[:, None] >= first) & (np.arange(need.size)[:, None] <= last)
    copies = spans.sum(axis=1)
    place = np.repeat(np.arange(need.size), copies)
    nth = np.arange(place.size) - np.repeat(np.cumsum(copies) - copies, copies) + 1
    over = need[place] - there[place] + nth
    missing = np.maximum(over, 0) - np.maximum(over - 1, 0)
    price = (2.0 * people + 1.0) * missing + (2.0 * nth - 1.0) / np.maximum(there[place], 1)
    cost = np.where(spans[place].T, price, np.inf)
    _, chosen = linear_sum_assignment(cost)
    taken: IntArray = place[chosen].astype(np.int64)
    return taken
