"""Take back a proposal that something newer has overtaken."""

from datetime import datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.org.contracts import Permission


def withdraw_proposal(subject: str, *, reason: str, by: Actor, at: datetime) -> bool:
    """Take back what waits about a subject; return whether anything did. What is decided stays decided."""
    by.require(Permission.RUN_PLAN)
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().filter(subject=subject, state=Proposal.State.WAITING).first()
        if proposal is None:
            return False
        proposal.state, proposal.reason, proposal.decided_at = Proposal.State.WITHDRAWN, reason, at
        proposal.decided_by_key, proposal.decided_by_name = by.key, by.name
        proposal.save(update_fields=["state", "reason", "decided_at", "decided_by_key", "decided_by_name"])
        entry = Entry(
            thread_id=proposal.thread_id,
            kind=f"{proposal.kind}.withdrawn",
            subject=subject,
            sentence=f"Withdrawn: {proposal.title}. {reason}",
            evidence={"proposal_id": proposal.pk, "reason": reason},
        )
        record_entry(entry, by=by)
    return True
