"""Say who is on duty when: open a calendar, set and end weekly shifts, swap."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import DutyCalendar, DutyShiftRow, DutySwapRow
from closeknit.rooms.decisions.reads.escalations import keys_of
from closeknit.rooms.decisions.reads.on_duty import keys_on_duty_between
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_SWAP = timedelta(days=92)
NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def open_calendar(calendar: str, *, title: str, time_zone: str, by: Actor, at: datetime) -> None:
    """Open an on-duty calendar on the wall clock of a time zone. Escalation paths name it by `calendar`."""
    _require_keeper(by)
    if not calendar or len(calendar) > 40 or set(calendar) - NAME_LETTERS or not title.strip():
        raise Invalid("A calendar has a name of small letters, digits and hyphens, and a title.", where=calendar)
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"There is no time zone {time_zone!r}.", where="time_zone", todo="Such as Europe/Berlin."
        ) from None
    with transaction.atomic():
        _, is_new = DutyCalendar.objects.get_or_create(
            calendar=calendar, defaults={"title": title.strip()[:120], "time_zone": time_zone}
        )
        if not is_new:
            raise Conflict("There is an on-duty calendar of this name.", where=calendar, todo="Set shifts in it.")
        words = f"{{actor}} opened the on-duty calendar “{title.strip()}” on the clock of {time_zone}."
        _record("opened", calendar, words, {"time_zone": time_zone, "stated_at": at}, by)


def set_shift(
    calendar: str,
    *,
    person: str,
    weekday: int,
    starts_local: time,
    ends_local: time,
    from_on: date,
    until_on: date | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Put a person (by user name) on duty every week, from a day on; return the shift's id.

    It ends on the next day where it ends no later than it starts. Refuses people who may not read decisions: they could
    not see what they are asked about.
    """
    _require_keeper(by)
    if not 0 <= weekday <= 6 or (until_on is not None and until_on <= from_on):
        raise Invalid("A shift has a weekday from 0 (Monday) to 6, and ends after it begins.", where=calendar)
    if starts_local.tzinfo or ends_local.tzinfo:
        raise Invalid("A shift's times are those of the calendar's own clock.", where=calendar, todo="Give 08:00.")
    with transaction.atomic():
        row = _calendar(calendar)
        key = _key_of(person, at)
        shift = DutyShiftRow.objects.create(
            id=ids.new_id(),
            calendar=row,
            person_key=key,
            weekday=weekday,
            starts_local=starts_local,
            ends_local=ends_local,
            from_on=from_on,
            until_on=until_on,
        )
        when = f"{WEEKDAYS[weekday]}s {starts_local:%H:%M} to {ends_local:%H:%M} from {from_on}"
        evidence = {"shift_id": shift.pk, "person": key, "until_on": until_on, "stated_at": at}
        _record("shift-set", calendar, f"{{actor}} put one person on duty in “{row.title}”: {when}.", evidence, by)
    return shift.pk


def end_shift(calendar: str, shift_id: UUID, *, until_on: date, by: Actor, at: datetime) -> None:
    """End a weekly shift before a day. What was worked stays."""
    _require_keeper(by)
    with transaction.atomic():
        row = _calendar(calendar)
        shift = DutyShiftRow.objects.select_for_update().filter(calendar=row, pk=shift_id).first()
        if shift is None:
            raise NotFound("There is no such shift.", where=str(shift_id))
        if shift.until_on is not None and shift.until_on <= until_on:
            raise Conflict(f"It already ends before {shift.until_on}.", where=str(shift_id))
        shift.until_on = until_on
        shift.save(update_fields=["until_on"])
        evidence = {"shift_id": shift.pk, "person": shift.person_key, "until_on": until_on, "stated_at": at}
        _record("shift-ended", calendar, f"{{actor}} ended a shift in “{row.title}” before {until_on}.", evidence, by)


def swap_shift(
    calendar: str,
    *,
    person: str,
    starts_at: datetime,
    ends_at: datetime,
    replaces: str = "",
    reason: str,
    by: Actor,
    at: datetime,
) -> UUID:
    """Have a person (by user name) take over for a time, from one other or ("") from all; return the swap's id.

    Who keeps the calendar may swap anyone; others only give away their own duty.
    """
    by.require(Permission.READ_DECISIONS)
    clock.check(starts_at, where="starts_at")
    clock.check(ends_at, where="ends_at")
    if not starts_at < ends_at <= starts_at + LONGEST_SWAP or not reason.strip():
        raise Invalid(
            f"A swap has a reason, and lasts up to {LONGEST_SWAP.days} days.",
            where=calendar,
            todo="Set shifts instead.",
        )
    with transaction.atomic():
        row = _calendar(calendar)
        key, replaced = _key_of(person, at), _key_of(replaces, at) if replaces else ""
        if not _keeps(by):
            on_duty = {replaced} if replaced else keys_on_duty_between(calendar, starts_at, ends_at)
            if not on_duty or not on_duty <= set(keys_of(by)):
                raise Denied("You give away only your own duty.", where=calendar, todo="Ask who keeps the calendar.")
        swap = DutySwapRow.objects.create(
            id=ids.new_id(),
            calendar=row,
            person_key=key,
            replaces_key=replaced,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason.strip(),
        )
        when = f"from {starts_at:%Y-%m-%d %H:%M %Z} to {ends_at:%Y-%m-%d %H:%M %Z}"
        evidence = {"swap_id": swap.pk, "person": key, "replaces": replaced, "reason": reason.strip(), "stated_at": at}
        _record("swapped", calendar, f"{{actor}} swapped duty in “{row.title}” {when}.", evidence, by)
    return swap.pk


def _keeps(by: Actor) -> bool:
    return by.may(Permission.DECIDE) or by.may(Permission.MANAGE_SETTINGS)


def _require_keeper(by: Actor) -> None:
    if not _keeps(by):
        by.require(Permission.DECIDE)


def _calendar(calendar: str) -> DutyCalendar:
    row = DutyCalendar.objects.select_for_update().filter(calendar=calendar).first()
    if row is None:
        raise NotFound("There is no such on-duty calendar.", where=calendar, todo="Open it first.")
    return row


def _key_of(username: str, at: datetime) -> str:
    able = org.list_people_who(Permission.READ_DECISIONS, account_number=None, at=at, by=org.system_actor())
    card = next((card for card in able if card.username == username.strip()), None)
    if card is None:
        raise Invalid(
            f"Nobody who signs in as {username.strip()!r} may read decisions.",
            where="person",
            todo="Choose someone with a role that includes it.",
        )
    return card.key


def _record(what: str, calendar: str, sentence: str, evidence: dict[str, object], by: Actor) -> None:
    entry = Entry(ids.new_id(), f"duty-calendar.{what}", f"duty-calendar:{calendar}", sentence, evidence)
    record_entry(entry, by=by)
