"""Business calendars: when the time of a promise passes."""

from dataclasses import dataclass
from datetime import date

WORKING_DAYS = ""
"""The calendar of terms that name none: Monday to Friday, whole days, less the days on which the account's region is
closed."""
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class Opening:
    """Time passes on a weekday (Monday 0) from one minute of the day until before another (1440: midnight)."""

    weekday: int
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """One version of a calendar, in force from `from_on` until the next version's day.

    Attributes:
        key: by which contracts name it.
        time_zone: whose wall clock its hours are read from; "" for the time zone of each account.
        holidays_of: whose public holidays are closed: a country ("DE"), a part of one ("US/MD"), or "" for nobody's.
        closed_on: other days on which no time passes.
    """

    key: str
    title: str
    time_zone: str
    openings: tuple[Opening, ...]
    holidays_of: str
    closed_on: tuple[date, ...]
    from_on: date

    @property
    def open_minutes_per_day(self) -> float:
        """Return how long the calendar's usual open day is: the mean over the weekdays on which it opens."""
        days = {opening.weekday for opening in self.openings}
        return sum(opening.to_minute - opening.from_minute for opening in self.openings) / len(days) if days else 0.0
