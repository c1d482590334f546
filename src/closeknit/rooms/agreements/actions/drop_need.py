"""Drop a need that nobody will promise, and say why: what was heard stays on record."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.agreements.actions.state_need import need_to_change, record_step
from closeknit.rooms.agreements.contracts.deals import ContractState
from closeknit.rooms.agreements.contracts.needs import NeedState, said
from closeknit.rooms.agreements.reads.needs import standing, version_of
from closeknit.rooms.org.contracts import Permission


def drop_need(need_id: UUID, *, because: str, by: Actor, at: datetime) -> None:
    """Close a need without a promise.

    Raises:
        NotFound: for a need of an account out of sight.
        Invalid: without a reason.
        Conflict: for a need that is promised, waits for a decision, or was dropped already.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = need_to_change(need_id, by=by)
        why = said(because, "because", 500, "Say why it is not going to be promised.")
        version = version_of(row)
        state = standing(row, version)
        is_signed = version is not None and version.state == ContractState.SIGNED.value
        if is_signed or state in (NeedState.PROPOSED, NeedState.DROPPED):
            todo = "What is promised ends by another version of its contract; what is proposed is withdrawn first."
            raise Conflict(f"This need is {'promised' if is_signed else state}.", where="state", todo=todo)
        row.state, row.dropped_because, row.moved_at = NeedState.DROPPED.value, why, at
        row.save(update_fields=["state", "dropped_because", "moved_at"])
        sentence = f"{{actor}} dropped a need of {row.account_number}."
        record_step(row, "need.dropped", sentence, {"because": why}, by=by)
