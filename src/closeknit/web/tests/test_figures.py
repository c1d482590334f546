"""How values are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.web import figures


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234567, 0, "1,234,567"), (-1234.5, 1, "−1,234.5"), (0.0, 1, "0.0"), (-0.01, 1, "0.0"), (None, 0, "—")],
)
def test_numbers(value, decimals, text):
    assert figures.number(value, decimals) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "GBP", "£1,234.50"),
        ("-3", "EUR", "−€3.00"),
        ("2", "CHF", "2.00 CHF"),
        ("0.005", "USD", "$0.01"),
    ],
)
def test_money(amount, currency, text):
    assert figures.money(Decimal(amount), currency) == text


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_only_what_is_whole_reads_a_hundred_percent(value):
    assert figures.share(value) != "100.0%" or value > 1 - 1e-9


def test_shares_are_rounded_down_below_one():
    assert (figures.share(0.9999), figures.share(1.0), figures.share(0.29)) == ("99.9%", "100.0%", "29.0%")


@given(st.floats(min_value=0, max_value=1))
def test_coverage_never_says_more_than_there_is(value):
    name, mark, word = figures.coverage(value)
    assert mark
    assert word
    assert (name == "full") == (value >= 0.999)


def test_time_left_and_late():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert figures.left(now + timedelta(hours=5, minutes=20), now) == "5 h 20 min left"
    assert figures.left(now - timedelta(days=2, hours=1), now) == "2 d 1 h late"
    assert figures.since(now - timedelta(seconds=5), now) == "under a minute ago"
