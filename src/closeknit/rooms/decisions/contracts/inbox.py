"""The inbox: everything that waits for one person, ranked by consequence."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class InboxKind(StrEnum):
    """What an item asks for."""

    PROPOSAL = "proposal"
    ESCALATION = "escalation"
    DUTY = "duty"
    EXCEPTION = "exception"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One thing that waits for one person. `due_at` None: no time limit. `link` is a page of this application."""

    kind: InboxKind
    item_id: str
    title: str
    summary: str
    link: str
    thread_id: UUID | None
    account_number: str
    tier: str
    money_at_stake: Decimal | None
    currency: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """Items by consequence, and how many there are of each kind before any were cut off."""

    items: tuple[InboxItem, ...]
    counts: dict[str, int]
    overdue: int
