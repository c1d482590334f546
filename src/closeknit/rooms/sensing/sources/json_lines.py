"""Rows given as JSON: one strict object a line, in a request or a file."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.mapping.recipe import Stream
from closeknit.rooms.sensing.sources.marks import odd_mark
from closeknit.rooms.sensing.sources.unpacking import BLOCK_BYTES, opened

Chunk = list[tuple[int, RawRow]]
MOST_LINE_BYTES = 1 << 20
_MARK = re.compile(rb"\\u[fF][eE][fF][fF]")
_BLANKS = b" \t\r"
_PLAIN = {str, int, bool, type(None)}
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonLines:
    """The lines of a request. NaN, keys given twice, nested values and unknown columns make a bad row."""

    def __init__(self, lines: Sequence[bytes], stream: Stream, columns: tuple[str, ...]) -> None:
        self._lines = lines
        self.name = f"{stream.name}.ndjson"
        self.stream = stream.name
        self.columns = columns
        self.sha256 = hashlib.sha256(b"\n".join(lines)).hexdigest()
        self.rows_estimate = len(lines)

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (line from 1, values) after skipping rows."""
        rows = JsonRows(self.columns)
        for start in range(skip_rows, len(self._lines), chunk_rows):
            part = self._lines[start : start + chunk_rows]
            yield list(enumerate(rows.read(part), start=start + 1))


class JsonFile:
    """A file of such lines, packed or not. Empty lines are no rows."""

    def __init__(self, path: Path, stream: Stream, columns: tuple[str, ...]) -> None:
        self._path = path
        self.name = path.name
        self.stream = stream.name
        self.columns = columns
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with opened(path) as file:
            self.rows_estimate = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK_BYTES), b""))

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (line from 1, values) after skipping rows."""
        rows = JsonRows(self.columns)
        with opened(self._path) as file:
            lines = islice(self._lines(file), skip_rows, None)
            while part := list(islice(lines, chunk_rows)):
                numbers, texts = zip(*part, strict=True)
                yield list(zip(numbers, rows.read(texts), strict=True))

    def _lines(self, file: Any) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := file.readline(MOST_LINE_BYTES):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) == MOST_LINE_BYTES:
                raise Invalid(
                    f"A line is longer than {MOST_LINE_BYTES:,} bytes.",
                    where=f"{self.name}, line {number}",
                    todo="Give one JSON object a line.",
                )
            if line := line.strip():
                yield number, line


class JsonRows:
    """Reads lines as rows of these columns: all in one go where they are sound, else half by half."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._known = frozenset(columns)
        names = [f"column_{number}" for number in range(len(columns))]
        row = msgspec.defstruct(
            "Row",
            [(name, Any, msgspec.UNSET) for name in names],
            rename=dict(zip(names, columns, strict=True)),
            forbid_unknown_fields=True,
        )
        # Numbers with a point stay as they are written, so that no digit of them changes.
        self._decode = msgspec.json.Decoder(row, float_hook=str).decode

    def read(self, lines: Sequence[bytes]) -> list[RawRow]:
        """Return a row, or a bad row, for each line."""
        together = self._sound(lines)
        if together is not None:
            return together
        if len(lines) == 1:
            return [self._doubtful(lines[0])]
        half = len(lines) // 2
        return self.read(lines[:half]) + self.read(lines[half:])

    def _sound(self, lines: Sequence[bytes]) -> list[RawRow] | None:
        """Return the rows of lines that are beyond doubt, or None."""
        text = b"\n".join(lines)
        if (not text.isascii() and b"\xef\xbb\xbf" in text) or (b"\\u" in text and _MARK.search(text)):
            return None
        try:
            rows: list[Any] = list(map(msgspec.structs.astuple, map(self._decode, lines)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        keys = len(rows) * len(self._columns)
        types = set(map(type, chain.from_iterable(rows)))
        if msgspec.UnsetType in types:
            keys -= sum(value is msgspec.UNSET for row in rows for value in row)
            rows = [tuple([None if value is msgspec.UNSET else value for value in row]) for row in rows]
        # Each key has its own `":`, once no blank stands before a colon. More of them than keys: one is given twice, or
        # a text holds such a mark.
        is_plain = types <= _PLAIN | {msgspec.UnsetType} and text.translate(None, _BLANKS).count(b'":') == keys
        return rows if is_plain else None

    def _doubtful(self, line: bytes) -> RawRow:
        shown = line[:200].decode("utf-8", "replace")
        try:
            text = line.decode("utf-8")
            if mark := odd_mark(text):
                return BadRow("odd-mark", f"The line holds {mark}.", {"line": shown})
            found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=str)
        except UnicodeDecodeError as failure:
            return BadRow("not-utf-8", f"The line is not UTF-8 at byte {failure.start + 1}.", {"line": shown})
        except (ValueError, RecursionError) as failure:
            return BadRow("not-json", f"This is not strict JSON: {str(failure)[:200]}.", {"line": shown})
        return self._row(found)

    def _row(self, found: Any) -> RawRow:
        if not isinstance(found, dict):
            return BadRow("not-json", "The line is not a JSON object.", {"line": str(found)[:200]})
        unknown = [key for key in found if key not in self._known]
        if unknown:
            return BadRow("unknown-column", f"The recipe knows no column {unknown[0]!r}.", {str(unknown[0]): ""})
        for key, value in found.items():
            if isinstance(value, dict | list):
                return BadRow("not-a-value", f"{key} is not a single value.", {key: ""})
            if isinstance(value, str) and _SURROGATE.search(value):
                return BadRow("lone-surrogate", f"{key} holds half of a character (a lone surrogate).", {key: ""})
            if isinstance(value, str) and (mark := odd_mark(value)):
                return BadRow("odd-mark", f"{key} holds {mark}.", {key: ""})
        return tuple(found.get(column) for column in self._columns)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
