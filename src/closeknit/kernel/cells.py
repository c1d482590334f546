"""Cells of CSV files that a spreadsheet opens without running anything in them. Standard library only.

Text that a spreadsheet would take for a formula (it begins with = + - @, their full-width forms, tab or a line's
end, with or without apostrophes before) gets an apostrophe in front; `read_cell` takes it off again. Numbers stay
numbers, written plainly; times are ISO 8601 in UTC; what is not known is an empty cell.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from closeknit.kernel.errors import Invalid

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
TO_QUOTE = re.compile(r'[",;\t\r\n]|^\s|\s$')
"""Also what other spreadsheets take for the end of a cell: a formula must not hide behind it."""


def csv_cell(value: Any) -> str:
    """Write one value as a cell: numbers plainly, text made harmless."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    text = str(value.value if isinstance(value, Enum) else value)
    return f"'{text}" if FORMULA.match(text) else text


def read_cell(text: str) -> str:
    """Return the text that `csv_cell` wrote."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def text_of(data: bytes, *, where: str) -> str:
    """Decode a file that somebody gave: UTF-8, with or without its mark.

    Raises:
        Invalid: naming the first byte that is none.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        what = f"Byte {reason.start + 1} of the file is not UTF-8."
        raise Invalid(what, where=where, todo="Save it as UTF-8.") from reason


def csv_line(values: Sequence[Any]) -> str:
    """Write one line of cells, with its end."""
    return ",".join(_quoted(csv_cell(value)) for value in values) + "\r\n"


def _quoted(text: str) -> str:
    if not TO_QUOTE.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'
