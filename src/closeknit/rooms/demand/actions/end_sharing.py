"""End an agreement to share forecasts before its time: nothing more leaves under it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.models.sharing import SharingAgreement
from closeknit.rooms.org.contracts import Permission


def end_sharing(agreement_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """End it now. Refuses one that is not there, one ended already, and a missing reason."""
    by.require(Permission.SHARE_FORECAST)
    card = reads.get_sharing(agreement_id, by=by)
    if not reason.strip():
        raise Invalid("Why does it end?", where="reason", todo="Say it in a sentence.")
    name = by.name_for(Permission.SHARE_FORECAST)
    with transaction.atomic():
        ended = SharingAgreement.objects.filter(pk=agreement_id, ended_at=None).update(
            ended_at=at, ended_by_name=name, end_reason=reason.strip()
        )
        if not ended:
            raise Conflict("This agreement has ended already.", where=str(agreement_id))
        record_entry(
            Entry(
                thread_id=card.thread_id,
                kind="sharing.ended",
                subject=f"sharing:{agreement_id}",
                sentence=(
                    f"{{actor}}{by.behalf(Permission.SHARE_FORECAST)} ended the sharing of {card.operation} with "
                    f"{card.partner}. Because: {reason.strip()}"
                ),
                evidence={"agreement_id": agreement_id, "partner": card.partner, "reason": reason.strip()},
            ),
            by=by,
        )
