"""Accept that an epoch of the ledger broke off sealed lines: on record, and the check passes with a notice."""

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import LedgerCheckpoint
from closeknit.rooms.decisions.reads.breaks import ACCEPTED, accepted_breaks
from closeknit.rooms.org.contracts import Permission


def accept_break(epoch: int, *, reason: str, by: Actor) -> int:
    """Record that a lost history is known and accepted; return the ledger line's number.

    Raises:
        NotFound: when that epoch lost nothing.
        Conflict: when it was accepted before.
        Invalid: without a reason.
    """
    by.require(Permission.MANAGE_LEDGER)
    if not reason.strip():
        raise Invalid("Accepting a break needs a reason.", where="reason", todo="Say what happened, in a sentence.")
    if not LedgerCheckpoint.objects.filter(epoch=epoch, opens_epoch=True, loses=True).exists():
        raise NotFound("No epoch of this number lost sealed lines.", where=f"epoch {epoch}")
    with transaction.atomic():
        if epoch in accepted_breaks():
            raise Conflict("This break was accepted before.", where=f"epoch {epoch}", todo="Look at the ledger.")
        return record_entry(
            Entry(
                thread_id=ids.new_id(),
                kind=ACCEPTED,
                subject="ledger",
                sentence=f"{{actor}} accepted that epoch {epoch} broke off sealed lines. Reason: {reason}",
                evidence={"epoch": epoch, "reason": reason},
            ),
            by=by,
        )
