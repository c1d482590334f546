"""Assumptions: what we take for granted of a place at peak times, tried in scenarios and checked after the event."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.demand.contracts.adjustments import AdjustedPlace, AdjustmentKind
from closeknit.rooms.demand.contracts.overrides import place_words, size_words
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

ASSUMPTION_TOLERANCE = Setting(
    key="demand.assumption_tolerance",
    kind=Kind.SHARE,
    default=0.1,
    unit="",
    sentence="How far from what was assumed the observed work may be for an assumption to have held.",
    lowest=0.0,
    highest=1.0,
    levels=(Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT),
)


class AssumptionState(StrEnum):
    """Open ones wait for their window to pass; then they held or did not, or nothing could be said."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    NOT_HELD = "not-held"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class WantedAssumption:
    """What to take for granted of a place on days from_on until before to_on, in a scenario of this name.

    `size` is as its kind says. `is_peak`: it speaks of the busiest week of the window only; else of the whole of it.
    """

    operation: str
    scenario: str
    statement: str
    place: AdjustedPlace
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date
    is_peak: bool = False


@dataclass(frozen=True, slots=True)
class AssumptionCard:
    """One assumption. After the event: what was assumed and what came, in units, and how far apart (share).

    `used_in`: scenario runs that it changed.
    """

    assumption_id: UUID
    thread_id: UUID
    operation: str
    scenario: str
    statement: str
    place: AdjustedPlace
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date
    is_peak: bool
    state: AssumptionState
    author_key: str
    author: str
    made_at: datetime
    used_in: tuple[UUID, ...]
    units_forecast: float | None
    units_assumed: float | None
    units_actual: float | None
    off_share: float | None
    tolerance_share: float | None
    ended_by: str
    ended_at: datetime | None
    verdict: str

    @property
    def what(self) -> str:
        """Return its size in words."""
        return size_words(self.kind, self.size)

    @property
    def where(self) -> str:
        """Return its place in words."""
        return place_words(self.place)


@dataclass(frozen=True, slots=True)
class AssumptionClosed(Event):
    """An assumption was checked against what came, or withdrawn."""

    assumption_id: UUID
    operation: str
    state: str


@dataclass(frozen=True, slots=True)
class ScenarioRequested(Event):
    """Someone wants to see an operation's forecast under the assumptions of a scenario."""

    operation: str
    weeks: int
    scenario: str
