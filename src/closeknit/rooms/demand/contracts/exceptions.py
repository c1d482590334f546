"""What other rooms may know of forecast exceptions: what came otherwise than forecast, and what people found."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.demand.contracts.accuracy import ScoreLevel
from closeknit.rooms.demand.contracts.changes import ChangeCard
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

PLACES = (Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT)
EXCEPTION_SHARE = Setting(
    key="demand.exception_share",
    kind=Kind.SHARE,
    default=0.15,
    unit="",
    sentence="How far a week may be off its forecast before someone must look at it and say why.",
    levels=PLACES,
)
EXCEPTION_LEAST_UNITS = Setting(
    key="demand.exception_least_units",
    kind=Kind.NUMBER,
    default=20.0,
    unit="units of work",
    sentence="From how many units a week off its forecast an exception is raised: small series do not cry.",
    lowest=0,
    highest=1_000_000_000,
    levels=PLACES,
)
EXCEPTION_RANGE = Setting(
    key="demand.exception_range",
    kind=Kind.CHOICE,
    default="95",
    unit="",
    sentence="Which range, in percent, a week must leave to be an exception, however little off it is.",
    choices=("80", "95"),
    levels=PLACES,
)
EXCEPTION_DUE_HOURS = Setting(
    key="demand.exception_due_hours",
    kind=Kind.HOURS,
    default=72.0,
    unit="",
    sentence="How long an exception may wait for its finding before it is escalated.",
    lowest=1,
    highest=10_000,
    levels=PLACES,
)
EXCEPTION_SETTINGS = (EXCEPTION_SHARE, EXCEPTION_LEAST_UNITS, EXCEPTION_RANGE, EXCEPTION_DUE_HOURS)


class ExceptionCause(StrEnum):
    """Why it was raised: outside its range, or further off than is allowed."""

    OUTSIDE_RANGE = "outside its range"
    OFF_FORECAST = "off its forecast"


class FindingKind(StrEnum):
    """What someone found. Every exception is closed with one."""

    DATA_ERROR = "data error"
    ONE_OFF = "one-off customer event"
    LASTING = "lasting change"
    PROMOTION = "promotion or launch"
    HOLIDAY = "holiday"
    OUR_DOING = "our own doing"
    CHANCE = "chance"
    UNEXPLAINED = "unknown"


class FollowUpKind(StrEnum):
    """What was done about it in the forecast."""

    NONE = ""
    OVERRIDE = "override"
    EVENT = "event"
    ASSUMPTION = "assumption"


@dataclass(frozen=True, slots=True)
class ForecastExceptionCard:
    """One series in one week that came otherwise than forecast.

    `deviation_share`: +0.6 where 60 % more came than forecast (None: nothing was forecast). `consequence`: units off,
    times the weight of the tier: what to look at first. `agrees`: whether the finding says the same as the
    classification did when it was raised (None: it cannot be held against it).
    """

    exception_id: UUID
    name: str
    thread_id: UUID
    run_id: UUID
    operation: str
    level: ScoreLevel
    service: str
    region: str
    work_class: str
    tier: str
    account_number: str
    week_on: date
    horizon_weeks: int
    causes: tuple[str, ...]
    mean: float
    low: float
    high: float
    actual: float
    deviation_share: float | None
    share_limit: float
    consequence: float
    sentence: str
    change: ChangeCard | None
    state: str
    owner: str
    owner_name: str
    raised_at: datetime
    due_at: datetime
    is_overdue: bool
    finding: str
    finding_text: str
    follow_up: str
    follow_up_id: str
    closed_at: datetime | None
    closed_by: str
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class ForecastExceptionStepCard:
    """What happened to an exception: raised, assigned, commented, closed, reopened, escalated."""

    kind: str
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class SeriesWeek:
    """One week of a series as forecast last before it, and what came."""

    week_on: date
    observed: float | None
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ClassifierAgreement:
    """How often people's findings said the same as the classification of spike or shift."""

    kind: str
    agreed: int
    disagreed: int


@dataclass(frozen=True, slots=True)
class ForecastExceptionsRaised(Event):
    """Weeks of an operation came otherwise than forecast; people must look at them."""

    operation: str
    exceptions: int


@dataclass(frozen=True, slots=True)
class ForecastExceptionClosed(Event):
    """Someone said why a week came otherwise than forecast."""

    exception_id: UUID
    operation: str
    finding: str
