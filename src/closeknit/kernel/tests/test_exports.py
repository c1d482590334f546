"""CSV cells: nothing that a spreadsheet would run, and numbers that come back as they were."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.cells import FORMULA, csv_cell, read_cell
from closeknit.kernel.exports import csv_response


@given(st.text())
def test_no_text_begins_like_a_formula(text):
    cell = csv_cell(text)
    assert cell.startswith("'") or not FORMULA.match(cell)
    assert cell in (text, f"'{text}")
    assert read_cell(cell) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly(value):
    assert float(csv_cell(value)) == value


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (Decimal("-1.50"), "-1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (("a", "=b"), "a; =b"),
        (["=a"], "'=a"),
    ],
)
def test_cells(value, cell):
    assert csv_cell(value) == cell


def test_rows_survive_commas_quotes_and_line_breaks():
    response = csv_response('odd "name"', ("a", "b"), [('x,"y"\nz', -2)])
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(text.splitlines(keepends=True))) == [["a", "b"], ['x,"y"\nz', "-2"]]
    assert "\n" not in response["Content-Disposition"]
