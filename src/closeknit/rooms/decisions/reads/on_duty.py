"""On-duty calendars: who is on duty now, a week at a glance, and when nobody is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.compute.on_duty import gaps_between, instant_of, lay_out, people_at
from closeknit.rooms.decisions.contracts.escalations import (
    DutyCalendarCard,
    DutyShift,
    DutySpan,
    DutyWeek,
    Shift,
    Span,
    Swap,
)
from closeknit.rooms.decisions.models import DutyCalendar, DutyShiftRow, DutySwapRow
from closeknit.rooms.decisions.reads.names import names_of
from closeknit.rooms.org.contracts import Permission

LOOK_AHEAD = timedelta(days=7)


def list_duty_calendars(*, at: datetime, by: Actor) -> list[DutyCalendarCard]:
    """Return every on-duty calendar: who is on duty at an instant, and when nobody is in the week after it."""
    by.require(Permission.READ_DECISIONS)
    cards = []
    for row in DutyCalendar.objects.order_by("calendar"):
        zone, shifts, swaps = _parts(row, at, at + LOOK_AHEAD)
        names = names_of([*(s.person_key for s in shifts), *(s.person_key for s in swaps)])
        gaps = gaps_between(lay_out(shifts, swaps, zone, at, at + LOOK_AHEAD), at, at + LOOK_AHEAD)
        on_duty = tuple(names.get(key, key) for key in people_at(shifts, swaps, zone, at))
        cards.append(DutyCalendarCard(row.calendar, row.title, row.time_zone, on_duty, _shown(gaps, {}, zone)))
    return cards


def get_duty_week(calendar: str, *, week_on: date, by: Actor) -> DutyWeek:
    """Return the week (from its Monday) of a calendar, on the calendar's own clock; NotFound where there is none.

    Days beyond the calendar's range are refused as unknown.
    """
    by.require(Permission.READ_DECISIONS)
    row = DutyCalendar.objects.filter(calendar=calendar).first()
    if row is None or not date(1990, 1, 1) <= week_on <= date(2200, 1, 1):
        raise NotFound("There is no such on-duty calendar or week.", where=f"{calendar}, week of {week_on}")
    monday = week_on - timedelta(days=week_on.weekday())
    zone = ZoneInfo(row.time_zone)
    from_at, until_at = (instant_of(monday + timedelta(days=days), time(), zone) for days in (0, 7))
    _, shifts, swaps = _parts(row, from_at, until_at)
    spans = lay_out(shifts, swaps, zone, from_at, until_at)
    names = names_of([*(s.person_key for s in shifts), *(s.person_key for s in swaps)])
    return DutyWeek(
        calendar=row.calendar,
        title=row.title,
        time_zone=row.time_zone,
        week_on=monday,
        spans=_shown(spans, names, zone),
        gaps=_shown(gaps_between(spans, from_at, until_at), {}, zone),
        shifts=tuple(
            DutyShift(
                s.shift_id,
                s.person_key,
                names.get(s.person_key, s.person_key),
                s.weekday,
                f"{s.starts_local:%H:%M}",
                f"{s.ends_local:%H:%M}",
                s.from_on,
                s.until_on,
            )
            for s in shifts
            if s.until_on is None or s.until_on > monday
        ),
    )


def keys_on_duty(calendar: str, at: datetime) -> tuple[str, ...]:
    """Return the keys of who is on duty at an instant, for who routes work; none where there is no such calendar."""
    row = DutyCalendar.objects.filter(calendar=calendar).first()
    if row is None:
        return ()
    zone, shifts, swaps = _parts(row, at, at + timedelta(microseconds=1))
    return people_at(shifts, swaps, zone, at)


def keys_on_duty_between(calendar: str, from_at: datetime, until_at: datetime) -> set[str]:
    """Return the keys of everybody who is on duty at some time between two instants."""
    row = DutyCalendar.objects.filter(calendar=calendar).first()
    if row is None:
        return set()
    zone, shifts, swaps = _parts(row, from_at, until_at)
    return {span.person_key for span in lay_out(shifts, swaps, zone, from_at, until_at)}


def _parts(row: DutyCalendar, from_at: datetime, until_at: datetime) -> tuple[ZoneInfo, list[Shift], list[Swap]]:
    shifts = [
        Shift(s.pk, s.person_key, s.weekday, s.starts_local, s.ends_local, s.from_on, s.until_on)
        for s in DutyShiftRow.objects.filter(calendar=row).order_by("weekday", "starts_local", "id")
    ]
    swaps = [
        Swap(s.pk, s.person_key, s.starts_at.astimezone(UTC), s.ends_at.astimezone(UTC), s.replaces_key)
        for s in DutySwapRow.objects.filter(calendar=row, ends_at__gt=from_at, starts_at__lt=until_at)
    ]
    return ZoneInfo(row.time_zone), shifts, swaps


def _shown(spans: Sequence[Span], names: dict[str, str], zone: ZoneInfo) -> tuple[DutySpan, ...]:
    return tuple(
        DutySpan(
            person_key=span.person_key,
            name=names.get(span.person_key, span.person_key),
            day_on=span.starts_at.astimezone(zone).date(),
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            starts_local=_local(span.starts_at, zone, not span.person_key),
            ends_local=_local(span.ends_at, zone, not span.person_key),
            is_swap=span.is_swap,
        )
        for span in spans
    )


def _local(instant: datetime, zone: ZoneInfo, dated: bool) -> str:
    """Write an instant on a zone's clock; a gap may be a week long, so its ends have their dates."""
    wall = instant.astimezone(zone)
    return f"{wall:%a} {wall.day} {wall:%b %H:%M}" if dated else f"{wall:%a %H:%M}"
