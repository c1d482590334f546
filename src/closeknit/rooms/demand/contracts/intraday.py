"""What other rooms may know of the day under way: what came, and what the rest of it will bring."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from closeknit.kernel.news import Event

SLOT_MINUTES = 30
SLOTS_PER_DAY = 48


@dataclass(frozen=True, slots=True)
class IntradaySlot:
    """One half-hour of today, by the operation's clock.

    `came_units` is None where the half-hour has not begun; `now_units` is what is expected of it now: what came, and
    for what is left of it the forecast times the day's level.
    """

    local_start: str
    expected_units: float
    came_units: float | None
    now_units: float


@dataclass(frozen=True, slots=True)
class IntradayCard:
    """One service and region today. `level` is the day against its forecast (1.1: a tenth more).

    Low and high are the 10 % and 90 % quantiles. `rest` is still to come, `day` the whole day with what came.
    """

    service: str
    region: str
    came_units: float
    expected_so_far_units: float
    expected_day_units: float
    level: float
    own_weight_share: float
    rest_units: float
    rest_low_units: float
    rest_high_units: float
    day_units: float
    day_low_units: float
    day_high_units: float
    slots: tuple[IntradaySlot, ...]

    @property
    def is_outside(self) -> bool:
        """Whether the forecast of the day lies outside what is now likely."""
        return not self.day_low_units <= self.expected_day_units <= self.day_high_units


@dataclass(frozen=True, slots=True)
class IntradayView:
    """An operation's day under way: when work was last seen in it, which forecast it is held against, and its parts."""

    operation: str
    day_on: date
    time_zone: str
    run_id: UUID
    thread_id: UUID
    seen_until_at: datetime
    refreshed_at: datetime
    cards: tuple[IntradayCard, ...]


@dataclass(frozen=True, slots=True)
class IntradayRefreshed(Event):
    """The view of an operation's day was brought up to what has come in. `day_on` is a day in ISO form."""

    operation: str
    day_on: str
