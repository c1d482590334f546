"""Close an escalation: its cause is gone, or a person has settled it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.answer_escalation import lock_visible, require_answer
from closeknit.rooms.decisions.actions.take_step import Taking, take_step
from closeknit.rooms.decisions.compute.escalations import close
from closeknit.rooms.decisions.models import Escalation
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.escalations import path_of, standing_of


def close_escalation(*, cause: str, reason: str, by: Actor, at: datetime) -> None:
    """Close the escalation of a cause that is gone; nothing happens where none stands.

    It commits with the caller's change. Needs no permission of its own: the change that ended the cause had one.
    """
    # Whoever ended the cause may be unable to see what it raised.
    with transaction.atomic(), seeing_everything():
        row = Escalation.objects.select_for_update().filter(cause=cause).exclude(state="closed").first()
        if row is not None:
            take_step(row, close(standing_of(row)), Taking(by, at, timing.database_now(), reason.strip()))


def close_escalation_by_hand(escalation_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Close what a person has settled, with a reason. Refuses paths that only the end of their cause closes."""
    if not reason.strip():
        raise Invalid("Closing needs a reason.", where="reason", todo="Say what was done, in a sentence.")
    with transaction.atomic():
        row = lock_visible(escalation_id, by)
        for_key = require_answer(row, by)
        if not path_of(row).closed_by_hand:
            raise Conflict(
                "This closes by itself when its cause is gone.", where=str(row.pk), todo="Settle what it is about."
            )
        taking = Taking(by, at, timing.database_now(), reason.strip(), for_key)
        take_step(row, close(standing_of(row)), taking)
