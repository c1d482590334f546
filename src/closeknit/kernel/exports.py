"""Tables as CSV files that a spreadsheet opens without running anything in them.

Text that a spreadsheet would take for a formula (it begins with = + - @, their full-width forms, tab or a line's
end, with or without apostrophes before) gets an apostrophe in front; `read_cell` takes it off again. Numbers stay
numbers, written plainly; times are ISO 8601 in UTC; what is not known is an empty cell.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

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


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Answer with a CSV file, row by row: UTF-8 with a mark, so that spreadsheets read its letters."""
    iterator = iter(rows)
    # The first row is read now: a refusal must be an answer of its own, not break off a file already begun.
    first = list(islice(iterator, 1))
    response = StreamingHttpResponse(_lines(header, chain(first, iterator)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or ""
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield "\ufeff" + ",".join(header) + "\r\n"
    for row in rows:
        yield ",".join(_quoted(csv_cell(value)) for value in row) + "\r\n"


def _quoted(text: str) -> str:
    if not TO_QUOTE.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'
