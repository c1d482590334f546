"""Which weeks must be looked at: the range, the share, the floor, and whose share counts."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from closeknit.rooms.demand.compute.exceptions import Limits, find_exceptions, range_of, say_exception
from closeknit.rooms.demand.contracts import ExceptionCause, ScoredWeek, ScoreLevel

WEEK = ScoredWeek(
    run_id=UUID(int=1),
    level=ScoreLevel.SERIES,
    service="picking",
    region="north",
    work_class="",
    tier="key",
    account_number="ACME",
    week_on=date(2026, 3, 2),
    horizon_weeks=1,
    mean=100.0,
    low=80.0,
    high=130.0,
    actual=100.0,
    method="mean of 4",
)
LIMITS = Limits(share=0.15, least_units=10.0, range_percent="95", is_own=False)


def causes(week: ScoredWeek, limits: Limits = LIMITS) -> tuple[str, ...]:
    found = find_exceptions([week], [limits])
    return found[0].causes if found else ()


def test_the_95_range_is_the_80_range_stretched_and_never_below_nothing():
    low, high = range_of(WEEK, "95")
    assert (low, high) == (pytest.approx(100 - 1.5294 * 20, abs=0.01), pytest.approx(100 + 1.5294 * 30, abs=0.01))
    assert range_of(WEEK, "80") == (80.0, 130.0)
    assert range_of(replace(WEEK, low=1.0, mean=2.0, high=40.0), "95")[0] >= 0.0


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (100.0, ()),
        (125.0, ()),
        (135.0, (ExceptionCause.OFF_FORECAST,)),
        (150.0, (ExceptionCause.OUTSIDE_RANGE, ExceptionCause.OFF_FORECAST)),
        (60.0, (ExceptionCause.OUTSIDE_RANGE, ExceptionCause.OFF_FORECAST)),
    ],
)
def test_a_series_must_leave_its_80_range_before_its_share_counts(actual, expected):
    assert causes(replace(WEEK, actual=actual)) == expected


def test_a_total_and_a_share_of_its_own_count_within_the_range_too():
    off = replace(WEEK, actual=120.0)
    assert causes(off) == ()
    assert causes(replace(off, level=ScoreLevel.TOTAL)) == (ExceptionCause.OFF_FORECAST,)
    assert causes(off, replace(LIMITS, is_own=True)) == (ExceptionCause.OFF_FORECAST,)


def test_small_series_do_not_cry():
    small = replace(WEEK, mean=2.0, low=0.0, high=4.0, actual=9.0)
    assert causes(small) == ()
    assert causes(small, replace(LIMITS, least_units=5.0)) != ()


def test_what_matters_most_comes_first():
    weeks = [replace(WEEK, actual=200.0, tier="volume"), replace(WEEK, actual=170.0, tier="strategic")]
    found = find_exceptions(weeks, [LIMITS, LIMITS])
    assert [f.week.tier for f in found] == ["strategic", "volume"]
    assert [f.consequence for f in found] == [560.0, 125.0]


def test_it_is_said_in_one_sentence():
    said = say_exception("ACME", 160.0, 100.0, 80.0, 130.0, 0.15, [ExceptionCause.OUTSIDE_RANGE.value])
    assert said == "ACME: 160 came, 100 forecast (+60%), outside its range of 80 to 130."
    assert "from nothing" in say_exception("ACME", 9.0, 0.0, 0.0, 0.0, 0.15, [ExceptionCause.OFF_FORECAST.value])
