"""Business calendars: when the time of a promise passes."""

import re
from dataclasses import dataclass
from datetime import date

from closeknit.kernel.errors import Invalid

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


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))?[= ]+"
    r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)"
)


def read_hours(text: str) -> tuple[Opening, ...]:
    """Read hours as people write them, one to a line: `mon-fri 09:00-12:00`, `sat=10:00-14:00`.

    Raises:
        Invalid: for a line that is no hours, with what would be taken.
    """
    found = []
    for line in text.lower().splitlines():
        if not line.strip():
            continue
        said = _HOURS.fullmatch(line.strip())
        if said is None:
            raise Invalid(f"{line.strip()!r} are no hours.", where="hours", todo="Write mon-fri 09:00-17:00.")
        first, last = DAYS.index(said[1]), DAYS.index(said[2] or said[1])
        opens, closes = int(said[3]) * 60 + int(said[4]), int(said[5]) * 60 + int(said[6])
        found += [Opening(day, opens, closes) for day in range(first, last + 1)]
    return tuple(found)


def say_hours(openings: tuple[Opening, ...]) -> str:
    """Write hours as `read_hours` reads them."""
    return "\n".join(
        f"{DAYS[o.weekday]} {o.from_minute // 60:02d}:{o.from_minute % 60:02d}-"
        f"{o.to_minute // 60:02d}:{o.to_minute % 60:02d}"
        for o in openings
    )
