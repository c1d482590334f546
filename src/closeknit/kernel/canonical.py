"""One way to write a value as bytes, so that equal content has equal digests on every machine.

JSON with sorted keys, no spaces, UTF-8. Decimals, dates, times, UUIDs and enums become tagged-free strings
in one fixed form; floats use Python's shortest round-trip form; NaN and infinities are refused.
"""

import dataclasses
import enum
import hashlib
import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel.errors import Invalid

MOST_DECIMAL_PLACES = 400


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON-like value.

    Raises:
        Invalid: for NaN, infinity, a naive time, a non-text key, or a type with no canonical form.
    """
    try:
        return _ENCODE(_plain(value)).encode()
    except _Refused as refused:
        raise Invalid(refused.what, where="$" + "".join(reversed(refused.path))) from None


def digest(value: Any) -> str:
    """Return the hexadecimal SHA-256 of the value's canonical bytes."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class _Refused(Exception):
    """A value without a canonical form; the path to it is put together on the way out, where it costs nothing."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str] = []


def _plain(value: Any) -> Any:
    form = _FORMS.get(type(value))
    return form(value) if form else _other(value)


def _same(value: Any) -> Any:
    return value


def _other(value: Any) -> Any:
    """Return the form of what is of no exact type in the table: subclasses, enums, dataclasses, mappings."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    for kind, form in _FORMS.items():
        if isinstance(value, kind):
            return form(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _at(f".{f.name}", getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return _mapping(value)
    raise _Refused(f"A {type(value).__name__} has no canonical form.")


def _at(step: str, value: Any) -> Any:
    try:
        return _plain(value)
    except _Refused as refused:
        refused.path.append(step)
        raise


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise _Refused(f"{value} is not a number that can be recorded.")
    return value + 0.0  # minus zero equals zero, so it is written the same


def _text(value: str) -> str:
    if value.isascii():
        return value
    normal = unicodedata.normalize("NFC", value)
    try:
        normal.encode()
    except UnicodeEncodeError:
        raise _Refused("The text holds half a character (a lone surrogate).") from None
    return normal


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise _Refused(f"{value} is not a number that can be recorded.")
    if not value:
        return "0"
    if abs(value.adjusted()) > MOST_DECIMAL_PLACES:
        raise _Refused(f"{value} is too long to be written out.")
    # Not normalize(): that rounds to the context's precision.
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise _Refused("A time without a zone cannot be recorded.")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise _Refused(f"{value} is outside the calendar in UTC.") from None
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _Refused(f"Key {key!r} is not text.")
        normal = key if key.isascii() else _text(key)
        if normal in plain:
            raise _Refused(f"Key {key!r} appears twice.")
        try:
            plain[normal] = _plain(item)
        except _Refused as refused:
            refused.path.append(f".{key}")
            raise
    return plain


def _listing(value: Iterable[Any]) -> list[Any]:
    plain = []
    for index, item in enumerate(value):
        try:
            plain.append(_plain(item))
        except _Refused as refused:
            refused.path.append(f"[{index}]")
            raise
    return plain


# In this order where a subclass is asked for: a bool is an int, a datetime is a date.
_FORMS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    bool: _same,
    int: _same,
    type(None): _same,
    float: _finite,
    Decimal: _decimal,
    datetime: _instant,
    date: date.isoformat,
    UUID: str,
    dict: _mapping,
    list: _listing,
    tuple: _listing,
}
