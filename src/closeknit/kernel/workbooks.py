"""Tables as Excel workbooks (.xlsx) that lose nothing: read again, each cell says what the CSV file says.

Excel keeps fifteen digits of what a person types and shows, and has no instants: whatever a number of Excel would
change is written as text, and times as text in UTC, as in CSV. Text is text: nothing in it is run, linked or guessed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from closeknit.kernel.cells import csv_cell
from closeknit.kernel.errors import Invalid

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
MOST_COLUMNS = 16_384
MOST_LETTERS = 32_767
"""What a sheet holds below its header, across, and in one cell."""

MOST_DIGITS = 15
_LARGEST = 1e300
_FIRST_SAFE_DAY = date(1900, 3, 1)
"""Excel counts a 29 February 1900 that never was; days before it are one off."""

_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
_WIDEST = 60


class _Plain(float):
    """A number that is written with all its digits; the writer's own form keeps sixteen."""

    def __format__(self, _form: str) -> str:
        return repr(float(self))


def write_workbook(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Write a table into a workbook of one sheet: header kept in sight, filters ready; return the file, at its start.

    Args:
        name: of the table; the sheet bears as much of it as a sheet's name can (31 letters).
        header: the columns' names.
        rows: as many cells each as there are columns; read once, little of it in memory.

    Raises:
        Invalid: more rows than a sheet holds, or a text longer than a cell holds.
    """
    from xlsxwriter import Workbook

    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(file, options)
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(_sheet_name(name))
    if len(header) > MOST_COLUMNS:
        raise _too_much(name, f"{len(header):,} columns, and a sheet of Excel {MOST_COLUMNS:,}")
    for column, title in enumerate(header):
        sheet.write_string(0, column, title, bold)
        sheet.set_column(column, column, min(max(len(title) + 4, 10), _WIDEST))
    last = 0
    for last, row in enumerate(rows, start=1):
        if last > MOST_ROWS:
            raise _too_much(name, f"more rows than the {MOST_ROWS:,} of a sheet of Excel")
        for column, value in enumerate(row):
            _write(sheet, last, column, value, day, name)
    sheet.freeze_panes(1, 0)
    if header:
        sheet.autofilter(0, 0, max(last, 1), len(header) - 1)
    book.close()
    file.seek(0)
    return file


def _write(sheet: "Worksheet", row: int, column: int, value: Any, day: "Format", name: str) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, Enum):
        exact = _exact(value)
        if exact is None:
            sheet.write_string(row, column, csv_cell(value))
        else:
            sheet.write_number(row, column, exact)
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_SAFE_DAY:
        sheet.write_datetime(row, column, value, day)
    else:
        text = _text(value)
        if len(text.encode("utf-16-le")) // 2 > MOST_LETTERS:
            place = f"row {row + 1:,}, column {column + 1}"
            raise _too_much(name, f"a text of {len(text):,} letters ({place}), and a cell of Excel {MOST_LETTERS:,}")
        if text:
            sheet.write_string(row, column, text)


def _exact(value: int | float | Decimal) -> _Plain | None:
    """Return the number if Excel keeps it as it is, also after a person saved the workbook there."""
    if value != value or not -_LARGEST < value < _LARGEST:
        return None
    plain = _Plain(value)
    kept = value if isinstance(value, float) else Decimal(repr(float(value)))
    return plain if kept == value and float(format(float(value), f".{MOST_DIGITS}g")) == float(value) else None


def _text(value: Any) -> str:
    """Return the text as it is: the apostrophe that guards it in CSV has no use where text is no formula."""
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    if isinstance(value, str | Enum):
        return str(value.value if isinstance(value, Enum) else value)
    return csv_cell(value)


def _sheet_name(name: str) -> str:
    return _NOT_IN_A_NAME.sub(" ", name)[:31].strip() or "Table"


def _too_much(name: str, what: str) -> Invalid:
    return Invalid(f"The table has {what}.", where=name, kept="Nothing was changed.", todo="Take the CSV file.")
