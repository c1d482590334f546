"""Sheets of Excel workbooks (.xlsx), cell by cell as they were saved: formulas by their last value, dates as dates."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.sources.marks import odd_mark
from closeknit.rooms.sensing.sources.unpacking import BLOCK_BYTES
from closeknit.rooms.sensing.sources.workbooks import Elements, Sheet, Workbook, archive, read_workbook, unescaped

Chunk = list[tuple[int, RawRow]]
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_LEAP_THAT_NEVER_WAS = 60
_LAST_DAY = 2_958_465
MOST_MERGED_CELLS = 1_000_000


class _Bad:
    """A cell that has no value, and why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code, self.reason = code, reason


class ExcelFile:
    """One sheet of a workbook: its first row that says anything is the header."""

    def __init__(self, path: Path, sheet: str = "") -> None:
        self._path = path
        self.name = path.name
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._book = read_workbook(path)
        self._sheet = self._chosen(sheet)
        self._where = f"{self.name}, sheet {self._sheet.name}"
        self._merged, last = self._shape()
        header = next(self._cells(), (0, {}))
        self._header_line = header[0]
        self.columns = self._columns(header[1])
        self.rows_estimate = max(last - self._header_line, 0)

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (row of the sheet, values) after skipping rows."""
        rows = islice(self._rows(), skip_rows, None)
        while chunk := list(islice(rows, chunk_rows)):
            yield chunk

    def _rows(self) -> Iterator[tuple[int, RawRow]]:
        width = len(self.columns)
        for line, cells in self._cells():
            if line <= self._header_line:
                continue
            values = [cells.get(column) for column in range(width)]
            beyond = [column for column in cells if column >= width]
            bad = next((value for value in values if isinstance(value, _Bad)), None)
            if beyond:
                reason = f"The row goes on to column {_letters(max(beyond))}; the header has {width} columns."
                yield line, BadRow("ragged-row", reason, self._shown(values))
            elif bad:
                yield line, BadRow(bad.code, bad.reason, self._shown(values))
            else:
                yield line, tuple(values)

    def _shown(self, values: list[Any]) -> dict[str, Any]:
        named = zip(self.columns, values, strict=True)
        return {name: "" if isinstance(value, _Bad) else value for name, value in named}

    def _cells(self) -> Iterator[tuple[int, dict[int, Any]]]:
        """Yield (row, values by column from 0) of rows that say anything, merged cells told to each of theirs."""
        reader = _SheetReader(self._book, self._where)
        above: dict[int, dict[int, Any]] = {}
        for line, cells in _parsed(self._path, self._sheet, reader):
            for first, (last, left, right) in self._merged.get(line, {}).items():
                for row in range(line, last + 1):
                    above.setdefault(row, {}).update(dict.fromkeys(range(left, right + 1), cells.get(first)))
            for column, value in above.pop(line, {}).items():
                if value is not None:
                    cells.setdefault(column, value)
            if any(value is not None and value != "" for value in cells.values()):
                yield line, cells

    def _shape(self) -> tuple[dict[int, dict[int, tuple[int, int, int]]], int]:
        """Return where merged cells are (by first row and column), and the last row."""
        reader = _SheetReader(self._book, self._where)
        last = 0
        for line, _ in _parsed(self._path, self._sheet, reader):
            last = line
        merged: dict[int, dict[int, tuple[int, int, int]]] = {}
        total = 0
        for text in reader.merged:
            corners = _CELL.findall(text)
            if len(corners) == 2:
                (left, top), (right, bottom) = ((_number(letters), int(row)) for letters, row in corners)
                total += (min(bottom, last) - top + 1) * (right - left + 1)
                if total > MOST_MERGED_CELLS:
                    raise Invalid("Too many cells are merged.", where=self._where, todo="Unmerge them.")
                merged.setdefault(top, {})[left] = (min(bottom, last), left, right)
        return merged, last

    def _chosen(self, wanted: str) -> Sheet:
        sheets = self._book.sheets
        if wanted:
            found = next((sheet for sheet in sheets if sheet.name == wanted), None)
            if found is None:
                names = ", ".join(sheet.name for sheet in sheets)
                raise Invalid(f"There is no sheet {wanted!r}.", where=self.name, todo=f"There are: {names}.")
            return found
        visible = [sheet for sheet in sheets if sheet.is_visible]
        if len(visible) == 1:
            return visible[0]
        names = ", ".join(sheet.name for sheet in visible)
        raise Invalid(
            f"The workbook has {len(visible)} sheets that can be seen.",
            where=self.name,
            todo=f"State `sheet` in the recipe's stream, one of: {names}." if visible else "Unhide the sheet.",
        )

    def _columns(self, cells: dict[int, Any]) -> tuple[str, ...]:
        where = f"{self._where}, row {self._header_line}"
        if not cells:
            raise Invalid("The sheet is empty: it has not even a header.", where=self._where)
        width = max(column for column, value in cells.items() if value not in (None, "")) + 1
        names = [cells.get(column) for column in range(width)]
        for name in names:
            if isinstance(name, _Bad):
                raise Invalid(f"The header cannot be read. {name.reason}", where=where)
        columns = tuple("" if name is None else str(name).strip() for name in names)
        if mark := odd_mark("".join(columns)):
            raise Invalid(f"The header holds {mark}.", where=where)
        if len(set(columns)) < len(columns) or "" in columns:
            raise Invalid("The header names a column twice, or not at all.", where=where)
        return columns


def _parsed(path: Path, sheet: Sheet, reader: "_SheetReader") -> Iterator[tuple[int, dict[int, Any]]]:
    with archive(path) as parts:
        if sheet.part not in parts.namelist():
            raise Invalid(f"The workbook has no {sheet.part}.", where=path.name)
        with parts.open(sheet.part) as file:
            while block := file.read(BLOCK_BYTES):
                reader.feed(block)
                yield from reader.taken()
            reader.feed(b"")
            yield from reader.taken()


class _SheetReader:
    """Turns one sheet's XML into rows of typed values."""

    def __init__(self, book: Workbook, where: str) -> None:
        self._book, self._where = book, where
        self._elements = Elements(where, self._start, self._end)
        self.feed = self._elements.feed
        self.merged: list[str] = []
        self._rows: list[tuple[int, dict[int, Any]]] = []
        self._line = self._column = -1
        self._cells: dict[int, Any] = {}
        self._kind = self._style = ""
        self._value: str | None = None
        self._runs: list[str] = []
        self._has_formula = self._is_aid = False

    def taken(self) -> list[tuple[int, dict[int, Any]]]:
        """Return the rows that are complete."""
        rows, self._rows = self._rows, []
        return rows

    def _start(self, element: str, given: dict[str, str]) -> None:
        if element == "row":
            line = int(given["r"]) if "r" in given else max(self._line, 0) + 1
            if line <= self._line:
                raise Invalid("The rows of the sheet are out of order.", where=self._where)
            self._line, self._column, self._cells = line, -1, {}
        elif element == "c":
            self._place(given.get("r", ""))
            self._kind, self._style = given.get("t", "n"), given.get("s", "0")
            self._value, self._has_formula = None, False
            self._runs.clear()
        elif element == "rPh":
            self._is_aid = True
        elif element == "mergeCell":
            self.merged.append(given.get("ref", ""))

    def _place(self, reference: str) -> None:
        found = _CELL.fullmatch(reference)
        self._column = _number(found[1]) if found else self._column + 1

    def _end(self, element: str, text: str) -> None:
        if element == "v":
            self._value = text
        elif element == "f":
            self._has_formula = True
        elif element == "t" and not self._is_aid:
            self._runs.append(text)
        elif element == "rPh":
            self._is_aid = False
        elif element == "c":
            value = self._typed()
            if value is not None:
                self._cells[self._column] = value
        elif element == "row":
            self._rows.append((self._line, self._cells))

    def _typed(self) -> Any:
        place, value = f"{_letters(self._column)}{self._line}", self._value
        if self._kind == "inlineStr":
            return _text(unescaped("".join(self._runs)), place)
        if value is None:
            if self._has_formula:
                return _Bad("formula-without-value", f"Cell {place} holds a formula that was never computed.")
            return None
        if self._kind == "s":
            return _text(self._book.texts[int(value)], place) if int(value) < len(self._book.texts) else _broken(place)
        if self._kind in ("str", "d"):
            return _text(unescaped(value), place)
        if self._kind == "b":
            return value == "1"
        if self._kind == "e":
            return _Bad("error-cell", f"Cell {place} holds the error {value[:20]}.")
        return self._number(value, place)

    def _number(self, value: str, place: str) -> Any:
        try:
            number = float(value)
            kind = self._book.kinds[int(self._style)] if self._book.kinds else ""
        except (ValueError, IndexError):
            return _broken(place)
        if number != number or number in (float("inf"), float("-inf")):
            return _Bad("not-finite", f"Cell {place} holds {value[:20]}, which is no finite number.")
        if kind == "elapsed":
            return _span(number, place)
        if kind:
            return _moment(number, kind, self._book.counts_from_1904, place)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _text(text: str, place: str) -> Any:
    mark = odd_mark(text)
    return _Bad("odd-mark", f"Cell {place} holds {mark}.") if mark else text


