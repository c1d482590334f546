"""Refused rows: why they wait, what each column says, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class RowOutcome(StrEnum):
    """What became of a refused row."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SET_ASIDE = "set-aside"
    CAME_GOOD = "came-good"


@dataclass(frozen=True, slots=True)
class QuarantinedCard:
    """A row that was refused: where it came from, its raw content, why, and what became of it.

    `raw` is as it came, for good; `mended` is what it was mended to, None where nobody did.
    """

    row_id: int
    feed: str
    source_name: str
    line: int
    code: str
    reason: str
    raw: Mapping[str, Any]
    batch_id: int
    thread_id: UUID
    quarantined_at: datetime
    outcome: RowOutcome
    mended: Mapping[str, Any] | None
    settled_by: str
    settled_at: datetime | None
    settled_why: str


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """How many rows of a feed wait for one code, with the newest row's reason."""

    code: str
    rows: int
    example: str


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be taken: at a target field ("" for the row as a whole), by these columns."""

    target: str
    columns: tuple[str, ...]
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowColumn:
    """One column of a refused row: what it says, what it is used for, and what is wrong with it."""

    column: str
    value: Any
    targets: tuple[str, ...]
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True)
class RowToMend:
    """A refused row as the feed's recipe sees it now. `why_not` says why it can only be mended in its source."""

    card: QuarantinedCard
    stream: str
    recipe_version: str
    columns: tuple[RowColumn, ...]
    problems: tuple[RowProblem, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class MendOutcome:
    """What became of rows that were tried again: rows = accepted + duplicate + still refused."""

    rows: int
    accepted: int
    duplicate: int
    refused: tuple[QuarantinedCard, ...]

    @property
    def balances(self) -> bool:
        return self.rows == self.accepted + self.duplicate + len(self.refused)
