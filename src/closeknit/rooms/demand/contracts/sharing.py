"""Sharing forecasts with a partner outside: what was agreed, what leaves the house, and who took it out when."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

LEAST_ACCOUNTS = 5
DOMINANT_SHARE = 0.5
"""A number of which one account makes more than this tells about that account."""
LONGEST_AGREEMENT_DAYS = 731


class SharePeriod(StrEnum):
    """Over how long shared numbers are added up. A month has no range: quantiles of weeks do not add up."""

    WEEK = "week"
    MONTH = "month"


class SharedDetail(StrEnum):
    """How far shared numbers are told apart."""

    TOTAL = "total"
    SERVICE = "service"
    REGION = "region"
    SERVICE_AND_REGION = "service and region"


class SharedField(StrEnum):
    """What of a number is shared: what is expected, and its range."""

    MEAN = "mean"
    LOW = "low"
    HIGH = "high"


class Withheld(StrEnum):
    """Why a number stays in the house."""

    FEW_ACCOUNTS = "too few accounts"
    DOMINATED = "one account makes most of it"
    PROTECTS = "it would give away another number"


@dataclass(frozen=True, slots=True)
class WantedSharing:
    """What an agreement is to allow: days from `from_on` up to, not including, `until_on`."""

    partner: str
    operation: str
    purpose: str
    detail: SharedDetail
    period: SharePeriod
    fields: tuple[SharedField, ...]
    from_on: date
    until_on: date
    least_accounts: int = LEAST_ACCOUNTS


@dataclass(frozen=True, slots=True)
class SharingCard:
    """One agreement. `ended_at`: when somebody ended it before its time, and why."""

    agreement_id: UUID
    thread_id: UUID
    partner: str
    operation: str
    purpose: str
    detail: SharedDetail
    period: SharePeriod
    fields: tuple[SharedField, ...]
    from_on: date
    until_on: date
    least_accounts: int
    agreed_at: datetime
    agreed_by: str
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    exports: int

    def stands(self, on: date) -> bool:
        """Tell whether it allows anything on a day."""
        return self.ended_at is None and self.from_on <= on < self.until_on


@dataclass(frozen=True, slots=True)
class SharedCell:
    """One shared number: "" stands for all services or regions. Withheld: no numbers, and why."""

    starts_on: date
    service: str
    region: str
    mean: float | None
    low: float | None
    high: float | None
    withheld: Withheld | None


@dataclass(frozen=True, slots=True)
class SharedForecast:
    """What left the house once, under which agreement, from which forecast."""

    agreement_id: UUID
    partner: str
    operation: str
    period: SharePeriod
    fields: tuple[SharedField, ...]
    forecast_from_on: date
    digest: str
    cells: tuple[SharedCell, ...]

    @property
    def withheld(self) -> int:
        """How many numbers stayed in the house."""
        return sum(1 for cell in self.cells if cell.withheld is not None)


@dataclass(frozen=True, slots=True)
class SharingAccess:
    """One line of the access log."""

    access_id: int
    agreement_id: UUID
    partner: str
    operation: str
    run_id: UUID
    at: datetime
    by_name: str
    way: str
    cells: int
    withheld: int
    digest: str
