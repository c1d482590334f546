"""Clocks: how far a promise about one piece of work has run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closeknit.rooms.agreements.contracts.terms import Measure
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting


class WorkEventKind(StrEnum):
    """What may happen to a piece of work after it came."""

    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    PRIORITY = "priority changed"
    DONE = "done"
    REOPENED = "reopened"


class ClockState(StrEnum):
    """What a clock shows. `missed` and `kept` are over; a breach is never taken back."""

    BREACHED = "breached"
    AT_RISK = "at risk"
    RUNNING = "running"
    HELD = "on hold"
    MISSED = "missed"
    KEPT = "kept"
    NO_PROMISE = "no promise"


RUNNING_STATES = frozenset({ClockState.BREACHED, ClockState.AT_RISK, ClockState.RUNNING, ClockState.HELD})
WARN_SHARE = Setting(
    key="agreements.clock_warn_share",
    kind=Kind.SHARE,
    default=0.75,
    unit="",
    sentence="After which share of the time allowed a clock is at risk, and people are told.",
    lowest=0.05,
    highest=0.99,
    levels=(Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT),
)
CLOCK_SETTINGS = (WARN_SHARE,)


@dataclass(frozen=True, slots=True)
class ClockCard:
    """One clock at an instant: a promise about one piece of work.

    Attributes:
        promise: the term in force at that instant, in words; "" where nothing is promised.
        allowed_minutes: of the term in force; None where nothing is promised.
        passed_minutes: counted since the work came, without holds; each by the calendar of its time.
        held_minutes: not counted, because a hold paused the clock.
        left_minutes: below 0 by how much it is over.
        due_at: when it runs out, or ran out; None while it is on hold, or when it will not within years.
        warn_at: when it is at risk, if nothing happens.
        tolerated_minutes: how long it may take by a bend that was granted for this day; None where none was.
        is_zone_known: whether anybody said where the account's days begin; else they are those of UTC.
    """

    operation: str
    work_key: str
    account_number: str
    service: str
    work_class: str
    measure: Measure
    term_number: str
    promise: str
    state: ClockState
    started_at: datetime
    allowed_minutes: float | None
    passed_minutes: float
    held_minutes: float
    left_minutes: float | None
    due_at: datetime | None
    warn_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    is_zone_known: bool
    tolerated_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class WorkEventCard:
    """Something that happened to a piece of work: stated by its source, or recorded here."""

    kind: WorkEventKind
    happened_at: datetime
    reason: str
    work_class: str
    is_recorded_here: bool


@dataclass(frozen=True, slots=True)
class WorkClocks:
    """The clocks of one piece of work, what happened to it, and for which reasons its terms let it pause."""

    operation: str
    work_key: str
    account_number: str
    clocks: tuple[ClockCard, ...]
    events: tuple[WorkEventCard, ...]
    pause_reasons: tuple[str, ...]
