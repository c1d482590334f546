from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.values import TYPES, Form, reader


def refusal(kind, value, **form):
    with pytest.raises(Refused) as caught:
        reader(kind, "x", Form(**form))(value)
    return caught.value.code


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("number", "NaN", "not-finite"),
        ("number", "-inf", "not-finite"),
        ("number", "1e400", "not-finite"),
        ("number", float("nan"), "not-finite"),
        ("number", "1,5", "not-a-number"),
        ("number", "1_000", "not-a-number"),
        ("number", "١٢", "not-a-number"),
        ("number", "0x10", "not-a-number"),
        ("number", True, "not-a-number"),
        ("number", "twelve", "not-a-number"),
        ("money", "NaN", "not-finite"),
        ("money", "1e30", "out-of-range"),
        ("fee", "-6.50", "out-of-range"),
        ("fee", Decimal("-0.01"), "out-of-range"),
        ("hourly-fee", "-1", "out-of-range"),
        ("hourly-fee", "10000000", "out-of-range"),
        ("whole", "1.5", "not-a-whole-number"),
        ("count", "-1", "out-of-range"),
        ("minutes", "-0.1", "out-of-range"),
        ("positive", "0", "out-of-range"),
        ("share", "80", "out-of-range"),
        ("date", "2025-02-30", "impossible-date"),
        ("date", "30.2.2025", "not-a-date"),
        ("time", "2025-02-30T10:00:00", "impossible-date"),
        ("time", "2025-02-03", "not-a-time"),
        ("time", "2025-02-03T25:00", "impossible-date"),
        ("clock", "9:30", "not-a-clock-time"),
        ("clock", "24:01", "not-a-clock-time"),
        ("truth", "maybe", "not-true-or-false"),
        ("currency", "euro", "not-a-currency"),
        ("zone", "Mars/Olympus", "unknown-time-zone"),
        ("tier", "gold", "not-one-of"),
        ("text", "a\x00b", "control-character"),
        ("text", "x" * 501, "too-long"),
    ],
)
def test_refuses_what_is_not_sound(kind, value, code):
    assert refusal(kind, value) == code


@pytest.mark.parametrize(
    ("kind", "value", "form", "expected"),
    [
        ("number", " 1.5e3".strip(), {}, 1500.0),
        ("number", "94.01%", {"percent": True}, 0.9401),
        ("minutes", "0:02:14", {}, 2 + 14 / 60),
        ("minutes", "90", {"unit": "seconds"}, 1.5),
        ("money", 2.55, {}, Decimal("2.5500")),
        ("money", "2.550", {}, Decimal("2.5500")),
        ("money", "-2.55", {}, Decimal("-2.5500")),
        ("fee", "0", {}, Decimal("0.0000")),
        ("fee", "6.50", {}, Decimal("6.5000")),
        ("hourly-fee", 38, {}, Decimal("38.0000")),
        ("whole", 6.0, {}, 6),
        ("list", "a| b |", {}, ["a", "b"]),
        ("truth", "No", {}, False),
        ("clock", "24:00", {}, "24:00"),
        ("text", 17850, {}, "17850"),
        ("time", "2025-07-01T10:00:00+02:00", {}, datetime(2025, 7, 1, 8, tzinfo=UTC)),
        (
            "time",
            "04/12/2018 11:11:26 PM",
            {"format": "%m/%d/%Y %I:%M:%S %p"},
            datetime(2018, 4, 12, 23, 11, 26, tzinfo=UTC),
        ),
    ],
)
def test_reads_what_is_sound(kind, value, form, expected):
    assert reader(kind, "x", Form(**form))(value) == expected


def test_bounds_of_a_recipe_hold_for_money_and_never_widen_those_of_a_fee():
    assert refusal("money", "-0.01", least=0) == "out-of-range"
    assert refusal("money", "100.01", most=100) == "out-of-range"
    assert refusal("fee", "4", least=5) == "out-of-range"
    assert refusal("fee", "-1", least=-5) == "out-of-range"
    assert refusal("hourly-fee", "2e7", most=1e9) == "out-of-range"
    assert reader("money", "x", Form(least=0, most=100))("100") == 100


def test_a_local_time_that_clocks_skip_is_refused_whatever_the_rule():
    for rule in ("earlier", "later", "refuse"):
        assert refusal("time", "2026-03-29T02:30:00", zone="Europe/Berlin", ambiguous=rule) == "time-does-not-exist"


def test_a_local_time_that_happens_twice_follows_the_recipes_rule():
    twice = "2026-10-25T02:30:00"
    assert refusal("time", twice, zone="Europe/Berlin") == "time-happens-twice"
    read = {r: reader("time", "x", Form(zone="Europe/Berlin", ambiguous=r))(twice) for r in ("earlier", "later")}
    assert read["earlier"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read["later"] == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.binary(), st.datetimes(), st.decimals()))
def test_any_value_is_read_or_refused_never_anything_else(value):
    for kind in TYPES:
        with suppress(Refused):
            found = reader(kind, "x", Form(zone="Europe/Berlin"))(value)
            assert found == found, "not-a-number slipped through"
