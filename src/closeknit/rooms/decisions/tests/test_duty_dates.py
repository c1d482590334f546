"""When duties fall due: business days, month ends, time zones and changes of clocks, as pure sums."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.compute.duties import (
    check_rule,
    describe,
    due_dates,
    falls_due_at,
    next_due_on,
    plain_rule,
    previous_due_on,
    read_rule,
    read_templates,
    sign_by_at,
)
from closeknit.rooms.decisions.contracts import Cadence, DutyRule
from closeknit.rooms.decisions.reads.duties import shipped_templates

W, M, Q, Y = Cadence.WEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY


def dates(rule, after, until):
    return [d.isoformat() for d in due_dates(check_rule(rule), date.fromisoformat(after), date.fromisoformat(until))]


@pytest.mark.parametrize(
    ("rule", "after", "until", "expected"),
    [
        (DutyRule(W, weekday=1), "2026-03-01", "2026-03-16", ["2026-03-02", "2026-03-09", "2026-03-16"]),
        (DutyRule(W, weekday=1), "2026-03-02", "2026-03-08", []),
        (DutyRule(M, business_day=1), "2026-01-01", "2026-03-31", ["2026-02-02", "2026-03-02"]),
        (DutyRule(M, business_day=-1), "2026-01-01", "2026-03-31", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        # The 31st: shorter months end earlier, and a weekend at the month's end goes back to Friday.
        (DutyRule(M, day=31), "2026-01-01", "2026-05-31", ["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30",
                                                          "2026-05-29"]),
        # The 1st on a Sunday or Saturday moves on to Monday.
        (DutyRule(M, day=1), "2026-01-31", "2026-03-31", ["2026-02-02", "2026-03-02"]),
        (DutyRule(M, day=29), "2028-02-01", "2028-02-29", ["2028-02-29"]),
        (DutyRule(Q, month=2, business_day=5), "2026-01-01", "2026-12-31", ["2026-02-06", "2026-05-07", "2026-08-07",
                                                                            "2026-11-06"]),
        (DutyRule(Y, month=11, business_day=-1), "2025-11-28", "2027-12-31", ["2026-11-30", "2027-11-30"]),
    ],
)  # fmt: skip
def test_due_dates(rule, after, until, expected):
    assert dates(rule, after, until) == expected


def test_it_falls_due_when_the_day_begins_at_home_and_is_overdue_when_the_last_day_has_ended():
    berlin = DutyRule(W, weekday=5, days_to_sign=1, time_zone="Europe/Berlin")
    friday = date(2026, 3, 27)
    assert falls_due_at(berlin, friday) == datetime(2026, 3, 26, 23, 0, tzinfo=UTC)
    # The weekend of the change of clocks lies between: Monday's end is at +02:00.
    assert sign_by_at(berlin, friday) == datetime(2026, 3, 30, 22, 0, tzinfo=UTC)
    assert sign_by_at(DutyRule(W, weekday=5, days_to_sign=0), friday) == datetime(2026, 3, 28, tzinfo=UTC)


def test_a_day_whose_midnight_clocks_skip_begins_after_the_gap():
    rule = DutyRule(M, day=24, time_zone="Africa/Cairo")
    assert falls_due_at(rule, date(2026, 4, 24)) == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_a_day_whose_midnight_comes_twice_begins_with_the_first():
    rule = DutyRule(M, day=1, time_zone="America/Havana")
    assert falls_due_at(rule, date(2026, 11, 1)) == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


rules = st.one_of(
    st.builds(DutyRule, st.just(W), weekday=st.integers(1, 5)),
    *(
        st.builds(
            DutyRule, st.just(c), month=st.integers(1, most), business_day=st.integers(1, 15) | st.integers(-15, -1)
        )
        for c, most in ((M, 1), (Q, 3), (Y, 12))
    ),
    *(
        st.builds(DutyRule, st.just(c), month=st.integers(1, most), day=st.integers(1, 31))
        for c, most in ((M, 1), (Q, 3), (Y, 12))
    ),
)
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@given(rule=rules, after=days, first=st.integers(0, 900), second=st.integers(0, 900))
def test_no_date_is_lost_or_doubled_however_often_one_looks(rule, after, first, second):
    check_rule(rule)
    middle, end = after + timedelta(days=first), after + timedelta(days=first + second)
    whole = list(due_dates(rule, after, end))
    assert whole == [*due_dates(rule, after, middle), *due_dates(rule, middle, end)]
    assert whole == sorted(set(whole))
    assert all(found.weekday() < 5 for found in whole)
    if rule.cadence is not W:
        length = {M: 1, Q: 3, Y: 12}[rule.cadence]
        periods = [(found.year * 12 + found.month - 1) // length for found in whole]
        assert periods == sorted(set(periods))
        assert {(found.month - 1) % length + 1 for found in whole} <= {rule.month}


@given(rule=rules, after=days)
def test_the_dates_before_and_after_are_next_to_each_other(rule, after):
    found = next_due_on(rule, after)
    assert found > after
    assert previous_due_on(rule, found) <= after
    assert next_due_on(rule, previous_due_on(rule, found)) == found


@given(rule=rules, due_on=days, zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Africa/Cairo",
                                                      "Australia/Lord_Howe", "Pacific/Apia"]))  # fmt: skip
def test_a_duty_is_due_before_it_is_overdue_and_begins_on_its_day(rule, due_on, zone):
    from dataclasses import replace

    at_home = replace(rule, time_zone=zone)
    begins = falls_due_at(at_home, due_on)
    assert begins.astimezone(ZoneInfo(zone)).date() == due_on
    assert (begins - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() < due_on
    assert begins < sign_by_at(at_home, due_on) <= begins + timedelta(days=12)


@pytest.mark.parametrize(
    "given_rule",
    [
        {"cadence": "weekly"},
        {"cadence": "weekly", "weekday": 6},
        {"cadence": "weekly", "weekday": 1, "day": 3},
        {"cadence": "monthly"},
        {"cadence": "monthly", "day": 32},
        {"cadence": "monthly", "day": 3, "business_day": 3},
        {"cadence": "monthly", "business_day": 16},
        {"cadence": "monthly", "business_day": -16},
        {"cadence": "monthly", "month": 2, "day": 1},
        {"cadence": "quarterly", "month": 4, "day": 1},
        {"cadence": "yearly", "month": 0, "day": 1},
        {"cadence": "daily", "day": 1},
        {"cadence": "monthly", "day": "soon"},
        {"cadence": "monthly", "day": 1, "time_zone": "Europe/Atlantis"},
        {"cadence": "monthly", "day": 1, "days_to_sign": -1},
        {"cadence": "monthly", "day": 1, "hour": 3},
        {"day": 1},
    ],
)
def test_a_rule_without_one_day_in_each_period_is_refused(given_rule):
    with pytest.raises(Invalid):
        read_rule(given_rule)


@given(rule=rules)
def test_a_rule_reads_back_and_is_said_in_words(rule):
    assert read_rule(plain_rule(rule)) == rule
    assert "to be signed within" in describe(rule)


def test_seven_templates_are_shipped_each_with_evidence_that_is_wired():
    from closeknit.kernel.declared import declared
    from closeknit.rooms.decisions.reads.duties import EVIDENCE

    shipped = shipped_templates()
    assert set(shipped) == {
        "account-review",
        "metric-audit",
        "handoff-audit",
        "local-decision-audit",
        "set-up-review",
        "comment-routing",
        "yearly-targets",
    }
    assert {query for template in shipped.values() for query in template.evidence} <= set(declared(EVIDENCE))


def test_a_template_with_an_unknown_field_is_refused():
    with pytest.raises(Invalid):
        read_templates("x: {name: X, surprise: 1}")
