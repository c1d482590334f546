"""What people type after a command: read exactly, or refused with what would be taken."""

import contextlib
from argparse import ArgumentTypeError
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel import arguments


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("30m", 30), ("20s", Fraction(1, 3)), ("1.5h", 90), ("2d", 2880), ("5 min", 5), ("0s", 0), (" 3m ", 3)],
)
def test_a_length_of_time_is_minutes_and_exact(text, minutes):
    assert arguments.span(text) == minutes


@pytest.mark.parametrize("text", ["", "30", "m", "-3m", "3 weeks", "1e3s", "3mm", "٣m", "nan s", "3m20s"])
def test_a_length_of_time_without_a_plain_unit_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="length of time such as"):
        arguments.span(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30%", Fraction(3, 10)),
        ("0.3", Fraction(3, 10)),
        ("3/10", Fraction(3, 10)),
        ("0", 0),
        ("100%", 1),
        ("1/3", Fraction(1, 3)),
    ],
)
def test_a_share_is_exact(text, value):
    assert arguments.share(text) == value


@pytest.mark.parametrize("text", ["", "30 percent", "-5%", "101%", "1.01", "4/3", "1/0", "nan", "inf"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="share"):
        arguments.share(text)


def test_a_service_level_in_the_short_form_of_the_field():
    assert arguments.service_level("80/20s") == (Fraction(4, 5), Fraction(1, 3))
    assert (
        arguments.service_level("0.8/20s") == arguments.service_level("80%/20s") == arguments.service_level("4/5/20s")
    )
    assert arguments.service_level("1/30s")[0] == 1


@pytest.mark.parametrize("text", ["80", "80/20", "20s", "180/20s", "/20s", "80/"])
def test_what_is_no_service_level_is_refused(text):
    with pytest.raises(ArgumentTypeError):
        arguments.service_level(text)


@given(
    st.text(max_size=12), st.sampled_from([arguments.span, arguments.share, arguments.service_level, arguments.number])
)
def test_any_text_is_read_or_refused(text, read):
    with contextlib.suppress(ArgumentTypeError):
        assert read(text) is not None
