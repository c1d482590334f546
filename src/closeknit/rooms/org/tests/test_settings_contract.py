"""What a setting takes: its type, its bounds, and what people type."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.errors import Invalid
from closeknit.rooms.org.contracts import Kind, Setting

MADE = {
    Kind.SHARE: Setting("tests.share", Kind.SHARE, 0.5, "", "A share."),
    Kind.NUMBER: Setting("tests.number", Kind.NUMBER, 2.0, "orders", "A number.", lowest=-5, highest=5),
    Kind.COUNT: Setting("tests.count", Kind.COUNT, 6, "notices", "A count.", highest=100),
    Kind.HOURS: Setting("tests.hours", Kind.HOURS, 8.0, "", "Hours."),
    Kind.DAYS: Setting("tests.days", Kind.DAYS, 8, "", "Days.", lowest=1),
    Kind.CHOICE: Setting("tests.choice", Kind.CHOICE, "a", "", "A choice.", choices=("a", "b")),
    Kind.TEXT: Setting("tests.text", Kind.TEXT, "x", "", "A text."),
    Kind.FLAG: Setting("tests.flag", Kind.FLAG, False, "", "A flag."),
    Kind.MONEY: Setting("tests.money", Kind.MONEY, Decimal("10.00"), "EUR", "Money.", lowest=0),
}
TAKEN = [
    (Kind.SHARE, 0),
    (Kind.SHARE, 1.0),
    (Kind.NUMBER, -5),
    (Kind.COUNT, 0),
    (Kind.DAYS, 1),
    (Kind.CHOICE, "b"),
    (Kind.TEXT, "a line"),
    (Kind.FLAG, True),
    (Kind.MONEY, "12.5"),
    (Kind.MONEY, 3),
    (Kind.MONEY, Decimal("0.01")),
]
REFUSED = [
    (Kind.SHARE, 1.0000001),
    (Kind.SHARE, -0.1),
    (Kind.SHARE, "0.5"),
    (Kind.SHARE, True),
    (Kind.SHARE, None),
    (Kind.NUMBER, 5.1),
    (Kind.NUMBER, 10**400),
    (Kind.NUMBER, [1]),
    (Kind.COUNT, 6.0),
    (Kind.COUNT, -1),
    (Kind.COUNT, 101),
    (Kind.COUNT, True),
    (Kind.HOURS, -0.5),
    (Kind.DAYS, 0),
    (Kind.DAYS, 1.5),
    (Kind.CHOICE, "c"),
    (Kind.CHOICE, ["a"]),
    (Kind.TEXT, ""),
    (Kind.TEXT, "two\nlines"),
    (Kind.TEXT, "x" * 501),
    (Kind.TEXT, "\ud800"),
    (Kind.FLAG, 1),
    (Kind.FLAG, "yes"),
    (Kind.MONEY, 1.5),
    (Kind.MONEY, "1.005"),
    (Kind.MONEY, "1e3"),
    (Kind.MONEY, Decimal("NaN")),
    (Kind.MONEY, "-1"),
    (Kind.MONEY, True),
    (Kind.MONEY, 10**5000),
    (Kind.COUNT, 10**5000),
]
TYPED = [
    (Kind.SHARE, "95%", 0.95),
    (Kind.SHARE, " 0.95 ", 0.95),
    (Kind.SHARE, "7 %", 0.07),
    (Kind.NUMBER, "-2.5", -2.5),
    (Kind.COUNT, "6", 6),
    (Kind.HOURS, "24", 24.0),
    (Kind.DAYS, "8", 8),
    (Kind.CHOICE, "b", "b"),
    (Kind.TEXT, " a line ", "a line"),
    (Kind.FLAG, "Yes", True),
    (Kind.FLAG, "off", False),
    (Kind.MONEY, "12.50", Decimal("12.50")),
]


@pytest.mark.parametrize(("kind", "value"), TAKEN)
def test_a_value_of_its_type_is_taken_and_survives_storage(kind, value):
    setting = MADE[kind]
    taken = setting.check(value)
    assert setting.revived(setting.stored(taken)) == taken
    assert type(setting.revived(setting.stored(taken))) is type(taken)


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(REFUSED)])
def test_another_type_and_what_is_out_of_bounds_are_refused_with_what_is_taken(kind, value):
    with pytest.raises(Invalid) as refused:
        MADE[kind].check(value)
    assert refused.value.where == f"tests.{kind}"
    assert refused.value.todo.startswith("Give ")
    assert refused.value.kept == "Nothing was changed."


@pytest.mark.parametrize("kind", [Kind.SHARE, Kind.NUMBER, Kind.HOURS, Kind.COUNT, Kind.DAYS, Kind.MONEY])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(kind, value):
    with pytest.raises(Invalid):
        MADE[kind].check(value)


@pytest.mark.parametrize(("kind", "text", "value"), TYPED)
def test_what_people_type_is_read(kind, text, value):
    read = MADE[kind].read(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.TEXT])
@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", "0x1", "１", "1e9999", "maybe", "-", "%", "1,5", "\x00"])
def test_what_cannot_be_read_is_refused(kind, text):
    with pytest.raises(Invalid):
        MADE[kind].read(text)


@given(st.text(max_size=40), st.sampled_from(list(MADE.values())))
def test_any_text_is_read_or_refused(text, setting):
    try:
        value = setting.read(text)
    except Invalid:
        return
    assert setting.check(value) == value
    assert setting.show(value)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.SHARE, 0.95, "95 %"),
        (Kind.SHARE, 0.075, "7.5 %"),
        (Kind.SHARE, 0.0, "0 %"),
        (Kind.SHARE, 1.0, "100 %"),
        (Kind.COUNT, 6, "6 notices"),
        (Kind.HOURS, 8.0, "8 hours"),
        (Kind.DAYS, 1200, "1,200 days"),
        (Kind.FLAG, True, "yes"),
        (Kind.MONEY, Decimal("1234.50"), "EUR 1,234.50"),
        (Kind.TEXT, "x", "x"),
        (Kind.NUMBER, -2.5, "-2.5 orders"),
    ],
)
def test_values_are_shown_with_their_unit(kind, value, shown):
    assert MADE[kind].show(value) == shown


def test_what_is_taken_is_said_with_bounds():
    assert MADE[Kind.NUMBER].taken == "a number from -5 to 5 orders"
    assert MADE[Kind.DAYS].taken == "whole days of at least 1"
    assert MADE[Kind.SHARE].taken == "a share from 0 % to 100 %"
    assert MADE[Kind.CHOICE].taken == "one of a, b"
    assert MADE[Kind.MONEY].taken == "an amount with at most two decimals of at least 0 EUR"


@pytest.mark.parametrize("wrong", [{"key": "nodot"}, {"key": "Tests.x"}, {"default": 2.0}, {"levels": ()}])
def test_a_setting_declared_wrongly_does_not_load(wrong):
    parts = {"key": "tests.share", "kind": Kind.SHARE, "default": 0.5, "unit": "", "sentence": "A share."}
    with pytest.raises((ValueError, Invalid)):
        Setting(**{**parts, **wrong})


def test_every_declared_setting_says_what_it_decides():
    from closeknit.kernel.declared import declared

    known = declared("settings")
    assert len(known) >= 6
    for key, setting in known.items():
        assert key == setting.key
        assert setting.sentence.endswith(".")
        assert setting.show(setting.default)
