"""Say of two feeds that both are right, though they say different things."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict as OutOfDate
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import ConflictCard, ConflictState
from closeknit.rooms.sensing.models import Conflict
from closeknit.rooms.sensing.storing.conflicts import conflict_entry

LONGEST_WHY = 500


def settle_conflict(conflict_id: UUID, *, why: str, by: Actor, at: datetime) -> ConflictCard:
    """Record that both feeds are right, and why. A conflict that is one is ended by a rule in a recipe instead.

    Refuses one that waits no more, and a missing reason.
    """
    by.require(Permission.LOAD_DATA)
    if not why.strip() or len(why) > LONGEST_WHY or "\x00" in why:
        raise Invalid("This needs a reason.", where="why", todo=f"Say why, in at most {LONGEST_WHY} characters.")
    with transaction.atomic():
        rows = Conflict.objects.select_for_update(of=("self",)).select_related("one_feed", "other_feed")
        row = rows.filter(pk=conflict_id).first()
        if row is None:
            raise NotFound("There is no such conflict.", where=str(conflict_id))
        if row.state != ConflictState.WAITING:
            raise OutOfDate("This conflict waits no more.", where=str(conflict_id), todo="Look at it again.")
        row.state, row.settled_at = ConflictState.BOTH_RIGHT.value, at
        row.settled_by_name, row.settled_why = by.name, why
        row.save(update_fields=["state", "settled_at", "settled_by_name", "settled_why"])
        said = f"{{actor}} found both feeds right on {row.field} of {row.target}. {why}"
        record_entry(conflict_entry(row, "conflict.both-right", said), by=by)
        close_escalation(cause=f"conflict:{row.pk}", reason=why, by=by, at=at)
    return reads.get_conflict(conflict_id, by=by)
