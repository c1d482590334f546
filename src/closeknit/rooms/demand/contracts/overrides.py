"""Overrides: what people change in a forecast, with reason, size, window and expiry; and what it was worth."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.demand.contracts.adjustments import AdjustedPlace, AdjustmentKind


class OverrideReason(StrEnum):
    """Why somebody changes a forecast. Value added is told apart by it."""

    PROMOTION = "promotion"
    LAUNCH = "launch"
    CUSTOMER_SAID = "customer-said"
    CONTRACT = "contract"
    SHUTDOWN = "shutdown"
    DATA_ERROR = "data-error"
    EXPERIENCE = "experience"
    OTHER = "other"


class OverrideState(StrEnum):
    """Standing overrides work on every new forecast; the others on none."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class WantedOverride:
    """What somebody wants to change: units or a factor (see AdjustmentKind) on days from_on until before to_on.

    `expires_on` is the last first day of a forecast that it still works on: a forecast that begins later knows better.
    """

    operation: str
    place: AdjustedPlace
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date
    expires_on: date
    reason_kind: OverrideReason
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class OverrideWorth:
    """What changing a forecast was worth, over the weeks that have passed.

    Errors are sums over weeks of |actual - forecast| in units, before and after the change. `added_share` is their
    difference over the sum of what came: above 0, the forecast got better. None where nothing came.
    """

    weeks: int
    units_actual: float
    error_before: float
    error_after: float

    @property
    def added_units(self) -> float:
        """Return by how many units the forecast got nearer to what came; below 0: it got worse."""
        return self.error_before - self.error_after

    @property
    def added_share(self) -> float | None:
        """Return the same as a share of what came."""
        return self.added_units / self.units_actual if self.units_actual > 0 else None


@dataclass(frozen=True, slots=True)
class OverrideCard:
    """One override as people see it. `units_change`: what it changed over the horizon when it was made (None: unknown).

    `worth` is None until a week of its window has passed and was measured.
    """

    override_id: UUID
    thread_id: UUID
    operation: str
    place: AdjustedPlace
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date
    expires_on: date
    reason_kind: OverrideReason
    reason: str
    source: str
    state: OverrideState
    units_change: float | None
    author_key: str
    author: str
    made_at: datetime
    ended_by: str
    ended_at: datetime | None
    end_reason: str
    worth: OverrideWorth | None

    @property
    def what(self) -> str:
        """Return its size in words."""
        return size_words(self.kind, self.size)

    @property
    def where(self) -> str:
        """Return its place in words."""
        return place_words(self.place)


@dataclass(frozen=True, slots=True)
class PreviewWeek:
    """One forecast week of a place: what the methods say, what stands now, and what would stand with the change.

    `is_whole`: the forecast and the window hold every day of it.
    """

    week_on: date
    statistical: float
    before: float
    after: float
    is_whole: bool


@dataclass(frozen=True, slots=True)
class OverridePreview:
    """What an override would do to the current forecast of its place: by week, and on the days of its window.

    `weeks` is empty where nothing is forecast there. `track_record`: what such changes were worth. Days before
    `frozen_until_on` can be changed only by who decides (None: none are frozen).
    """

    run_id: UUID
    operation: str
    weeks: tuple[PreviewWeek, ...]
    units_before: float
    units_after: float
    is_own_series: bool
    frozen_until_on: date | None
    track_record: str

    @property
    def units_change(self) -> float:
        """Return the units that it brings over the horizon; below 0: that it takes away."""
        return self.units_after - self.units_before


VALUE_GROUPS = ("cell", "author", "reason", "direction", "service", "region", "tier", "account")
"""By what value added is told apart. A cell of the policy table is a direction and a service."""


class OverrideVerdict(StrEnum):
    """What the record says of overriding in a cell of the policy table."""

    PAYS = "pays"
    COSTS = "costs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ValueRow:
    """Value added of the overrides of one group: an author, a kind of reason, a direction, a service, a tier.

    `overrides` counts those of which a week was measured, `better` those that made the forecast better. `low_share`
    and `high_share` hold the mean share added per override with 90 % confidence (None: too few to say).
    """

    group: str
    name: str
    overrides: int
    better: int
    worth: OverrideWorth
    mean_share: float | None
    low_share: float | None
    high_share: float | None
    verdict: OverrideVerdict
    sentence: str


@dataclass(frozen=True, slots=True)
class ForecastOverridden(Event):
    """Somebody changed a forecast: from the next run on it works."""

    override_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class OverrideEnded(Event):
    """An override was withdrawn or has expired: the next run goes without."""

    override_id: UUID
    operation: str
    state: str


@dataclass(frozen=True, slots=True)
class OverridesMeasured(Event):
    """Weeks of overrides were held against what came."""

    operation: str
    weeks: int


def size_words(kind: AdjustmentKind, size: float) -> str:
    """Return a size in words: "+40 %", "+50 units a week", "120 units a week"."""
    if kind is AdjustmentKind.MULTIPLY:
        return "nothing at all" if size == 0 else f"{100 * (size - 1):+.3g} %"
    return f"{size:+,.6g} units a week" if kind is AdjustmentKind.ADD else f"{size:,.6g} units a week"


def place_words(place: AdjustedPlace) -> str:
    """Return a place in words: "picking, north, account ACME"."""
    named = [place.service, place.region, place.work_class]
    if place.account_number:
        named.append(f"account {place.account_number}")
    elif place.tier:
        named.append(f"tier {place.tier}")
    return ", ".join(part for part in named if part) or "everything"
