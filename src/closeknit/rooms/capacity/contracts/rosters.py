"""Rosters: who of a pool works which shift on which day, by which rules, and what they leave open."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import INTERNAL, PERSONAL, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

LONGEST_ROSTER_WEEKS = 4
RETENTION = "retention"
"""The skill, and the role, of those who look after accounts that may leave."""
_LEVELS = (Level.GLOBAL, Level.REGION, Level.SITE)
MOST_WEEK_HOURS = Setting(
    key="capacity.roster_most_week_hours",
    kind=Kind.HOURS,
    default=40.0,
    unit="",
    sentence="How many hours a week nobody is rostered beyond, whatever a contract says.",
    lowest=1,
    highest=80,
    levels=_LEVELS,
)
LEAST_REST_HOURS = Setting(
    key="capacity.roster_least_rest_hours",
    kind=Kind.HOURS,
    default=11.0,
    unit="",
    sentence="How many hours of rest lie at least between two shifts of a person.",
    lowest=0,
    highest=24,
    levels=_LEVELS,
)
MOST_DAYS_RUNNING = Setting(
    key="capacity.roster_most_days_running",
    kind=Kind.COUNT,
    default=6,
    unit="days",
    sentence="How many days in a row nobody is rostered beyond.",
    lowest=1,
    highest=14,
    levels=_LEVELS,
)
MOST_WEEKENDS = Setting(
    key="capacity.roster_most_weekends",
    kind=Kind.COUNT,
    default=2,
    unit="of four weekends",
    sentence="In how many of any four weekends in a row a person may be rostered.",
    lowest=0,
    highest=4,
    levels=_LEVELS,
)
BREAK_AFTER_HOURS = Setting(
    key="capacity.roster_break_after_hours",
    kind=Kind.HOURS,
    default=6.0,
    unit="",
    sentence="Beyond how many hours a shift holds a break of half an hour; 24: no breaks are placed.",
    lowest=1,
    highest=24,
    levels=_LEVELS,
)
RETENTION_RISK = Setting(
    key="capacity.retention_risk_share",
    kind=Kind.SHARE,
    default=0.4,
    unit="",
    sentence="From which chance to leave on an account is looked after by people in the roster.",
    lowest=0.01,
    highest=1,
    levels=_LEVELS,
)
RETENTION_MINUTES = Setting(
    key="capacity.retention_week_minutes",
    kind=Kind.COUNT,
    default=60,
    unit="minutes a week",
    sentence="How long a week an account that may leave is looked after; 0: rosters hold no such work.",
    lowest=0,
    highest=2400,
    levels=_LEVELS,
)
RETENTION_ACCOUNTS = Setting(
    key="capacity.retention_most_accounts",
    kind=Kind.COUNT,
    default=20,
    unit="accounts",
    sentence="How many accounts that may leave a roster looks after at most: the most valuable first.",
    lowest=0,
    highest=1000,
    levels=_LEVELS,
)
ROSTER_SETTINGS = (
    MOST_WEEK_HOURS,
    LEAST_REST_HOURS,
    MOST_DAYS_RUNNING,
    MOST_WEEKENDS,
    BREAK_AFTER_HOURS,
    RETENTION_RISK,
    RETENTION_MINUTES,
    RETENTION_ACCOUNTS,
)


class RosterState(StrEnum):
    """A roster's life: what a newer one for one of its weeks takes the place of is superseded."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class RosterAsked:
    """Which roster is wanted. `first_on`: a Monday of the plan in force, None for its next one.

    `shifts`: such as "08:00-16:30"; none: those of the pool's own lines.
    """

    pool: str
    weeks: int = 1
    first_on: date | None = None
    shifts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaffCard:
    """Somebody who works in a pool, as its file last said.

    `shift_starts`: the only ones this person works (none: all). `wants` and `avoids`: a weekday, a start, or both
    ("mon", "08:00", "mon 08:00"). `away`: first and last day, as "2026-03-02..2026-03-04".
    """

    pool: str
    person: str
    name: str | None = field(metadata=PERSONAL)
    skills: tuple[str, ...]
    week_hours: float
    shift_starts: tuple[str, ...]
    wants: tuple[str, ...] | None = field(metadata=PERSONAL)
    avoids: tuple[str, ...] | None = field(metadata=PERSONAL)
    away: tuple[str, ...] | None = field(metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class RosterShift:
    """One shift: `code` as the board shows it, wall-clock minutes from midnight; `role` is "" or "retention"."""

    code: str
    starts_minute: int
    minutes: int
    role: str

    @property
    def hours_text(self) -> str:
        """From when until when."""
        end = (self.starts_minute + self.minutes) % 1440
        return f"{self.starts_minute // 60:02d}:{self.starts_minute % 60:02d}–{end // 60:02d}:{end % 60:02d}"


@dataclass(frozen=True, slots=True)
class RosterPerson:
    """One person's days: a shift's code or "" for each, in order. `retention_turns` counts the customer-facing ones."""

    person: str
    name: str | None = field(metadata=PERSONAL)
    shifts: tuple[str, ...]
    hours: float
    retention_turns: int
    wishes: int
    wishes_kept: int


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A day of the pool's own work, in hours of people present. `worst_at`: where most people are missing."""

    day_on: date
    need_hours: float
    rostered_hours: float
    covered_hours: float
    short_hours: float
    retention_needed: int
    retention_rostered: int
    worst_at: str
    worst_people_short: int


@dataclass(frozen=True, slots=True)
class RosterGap:
    """A shift that lacks people on a day, and the cheapest way out that keeps the labour rules."""

    day_on: date
    shift: str
    people_short: int
    hours_short: float
    way_out: str
    person: str
    extra_hours: float
    extra_cost: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class RosterRetention:
    """An account that may leave, and the work that it gets each week."""

    account_number: str
    leave_share: float | None = field(metadata=INTERNAL)
    minutes_per_week: int
    sentence: str


@dataclass(frozen=True, slots=True)
class RosterLoan:
    """Somebody who works for another pool until a day (exclusive). `from_pool` "": from outside."""

    person: str
    name: str | None = field(metadata=PERSONAL)
    from_pool: str
    to_pool: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class RosterBreak:
    """When a person's break begins, in wall-clock minutes from the midnight that begins the day of the shift."""

    person: str
    day_on: date
    starts_minute: int
    minutes: int

    @property
    def starts_text(self) -> str:
        """When it begins."""
        minute = self.starts_minute % 1440
        return f"{minute // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True, slots=True)
class RosterWeek:
    """How good a week of a roster is: `points` of what is missing, above the `bound_points` that none goes below."""

    week_on: date
    points: float
    bound_points: float
    gap_points: float


@dataclass(frozen=True, slots=True)
class RosterCard:
    """A roster of one pool. Hours are those of people present. It never changes; its state does."""

    roster_id: UUID
    thread_id: UUID
    plan_id: UUID
    operation: str
    pool: str
    pool_name: str
    state: RosterState
    first_on: date
    weeks: int
    people: int
    need_hours: float
    covered_hours: float
    short_hours: float
    coverage_share: float
    points: float
    bound_points: float
    gap_points: float
    wishes: int
    wishes_kept: int
    currency: str
    made_at: datetime
    made_by: str | None = field(metadata=PERSONAL)
    published_at: datetime | None
    published_by: str | None = field(metadata=PERSONAL)
    reason: str
    inputs_digest: str
    result_digest: str
    code_version: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RosterBoard:
    """A roster whole: who works when, what each day gets, what stays open, and for whom there is retention work.

    `loans`: who was lent out or in when it was made; `loans_changed`: others are by now. `breaks_short_hours`: by how
    many hours fewer are at work than the plan needs because of breaks.
    """

    card: RosterCard
    shifts: tuple[RosterShift, ...]
    days: tuple[RosterDay, ...]
    people: tuple[RosterPerson, ...]
    gaps: tuple[RosterGap, ...]
    retention: tuple[RosterRetention, ...]
    weeks: tuple[RosterWeek, ...]
    loans: tuple[RosterLoan, ...]
    loans_changed: bool
    breaks: tuple[RosterBreak, ...]
    breaks_short_hours: float


@dataclass(frozen=True, slots=True)
class RosterWhyNot:
    """Why a person is not on a shift on a day (shift "": why not off): the rules in the way, or what it would cost."""

    person: str
    day_on: date
    shift: str
    can_be_had: bool
    rules: tuple[str, ...]
    points_more: float | None
    days: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class StaffStated(Event):
    """A file said who works in a pool."""

    pool: str


@dataclass(frozen=True, slots=True)
class RosterRequested(Event):
    """Somebody asked for a roster. `first_on` in ISO 8601; `shifts` with ";" between, "" for the pool's own."""

    pool: str
    weeks: int
    first_on: str
    shifts: str


@dataclass(frozen=True, slots=True)
class RosterProposed(Event):
    """A roster was computed and kept as a draft."""

    roster_id: UUID
    pool: str


@dataclass(frozen=True, slots=True)
class RosterPublished(Event):
    """A roster is now what its people go by."""

    roster_id: UUID
    pool: str
