"""How commands print: one versioned JSON object for programs, aligned columns for people. Standard library only."""

import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID


def print_json(schema: str, body: dict[str, Any]) -> None:
    """Print one object that names its schema ("closeknit.plan/1") first. Decimals and times are text."""
    # Written in one piece: what has no JSON form fails before half an object is out.
    text = json.dumps({"schema": schema, **plain(body)}, ensure_ascii=not _takes_every_letter(), allow_nan=False)
    sys.stdout.write(text + "\n")


def _takes_every_letter() -> bool:
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str = "Nothing here yet.") -> None:
    """Print rows as aligned columns: numbers to the right, text to the left."""
    if not rows:
        print(empty)
        return
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(h), *(len(row[i]) for row in cells)) for i, h in enumerate(headings)]
    right = [
        all(isinstance(row[i], int | float | Decimal) or row[i] is None for row in rows) for i in range(len(headings))
    ]
    for line in [list(headings), *cells]:
        print("  ".join(t.rjust(w) if r else t.ljust(w) for t, w, r in zip(line, widths, right, strict=True)).rstrip())


def share_text(value: float, decimals: int = 1) -> str:
    """Write a share (0..1) in percent, rounded down below one: only what is whole reads 100 %."""
    scale = 10.0**decimals
    percent = math.floor(value * 100 * scale + 1e-9) / scale if value < 1 else round(value * 100, decimals)
    return f"{percent:,.{decimals}f}%"


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: dataclasses become objects; decimals, times and ids become text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | Fraction):
        return str(value)
    return value


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
