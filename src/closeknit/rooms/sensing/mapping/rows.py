"""One stream's rows, mapped: a raw row in, typed work or a fact out, or a refusal."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

import msgspec

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import FACT_FIELDS, FactKind
from closeknit.rooms.sensing.mapping.conditions import Condition, columns_of, compile_condition
from closeknit.rooms.sensing.mapping.expressions import Known, columns_used, compile_expression
from closeknit.rooms.sensing.mapping.recipe import WORK_FIELDS, Stream, fact_key, plain_fact_value
from closeknit.rooms.sensing.mapping.refusal import Refused, shown
from closeknit.rooms.sensing.mapping.values import UNSAFE

FURTHEST_AHEAD = timedelta(days=2)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
WORK_COLUMNS = (*WORK_FIELDS, "details")
_AT = {name: number for number, name in enumerate(WORK_COLUMNS)}
_OCCURRED_AT, _FINISHED_AT, _DETAILS = _AT["occurred_at"], _AT["finished_at"], _AT["details"]
_SAID_BY_NOTHING: dict[str, Any] = {
    "work_class": "",
    "region": "",
    "channel": "",
    "product": "",
    "account_number": "",
    "currency": "",
    "is_return": False,
}
BLANK: dict[str, Any] = {name: _SAID_BY_NOTHING.get(name) for name in WORK_COLUMNS}
"""What a row of work holds where its source states nothing."""


@dataclass(frozen=True, slots=True)
class MappedWork:
    """A row of work: its key, hashes, and its values in the order of WORK_COLUMNS."""

    key: str
    key_hash: bytes
    content_hash: bytes
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MappedFact:
    """A stated fact: its key, hash, and body in the plain form of FACT_FIELDS."""

    key: str
    content_hash: bytes
    body: dict[str, Any]


class RowMapper:
    """Maps the rows of one file by one stream.

    Compiled once; `map` raises Refused for a row that cannot be taken.
    """

    def __init__(self, stream: Stream, columns: Sequence[str], known: Known, loaded_at: datetime) -> None:
        used = _used(stream, columns)
        self._stream = stream
        self._picked = [columns.index(name) for name in used]
        self._empty = frozenset(stream.empty)
        index = self._index = {name: number for number, name in enumerate(used)}
        self._refusals = [_refusal(rule, index) for rule in stream.refuse]
        self._key = [index[name] for name in stream.key]
        targets = WORK_FIELDS if stream.into is None else FACT_FIELDS[stream.into]
        self._fields = {
            name: compile_expression(stream.fields[name], kind, name, index, stream.form, known)
            for name, kind in targets.items()
            if name in stream.fields
        }
        self._blank, self._steps = ([], []) if stream.into else _plan(stream, self._fields)
        self._details = {
            name: compile_expression(spec, "text", name, index, stream.form, known)
            for name, spec in sorted(stream.details.items())
        }
        self.latest = loaded_at + FURTHEST_AHEAD

    def clean(self, raw: Sequence[Any]) -> list[Any]:
        """Return the columns in use, stripped; None for what is empty or stands for empty in this source."""
        cleaned: list[Any] = []
        for at in self._picked:
            value = raw[at]
            if type(value) is str:
                value = value.strip()
                if not value or value in self._empty:
                    value = None
            cleaned.append(value)
        return cleaned

    def refuse(self, row: Sequence[Any]) -> None:
        """Raise Refused when one of the recipe's own rules refuses a cleaned row."""
        for holds, code, say in self._refusals:
            if holds(row):
                raise Refused(code, say(row))

    def map_work(self, raw: Sequence[Any]) -> MappedWork:
        """Map a row to work."""
        row = self.clean(raw)
        if self._refusals:
            self.refuse(row)
        values = self._blank.copy()
        for at, step in self._steps:
            value = step(row)
            if value is not None:
                values[at] = value
        self._check_work(values)
        if self._details:
            values[_DETAILS] = self._detail_text(row)
        key = self._key_text(row) if self._key else ""
        text = f"{self._stream.name}\x1f{key or whole_row(raw)}"
        key_hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        content = "\x1f".join(map(str, values))
        content_hash = hashlib.sha256(f"{text}\x1f{content}".encode("utf-8", "surrogatepass")).digest()[:16]
        return MappedWork(key, key_hash, content_hash, tuple(values))

    def map_fact(self, raw: Sequence[Any]) -> MappedFact:
        """Map a row to a fact of the stream's kind."""
        kind = self._stream.into
        assert kind is not None
        row = self.clean(raw)
        self.refuse(row)
        body = {}
        for name, field_kind in FACT_FIELDS[kind].items():
            step = self._fields.get(name)
            body[name] = plain_fact_value(None if step is None else step(row), field_kind)
        _check_fact(kind, body, self.latest)
        key = fact_key(kind, body)
        return MappedFact(key, fact_hash(body), body)

    def column(self, row: Sequence[Any], name: str) -> Any:
        """Return one column of a cleaned row."""
        return row[self._index[name]]

    def _key_text(self, row: Sequence[Any]) -> str:
        parts = [row[at] for at in self._key]
        if None in parts:
            raise Refused("missing", f"The key needs {', '.join(self._stream.key)}; one of them is empty.")
        return "|".join(map(key_part, parts))

    def _check_work(self, values: list[Any]) -> None:
        occurred_at, finished_at = values[_OCCURRED_AT], values[_FINISHED_AT]
        if occurred_at > self.latest:
            raise Refused(
                "far-future", f"occurred_at: {occurred_at:%Y-%m-%d %H:%M} UTC is after the day it was loaded."
            )
        if occurred_at < EARLIEST:
            raise Refused("far-past", f"occurred_at: {occurred_at:%Y-%m-%d} is before 1970.")
        if finished_at is not None and finished_at < occurred_at:
            raise Refused("ends-before-it-starts", f"finished_at: {finished_at} is before occurred_at {occurred_at}.")

    def _detail_text(self, row: Sequence[Any]) -> str | None:
        kept = {}
        for name, step in self._details.items():
            value = step(row)
            if value is not None and value != "":
                kept[name] = detail_value(value)
        return msgspec.json.encode(kept).decode() if kept else None


