"""Tolerances: how far a promise may bend for a high-value request, who may ask for it, and which bends hold."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from closeknit.rooms.decisions.contracts import ExceptionState
from closeknit.rooms.org.contracts.fields import MONEY
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

_LEVELS = (Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT)
WHO_PROPOSES, WHO_DECIDES = "who proposes", "who decides"
BEND_SHARE = Setting(
    key="agreements.bend_share",
    kind=Kind.SHARE,
    default=0.25,
    unit="",
    sentence="By how much of its time a promise may bend for a high-value request; 0: not at all.",
    lowest=0,
    highest=1,
    levels=_LEVELS,
)
BEND_DAYS = Setting(
    key="agreements.bend_days",
    kind=Kind.DAYS,
    default=7,
    unit="",
    sentence="For how many days at most a promise may bend at a time.",
    lowest=1,
    highest=90,
    levels=_LEVELS,
)
BEND_LEAST_WORTH = Setting(
    key="agreements.bend_least_worth",
    kind=Kind.NUMBER,
    default=10_000.0,
    unit="of the term's currency",
    sentence="From which worth on a request is of so high value that a promise may bend for it.",
    lowest=0,
    highest=1e9,
    levels=_LEVELS,
)
BEND_BY = Setting(
    key="agreements.bend_by",
    kind=Kind.CHOICE,
    default=WHO_PROPOSES,
    unit="",
    sentence="Who may ask that a promise bends; whether it may, is decided as any exception is.",
    choices=(WHO_PROPOSES, WHO_DECIDES),
    levels=_LEVELS,
)
BEND_SETTINGS = (BEND_SHARE, BEND_DAYS, BEND_LEAST_WORTH, BEND_BY)


@dataclass(frozen=True, slots=True)
class WantedBend:
    """A bend as somebody asks for it: `stretch_share` more of the time of a term of an account, on whole days in UTC,
    the last one included, because of a request that is worth so much.
    """

    account_number: str
    term_number: str
    stretch_share: float
    request: str
    worth: Decimal
    currency: str
    reason: str
    starts_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class BendCard:
    """One bend, and whether it holds: its exception says so. What was promised to the customer stays as it was."""

    bend_id: UUID
    thread_id: UUID
    exception_id: UUID
    state: ExceptionState
    account_number: str
    term_number: str
    stretch_share: float
    request: str
    reason: str
    currency: str
    starts_on: date
    until_on: date
    ended_on: date | None
    is_granted: bool
    granted_by: str
    asked_at: datetime
    worth: Decimal | None = field(default=None, metadata=MONEY)

    def holds_on(self, day: date) -> bool:
        """Tell whether it was granted for a day, and had not been ended by then."""
        is_within = self.starts_on <= day <= self.until_on
        return self.is_granted and is_within and (self.ended_on is None or day <= self.ended_on)


@dataclass(frozen=True, slots=True)
class BendPolicy:
    """What is allowed for an account: how far, for how long, from which worth on, and who may ask."""

    most_share: float
    most_days: int
    least_worth: float
    asked_by: str
