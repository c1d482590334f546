"""Escalations: what must not be overlooked, whom it asks, level by level; and who is on duty when."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event


class EscalationState(StrEnum):
    """Where an escalation stands. `closed` is the end; a cause that comes back is a new escalation."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class StepKind(StrEnum):
    """What happened to an escalation in one step."""

    RAISED = "raised"
    MOVED = "moved"
    REPEATED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    HANDED_BACK = "handed-back"
    REASSIGNED = "reassigned"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Level:
    """Whom one level of a path asks, and for how long before the next one is asked.

    Who is on duty in `calendar` is asked; where nobody is, everybody with `role`; or one `person` by user name.
    """

    minutes: int
    calendar: str = ""
    role: str = ""
    person: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """The levels of one kind of escalation.

    `hold_minutes` is how long an acknowledgement stops the clock; `repeat_minutes` how often the last level is asked
    again; `closed_by_hand` whether a person may close it, or only the end of its cause. Version 0 is as shipped.
    """

    path: str
    title: str
    levels: tuple[Level, ...]
    hold_minutes: int
    repeat_minutes: int
    closed_by_hand: bool
    version: int = 0
    adopted_by: str = ""
    adopted_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of an escalation, with the names of who took it and of who was asked then."""

    number: int
    kind: StepKind
    level: int
    at: datetime
    who: str
    asked: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class EscalationCard:
    """An escalation as people see it. Levels count from 1; `asked` and `holder` are names.

    `mine` tells that the reader is asked (or stands in for someone who is); `may_answer` that an answer is theirs.
    """

    escalation_id: UUID
    path: str
    path_title: str
    path_version: int
    cause: str
    title: str
    summary: str
    account_number: str
    thread_id: UUID
    state: EscalationState
    level: int
    levels: int
    at_top: bool
    urgent: bool
    asked: tuple[str, ...]
    holder: str
    raised_at: datetime
    next_level_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None
    reason: str
    mine: bool
    may_answer: bool
    may_close: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift on the wall clock of its calendar. It ends on the next day where it ends no later than it starts.

    `weekday` is 0 for Monday; the shift is worked on days from `from_on` until before `until_on`.
    """

    shift_id: UUID
    person_key: str
    weekday: int
    starts_local: time
    ends_local: time
    from_on: date
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """Someone takes over for a time: from one person (`replaces_key`), or from whoever would be on duty ("")."""

    swap_id: UUID
    person_key: str
    starts_at: datetime
    ends_at: datetime
    replaces_key: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which one person is on duty; in a list of gaps, in which nobody is (key "")."""

    person_key: str
    starts_at: datetime
    ends_at: datetime
    is_swap: bool = False


@dataclass(frozen=True, slots=True)
class DutySpan:
    """A span with the person's name, its local times and the day that it begins on."""

    person_key: str
    name: str
    day_on: date
    starts_at: datetime
    ends_at: datetime
    starts_local: str
    ends_local: str
    is_swap: bool


@dataclass(frozen=True, slots=True)
class DutyCalendarCard:
    """An on-duty calendar, who is on duty now, and until when within the next week nobody is."""

    calendar: str
    title: str
    time_zone: str
    on_duty: tuple[str, ...]
    gaps: tuple[DutySpan, ...]


@dataclass(frozen=True, slots=True)
class DutyShift:
    """A weekly shift as shown and ended; local times as 08:00."""

    shift_id: UUID
    person_key: str
    name: str
    weekday: int
    starts_local: str
    ends_local: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class DutyWeek:
    """One week of an on-duty calendar: who is on duty when, and when nobody is."""

    calendar: str
    title: str
    time_zone: str
    week_on: date
    spans: tuple[DutySpan, ...]
    gaps: tuple[DutySpan, ...]
    shifts: tuple[DutyShift, ...]


@dataclass(frozen=True, slots=True)
class EscalationRaised(Event):
    """Something needs people: an escalation began."""

    escalation_id: UUID
    path: str
    cause: str


@dataclass(frozen=True, slots=True)
class EscalationMoved(Event):
    """Other people are asked now: the next level, the same again, after a hand-back or by name. Levels from 1."""

    escalation_id: UUID
    level: int


@dataclass(frozen=True, slots=True)
class EscalationAcknowledged(Event):
    """A person took it on."""

    escalation_id: UUID


@dataclass(frozen=True, slots=True)
class EscalationClosed(Event):
    """It is over: the cause went, or a person closed it."""

    escalation_id: UUID
