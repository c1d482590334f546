"""A message's body as lines of rows: one JSON object, an array of them, or one object a line."""

import json
from typing import Any

MOST_DEPTH = 20


def lines_of_body(body: bytes, rows_at: str) -> list[bytes]:
    """Return the rows of a body, one JSON object a line, nested objects flattened ("customer.name").

    What is not JSON, or has nothing at `rows_at`, comes back as it is: the row's own check refuses it with a reason, so
    nothing is lost.

    Args:
        rows_at: where the rows stand in the body, names joined by dots ("data.items"); "" for the whole body.
    """
    if not rows_at and _is_lines(body):
        return [line for line in body.split(b"\n") if line.strip()]
    try:
        found = json.loads(body, object_pairs_hook=_pairs, parse_float=_Verbatim, parse_int=_Verbatim)
        for name in rows_at.split(".") if rows_at else ():
            found = dict(found.pairs)[name]
    except (ValueError, KeyError, AttributeError, RecursionError):
        return [b" ".join(body.split())]
    rows = found if isinstance(found, list) else [found]
    return [_written(row).encode() for row in rows]


def _is_lines(body: bytes) -> bool:
    lines = [line for line in body.split(b"\n") if line.strip()]
    return len(lines) > 1 and all(line.strip().startswith(b"{") and line.strip().endswith(b"}") for line in lines)


class _Pairs:
    """An object with every name it came with: one given twice must still be seen by the row's own check."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


class _Verbatim(str):
    """A number as it was written, so that no digit changes on the way."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(pairs)


def _written(row: Any) -> str:
    if not isinstance(row, _Pairs):
        return _json(row)
    return "{" + ",".join(f"{json.dumps(name)}:{_json(value)}" for name, value in _flat(row, "", 0)) + "}"


def _flat(row: _Pairs, prefix: str, depth: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in row.pairs:
        if isinstance(value, _Pairs) and depth < MOST_DEPTH:
            found += _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            found.append((prefix + name, value))
    return found


def _json(value: Any) -> str:
    if isinstance(value, _Verbatim):
        return str(value)
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(part)}" for name, part in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json(part) for part in value) + "]"
    return json.dumps(value)