def fact_hash(body: dict[str, Any]) -> bytes:
    """Return the hash of a fact's body: equal statements have equal hashes."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).digest()[:16]


def raw_hash(stream: str, raw: Sequence[Any]) -> bytes:
    """Return the hash that recognises a refused row when it comes again."""
    text = "\x1f".join(["\x00" if value is None else value if type(value) is str else str(value) for value in raw])
    return hashlib.sha256(f"{stream}\x1e{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def _plan(stream: Stream, fields: dict[str, Any]) -> tuple[list[Any], list[tuple[int, Callable[[Any], Any]]]]:
    """Return what every row of work starts from (constants and blanks), and the steps that differ from row
    to row.
    """
    blank = list(BLANK.values())
    steps = []
    for name, step in fields.items():
        spec = stream.fields[name]
        if isinstance(spec, dict) and "value" in spec and step([]) is not None:
            blank[_AT[name]] = step([])
        else:
            steps.append((_AT[name], step))
    return blank, steps


def whole_row(raw: Sequence[Any]) -> str:
    """Return what tells a row from others where it has no key."""
    return "\x1f".join(["" if value is None else str(value) for value in raw])


def columns_of_stream(stream: Stream) -> tuple[str, ...]:
    """Return every column that a stream's key, fields, details and rules use, in a fixed order."""
    wanted = set(stream.key)
    for spec in (*stream.fields.values(), *stream.details.values()):
        wanted |= columns_used(spec)
    for rule in stream.refuse:
        wanted |= columns_of(rule.when) | {name for _, name, _, _ in Formatter().parse(rule.reason) if name}
    if stream.one_per:
        wanted |= {stream.one_per.column, stream.one_per.order_by} - {""}
    return tuple(sorted(wanted))


def _used(stream: Stream, columns: Sequence[str]) -> list[str]:
    wanted = set(columns_of_stream(stream))
    missing = sorted(wanted - set(columns))
    if missing:
        raise Invalid(
            f"The file has no column {missing[0]!r}, which the recipe uses.",
            where=f"stream {stream.name}",
            todo=f"Its columns are: {', '.join(columns)}. Mend the recipe, or choose another.",
        )
    return [name for name in columns if name in wanted]


def _refusal(rule: Any, index: dict[str, int]) -> tuple[Condition, str, Callable[[Sequence[Any]], str]]:
    pieces = [(text, index[name] if name else None) for text, name, _, _ in Formatter().parse(rule.reason)]

    def say(row: Sequence[Any]) -> str:
        return "".join(text + ("" if at is None else str(row[at])[:80]) for text, at in pieces)

    return compile_condition(rule.when, index), rule.code, say


_PAST: dict[FactKind, tuple[str, ...]] = {
    FactKind.ACCOUNT: ("opened_on",),
    FactKind.ACCOUNT_RECORD: ("updated_at",),
    FactKind.STAFF: ("hired_on",),
    FactKind.STOCK: ("as_of",),
    FactKind.SURVEY: ("answered_at",),
    FactKind.OPPORTUNITY: ("opened_on", "closed_on"),
}
_SPANS: dict[FactKind, tuple[tuple[str, str], ...]] = {
    FactKind.TERM: (("starts_on", "ends_on"),),
    FactKind.ROSTER: (("starts_local", "ends_local"),),
    FactKind.EVENT: (("starts_on", "ends_on"),),
    FactKind.OPPORTUNITY: (("starts_on", "ends_on"),),
}
"""Half-open spans: the second must come after the first, where both are stated."""


def _check_fact(kind: FactKind, body: dict[str, Any], latest: datetime) -> None:
    for past in _PAST.get(kind, ()):
        if body[past] and body[past][:10] > latest.date().isoformat():
            raise Refused("far-future", f"{past}: {body[past]} is after the day it was loaded.")
    for first, last in _SPANS.get(kind, ()):
        if body[first] and body[last] and body[last] <= body[first]:
            raise Refused("ends-before-it-starts", f"{last}: {body[last]} is not after {body[first]}.")
    if kind is FactKind.OPPORTUNITY:
        _check_opportunity(body)


def _check_opportunity(body: dict[str, Any]) -> None:
    if bool(body["outcome"]) != bool(body["closed_on"]):
        raise Refused("missing", "A closed opportunity states both outcome (won or lost) and closed_on; an open none.")
    if body["closed_on"] and body["closed_on"] < body["opened_on"]:
        raise Refused("ends-before-it-starts", f"closed_on: {body['closed_on']} is before {body['opened_on']}.")
    if body["units_per_week"] is not None and body["units_per_week"] < 0:
        raise Refused("out-of-range", f"units_per_week: {body['units_per_week']} is below 0.")


def detail_value(value: Any) -> Any:
    """Return a read detail as JSON keeps it."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


def key_part(value: Any) -> str:
    """Return one column of a row's key as text."""
    if value is None:
        raise Refused("missing", "A column of the row's key is empty.")
    text = str(value)
    if UNSAFE.search(text):
        raise Refused("control-character", f"The row's key {shown(text)} holds a control character.")
    return text.replace("|", "\\|")
