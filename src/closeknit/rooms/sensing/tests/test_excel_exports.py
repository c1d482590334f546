"""A table taken away as a workbook comes back through our own reader as the CSV file would, cell for cell."""

import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel import workbooks
from closeknit.kernel.cells import csv_cell, read_cell
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.workbooks import write_workbook
from closeknit.rooms.sensing.sources import ExcelFile

LETTERS = st.characters(codec="utf-8", exclude_characters="\r")
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e20, max_value=1e20),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.text(LETTERS, max_size=40),
)


def read_back(tmp_path, header, rows, name="a table"):
    path = tmp_path / "taken.xlsx"
    with write_workbook(name, header, rows) as file:
        path.write_bytes(file.read())
    return [values for chunk in ExcelFile(path).read(0, 100) for _, values in chunk]


def said(value) -> str:
    """Return what a cell says, whatever kind of cell says it."""
    return read_cell(csv_cell(value))


@given(st.lists(CELLS, min_size=1, max_size=6))
def test_every_cell_says_what_the_csv_file_says(tmp_path_factory, cells):
    (found,) = read_back(tmp_path_factory.mktemp("book"), ["first", *map(str, range(len(cells)))], [["here", *cells]])
    for before, after in zip(cells, found[1:], strict=True):
        if isinstance(before, int | float | Decimal) and not isinstance(before, bool) and before == before:
            assert Decimal(said(after)) == Decimal(said(before))
        else:
            assert said(after) == said(before)


@pytest.mark.parametrize(
    ("value", "digits"),
    [(0.1, "0.1"), (1e-7, "1e-07"), (10**15 - 1, "999999999999999.0"), (Decimal("12.50"), "12.5"), (True, None)],
)
def test_what_excel_keeps_is_a_number_there(value, digits, tmp_path):
    with write_workbook("n", ["a"], [[value]]) as file, zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert (f"<v>{digits}</v>" in sheet) if digits else ('t="b"' in sheet)


@pytest.mark.parametrize("value", [0.1 + 0.2, 2**53 + 1, Decimal("0.1234567890123456789"), float("nan"), float("inf")])
def test_what_excel_would_round_or_not_know_is_text_with_all_its_digits(value, tmp_path):
    assert read_back(tmp_path, ["a"], [[value]]) == [(csv_cell(value),)]


def test_what_looks_like_a_formula_or_a_link_is_text_and_stays_whole(tmp_path):
    texts = ["=1+1", "+49 30", "@here", "https://example.org/x", "'=1", "007", "1e5", "_x0041_", " both ends "]
    with write_workbook("t", ["a"], [[text] for text in texts]) as file, zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
    assert [row[0] for row in read_back(tmp_path, ["a"], [[text] for text in texts])] == texts


def test_days_are_days_instants_say_utc_and_lists_are_one_text(tmp_path):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    found = read_back(tmp_path, ["a", "b", "c", "d"], [[date(2026, 1, 2), moment, ("x", "y"), date(1899, 12, 31)]])
    assert found == [(date(2026, 1, 2), "2026-01-02T03:04:05+00:00", "x; y", "1899-12-31")]
    first = date(1900, 3, 1)
    days = [first + timedelta(days=number) for number in (0, 1, 40_000)]
    assert [row[0] for row in read_back(tmp_path, ["a"], [[day] for day in days])] == days


def test_a_sheet_that_cannot_hold_it_is_said_and_the_csv_file_offered(monkeypatch):
    with pytest.raises(Invalid, match=r"text of 32,768 letters \(row 2, column 2\)") as told:
        write_workbook("t", ["a", "b"], [["", "x" * 32_768]])
    assert told.value.todo == "Take the CSV file."
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)
    with pytest.raises(Invalid, match="more rows than the 3 of a sheet"):
        write_workbook("t", ["a"], repeat([1]))
    with pytest.raises(Invalid, match="16,385 columns"):
        write_workbook("t", ["a"] * 16_385, [])


def test_odd_names_make_a_sheet_all_the_same(tmp_path):
    assert read_back(tmp_path, ["a"], [[1]], name="plan: [a/b]?*'" + "x" * 40) == [(1,)]
    assert read_back(tmp_path, ["a"], [[1]], name="'") == [(1,)]


def test_the_answer_is_a_workbook_of_the_same_table():
    answer = csv_response('odd "name"', ("a", "b"), iter([("x", 1), ("y", 2)])).as_workbook()
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert ".xlsx" in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content)[:2] == b"PK"
