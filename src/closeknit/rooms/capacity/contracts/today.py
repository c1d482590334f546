"""What the rest of today asks of each pool."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from closeknit.rooms.capacity.contracts.plans import Staffing


@dataclass(frozen=True, slots=True)
class SlotToday:
    """One half-hour still to come, by the operation's clock: people needed at work, and people rostered for it."""

    local_start: str
    need_people: float
    present_people: float


@dataclass(frozen=True, slots=True)
class PoolToday:
    """One pool's rest of the day, in productive hours.

    `need_hours` follows from what is expected of the rest of the day now; low and high from its 10 % and 90 %
    quantiles; `forecast_hours` from the forecast as it stood. `present_hours`: rostered, less shrinkage. `slots` are
    empty for pools that work by a deadline: their work may wait.
    """

    pool: str
    name: str
    staffing: Staffing
    units: float
    need_hours: float
    need_low_hours: float
    need_high_hours: float
    forecast_hours: float
    present_hours: float
    slots: tuple[SlotToday, ...]

    @property
    def short_hours(self) -> float:
        """Hours missing: half-hour by half-hour where people are answered as they come."""
        if self.slots:
            return sum(0.5 * max(slot.need_people - slot.present_people, 0.0) for slot in self.slots)
        return max(self.need_hours - self.present_hours, 0.0)


@dataclass(frozen=True, slots=True)
class NeedToday:
    """What the rest of an operation's day asks of its pools, as planned in a plan."""

    operation: str
    day_on: date
    seen_until_at: datetime
    plan_id: UUID
    thread_id: UUID
    pools: tuple[PoolToday, ...]
