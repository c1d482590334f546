"""CSV files of every dialect that a recipe states: delimiter, encoding, quotes, line ends."""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from closeknit.kernel.cells import read_cell
from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.sources.marks import ODD, odd_mark
from closeknit.rooms.sensing.sources.unpacking import BLOCK_BYTES, opened

Chunk = list[tuple[int, RawRow]]
MOST_FIELD_CHARACTERS = 1_000_000
MOST_LINE_CHARACTERS = 16_000_000
_DELIMITERS = ",;\t|"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# In Latin-1 these bytes are control characters; a text that has them was written in windows-1252.
_NOT_LATIN = re.compile("[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class _Found:
    """What one pass over a file's text found."""

    sha256: str
    lines: int
    has_odd_marks: bool


class CsvFile:
    """A CSV file with a header, packed or not. Rows of another length are bad rows, never guessed at.

    `apostrophes`: it was exported for spreadsheets as ours are, with an apostrophe before what looks like a formula.
    """

    def __init__(self, path: Path, delimiter: str, encoding: str = "utf-8", *, apostrophes: bool = False) -> None:
        self._path = path
        self._apostrophes = apostrophes
        self._delimiter = delimiter
        self.name = path.name
        self._encoding = self._stated(encoding)
        found = self._inspect()
        self.sha256 = found.sha256
        self.rows_estimate = max(found.lines - 2, 0)
        self._has_odd_marks = found.has_odd_marks
        self.columns = self._header()

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (line where the row starts, values) after skipping rows."""
        with self._text() as text:
            rows = self._rows(text)
            for _ in islice(rows, skip_rows):
                pass
            while chunk := list(islice(rows, chunk_rows)):
                yield chunk

    def _rows(self, text: Iterable[str]) -> Iterator[tuple[int, RawRow]]:
        csv.field_size_limit(MOST_FIELD_CHARACTERS)
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        next(reader)
        width, has_odd_marks = len(self.columns), self._has_odd_marks
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as failure:
                yield line, self._not_csv(failure, line, reader.line_num)
                continue
            if has_odd_marks and (mark := odd_mark("".join(row))):
                yield line, BadRow("odd-mark", f"The row holds {mark}.", _numbered(row))
            elif len(row) == width:
                yield line, tuple(map(read_cell, row)) if self._apostrophes else tuple(row)
            elif row:
                reason = f"The row has {len(row)} values; the header has {width}."
                yield line, BadRow("ragged-row", reason, _numbered(row))

    def _not_csv(self, failure: csv.Error, line: int, last: int) -> BadRow:
        span = f" It spans lines {line} to {last}: look for a quote that is never closed." if last > line else ""
        return BadRow("not-csv", f"This is not a CSV row: {failure}.{span}", {"line": line, "to_line": last})

    def _header(self) -> tuple[str, ...]:
        with self._text() as text:
            try:
                header = next(csv.reader(text, delimiter=self._delimiter, strict=True), None)
            except csv.Error as failure:
                raise Invalid(f"The header is not CSV: {failure}.", where=f"{self.name}, line 1") from None
        if not header:
            raise Invalid("The file is empty: it has not even a header.", where=self.name)
        if mark := odd_mark("".join(header)):
            raise Invalid(
                f"The header holds {mark}.",
                where=f"{self.name}, line 1",
                todo="Save the file once more as UTF-8, or state its `encoding` in the recipe's stream.",
            )
        columns = tuple(name.strip() for name in header)
        if len(set(columns)) < len(columns) or "" in columns:
            raise Invalid("The header names a column twice, or not at all.", where=f"{self.name}, line 1")
        others = [mark for mark in _DELIMITERS if mark != self._delimiter and columns[0].count(mark)]
        if len(columns) == 1 and others:
            raise Invalid(
                f"The header is parted by {others[0]!r}, not by {self._delimiter!r}.",
                where=f"{self.name}, line 1",
                todo=f'State `delimiter: "{others[0]}"` in the recipe\'s stream.'.replace("\t", "\\t"),
            )
        return columns

    def _stated(self, encoding: str) -> str:
        """Return the codec to read with, once the file's own mark does not contradict the recipe."""
        with opened(self._path) as file:
            head = file.read(4)
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) and head != codecs.BOM_UTF16_LE:
            raise self._other("UTF-32", encoding)
        marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
        if encoding.startswith("utf-16"):
            if marked == "utf-16":
                return "utf-16"
            if encoding == "utf-16":
                raise Invalid(
                    "The file is not marked as UTF-16, so the order of its bytes is unknown.",
                    where=self.name,
                    todo="State utf-16-le or utf-16-be in the recipe's stream.",
                )
        if marked and marked != encoding:
            raise self._other(marked.upper(), encoding)
        return "utf-8-sig" if encoding == "utf-8" else encoding

    def _other(self, marked: str, encoding: str) -> Invalid:
        return Invalid(
            f"The file is marked as {marked}, and the recipe says {encoding}.",
            where=self.name,
            todo="State the right `encoding` in the recipe's stream, or save the file as UTF-8.",
        )

    def _inspect(self) -> _Found:
        """Return the file's hash and number of lines, once its encoding is known to be sound."""
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
        lines, unended, has_odd_marks = 1, 0, False
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        with opened(self._path) as file:
            while block := file.read(BLOCK_BYTES):
                text = self._decoded(decoder, block, lines)
                lines += text.count("\n")
                end = max(text.rfind("\n"), text.rfind("\r"))
                unended = unended + len(text) if end < 0 else len(text) - end
                if unended > MOST_LINE_CHARACTERS:
                    raise Invalid(f"A line is longer than {MOST_LINE_CHARACTERS:,} characters.", where=self.name)
                has_odd_marks = has_odd_marks or ODD.search(text) is not None
            self._decoded(decoder, b"", lines, final=True)
        return _Found(digest.hexdigest(), lines, has_odd_marks)

    def _decoded(self, decoder: codecs.IncrementalDecoder, block: bytes, lines: int, *, final: bool = False) -> str:
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as failure:
            read = failure.object[: failure.start]
            lines += read.count(b"\n")
            broken = failure.object[failure.start : failure.start + 1]
            raise self._not_in(lines, f"byte 0x{broken.hex()} means nothing there") from None
        if self._encoding == "latin-1" and (found := _NOT_LATIN.search(text)):
            lines += text[: found.start()].count("\n")
            raise self._not_in(
                lines, f"byte 0x{ord(found[0]):02x} is a control character there. It may be windows-1252"
            )
        return text

    def _not_in(self, line: int, why: str) -> Invalid:
        name = "UTF-8" if self._encoding == "utf-8-sig" else self._encoding
        return Invalid(
            f"The file is not {name}: {why}.",
            where=f"{self.name}, line {line}",
            todo="Save it as UTF-8 and load it again, or state its `encoding` in the recipe's stream.",
        )

    @contextmanager
    def _text(self) -> Iterator[Iterable[str]]:
        with opened(self._path) as file:
            yield io.TextIOWrapper(file, encoding=self._encoding, newline="")


def _numbered(row: list[str]) -> dict[str, str]:
    return {f"column {number}": value for number, value in enumerate(row, start=1)}
