"""A chunk of rows mapped to work column by column, with the very readers that a single row has.

A column of few different values reads each of them once. A row that cannot be taken as it is goes to
`RowMapper`, which says why: this is the faster road, never another rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from itertools import compress, repeat
from typing import Any

import msgspec

from closeknit.rooms.sensing.mapping import copy_text
from closeknit.rooms.sensing.mapping.conditions import columns_of, compile_condition
from closeknit.rooms.sensing.mapping.expressions import Known, columns_used, compile_expression
from closeknit.rooms.sensing.mapping.quick import OTHER, instant_text, quick_reader, read_instants
from closeknit.rooms.sensing.mapping.recipe import WORK_FIELDS, Stream
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import (
    BLANK,
    EARLIEST,
    WORK_COLUMNS,
    MappedWork,
    RowMapper,
    detail_value,
    key_part,
    whole_row,
)
from closeknit.rooms.sensing.mapping.values import UNSAFE

Raw = tuple[Any, ...]
Column = Sequence[Any]
Step = Callable[[Any], Any]


class _Refusal:
    """Of a type of its own, so that a column is looked through by the types of its values."""


_REFUSED = _Refusal()
# Equal values of these types are one value, so one reading serves them all. Not so 1, 1.0 and True together.
_ALIKE = {str, type(None), int}
_TEXTS = {name for name, kind in WORK_FIELDS.items() if kind.rstrip("!") in ("text", "currency")} | {"details"}
_OPERATION, _OCCURRED_AT = WORK_COLUMNS.index("operation"), WORK_COLUMNS.index("occurred_at")


class Written(list[Any]):
    """A column's values, none of them None, of which it is known how `str` writes them (`texts`)."""

    __slots__ = ("texts",)

    def __init__(self, values: Iterable[Any], texts: Iterable[str]) -> None:
        super().__init__(values)
        self.texts = list(texts)


@dataclass(slots=True)
class WorkChunk:
    """Mapped rows of work in parallel lists. `cells` are the key and WORK_COLUMNS, as COPY reads them."""

    lines: list[int] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    key_hashes: list[bytes] = field(default_factory=list)
    content_hashes: list[bytes] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)

    def add(self, line: int, raw: Raw, work: MappedWork) -> None:
        """Put in a row that was mapped alone."""
        self.lines.append(line)
        self.raws.append(raw)
        self.key_hashes.append(work.key_hash)
        self.content_hashes.append(work.content_hash)
        self.cells.append(copy_text.line_of((work.key, *work.values)))
        self.operations.append(work.values[_OPERATION])
        self.instants.append(work.values[_OCCURRED_AT])

    def only(self, kept: Sequence[bool]) -> "WorkChunk":
        """Return the rows that are marked."""
        return WorkChunk(*(list(compress(getattr(self, part.name), kept)) for part in fields(self)))


