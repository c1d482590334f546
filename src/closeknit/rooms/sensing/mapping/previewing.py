"""What a recipe makes of some rows, one by one, without storing anything."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from closeknit.kernel.errors import CloseknitError
from closeknit.rooms.sensing.contracts import BadRow, PreviewRow, RawRow, RowFate, StreamPreview
from closeknit.rooms.sensing.mapping.expressions import Known
from closeknit.rooms.sensing.mapping.recipe import Stream
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import WORK_COLUMNS, RowMapper

Rows = Sequence[tuple[int, RawRow]]


def preview_stream(
    stream: Stream,
    present: Stream | None,
    columns: Sequence[str],
    rows: Rows,
    known: Known,
    at: datetime,
    source_name: str,
) -> StreamPreview:
    """Map rows by a stream, and by the present recipe's stream of that name, to see what would change."""
    into = stream.into.value if stream.into else "work"
    try:
        mapper = RowMapper(stream, columns, known, at)
    except CloseknitError as failure:
        return StreamPreview(
            stream.name, into, source_name, 0, 0, 0, (), f"{failure.what} {failure.todo or ''}".strip()
        )
    before = _mapper(present, columns, known, at)
    shown = tuple(_row(stream, mapper, present, before, columns, line, raw, source_name) for line, raw in rows)
    accepted = sum(row.fate is RowFate.ACCEPTED for row in shown)
    changed = sum(bool(row.before) and row.before != _summary(row.fate, row.code, row.mapped) for row in shown)
    return StreamPreview(stream.name, into, source_name, accepted, len(shown) - accepted, changed, shown, "")


def _mapper(stream: Stream | None, columns: Sequence[str], known: Known, at: datetime) -> RowMapper | None:
    try:
        return RowMapper(stream, columns, known, at) if stream else None
    except CloseknitError:
        return None


def _row(
    stream: Stream,
    mapper: RowMapper,
    present: Stream | None,
    before: RowMapper | None,
    columns: Sequence[str],
    line: int,
    raw: RawRow,
    source_name: str,
) -> PreviewRow:
    fate, code, reason, mapped = _map(stream, mapper, raw)
    said = _summary(*_without_reason(_map(present, before, raw))) if present and before else ""
    named = dict(raw.raw) if isinstance(raw, BadRow) else dict(zip(columns, raw, strict=True))
    return PreviewRow(stream.name, source_name, line, fate, code, reason, named, mapped, said)


def _map(stream: Stream, mapper: RowMapper, raw: RawRow) -> tuple[RowFate, str, str, Mapping[str, str]]:
    if isinstance(raw, BadRow):
        return RowFate.REFUSED, raw.code, raw.reason, {}
    try:
        if stream.into is None:
            values: dict[str, Any] = dict(zip(WORK_COLUMNS, mapper.map_work(raw).values, strict=True))
        else:
            values = mapper.map_fact(raw).body
    except Refused as refusal:
        return RowFate.REFUSED, refusal.code, refusal.reason, {}
    return RowFate.ACCEPTED, "", "", {name: str(value) for name, value in values.items() if value not in (None, "")}


def _without_reason(
    mapped: tuple[RowFate, str, str, Mapping[str, str]],
) -> tuple[RowFate, str, Mapping[str, str]]:
    return mapped[0], mapped[1], mapped[3]


def _summary(fate: RowFate, code: str, mapped: Mapping[str, str]) -> str:
    """Return what became of a row in one text, to compare two recipes by."""
    if fate is RowFate.REFUSED:
        return f"refused: {code}"
    return "accepted: " + ", ".join(f"{name}={mapped[name]}" for name in sorted(mapped))
