"""Breaks against every placing there is, on small days; and what is refused."""

import itertools

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.rostering import place_breaks


def small_day(case: int):
    rng = np.random.default_rng(case)
    intervals, people = int(rng.integers(3, 7)), int(rng.integers(1, 5))
    begins = rng.integers(0, intervals - 1, people)
    ends = np.array([rng.integers(first + 1, intervals + 1) for first in begins])
    earliest = np.array([rng.integers(first, end) for first, end in zip(begins, ends, strict=True)])
    latest = np.array([rng.integers(first, end) for first, end in zip(earliest, ends, strict=True)])
    return rng.integers(0, people + 1, intervals), begins, ends, earliest, latest


def worth(day, placing):
    """Return what is missing, then how uneven it is: both counted from the words, one interval after another."""
    need, begins, ends, _, _ = day
    missing, uneven = 0, 0.0
    for t in range(need.size):
        there = sum(1 for first, end in zip(begins, ends, strict=True) if first <= t < end)
        away = sum(1 for at in placing if at == t)
        missing += max(0, int(need[t]) - (there - away))
        uneven += away**2 / max(there, 1)
    return missing, round(uneven, 9)


@pytest.mark.parametrize("case", range(120))
def test_no_placing_is_better(case):
    day = small_day(case)
    every = itertools.product(*(range(first, last + 1) for first, last in zip(day[3], day[4], strict=True)))
    found = place_breaks(*day)
    assert worth(day, found.interval.tolist()) == min(worth(day, placing) for placing in every)
    assert found.short == worth(day, found.interval.tolist())[0]
    assert found.short_without == worth(day, [])[0]
    assert (found.working >= 0).all()


def test_nobody_at_work_takes_no_break():
    found = place_breaks([1, 2], [], [], [], [])
    assert (found.interval.size, found.short, found.short_without) == (0, 3, 3)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"earliest": [0]}, "within the shift"),
        ({"latest": [3]}, "within the shift"),
        ({"earliest": [2], "latest": [1]}, "not before"),
        ({"ends": [3, 3]}, "one for each person"),
        ({"need": [1.5, 1, 1, 1]}, "whole number"),
        ({"need": []}, "give 1 to"),
    ],
)
def test_refusals_name_what_to_give(change, word):
    given = {"need": [1, 1, 1, 1], "begins": [1], "ends": [3], "earliest": [1], "latest": [2], **change}
    with pytest.raises(EngineInputError, match=word):
        place_breaks(**given)