class WorkColumns:
    """Maps chunks of one file's rows by one stream; what it cannot settle it leaves to `RowMapper`."""

    def __init__(self, stream: Stream, columns: Sequence[str], known: Known, rows: RowMapper) -> None:
        self._stream, self._known, self._latest = stream, known, rows.latest
        self._at = {name: number for number, name in enumerate(columns)}
        self._empty = frozenset(stream.empty)
        self._refusals = [self._condition(rule.when) for rule in stream.refuse]
        self._constants: dict[str, Any] = {}
        self._fields: dict[str, Callable[[list[Column]], Column]] = {}
        for name, spec in stream.fields.items():
            if columns_used(spec):
                self._fields[name] = self._expression(spec, WORK_FIELDS[name], name)
            else:
                self._constants[name] = self._constant(spec, WORK_FIELDS[name], name)
        self._details = [self._member(name, spec) for name, spec in sorted(stream.details.items())]

    def map(self, rows: Sequence[tuple[int, Raw]]) -> tuple[WorkChunk, list[tuple[int, Raw]]]:
        """Return the rows that could be mapped, and those that a single row's mapper has to settle."""
        if not rows or _REFUSED in self._constants.values():
            return WorkChunk(), list(rows)
        lines: Sequence[int]
        raws: Sequence[Raw]
        lines, raws = zip(*rows, strict=True)
        given: list[Column] = list(zip(*raws, strict=True))
        sound = [True] * len(rows)
        for refuse in self._refusals:
            for number in [number for number, holds in enumerate(refuse(given)) if holds is not False]:
                sound[number] = False
        keys: Sequence[Any] = self._keys(given, sound)
        values: dict[str, Column] = {name: read(given) for name, read in self._fields.items()}
        values |= {name: [value] * len(rows) for name, value in self._constants.items() if name in _NEEDED}
        for column in values.values():
            _doubt_refused(sound, column)
        self._check_times(values, sound)
        details = self._detail_texts(given, sound)
        doubtful: list[tuple[int, Raw]] = []
        if not all(sound):
            # Taken out before anything is written: one odd value would keep its whole column from the quick roads.
            doubtful = [row for row, is_sound in zip(rows, sound, strict=True) if not is_sound]
            lines, raws, keys = _only(lines, sound), _only(raws, sound), _only(keys, sound)
            details = None if details is None else _only(details, sound)
            values = {name: _only(column, sound) for name, column in values.items()}
        contents, cells = self._joined(values, details, len(lines))
        key_hashes, content_hashes = self._hashes(keys, raws, contents)
        shown = map("\t".join, zip(copy_text.escaped(keys), cells, strict=True))
        chunk = WorkChunk(
            list(lines),
            list(raws),
            key_hashes,
            content_hashes,
            list(shown),
            list(values["operation"]),
            list(values["occurred_at"]),
        )
        return chunk, doubtful

    def _keys(self, given: list[Column], sound: list[bool]) -> Sequence[str]:
        parts = []
        for name in self._stream.key:
            part: Sequence[Any] | None = self._plain_texts(given[self._at[name]])
            if part is None:
                part = _each(lambda value: _or_refused(key_part, self._cleaned(value)), given[self._at[name]])
            if _doubt_refused(sound, part):
                part = ["" if value is _REFUSED else value for value in part]
            parts.append(part)
        if len(parts) == 1:
            return parts[0]
        return list(map("|".join, zip(*parts, strict=True))) if parts else [""] * len(sound)

    def _plain_texts(self, column: Column) -> list[str] | None:
        """Return a column's texts as parts of keys, where none of them needs a closer look."""
        if set(map(type, column)) != {str}:
            return None
        texts = list(map(str.strip, column))
        together = "".join(texts)
        is_plain = all(texts) and "|" not in together and not UNSAFE.search(together)
        return texts if is_plain and self._empty.isdisjoint(texts) else None

    def _hashes(
        self, keys: Sequence[str], raws: Sequence[Raw], contents: Sequence[str]
    ) -> tuple[list[bytes], list[bytes]]:
        name = self._stream.name
        marks = [f"{name}\x1f{key}" for key in (keys if self._stream.key else map(whole_row, raws))]
        return (
            [sha256(mark.encode("utf-8", "surrogatepass")).digest()[:16] for mark in marks],
            [
                sha256(f"{mark}\x1f{content}".encode("utf-8", "surrogatepass")).digest()[:16]
                for mark, content in zip(marks, contents, strict=True)
            ],
        )

    def _check_times(self, values: dict[str, Column], sound: list[bool]) -> None:
        latest, started = self._latest, values["occurred_at"]
        if set(map(type, started)) != {datetime} or min(started) < EARLIEST or max(started) > latest:
            for number, at in enumerate(started):
                if sound[number] and (at is None or not EARLIEST <= at <= latest):
                    sound[number] = False
        for number, end in enumerate(values.get("finished_at", ())):
            if end is not None and sound[number] and end < started[number]:
                sound[number] = False

    def _detail_texts(self, given: list[Column], sound: list[bool]) -> list[str | None] | None:
        if not self._details:
            return None
        parts = [read(given) for read in self._details]
        for number, part in enumerate(parts):
            if _doubt_refused(sound, part):
                parts[number] = ["" if value is _REFUSED else value for value in part]
        rows = list(zip(*parts, strict=True))
        known = {row: f"{{{','.join(filter(None, row))}}}" if any(row) else None for row in set(rows)}
        return list(map(known.__getitem__, rows))

    def _joined(
        self, values: dict[str, Column], details: Column | None, size: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Return each row's values as the text that is hashed, and as the cells that are stored."""
        contents, cells = _Joined("\x1f", size), _Joined("\t", size)
        for name in WORK_COLUMNS:
            column = details if name == "details" else values.get(name)
            if column is None or name in self._constants:
                value = self._constants.get(name)
                value = BLANK[name] if value is None else value
                contents.add_constant(str(value))
                cells.add_constant(copy_text.cell(value))
                continue
            nothing = str(BLANK[name])
            texts = _texts(column, nothing)
            contents.add(texts)
            cells.add(_cells(name, texts, column))
        return contents.rows(), cells.rows()

    def _cleaned(self, value: Any) -> Any:
        if type(value) is str:
            value = value.strip()
            return None if not value or value in self._empty else value
        return value

    def _constant(self, spec: Any, kind: str, target: str) -> Any:
        return _or_refused(compile_expression(spec, kind, target, {}, self._stream.form, self._known), ())

    def _expression(self, spec: Any, kind: str, target: str) -> Callable[[list[Column]], Column]:
        used = sorted(columns_used(spec))
        index = {name: number for number, name in enumerate(used)}
        form = self._stream.form
        quick = quick_reader(spec, kind, form, self._empty)
        read = self._column(compile_expression(spec, kind, target, index, form, self._known), used, quick)
        if quick is None or kind.rstrip("!") != "time" or (isinstance(spec, dict) and "type" in spec):
            return read
        place, empty = self._at[used[0]], self._empty

        def read_at_one_go(given: list[Column]) -> Column:
            found = read_instants(given[place], empty)
            return read(given) if found is None else Written(*found)

        return read_at_one_go

    def _member(self, name: str, spec: Any) -> Callable[[list[Column]], Column]:
        """Return a detail as its part of a JSON object's text, "" where it says nothing."""
        used = sorted(columns_used(spec))
        index = {column: number for number, column in enumerate(used)}
        step = compile_expression(spec, "text", name, index, self._stream.form, self._known)

        def member(row: Any) -> str:
            value = step(row)
            if value is None or value == "":
                return ""
            return msgspec.json.encode({name: detail_value(value)}).decode()[1:-1]

        return self._column(member, used)

    def _condition(self, spec: Any) -> Callable[[list[Column]], Column]:
        used = sorted(columns_of(spec))
        return self._column(compile_condition(spec, {name: number for number, name in enumerate(used)}), used)

    def _column(self, step: Step, used: Sequence[str], quick: Step | None = None) -> Callable[[list[Column]], Column]:
        """Return a step of a cleaned row, which sees only the columns it uses, as one of whole columns."""
        clean = self._cleaned
        places = [self._at[name] for name in used]
        if len(places) == 1:
            only, read = places[0], self._of_one(step, quick)
            return lambda given: _each(read, given[only])

        def of_several(given: list[Column]) -> Column:
            cleaned = [_each(clean, given[place]) for place in places]
            rows = zip(*cleaned, strict=True) if cleaned else repeat((), len(given[0]))
            return [_or_refused(step, row) for row in rows]

        return of_several

    def _of_one(self, step: Step, quick: Step | None) -> Step:
        empty = self._empty

        def read(value: Any) -> Any:
            if type(value) is str:
                value = value.strip()
                if not value or value in empty:
                    value = None
            try:
                return step((value,))
            except Refused:
                return _REFUSED

        def read_quickly(value: Any) -> Any:
            found = quick(value) if quick else OTHER
            return read(value) if found is OTHER else found

        return read_quickly if quick else read


_NEEDED = ("operation", "occurred_at", "finished_at")


class _Joined:
    """Columns of text to be joined by row; neighbours that never change are joined once for all."""

    def __init__(self, mark: str, size: int) -> None:
        self._mark, self._size = mark, size
        self._columns: list[Column | str] = []

    def add(self, column: Column) -> None:
        self._columns.append(column)

    def add_constant(self, text: str) -> None:
        if self._columns and isinstance(self._columns[-1], str):
            self._columns[-1] += f"{self._mark}{text}"
        else:
            self._columns.append(text)

    def rows(self) -> list[str]:
        columns = [repeat(part, self._size) if isinstance(part, str) else part for part in self._columns]
        return list(map(self._mark.join, zip(*columns, strict=True)))


def _each(read: Step, column: Column) -> list[Any]:
    """Read every value of a column; where there are few different ones, each of them once."""
    if set(map(type, column)) <= _ALIKE:
        different = set(column)
        if len(different) * 2 <= len(column):
            known = {value: read(value) for value in different}
            found = list(map(known.__getitem__, column))
            if set(map(type, known.values())) - {_Refusal} == {float}:
                texts = {value: str(number) for value, number in known.items()}
                return Written(found, map(texts.__getitem__, column))
            return found
    return [read(value) for value in column]


def _only(column: Column, kept: Sequence[bool]) -> list[Any]:
    found = compress(column, kept)
    return Written(found, compress(column.texts, kept)) if isinstance(column, Written) else list(found)


def _or_refused(step: Step, row: Any) -> Any:
    try:
        return step(row)
    except Refused:
        return _REFUSED


def _doubt_refused(sound: list[bool], column: Column) -> bool:
    if _Refusal not in set(map(type, column)):
        return False
    for number in [number for number, value in enumerate(column) if value is _REFUSED]:
        sound[number] = False
    return True


def _texts(column: Column, nothing: str) -> Sequence[str]:
    if isinstance(column, Written):
        return column.texts
    kinds = set(map(type, column))
    if len(kinds) == 1 and type(None) not in kinds:
        kind = kinds.pop()
        return column if kind is str else list(map(instant_text if kind is datetime else str, column))
    return [v if type(v) is str else nothing if v is None else _text(v) for v in column]


def _text(value: Any) -> str:
    return instant_text(value) if type(value) is datetime else str(value)


def _cells(name: str, texts: Sequence[str], column: Column) -> Sequence[str]:
    cells = copy_text.escaped(texts) if name in _TEXTS else texts
    if BLANK[name] is not None or isinstance(column, Written) or type(None) not in set(map(type, column)):
        return cells
    return [copy_text.NOTHING if value is None else text for value, text in zip(column, cells, strict=True)]