def _broken(place: str) -> _Bad:
    return _Bad("broken-cell", f"Cell {place} refers to something that the workbook does not have.")


def _moment(days: float, kind: str, counts_from_1904: bool, place: str) -> Any:
    """Return a day count as a date, a local time, or a time by the clock, as Excel shows it."""
    if not 0 <= days <= _LAST_DAY:
        return _Bad("impossible-date", f"Cell {place} holds {days:g} as a date, and there is none such.")
    milliseconds = round(days * 86_400_000)
    whole, rest = divmod(milliseconds, 86_400_000)
    if not whole and kind == "clock":
        clock = (datetime(2000, 1, 1) + timedelta(milliseconds=rest)).time()  # noqa: DTZ001
        return clock.isoformat("seconds" if clock.second else "minutes")
    if not whole and not counts_from_1904:
        return _Bad("impossible-date", f"Cell {place} holds 0 as a date, and there is none such.")
    if counts_from_1904:
        first = datetime(1904, 1, 1)  # noqa: DTZ001
    elif whole == _LEAP_THAT_NEVER_WAS:
        return _Bad("impossible-date", f"Cell {place} holds 29 February 1900, a day that Excel alone knows.")
    else:
        first = datetime(1899, 12, 31 if whole < _LEAP_THAT_NEVER_WAS else 30)  # noqa: DTZ001
    moment = first + timedelta(days=whole, milliseconds=rest)
    return moment if rest or kind != "date" else date(moment.year, moment.month, moment.day)


def _span(days: float, place: str) -> Any:
    if days < 0:
        return _Bad("out-of-range", f"Cell {place} holds a time below nothing.")
    minutes, seconds = divmod(round(days * 86_400), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(column: int) -> str:
    text, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
