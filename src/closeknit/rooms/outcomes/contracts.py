"""What other rooms may know of outcomes: the board, one row per account."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One account on the board: promised, needed, served, and the thread that explains it."""

    account_number: str
    name: str
    tier: str
    team: str
    operations: tuple[str, ...]
    units_last_4_weeks: float
    units_next_4_weeks: float
    need_hours: float
    served_hours: float
    short_hours: float
    coverage_share: float | None
    amount_last_52_weeks: Decimal
    currency: str
    first_short_week_on: date | None
    is_own_series: bool
    thread_id: UUID | None
    refreshed_at: datetime
