"""The canonical form: equal content has equal bytes, other content other bytes, the rest is refused."""

import enum
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.canonical import canonical_bytes, digest
from closeknit.kernel.errors import Invalid

texts = st.text(st.characters(codec="utf-8"), max_size=12).filter(lambda t: json.loads(canonical_bytes(t)) == t)
scalars = st.none() | st.booleans() | st.integers() | texts | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**60), max_value=10**60)


@given(values)
def test_reading_gives_back_what_was_written(value):
    assert json.loads(canonical_bytes(value)) == value


@given(values)
def test_writing_what_was_read_gives_the_same_bytes(value):
    written = canonical_bytes(value)
    assert canonical_bytes(json.loads(written)) == written


@given(st.dictionaries(texts, values, min_size=2, max_size=5), st.randoms())
def test_the_order_of_keys_does_not_matter(value, rng):
    keys = list(value)
    rng.shuffle(keys)
    assert canonical_bytes({key: value[key] for key in keys}) == canonical_bytes(value)


@given(values, values)
def test_bytes_are_equal_only_for_equal_content(one, other):
    if canonical_bytes(one) == canonical_bytes(other):
        assert one == other


@given(decimals, decimals)
def test_decimals_are_equal_as_numbers_exactly_when_their_bytes_are(one, other):
    assert (canonical_bytes(one) == canonical_bytes(other)) is (one == other)


@given(decimals)
def test_a_decimal_keeps_every_digit(value):
    assert Decimal(json.loads(canonical_bytes(value))) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.10"), Decimal("1.1")),
        (Decimal("1E+2"), Decimal("100")),
        (Decimal("-0"), Decimal("0.000")),
        (-0.0, 0.0),
        ("e\u0301", "\u00e9"),
        ((1, 2), [1, 2]),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_two_ways_to_write_one_thing_have_the_same_bytes(one, other):
    assert canonical_bytes(one) == canonical_bytes(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (1, True),
        (0, False),
        (0, None),
        ("", None),
        ([], {}),
        ([], [[]]),
        (["ab"], ["a", "b"]),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        ({"a": None}, {}),
        ("a b", "a  b"),
        ('a"', "a\\"),
        (0.1 + 0.2, 0.3),
        (Decimal("1.0000000000000000000000000000000000001"), Decimal("1")),
        (10**30, 10**30 + 1),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, microsecond=1, tzinfo=UTC)),
        (date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_near_misses_have_different_bytes(one, other):
    assert canonical_bytes(one) != canonical_bytes(other)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, float("nan")]}, "$.a[1]"),
        ({"a": float("inf")}, "$.a"),
        (Decimal("NaN"), "$"),
        (Decimal("sNaN"), "$"),
        (Decimal("1E+99999"), "$"),
        ({"at": datetime(2026, 3, 1)}, "$.at"),  # noqa: DTZ001 - a naive time is the point
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "$"),
        ({"n": {1: "one"}}, "$.n"),
        ({"e\u0301": 1, "\u00e9": 2}, "$"),
        ({"s": "half \ud800"}, "$.s"),
        ({"half \ud800": 1}, "$"),
        ({"s": {1, 2}}, "$.s"),
        ([b"bytes"], "$[0]"),
        (int, "$"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(value, where):
    with pytest.raises(Invalid) as refusal:
        canonical_bytes(value)
    assert refusal.value.where == where


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Apple:
    colour: Colour
    grams: Decimal
    picked_on: date


def test_our_own_kinds_are_written_plainly():
    value = {"apple": Apple(Colour.RED, Decimal("150.50"), date(2026, 9, 1)), "id": UUID(int=7)}
    assert canonical_bytes(value) == (
        b'{"apple":{"colour":"red","grams":"150.5","picked_on":"2026-09-01"},'
        b'"id":"00000000-0000-0000-0000-000000000007"}'
    )
    assert digest(value) == hashlib.sha256(canonical_bytes(value)).hexdigest()
