"""Place and release legal holds: what they cover does not go, whatever else says it may."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.keeping import DataClass
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject
from closeknit.rooms.privacy.models import LegalHold
from closeknit.rooms.privacy.reads.access import require_subject
from closeknit.rooms.privacy.reads.consents import wait_for_uses


@dataclass(frozen=True, slots=True)
class WantedHold:
    """What is to be kept. No subject: of everybody. No classes: every class."""

    title: str
    reason: str
    review_on: date
    subject: Subject | None = None
    classes: tuple[DataClass, ...] = ()


def place_hold(wanted: WantedHold, *, by: Actor, at: datetime) -> UUID:
    """Keep what a lawsuit or an audit needs, until somebody releases it; return the hold's id.

    Raises:
        Invalid: without a title or reason, or with a review that is not to come.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if wanted.subject is not None:
        require_subject(wanted.subject, by, Permission.MANAGE_PRIVACY)
    for name in ("title", "reason"):
        if not getattr(wanted, name).strip():
            raise Invalid("A hold needs this.", where=name, todo="Say what it is for, and why.")
    if len(wanted.title) > 200:
        raise Invalid("The title is too long.", where="title", todo="Use at most 200 characters.")
    if wanted.review_on <= at.date():
        raise Invalid("A hold is looked at again.", where="review_on", todo="Give a day that is to come.")
    with transaction.atomic():
        if wanted.subject is not None:
            # An erasure that is under way ends first; a later one meets the hold.
            wait_for_uses(wanted.subject)
        row = LegalHold.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            title=wanted.title.strip(),
            reason=wanted.reason.strip(),
            subject_kind=wanted.subject.kind if wanted.subject else "",
            subject_ref=wanted.subject.reference if wanted.subject else "",
            classes=[data_class.value for data_class in wanted.classes],
            placed_at=at,
            placed_by_key=by.key,
            placed_by_name=by.name,
            review_on=wanted.review_on,
        )
        record_entry(_entry(row, "placed", f"{{actor}} placed a hold: {row.title}. {row.reason}"), by=by)
    return row.pk


def release_hold(hold_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Release a hold: what it kept goes by its rules again.

    Raises:
        NotFound: for one that is not there.
        Conflict: for one that was released.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if not reason.strip():
        raise Invalid("Releasing it needs a reason.", where="reason", todo="Say why, in a sentence.")
    with transaction.atomic():
        row = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
        if row is None:
            raise NotFound("There is no such hold.", where=str(hold_id))
        if row.released_at is not None:
            raise Conflict("It was released already.", where=str(hold_id))
        row.released_at, row.release_reason = at, reason.strip()
        row.released_by_key, row.released_by_name = by.key, by.name
        row.save(update_fields=["released_at", "release_reason", "released_by_key", "released_by_name"])
        record_entry(_entry(row, "released", f"{{actor}} released the hold {row.title}. {row.release_reason}"), by=by)


def _entry(row: LegalHold, what: str, sentence: str) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind=f"hold.{what}",
        subject=f"hold:{row.pk}",
        sentence=sentence,
        account_number=row.subject_ref if row.subject_kind == ACCOUNT else "",
        evidence={
            "hold_id": row.pk,
            "classes": row.classes,
            "subject_kind": row.subject_kind,
            "review_on": row.review_on,
        },
    )
