"""Everything that is wrong with one row, field by field, where a load stops at the first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from closeknit.rooms.sensing.contracts import FACT_FIELDS, RowProblem
from closeknit.rooms.sensing.mapping.expressions import Known, columns_used, compile_expression
from closeknit.rooms.sensing.mapping.recipe import WORK_FIELDS, Stream
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import RowMapper


def targets_of(stream: Stream) -> dict[str, tuple[str, ...]]:
    """Return what each column of a stream is used for: target fields, details, and "key"."""
    found: dict[str, list[str]] = {}
    for name, spec in (*stream.fields.items(), *stream.details.items()):
        for column in columns_used(spec):
            found.setdefault(column, []).append(name)
    for column in stream.key:
        found.setdefault(column, []).append("key")
    return {column: tuple(names) for column, names in found.items()}


def problems_of(
    stream: Stream, columns: Sequence[str], known: Known, at: datetime, raw: Sequence[Any]
) -> tuple[RowProblem, ...]:
    """Return every reason why a row cannot be taken, fields first; empty where it can."""
    found = _field_problems(stream, columns, known, raw)
    mapper = RowMapper(stream, columns, known, at)
    try:
        mapper.map_work(raw) if stream.into is None else mapper.map_fact(raw)
    except Refused as refusal:
        if not any((p.code, p.reason) == (refusal.code, refusal.reason) for p in found):
            found.append(RowProblem("", (), refusal.code, refusal.reason))
    return tuple(found)


def _field_problems(stream: Stream, columns: Sequence[str], known: Known, raw: Sequence[Any]) -> list[RowProblem]:
    index = {name: number for number, name in enumerate(columns)}
    row = [_clean(value, stream.empty) for value in raw]
    targets = WORK_FIELDS if stream.into is None else FACT_FIELDS[stream.into]
    kinds = {**dict.fromkeys(stream.details, "text"), **targets}
    found: list[RowProblem] = []
    for name, spec in (*stream.fields.items(), *stream.details.items()):
        try:
            compile_expression(spec, kinds[name], name, index, stream.form, known)(row)
        except Refused as refusal:
            found.append(RowProblem(name, tuple(sorted(columns_used(spec))), refusal.code, refusal.reason))
    return found


def _clean(value: Any, empty: Sequence[str]) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return None if not text or text in empty else text
