"""Observed work in the standard model, and sums of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of observed work in the standard model.

    `quantity` counts units of work (calls in an interval, lines, incidents); `handle_minutes` is measured
    effort per unit where the source knows it; `promised_minutes` is the time to do it that the source itself
    recorded.
    """

    key: str
    operation: str
    service: str
    occurred_at: datetime
    quantity: float = 1.0
    work_class: str = ""
    region: str = ""
    channel: str = ""
    product: str = ""
    account_number: str = ""
    handle_minutes: float | None = None
    amount: Decimal | None = None
    currency: str = ""
    promised_minutes: float | None = None
    finished_at: datetime | None = None
    met_promise: bool | None = None
    is_return: bool = False
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RecordedPromise:
    """A duration that the source itself promises for one service and class of work, and on how many rows."""

    operation: str
    service: str
    work_class: str
    promised_minutes: float
    rows: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What distinguishes one stream of work: operation, service, region, class of work, and account ("" =
    none known).
    """

    operation: str
    service: str
    region: str
    work_class: str
    account_number: str


@dataclass(frozen=True, slots=True)
class WorkTotal:
    """Work of one account in one operation: units, money, first and last instant.

    `amounts` is the money by currency, the one that most rows of work are in first: nothing is converted without a
    dated rate, so what is in several currencies has no sum.
    """

    operation: str
    account_number: str
    quantity: float
    amounts: Mapping[str, Decimal]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class OperationSpan:
    """When an operation's observed work begins and ends, in UTC, how much there is, and the zone it lives
    in.
    """

    operation: str
    first_at: datetime
    last_at: datetime
    rows: int
    time_zone: str
    digest: str
