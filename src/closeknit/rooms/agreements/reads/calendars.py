"""Business calendars and their versions."""

from datetime import date

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.contracts.calendars import MINUTES_PER_DAY, BusinessCalendar, Opening
from closeknit.rooms.agreements.models import CalendarRow
from closeknit.rooms.org.contracts import Permission


def list_calendars(*, by: Actor, key: str = "") -> list[BusinessCalendar]:
    """Return every version of every calendar, or of one, by key and first day."""
    by.require(Permission.READ_INTERNAL)
    rows = CalendarRow.objects.order_by("key", "from_on")
    return [calendar_of(row) for row in (rows.filter(key=key) if key else rows)]


def find_calendar(key: str, on: date, *, by: Actor) -> BusinessCalendar | None:
    """Return the version of a calendar in force on a day, or None."""
    held = [version for version in list_calendars(by=by, key=key) if version.from_on <= on]
    return held[-1] if held else None


def open_minutes_per_day(key: str, on: date, *, by: Actor) -> float:
    """Return how long a usual open day is, by a calendar's version in force on a day; a whole day without one."""
    by.require(Permission.PROPOSE)
    row = CalendarRow.objects.filter(key=key, from_on__lte=on).order_by("-from_on").first() if key else None
    return calendar_of(row).open_minutes_per_day if row else float(MINUTES_PER_DAY)


def calendar_of(row: CalendarRow) -> BusinessCalendar:
    """Return a stored calendar as others know it."""
    return BusinessCalendar(
        key=row.key,
        title=row.title,
        time_zone=row.time_zone,
        openings=tuple(Opening(*hours) for hours in row.openings),
        holidays_of=row.holidays_of,
        closed_on=tuple(date.fromisoformat(day) for day in row.closed_on),
        from_on=row.from_on,
    )
