"""Refused rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class QuarantinedCard:
    """A row that was refused: where it came from, its raw content, and why."""

    row_id: int
    feed: str
    source_name: str
    line: int
    code: str
    reason: str
    raw: Mapping[str, Any]
