"""Say from which day on a business calendar is open when."""

from datetime import datetime
from itertools import pairwise
from uuid import UUID
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.agreements.compute import knows_holidays
from closeknit.rooms.agreements.contracts.calendars import MINUTES_PER_DAY, BusinessCalendar, Opening
from closeknit.rooms.agreements.models import CalendarRow
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def set_calendar(calendar: BusinessCalendar, *, by: Actor, at: datetime) -> UUID:
    """Put a version of a calendar in force from its day on; earlier days keep what held. Return its ledger thread.

    Raises:
        Denied: unless the actor may propose for every account: a calendar holds for all who name it.
        Invalid: for hours that overlap or never open, an unknown zone or country, or a day that has passed.
        Conflict: when another version of the calendar begins on the same day.
    """
    by.require(Permission.PROPOSE)
    if not by.scope_of(Permission.PROPOSE).every_account:
        raise Denied(
            f"{by.name} answers for some accounts only; a calendar holds for all.",
            where="account scope",
            todo="Ask a planner or service lead to set it.",
        )
    _check(calendar, at)
    earlier = CalendarRow.objects.filter(key=calendar.key).order_by("from_on").first()
    thread_id = earlier.thread_id if earlier else ids.new_id()
    try:
        with transaction.atomic():
            CalendarRow.objects.create(
                key=calendar.key,
                title=calendar.title.strip(),
                time_zone=calendar.time_zone,
                openings=[[o.weekday, o.from_minute, o.to_minute] for o in sorted(calendar.openings, key=_order)],
                holidays_of=calendar.holidays_of,
                closed_on=[day.isoformat() for day in sorted(set(calendar.closed_on))],
                from_on=calendar.from_on,
                set_at=at,
                set_by_key=by.key,
                thread_id=thread_id,
            )
            record_entry(_entry(calendar, thread_id), by=by)
    except IntegrityError:
        raise Conflict(
            "A version of this calendar begins on that day already.", where="from_on", todo="Let it begin on another."
        ) from None
    return thread_id


def _order(opening: Opening) -> tuple[int, int]:
    return opening.weekday, opening.from_minute


def _check(calendar: BusinessCalendar, at: datetime) -> None:
    if (
        not calendar.key
        or len(calendar.key) > 60
        or not calendar.key.isprintable()
        or calendar.key.strip() != (calendar.key)
    ):
        raise Invalid("A calendar needs a name of at most 60 plain letters.", where="key", todo="Such as: office-de.")
    if not calendar.title.strip() or len(calendar.title) > 120:
        raise Invalid("A calendar needs a title of at most 120 letters.", where="title")
    if calendar.time_zone and calendar.time_zone not in available_timezones():
        raise Invalid(
            "There is no such time zone.", where="time_zone", todo="Such as Europe/Berlin, or none for the account's."
        )
    if calendar.holidays_of and not knows_holidays(calendar.holidays_of):
        raise Invalid(
            "Nobody's public holidays are known by that name.", where="holidays_of", todo="Such as DE or US/MD."
        )
    if calendar.from_on < at.date():
        raise Invalid(
            "What has passed was counted by the hours of its time.", where="from_on", todo="Begin today or later."
        )
    _check_hours(calendar)


def _check_hours(calendar: BusinessCalendar) -> None:
    todo = "Write hours as mon 09:00-17:00, from 00:00 to 24:00."
    if not calendar.openings:
        raise Invalid("It never opens, so no promise could ever fall due.", where="openings", todo=todo)
    for opening in calendar.openings:
        if not (0 <= opening.weekday <= 6 and 0 <= opening.from_minute < opening.to_minute <= MINUTES_PER_DAY):
            raise Invalid("Hours end after they begin, on the same day.", where="openings", todo=todo)
    for one, other in pairwise(sorted(calendar.openings, key=_order)):
        if one.weekday == other.weekday and other.from_minute < one.to_minute:
            raise Invalid("Two openings of a day overlap.", where="openings", todo="Say each minute once.")


def _entry(calendar: BusinessCalendar, thread_id: UUID) -> Entry:
    return Entry(
        thread_id=thread_id,
        kind="calendar.set",
        subject=f"calendar:{calendar.key}",
        sentence=f"{{actor}} set the calendar {calendar.title.strip()} from {calendar.from_on} on.",
        evidence={
            "key": calendar.key,
            "from_on": calendar.from_on,
            "time_zone": calendar.time_zone,
            "holidays_of": calendar.holidays_of,
            "openings": [[o.weekday, o.from_minute, o.to_minute] for o in sorted(calendar.openings, key=_order)],
            "closed_on": sorted(set(calendar.closed_on)),
        },
    )
