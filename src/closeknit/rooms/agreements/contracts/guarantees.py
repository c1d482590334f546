"""Capacity that contracts guarantee: hours of work held ready each week."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class HeldReady:
    """Hours a week that a signed version of a contract guarantees an account, at least; `ends_on` is exclusive.

    The service is "" where it holds for any.
    """

    contract_number: str
    version: int
    account_number: str
    operation: str
    service: str
    hours_per_week: float
    starts_on: date
    ends_on: date | None
