import zipfile
from datetime import date, datetime

import pytest

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import BadRow
from closeknit.rooms.sensing.sources import ExcelFile
from closeknit.rooms.sensing.sources.workbooks import kind_of_format
from closeknit.rooms.sensing.tests import books
from closeknit.rooms.sensing.tests.books import (
    CLOCK,
    DATE,
    ELAPSED,
    MOMENT,
    OWN_DATE,
    OWN_TEXT,
    number,
    row,
    text,
    write_book,
)

HEADER = row(1, text("A1", "id"), text("B1", "at"))


def rows(file, skip=0, size=2):
    return [found for chunk in file.read(skip, size) for found in chunk]


def book(tmp_path, *lines, **how):
    return ExcelFile(write_book(tmp_path / "a.xlsx", {"Data": HEADER + "".join(lines)}, **how))


def test_cells_are_read_as_what_they_are(tmp_path):
    shared = '<c r="A2" t="s"><v>0</v></c>', '<c r="A3" t="s"><v>1</v></c>'
    file = book(
        tmp_path,
        row(2, shared[0], number("B2", "45000.5", MOMENT)),
        row(3, shared[1], number("B3", 45000, DATE)),
        row(4, '<c r="A4" t="b"><v>1</v></c>', number("B4", 45000, MOMENT)),
        row(5, number("A5", 17850), number("B5", "0.39583333333333331", CLOCK)),
        row(6, number("A6", "2.5499999999999998"), number("B6", "1.0416666666666667", ELAPSED)),
        row(7, text("A7", "_x0041_=1+1"), number("B7", 45000, OWN_DATE)),
        row(8, '<c r="A8" t="str"><f>A7</f><v>last value</v></c>', number("B8", 3, OWN_TEXT)),
        shared=("shared",),
    )
    assert file.columns == ("id", "at")
    assert [values for _, values in rows(file)] == [
        ("shared", datetime.fromisoformat("2023-03-15T12:00")),
        ("rich", date(2023, 3, 15)),
        (True, datetime.fromisoformat("2023-03-15T00:00")),
        (17850, "09:30"),
        (2.55, "25:00:00"),
        ("A=1+1", date(2023, 3, 15)),
        ("last value", 3),
    ]


@pytest.mark.parametrize(
    ("serial", "from_1904", "expected"),
    [
        (1, False, date(1900, 1, 1)),
        (59, False, date(1900, 2, 28)),
        (61, False, date(1900, 3, 1)),
        (0, True, date(1904, 1, 1)),
        (43538, True, date(2023, 3, 15)),
    ],
)
def test_both_date_systems(tmp_path, serial, from_1904, expected):
    file = book(tmp_path, row(2, number("A2", 1), number("B2", serial, DATE)), from_1904=from_1904)
    assert rows(file) == [(2, (1, expected))]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (number("B2", 60, DATE), "impossible-date"),
        (number("B2", -1, DATE), "impossible-date"),
        (number("B2", 3e6, DATE), "impossible-date"),
        (number("B2", "1e400"), "not-finite"),
        (number("B2", "NaN"), "not-finite"),
        ('<c r="B2" t="e"><v>#DIV/0!</v></c>', "error-cell"),
        ('<c r="B2"><f>1+1</f></c>', "formula-without-value"),
        ('<c r="B2" t="s"><v>99</v></c>', "broken-cell"),
        (text("B2", "a\ufeffb"), "odd-mark"),
        (number("D2", 1), "ragged-row"),
    ],
)
def test_a_cell_without_a_sound_value_costs_its_row_alone(tmp_path, cell, code):
    (_, bad), good = rows(book(tmp_path, row(2, number("A2", 1), cell), row(3, number("A3", 2), number("B3", 3))))
    assert isinstance(bad, BadRow)
    assert bad.code == code
    assert "2" in bad.reason
    assert good == (3, (2, 3))


def test_merged_cells_say_what_they_show_in_every_row(tmp_path):
    lines = [row(2, number("A2", 1), text("B2", "both")), row(3, number("A3", 2)), row(4, number("A4", 3))]
    assert [values for _, values in rows(book(tmp_path, *lines, merged=("B2:B3",)))] == [
        (1, "both"),
        (2, "both"),
        (3, None),
    ]
    with pytest.raises(Invalid, match="merged"):
        book(tmp_path, *lines, row(1000, number("A1000", 1)), merged=("A2:XFD1048576",))


def test_hidden_sheets_are_not_read_unless_named_and_several_are_not_guessed_at(tmp_path):
    sheets = {"Data": HEADER + row(2, number("A2", 1)), "Old": HEADER + row(2, number("A2", 9))}
    path = write_book(tmp_path / "a.xlsx", sheets, hidden=("Old",))
    assert rows(ExcelFile(path)) == [(2, (1, None))]
    assert rows(ExcelFile(path, "Old")) == [(2, (9, None))]
    with pytest.raises(Invalid) as caught:
        ExcelFile(write_book(tmp_path / "b.xlsx", sheets))
    assert "Data, Old" in caught.value.todo
    with pytest.raises(Invalid, match="no sheet 'New'"):
        ExcelFile(path, "New")


def test_a_sheet_can_be_read_again_from_any_row(tmp_path):
    file = book(tmp_path, *(row(n, number(f"A{n}", n), number(f"B{n}", n)) for n in range(3, 20, 2)))
    whole = rows(file)
    assert [line for line, _ in whole] == list(range(3, 20, 2))
    for skip in range(len(whole) + 1):
        assert rows(file, skip) == whole[skip:]


def test_what_is_no_workbook_or_a_dangerous_one_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("a.txt", "a")
    with pytest.raises(Invalid, match="no Excel workbook"):
        ExcelFile(path)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(Invalid, match="document type"):
        book(tmp_path, prolog=bomb)
    whole = write_book(path, {"Data": HEADER}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid, match="unpacked"):
        ExcelFile(path)
    with pytest.raises(Invalid, match="XML is broken"):
        ExcelFile(write_book(path, {"Data": HEADER + "<row r='x'>"}))
    with pytest.raises(Invalid, match="twice"):
        ExcelFile(write_book(path, {"Data": row(1, text("A1", "id"), text("B1", "id"))}))
    with pytest.raises(Invalid, match="empty"):
        ExcelFile(write_book(path, {"Data": ""}))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", ""), ("0.00", ""), ('0 "days"', ""), ("[Red]0.0", ""), ("#,##0_d", ""), ("dd.mm.yyyy", "date"),
        ("[$-409]d mmm yy;@", "date"), ("yyyy-mm-dd hh:mm", "moment"), ("h:mm AM/PM", "clock"),
        ("[h]:mm:ss", "elapsed"),
    ],
)  # fmt: skip
def test_a_format_says_what_a_number_is(code, kind):
    assert kind_of_format(code) == kind


def test_the_writer_of_these_tests_is_understood_by_its_own_words():
    assert len(books.FORMATS) == OWN_TEXT + 1
