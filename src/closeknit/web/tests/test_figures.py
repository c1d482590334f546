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


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("for 8 weeks from 2026-11-23: short", "for 8 weeks from 23 Nov 2026: short"),
        ("order SO-2026-11-23-1 at 2026-11-23T10:00", "order SO-2026-11-23-1 at 2026-11-23T10:00"),
        ("(2026-11-23), 2026-11-23.", "(23 Nov 2026), 23 Nov 2026."),
        ("the source wrote 2023-02-30.", "the source wrote 2023-02-30."),
        ("EUR 6,227 less, 37.1 % of USD 12 or CHF 3", "€6,227 less, 37.1% of $12 or CHF 3"),
        ("EUR is its currency", "EUR is its currency"),
        (None, ""),
    ],
)
def test_kept_sentences_are_shown_as_the_page_writes(kept, shown):
    assert figures.plainly(kept) == shown


@pytest.mark.parametrize(
    ("name", "said"), [("cost_to_serve", "cost to serve"), ("would-move", "would move"), ("score -5", "score -5")]
)
def test_names_are_said_as_words(name, said):
    assert figures.words(name) == said


def test_time_left_and_late():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert figures.left(now + timedelta(hours=5, minutes=20), now) == "5 h 20 min left"
    assert figures.left(now - timedelta(days=2, hours=1), now) == "2 d 1 h late"
    assert figures.since(now - timedelta(seconds=5), now) == "under a minute ago"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (None, "–"),
        (0.0, "0 min"),
        (1 / 3, "20 s"),
        (1.5, "1.5 min"),
        (45.0, "45 min"),
        (120.0, "2 h 00 min"),
        (6973.2, "116 h 13 min"),
        (100000.0, "1,666 h 40 min"),
    ],
)
def test_minutes_are_written_as_people_say_them(minutes, shown):
    assert figures.duration(minutes) == shown


def test_what_is_over_is_said_to_be_over_and_a_share_loses_no_digit():
    exact_share, time_left = figures.exact_share, figures.time_left
    assert (time_left(-75.0), time_left(75.0), time_left(None)) == ("over by 75 min", "75 min", "–")
    assert (exact_share(0.995), exact_share(1.0), exact_share(0.99995), exact_share(None)) == (
        "99.5%",
        "100%",
        "99.995%",
        "–",
    )
