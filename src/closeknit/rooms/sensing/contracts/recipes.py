"""Versions of recipes, what is wrong with one, and what it would make of real rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class RecipeVersionCard:
    """One version of a feed's recipe: who saved it when and why, and how many loads were read by it."""

    feed: str
    version: str
    text: str
    saved_by: str
    saved_at: datetime
    why: str
    batches: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class RecipeCheck:
    """Whether a recipe can be read; if not, the line (0: the whole), what is wrong there, and what to do."""

    is_valid: bool
    feed: str
    version: str
    streams: tuple[str, ...]
    line: int
    place: str
    what: str
    todo: str


class RowFate(StrEnum):
    """What a recipe makes of a row."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One real row: as it came, what the recipe makes of it, and what the feed's present recipe does ("" none).

    `mapped` holds the standard model's fields as text; empty where the row is refused.
    """

    stream: str
    source_name: str
    line: int
    fate: RowFate
    code: str
    reason: str
    raw: Mapping[str, Any]
    mapped: Mapping[str, str]
    before: str


@dataclass(frozen=True, slots=True)
class StreamPreview:
    """What a recipe makes of one stream's rows: how many, of which how many change, and what it cannot do."""

    stream: str
    into: str
    source_name: str
    accepted: int
    refused: int
    changed: int
    rows: tuple[PreviewRow, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class RecipePreview:
    """What a recipe makes of real rows, stream by stream. Nothing is stored."""

    check: RecipeCheck
    streams: tuple[StreamPreview, ...]
    from_where: str
