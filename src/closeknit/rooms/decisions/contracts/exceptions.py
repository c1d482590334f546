"""Exceptions: deviations from a policy, a setting or a term, with a reason, an end and a review."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event


class ExceptionState(StrEnum):
    """Where an exception stands on a day. `granted` begins later; `expired` ran out and nobody has looked at it yet."""

    REQUESTED = "requested"
    REFUSED = "refused"
    GRANTED = "granted"
    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ExceptionCard:
    """One exception. Days are whole days in UTC, the last one included. `days_left` counts from a day, may be below 0.

    `is_review_due`: it runs, its day of review has come, and nobody has reviewed it since; or it expired unreviewed.
    """

    exception_id: UUID
    thread_id: UUID
    proposal_id: UUID | None
    extends_id: UUID | None
    state: ExceptionState
    account_number: str
    place: str
    deviates_from: str
    allowed: str
    reason: str
    money_at_stake: Decimal | None
    currency: str
    starts_on: date
    until_on: date
    review_on: date
    days_left: int
    is_review_due: bool
    owner: str
    owner_key: str
    requested_by: str
    requested_at: datetime
    granted_by: str
    granted_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None
    review_note: str
    ended_by: str
    ended_at: datetime | None


class ReviewVerdict(StrEnum):
    """What a review of an exception comes to."""

    KEEP = "keep"
    EXTEND = "extend"
    END = "end"


@dataclass(frozen=True, slots=True)
class ExceptionExpired(Event):
    """An exception ran out and waits for someone to look at it."""

    exception_id: UUID
