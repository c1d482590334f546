"""The commonest forms of values, read in few steps. Whatever looks otherwise is left to the type's own reader."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from closeknit.rooms.sensing.mapping.values import MINUTES_PER, Form

OTHER = object()
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z", re.ASCII)
_INSTANTS = re.compile(r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n)*", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_TWO_DIGITS = [f"{number:02d}" for number in range(60)]


def quick_reader(spec: Any, kind: str, form: Form, empty: Collection[str]) -> Callable[[Any], Any] | None:
    """Return a reader of a column taken as it is; it returns OTHER for what the type's own reader has to read."""
    given = {"from": spec} if isinstance(spec, str) else spec
    if set(given) - {"from", "required", "type", "unit"} or "from" not in given:
        return None
    kind = str(given.get("type", kind.rstrip("!")))
    if kind == "time" and not form.format:
        return _instant(empty)
    if kind in ("minutes", "number") and form.least is None and form.most is None:
        is_time = kind == "minutes"
        factor = MINUTES_PER[str(given.get("unit", form.unit))] if is_time else 1.0
        return _number(factor, 1e7 if is_time else float("inf"), empty)
    return None


def instant_text(moment: datetime) -> str:
    """Return an instant in UTC as `str` writes it."""
    if moment.microsecond or moment.year < 1000:
        return str(moment)
    two = _TWO_DIGITS
    return (
        f"{moment.year}-{two[moment.month]}-{two[moment.day]}"
        f" {two[moment.hour]}:{two[moment.minute]}:{two[moment.second]}+00:00"
    )


def read_instants(column: Sequence[Any], empty: Collection[str]) -> tuple[list[datetime], list[str]] | None:
    """Return a column's instants and how `instant_text` writes them, where all are UTC to the second; else None."""
    if set(map(type, column)) != {str} or not set(empty).isdisjoint(column):
        return None
    together = "\n".join(column) + "\n"
    # As many ends of lines as values: none of them hides another one behind an end of its own.
    if not _INSTANTS.fullmatch(together) or together.count("\n") != len(column):
        return None
    try:
        instants = list(map(datetime.fromisoformat, column))
    except ValueError:
        return None
    return instants, together.replace("T", " ").replace("Z", "+00:00").split("\n")[:-1]


def _instant(empty: Collection[str]) -> Callable[[Any], Any]:
    is_instant, of_text = _INSTANT.fullmatch, datetime.fromisoformat

    def read(value: Any) -> Any:
        if type(value) is not str or not is_instant(value) or value in empty:
            return OTHER
        try:
            return of_text(value)
        except ValueError:
            return OTHER

    return read


def _number(factor: float, most: float, empty: Collection[str]) -> Callable[[Any], Any]:
    is_number, is_plain = _NUMBER.fullmatch, factor == 1.0

    def read(value: Any) -> Any:
        if type(value) is not str or not is_number(value) or value in empty:
            return OTHER
        number = float(value) if is_plain else float(value) * factor
        return number if number <= most else OTHER

    return read
