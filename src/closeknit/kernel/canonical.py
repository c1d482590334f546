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
from collections.abc import Mapping
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
    return json.dumps(
        _plain(value, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Return the hexadecimal SHA-256 of the value's canonical bytes."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, enum.Enum):
        return _plain(value.value, where)
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, float):
        return _finite(value, where)
    if isinstance(value, Decimal):
        return _decimal(value, where)
    if isinstance(value, datetime):
        return _instant(value, where)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), f"{where}.{f.name}") for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return _mapping(value, where)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise Invalid(f"A {type(value).__name__} has no canonical form.", where=where)


def _finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise Invalid(f"{value} is not a number that can be recorded.", where=where)
    return value + 0.0  # minus zero equals zero, so it is written the same


def _text(value: str, where: str) -> str:
    normal = unicodedata.normalize("NFC", value)
    if any("\ud800" <= letter <= "\udfff" for letter in normal):
        raise Invalid("The text holds half a character (a lone surrogate).", where=where)
    return normal


def _decimal(value: Decimal, where: str) -> str:
    if not value.is_finite():
        raise Invalid(f"{value} is not a number that can be recorded.", where=where)
    if not value:
        return "0"
    if abs(value.adjusted()) > MOST_DECIMAL_PLACES:
        raise Invalid(f"{value} is too long to be written out.", where=where)
    # Not normalize(): that rounds to the context's precision.
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _instant(value: datetime, where: str) -> str:
    if value.tzinfo is None:
        raise Invalid("A time without a zone cannot be recorded.", where=where)
    try:
        instant = value.astimezone(UTC)
    except OverflowError as failure:
        raise Invalid(f"{value} is outside the calendar in UTC.", where=where) from failure
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _mapping(value: Mapping[Any, Any], where: str) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise Invalid(f"Key {key!r} is not text.", where=where)
        normal = _text(key, where)
        if normal in plain:
            raise Invalid(f"Key {key!r} appears twice.", where=where)
        plain[normal] = _plain(item, f"{where}.{key}")
    return plain
