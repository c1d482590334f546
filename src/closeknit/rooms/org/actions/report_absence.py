"""Say that someone is away, so that what waits for people is not sent to an empty desk."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org.contracts import AbsenceReported, Permission
from closeknit.rooms.org.models import Absence, Person
from closeknit.rooms.org.reads.actors import person_number

LONGEST = timedelta(days=366)
LONGEST_REASON = 1000


def report_absence(
    *, starts_at: datetime, ends_at: datetime, reason: str = "", person_key: str = "", by: Actor, at: datetime
) -> UUID:
    """Report one's own absence from `starts_at` until before `ends_at`, or a colleague's for who manages people.

    An absence takes no right away: what needs an answer is asked of others meanwhile. Returns its id.
    """
    key = person_key or by.key
    if key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    _check(starts_at, ends_at, reason, at)
    with transaction.atomic():
        person = Person.objects.filter(pk=person_number(key) or 0, user__is_active=True).first()
        if person is None:
            raise NotFound("There is no such person.", where=key)
        row = Absence.objects.create(person=person, starts_at=starts_at, ends_at=ends_at, reason=reason.strip())
        publish(AbsenceReported(ids.new_id(), row.pk), by=by)
    return row.pk


def end_absence(absence_id: UUID, *, by: Actor, at: datetime) -> None:
    """Report that someone is back early, or will not be away after all."""
    with transaction.atomic():
        row = Absence.objects.select_for_update().filter(pk=absence_id).first()
        if row is None or not (by.key == f"person:{row.person_id}" or by.may(Permission.MANAGE_PEOPLE)):
            raise NotFound("There is no such absence.", where=str(absence_id))
        if row.ended_at is not None or row.ends_at <= at:
            raise Conflict("This absence has ended already.", where=str(absence_id))
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        publish(AbsenceReported(ids.new_id(), row.pk), by=by)


def _check(starts_at: datetime, ends_at: datetime, reason: str, at: datetime) -> None:
    clock.check(starts_at, where="starts_at")
    clock.check(ends_at, where="ends_at")
    if not starts_at < ends_at or ends_at <= at:
        raise Invalid("An absence must end after it starts, and after now.", where="ends_at", todo="Give a later end.")
    if ends_at - starts_at > LONGEST:
        raise Invalid("An absence lasts a year at most.", where="ends_at", todo="Disable the person instead.")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid("The reason is too long.", where="reason", todo="Say it in a sentence.")
