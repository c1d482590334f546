"""Values as the text that PostgreSQL's COPY reads: one row a line, cells parted by tabs, nothing said as \\N."""

from collections.abc import Iterable, Sequence
from typing import Any

NOTHING = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = ("\\", "\t", "\n", "\r")


def cell(value: Any) -> str:
    """Return one value as a cell."""
    return NOTHING if value is None else str(value).translate(_ESCAPES)


def line_of(values: Iterable[Any]) -> str:
    """Return a row's cells, joined."""
    return "\t".join(map(cell, values))


def escaped(texts: Sequence[str]) -> Sequence[str]:
    """Return texts with what COPY would misread escaped; the same sequence where there is nothing to escape."""
    together = "".join(texts)
    if not any(special in together for special in _SPECIAL):
        return texts
    return [text.translate(_ESCAPES) for text in texts]
