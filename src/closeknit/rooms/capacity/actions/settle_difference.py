"""Answer for a difference between sales and plan: give it an owner, or settle it in words."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts import DifferenceState, PipelineDifferenceSettled, Resolution
from closeknit.rooms.capacity.models import PipelineDifference
from closeknit.rooms.capacity.reads.differences import find_difference_row
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST = 2000


def assign_difference(difference_id: UUID, *, to: str, by: Actor, at: datetime) -> None:
    """Make one person, by user name, its owner, and tell that person.

    Raises:
        NotFound: for one that the actor may not answer for.
        Invalid: for a person who is not there, or may not commit plans.
        Conflict: when it is not open.
    """
    by.require(Permission.COMMIT_PLAN)
    owner = org.find_actor_by_username(to.strip(), at=at)
    if owner is None or not owner.scope_of(Permission.COMMIT_PLAN).every_account:
        raise Invalid("This person cannot answer for it.", where="to", todo="Name one who may commit plans.")
    with transaction.atomic():
        row = _open_row(difference_id, by)
        row.owner_key, row.owner_name = owner.key, owner.name
        row.save(update_fields=["owner_key", "owner_name"])
        words = f"{{actor}} asked another to answer for {row.pool_name} in the week of {row.week_on}."
        _record(row, "assigned", words, {"owner": owner.key}, by)
        notify_people(
            to=[owner.key],
            cause=f"pipeline-difference:{row.pk}",
            title=f"Sales and plan disagree on {row.pool_name} in the week of {row.week_on}",
            body=f"Settle it by {row.due_on}.",
            link=f"/plans/differences/{row.pk}/",
            urgent=False,
            thread_id=row.thread_id,
            by=by,
            at=at,
        )


def settle_difference(difference_id: UUID, *, resolution: Resolution, text: str, by: Actor, at: datetime) -> None:
    """Settle a difference: more capacity, another date, accepted as it is, or the projection is wrong; and why.

    Raises:
        NotFound: for one that the actor may not answer for.
        Invalid: without words.
        Conflict: when it is not open.
    """
    by.require(Permission.COMMIT_PLAN)
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Invalid("Settling it needs words.", where="text", todo=f"Say why, in at most {LONGEST:,} characters.")
    with transaction.atomic():
        row = _open_row(difference_id, by)
        row.state, row.resolution, row.resolution_text = DifferenceState.SETTLED.value, resolution.value, words
        row.settled_by_key, row.settled_by_name, row.settled_at = by.key, by.name, at
        row.save(
            update_fields=[
                "state",
                "resolution",
                "resolution_text",
                "settled_by_key",
                "settled_by_name",
                "settled_at",
            ]
        )
        said = resolution.value.replace("-", " ")
        sentence = f"{{actor}} settled {row.pool_name} in the week of {row.week_on}: {said}. {words}"
        _record(row, "settled", sentence, {"resolution": resolution.value, "text": words}, by)
        publish(PipelineDifferenceSettled(row.thread_id, row.pk, row.operation), by=by)


def _open_row(difference_id: UUID, by: Actor) -> PipelineDifference:
    row = find_difference_row(difference_id, by)
    if row.state != DifferenceState.OPEN:
        raise Conflict(f"This difference is {row.state}.", where=str(difference_id))
    return row


def _record(row: PipelineDifference, kind: str, sentence: str, evidence: dict[str, str], by: Actor) -> None:
    entry = Entry(
        thread_id=row.thread_id,
        kind=f"pipeline-difference.{kind}",
        subject=f"pipeline-difference:{row.pk}",
        sentence=sentence,
        evidence={"difference_id": row.pk, **evidence},
    )
    record_entry(entry, by=by)
