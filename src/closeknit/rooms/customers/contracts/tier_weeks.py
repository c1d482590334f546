"""Tiers by score: what the table said of an account in a week, and what came of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.org.contracts.fields import INTERNAL
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

TIERS_FOLLOW = Setting(
    key="customers.tiers_follow_scores",
    kind=Kind.FLAG,
    default=False,
    unit="",
    sentence="Whether the weekly table of tiers moves accounts. While not, pages show what it would do.",
    levels=(Level.GLOBAL,),
)


class TierOutcome(StrEnum):
    """What came of what the table said: it stays, would move, was proposed (or moved at once), or another waits."""

    STAYS = "stays"
    WOULD_MOVE = "would-move"
    PROPOSED = "proposed"
    ANOTHER_WAITS = "another-waits"


@dataclass(frozen=True, slots=True)
class TierVerdict:
    """What one row of the table said of an account."""

    row: int
    matched: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class TierWeek:
    """What the table of tiers said of one account in one week."""

    account_number: str
    name: str
    as_of_on: date
    tier: str
    says: str
    outcome: TierOutcome
    held_days: int
    under_contract: bool
    score: Decimal | None = field(metadata=INTERNAL)
    because: str | None = field(metadata=INTERNAL)
    verdicts: tuple[TierVerdict, ...] | None = field(metadata=INTERNAL)
    table_version: str
    proposal_id: UUID | None
    proposal_state: str
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class TierTableLine:
    """One row of a table of tiers in words: its number, what it asks, what it answers, and why."""

    number: int
    asked: str
    then: str
    because: str


@dataclass(frozen=True, slots=True)
class TierTableCard:
    """A table of tiers that was adopted, or that came with the product."""

    version: str
    title: str
    digest: str
    effective_from: date
    adopted_by: str
    adopted_at: datetime | None
    reason: str
    text: str
    rows: tuple[TierTableLine, ...]
    thread_id: UUID | None
