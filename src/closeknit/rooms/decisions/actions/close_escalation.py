"""Close an escalation whose cause is gone."""

from datetime import datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.take_step import Taking, take_step
from closeknit.rooms.decisions.compute.escalations import close
from closeknit.rooms.decisions.models import Escalation
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.escalations import standing_of


def close_escalation(*, cause: str, reason: str, by: Actor, at: datetime) -> None:
    """Close the escalation of a cause that is gone; nothing happens where none stands.

    It commits with the caller's change. Needs no permission of its own: the change that ended the cause had one.
    """
    # Whoever ended the cause may be unable to see what it raised.
    with transaction.atomic(), seeing_everything():
        row = Escalation.objects.select_for_update().filter(cause=cause).exclude(state="closed").first()
        if row is not None:
            take_step(row, close(standing_of(row)), Taking(at, timing.database_now(), reason.strip()), by=by)
