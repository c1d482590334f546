"""Satisfaction as it falls with time: pools by hand, the min-max formula, how often intervals hold the truth."""

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.customers import falling_fit, satisfaction_limit
from closeknit.engine.errors import EngineInputError


def at_times(time: list[float], score: list[float], weight: list[float] | None = None) -> list[float]:
    """The fit at each time seen, as pairs of the smallest and largest mean say it."""
    times = sorted(set(time))
    weights = weight or [1.0] * len(time)
    w = [sum(u for t, u in zip(time, weights, strict=True) if t == at) for at in times]
    wy = [sum(u * y for t, y, u in zip(time, score, weights, strict=True) if t == at) for at in times]
    mass, total = [0.0, *accumulate(w)], [0.0, *accumulate(wy)]

    def mean(i: int, j: int) -> float:
        return (total[j + 1] - total[i]) / (mass[j + 1] - mass[i])

    last = len(times)
    return [max(min(mean(i, j) for i in range(k + 1)) for j in range(k, last)) for k in range(last)]


def spread(fit: Any, times: list[float]) -> list[float]:
    """The steps of a fit at some times seen."""
    return [float(fit.score[np.searchsorted(fit.to_time, at)]) for at in times]


@pytest.mark.parametrize(
    ("time", "score", "expected"),
    [
        ([1, 2, 3], [5, 4, 3], [5, 4, 3]),
        ([1, 2, 3], [3, 4, 5], [4, 4, 4]),
        # 1 and 4 pool to 2.5, which is below 3: with it they pool to 8/3.
        ([1, 2, 3, 4], [5, 1, 4, 3], [5, 8 / 3, 8 / 3, 8 / 3]),
        ([4, 3, 2, 1], [1, 4, 3, 5], [5, 3.5, 3.5, 1]),
        # Two answers of one time count by their mean, twice: (2 + 4 + 6) / 3.
        ([1, 1, 2], [2, 4, 6], [4, 4]),
        ([7], [3], [3]),
    ],
)
def test_pools_computed_by_hand(time, score, expected):
    assert spread(falling_fit(time, score), sorted(set(time))) == pytest.approx(expected)


def test_an_answer_of_weight_two_counts_twice():
    once = falling_fit([1, 2, 2, 3], [3, 5, 5, 1])
    weighed = falling_fit([1, 2, 3], [3, 5, 1], weight=[1, 2, 1])
    assert weighed.score == pytest.approx(once.score)
    assert weighed.weight.tolist() == once.weight.tolist() == [3.0, 1.0]


WHOLE = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=24)


@given(WHOLE)
@settings(max_examples=200, deadline=None)
def test_the_fit_is_the_largest_of_smallest_means(rows):
    time, score, weight = ([float(row[i]) for row in rows] for i in range(3))
    fit = falling_fit(time, score, weight=weight)
    assert spread(fit, sorted(set(time))) == pytest.approx(at_times(time, score, weight))
    assert np.all(np.diff(fit.score) < 1e-12)
    assert fit.weight.sum() == pytest.approx(sum(weight))


def test_the_limit_is_the_last_time_that_holds_the_level():
    rng = np.random.default_rng(1)
    time, score = [1, 2, 3, 4, 5], [5, 5, 4, 2, 1]
    assert satisfaction_limit(time, score, 4.0, rng=rng).limit_time == 3.0
    assert satisfaction_limit(time, score, 1.0, rng=rng).limit_time == np.inf
    assert satisfaction_limit(time, score, 5.5, rng=rng).limit_time == 0.0


def world(rng: np.random.Generator, answers: int, groups: int, slope: float) -> tuple[Any, Any, Any]:
    group = rng.integers(groups, size=answers)
    own = rng.normal(0.0, 0.35, groups)[group]
    hours = rng.gamma(2.0, 12.0, answers)
    return hours, 5.0 - slope * hours + own + rng.normal(0.0, 0.85, answers), group


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        hours, score, group = world(rng, 150, 30, 0.05)
        found = satisfaction_limit(hours, score, 3.5, group=group, resamples=60, rng=rng)
        held += found.low_time <= 30.0 <= found.high_time
    assert held / 80 >= 0.75


def test_what_falls_is_told_from_what_does_not():
    def clear(slope: float) -> float:
        found = []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            hours, score, _ = world(rng, 80, 80, slope)
            found.append(satisfaction_limit(hours, score, 3.5, resamples=60, rng=rng).chance_share < 0.05)
        return float(np.mean(found))

    assert clear(0.05) > 0.95
    assert clear(0.0) < 0.15
    assert clear(-0.05) < 0.05


def test_one_persons_answers_are_drawn_together():
    hours, score, _ = world(np.random.default_rng(5), 200, 200, 0.05)
    ten = np.arange(200) % 10
    score = score + np.random.default_rng(6).normal(0.0, 2.0, 10)[ten]
    alone = satisfaction_limit(hours, score, 3.5, rng=np.random.default_rng(7))
    together = satisfaction_limit(hours, score, 3.5, group=ten, rng=np.random.default_rng(7))
    assert together.high_time - together.low_time > alone.high_time - alone.low_time


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"time": []}, "time is empty"),
        ({"time": [1.0, -1.0]}, "time"),
        ({"time": [1.0, np.nan]}, "time"),
        ({"score": [1.0]}, "score"),
        ({"score": [1.0, np.inf]}, "score"),
        ({"wanted_score": np.nan}, "wanted_score"),
        ({"interval_level": 1.0}, "interval_level"),
        ({"resamples": 1}, "resamples"),
        ({"group": [0.5, 1.0]}, "group"),
        ({"group": [1]}, "group"),
    ],
)
def test_what_is_no_answer_is_refused_by_name(change, named):
    given = {"time": [1.0, 2.0], "score": [5.0, 1.0], "wanted_score": 4.0, "rng": np.random.default_rng(1)}
    with pytest.raises(EngineInputError, match=named):
        satisfaction_limit(**{**given, **change})


def test_a_weight_of_nothing_is_refused():
    with pytest.raises(EngineInputError, match="weight"):
        falling_fit([1, 2], [5, 4], weight=[1, 0])
