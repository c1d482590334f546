"""Sign a duty's due date: put a name under its statement and its evidence."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.notify import settle_notices
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.duties import cause_of
from closeknit.rooms.decisions.compute.messages import for_ledger, one_line
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import DutyOccurrence
from closeknit.rooms.decisions.reads.duties import find_hat, get_occurrence
from closeknit.rooms.decisions.reads.timing import database_now

MOST_REMARK = 2000


def sign_duty(occurrence_id: UUID, *, evidence_sha256: str, remark: str = "", by: Actor, at: datetime) -> None:
    """Sign what the actor owns, or stands in for by a delegation of all rights, and close its escalation.

    `evidence_sha256` names the evidence that was looked at. Refuses another's duty, evidence that is not there yet
    or another one, and a second signature.
    """
    get_occurrence(occurrence_id, by=by)
    if len(remark) > MOST_REMARK:
        raise Invalid(f"A remark has at most {MOST_REMARK} letters.", where="remark")
    with transaction.atomic():
        row = _lock(occurrence_id)
        signs, hat = find_hat(row.owner_key, by=by)
        if not signs:
            raise Denied(
                "Nobody signs for another, unless all their rights were lent to them.",
                where=row.duty.name,
                todo="Ask the owner to sign, or to delegate.",
            )
        _check(row, evidence_sha256)
        row.signed_at, row.remark = database_now(), remark.strip()
        row.signed_by_key, row.signed_by_name = by.key, by.name
        if hat is not None:
            row.signed_for_key, row.signed_for_name = hat.lender_key, hat.on_behalf_of
        row.save(
            update_fields=[
                "signed_at",
                "remark",
                "signed_by_key",
                "signed_by_name",
                "signed_for_key",
                "signed_for_name",
            ]
        )
        _record(row, by)
        close_escalation(cause=cause_of(row.duty_id, row.due_on), reason="It was signed.", by=by, at=at)
        settle_notices(cause=cause_of(row.duty_id, row.due_on), by=by, at=at)


def _lock(occurrence_id: UUID) -> DutyOccurrence:
    rows = DutyOccurrence.objects.select_for_update(of=("self",)).select_related("duty")
    row = rows.filter(pk=occurrence_id).first()
    if row is None:
        raise NotFound("There is no such due date.", where=str(occurrence_id))
    return row


def _check(row: DutyOccurrence, evidence_sha256: str) -> None:
    if row.signed_at is not None:
        raise Conflict(f"This was signed already by {row.signed_by_name}.", where=row.duty.name)
    if row.gathered_at is None:
        raise Conflict("Its evidence is still being gathered.", where=row.duty.name, todo="Look again in a minute.")
    if row.evidence_sha256 != evidence_sha256:
        raise Conflict(
            "This is not the evidence that is attached.",
            where="evidence_sha256",
            todo="Open the due date and sign there.",
        )


def _record(row: DutyOccurrence, by: Actor) -> None:
    behalf = f" for {row.signed_for_name}" if row.signed_for_name else ""
    remark = f" Remark: {for_ledger(one_line(row.remark))}" if row.remark else ""
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="duty.signed",
            subject=f"duty-occurrence:{row.pk}",
            sentence=f"{{actor}}{behalf} signed “{row.duty.name}” of {row.due_on.isoformat()}.{remark}",
            evidence={
                "statement": row.duty.statement,
                "evidence_sha256": row.evidence_sha256,
                "owner": row.owner_key,
                "on_behalf_of": row.signed_for_key,
                "remark": row.remark,
            },
        ),
        by=by,
    )
