"""Accounts to whom promises are broken, or about to be."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from closeknit.rooms.org.contracts.fields import MONEY


@dataclass(frozen=True, slots=True)
class ThreatenedAccount:
    """The open work of one account whose promises are broken or at risk at an instant.

    `next_*` tell of the promise that runs out next, or where none can be kept any more, of the one broken last.
    `credits_at_stake` is what the terms credit for all of these misses; None where that is not for the reader, or
    where they are of several currencies. `is_next_broken`: nothing of it can be kept any more.
    """

    account_number: str
    name: str
    tier: str
    broken: int
    at_risk: int
    next_operation: str
    next_work_key: str
    next_promise: str
    next_due_at: datetime | None
    is_next_broken: bool
    credits_at_stake: Decimal | None = field(metadata=MONEY)
    currency: str
