"""What other rooms may know of outcomes: the board, one row per account."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from closeknit.rooms.org.contracts.fields import INTERNAL, MONEY


@dataclass(frozen=True, slots=True)
class BoughtAmount:
    """What was bought in one more currency."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NotInForce:
    """An operation whose hours the board does not count: no plan of it is in force. `draft_id`: its newest draft."""

    operation: str
    draft_id: UUID | None
    made_at: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One account on the board: promised, needed, served, and the thread that explains it.

    `amount_last_52_weeks` is what was bought in `currency`, the one that most of the account's work is in ("": no
    money is known); `other_amounts` what was bought in others. Nothing is converted without a dated rate.
    """

    account_number: str
    name: str
    tier: str
    team: str
    operations: tuple[str, ...]
    units_last_4_weeks: float
    units_next_4_weeks: float | None = field(metadata=INTERNAL)
    need_hours: float | None = field(metadata=INTERNAL)
    served_hours: float | None = field(metadata=INTERNAL)
    short_hours: float | None = field(metadata=INTERNAL)
    coverage_share: float | None
    amount_last_52_weeks: Decimal | None = field(metadata=MONEY)
    currency: str
    other_amounts: tuple[BoughtAmount, ...] | None = field(metadata=MONEY)
    first_short_week_on: date | None = field(metadata=INTERNAL)
    is_own_series: bool | None = field(metadata=INTERNAL)
    thread_id: UUID | None = field(metadata=INTERNAL)
    refreshed_at: datetime
