"""Say who answers for a domain of data or one field of it, for everyone or at one place, from when on."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org.compute import LONGEST_PLACE, check_reason, check_span
from closeknit.rooms.org.contracts import STANDS_ALONE, Level, Permission, Role, StewardChanged
from closeknit.rooms.org.contracts.settings import is_plain
from closeknit.rooms.org.contracts.stewards import STEWARD_LEVELS, check_subject
from closeknit.rooms.org.models import Person, Stewardship


def appoint_steward(
    person: str,
    domain: str,
    field: str = "",
    *,
    level: str = Level.GLOBAL,
    place: str = "",
    reason: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Appoint a person (key or user name) from `starts_at` (None: now) until before `ends_at`; return the number.

    Whoever answered for the same before ends there. Refuses unknown domains and places, who cannot sign in or stands
    outside, a start in the past, and a span in which a change is planned already.
    """
    by.require(Permission.MANAGE_PEOPLE)
    check_subject(domain, field)
    _check_place(level, place)
    check_reason(reason)
    start = starts_at or at
    clock.check(start, where="starts_at")
    if ends_at is not None:
        clock.check(ends_at, where="ends_at")
    check_span(start, ends_at, at)
    try:
        with transaction.atomic():
            who = _person(person)
            same = Stewardship.objects.select_for_update().filter(domain=domain, field=field, level=level, place=place)
            before = _end_before(same, start, ends_at, reason)
            row = Stewardship.objects.create(
                domain=domain,
                field=field,
                level=level,
                place=place,
                person=who,
                starts_at=start,
                ends_at=ends_at,
                reason=reason,
                appointed_by_key=by.key,
                appointed_by_name=by.name,
                appointed_at=at,
                thread_id=before.thread_id if before else ids.new_id(),
            )
            publish(StewardChanged(row.thread_id, row.pk, before.pk if before else 0, False), by=by)
    except IntegrityError as failure:
        raise Conflict("Somebody else appointed a steward meanwhile.", where=domain, todo="Look again.") from failure
    return int(row.pk)


def end_stewardship(stewardship_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """End an appointment now; one that has not begun never begins."""
    by.require(Permission.MANAGE_PEOPLE)
    check_reason(reason)
    with transaction.atomic():
        row = Stewardship.objects.select_for_update().filter(pk=stewardship_id).first()
        if row is None:
            raise NotFound("There is no such stewardship.", where=str(stewardship_id))
        if row.ends_at is not None and row.ends_at <= max(at, row.starts_at):
            raise Conflict("This stewardship has ended already.", where=str(stewardship_id))
        row.ends_at, row.end_reason = max(at, row.starts_at), reason
        row.save(update_fields=["ends_at", "end_reason"])
        publish(StewardChanged(row.thread_id, row.pk, 0, True), by=by)


def _check_place(level: str, place: str) -> None:
    if level not in STEWARD_LEVELS:
        known = ", ".join(STEWARD_LEVELS)
        raise Invalid(f"Nobody answers for data at level {level[:40]!r}.", where="level", todo=f"Use {known}.")
    if (level == Level.GLOBAL) != (place == ""):
        raise Invalid("Global has no place; a region or site needs its name.", where="place", todo="Name the place.")
    if len(place) > LONGEST_PLACE or not is_plain(place) or place != place.strip():
        raise Invalid("This is no name of a place.", where="place", todo=f"At most {LONGEST_PLACE} plain characters.")


def _person(person: str) -> Person:
    number = person.removeprefix("person:") if person.startswith("person:") else ""
    which = Q(pk=int(number)) if number.isascii() and number.isdecimal() else Q(user__username=person)
    found = Person.objects.filter(which, user__is_active=True).first()
    if found is None:
        raise NotFound("There is no such person.", where=person[:80], todo="Name a person who can sign in.")
    if not found.roles or STANDS_ALONE & {Role(role) for role in found.roles}:
        raise Invalid(
            f"{found.name} does not work here.", where="person", todo="Give the person a role first, or name another."
        )
    return found


def _end_before(
    same: QuerySet[Stewardship], start: datetime, ends_at: datetime | None, reason: str
) -> Stewardship | None:
    planned = same.filter(Q(ends_at=None) | Q(ends_at__gt=start), starts_at__gt=start).order_by("starts_at")
    for row in planned:
        if (ends_at is None or row.starts_at < ends_at) and row.ends_at != row.starts_at:
            raise Conflict(
                f"A change is planned from {row.starts_at:%Y-%m-%d %H:%M} UTC on.",
                where=f"stewardship {row.pk}",
                todo="End yours before it begins, or end the planned one first.",
            )
    before = same.filter(Q(ends_at=None) | Q(ends_at__gt=start), starts_at__lte=start).first()
    if before is not None:
        before.ends_at, before.end_reason = start, reason
        before.save(update_fields=["ends_at", "end_reason"])
    return before
