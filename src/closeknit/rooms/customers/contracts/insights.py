"""What people know of an account that no data says yet: structured, with a chance, a size and an end."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import INTERNAL, PERSONAL
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

STALE_DAYS = Setting(
    key="customers.insight_stale_days",
    kind=Kind.DAYS,
    default=60,
    unit="",
    sentence="After how many days what somebody knows of an account is shown as stale.",
    lowest=1,
    highest=1000,
    levels=(Level.GLOBAL,),
)
SETTINGS = (STALE_DAYS,)


class InsightTopic(StrEnum):
    """What it is about."""

    PROMOTION = "promotion"
    LAUNCH = "launch"
    EXPANSION = "expansion"
    REDUCTION = "reduction"
    SHUTDOWN = "shutdown"
    SEASON = "season"
    CONTRACT = "contract"
    OTHER = "other"


class InsightDirection(StrEnum):
    """More work than the figures say, or less."""

    UP = "up"
    DOWN = "down"


class InsightMeasure(StrEnum):
    """In what the size is said: a share of the account's usual work (0.30 is 30 %), or units a week."""

    SHARE = "share"
    UNITS_PER_WEEK = "units-per-week"


class InsightState(StrEnum):
    """Where an insight stands."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class WantedInsight:
    """What somebody wants to record. Holds from `from_on` until before `to_on`; counts no more from `expires_on` on.

    `size` is above 0, the direction says which way; `probability` 0..1. "" for service or region: all of them.
    """

    account_number: str
    topic: InsightTopic
    direction: InsightDirection
    measure: InsightMeasure
    size: float
    probability: float
    from_on: date
    to_on: date
    expires_on: date | None = None
    service: str = ""
    region: str = ""
    text: str = ""
    is_sensitive: bool = False
    sensitive_reason: str = ""


@dataclass(frozen=True, slots=True)
class InsightCard:
    """One insight. A sensitive text stands in `sensitive_text`, any other in `text`.

    `is_stale`: it stands, and was recorded, or renewed, long ago; `contradicted_by`: standing ones of the same account
    that say the opposite of some of the same days. Once it is settled, `happened_share` (0..1) and `actual_size` (in
    its measure and direction) are known.
    """

    insight_id: UUID
    thread_id: UUID
    account_number: str
    topic: InsightTopic
    direction: InsightDirection
    measure: InsightMeasure
    size: float
    probability: float
    service: str
    region: str
    from_on: date
    to_on: date
    expires_on: date
    text: str | None = field(metadata=INTERNAL)
    sensitive_text: str | None = field(metadata=PERSONAL)
    is_sensitive: bool
    author_key: str
    author: str
    recorded_at: datetime
    state: InsightState
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    happened_share: float | None
    actual_size: float | None
    is_stale: bool
    contradicted_by: tuple[UUID, ...]
    renewed_at: datetime | None = None

    @property
    def signed_size(self) -> float:
        """The size, below 0 where it says less work."""
        return self.size if self.direction is InsightDirection.UP else -self.size


@dataclass(frozen=True, slots=True)
class InsightInForce:
    """An insight as planning uses it: with the chance and the size that its author's record makes of the stated ones.

    `calibrated_probability` 0..1; `calibrated_size` is signed, in the card's measure; `settled_before`: how many of the
    author's insights that stands on.
    """

    card: InsightCard
    calibrated_probability: float
    calibrated_size: float
    settled_before: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Insights stated with chances from `from_share` on: how many, the mean chance, and the share that happened."""

    from_share: float
    count: int
    stated_share: float
    happened_share: float


@dataclass(frozen=True, slots=True)
class AuthorRecord:
    """How right somebody has been. Scores are None before anything is settled.

    `brier_score`: mean squared distance of chance and outcome, 0 is perfect; `reference_brier_score`: of always stating
    what happened on average; `size_ratio`: by how much to multiply the sizes stated.
    """

    author_key: str
    author: str
    standing: int
    settled: int
    brier_score: float | None
    reference_brier_score: float | None
    mean_stated_share: float | None
    mean_happened_share: float | None
    size_ratio: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class InsightRecorded(Event):
    """Somebody said what is known of an account."""

    insight_id: UUID
    account_number: str


@dataclass(frozen=True, slots=True)
class InsightEnded(Event):
    """An insight counts no more: withdrawn, expired or settled."""

    insight_id: UUID
    account_number: str
    state: str
