"""Where a number came from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One observed unit of work with the place it came from: the file and line behind a number."""

    feed: str
    batch_id: int
    source_name: str
    line: int
    key: str
    operation: str
    service: str
    region: str
    work_class: str
    account_number: str
    occurred_at: datetime
    quantity: float
    amount: Decimal | None
    currency: str
    is_return: bool
    thread_id: UUID
