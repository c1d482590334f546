"""Take back a proposal: its proposer does, or something newer has overtaken it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.propose_change import PERMISSION_OF
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import DecisionWithdrawn, Entry
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.decisions.reads.deciders import proposers_of
from closeknit.rooms.decisions.reads.proposals import visible_proposals
from closeknit.rooms.org.contracts import Permission


def withdraw_proposal(subject: str, *, reason: str, by: Actor, at: datetime) -> bool:
    """Take back what waits about a subject; return whether anything did. What is decided stays decided.

    For actions that overtake their own proposals: needs the right to propose the like.
    """
    _require_some(by)
    with transaction.atomic():
        rows = Proposal.objects.select_for_update().filter(subject=subject, state=Proposal.State.WAITING)
        proposal = rows.first()
        if proposal is None:
            return False
        by.require(PERMISSION_OF.get(proposal.kind, Permission.PROPOSE))
        _withdraw(proposal, reason, by, at)
    return True


def withdraw_own_proposal(proposal_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Take back one's own proposal, or one that was made for oneself. Refuses what is decided."""
    _require_some(by)
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
        if proposal is None or not visible_proposals(by).filter(pk=proposal_id).exists():
            raise NotFound("There is no such proposal.", where=str(proposal_id))
        if by.key not in proposers_of(proposal):
            raise Denied(
                "Only who proposed a change takes it back.", where=str(proposal_id), todo="Reject it, or ask them."
            )
        if proposal.state != Proposal.State.WAITING:
            raise Conflict(f"This was already {proposal.state}.", where=str(proposal_id), todo="Look at its thread.")
        _withdraw(proposal, reason.strip(), by, at)


def _require_some(by: Actor) -> None:
    """Refuse who could have proposed nothing, before anything is looked up."""
    if not any(by.may(permission) for permission in PERMISSION_OF.values()):
        by.require(Permission.PROPOSE)


def _withdraw(proposal: Proposal, reason: str, by: Actor, at: datetime) -> None:
    proposal.state, proposal.reason, proposal.decided_at = Proposal.State.WITHDRAWN, reason, at
    proposal.decided_by_key, proposal.decided_by_name = by.key, by.name
    proposal.save(update_fields=["state", "reason", "decided_at", "decided_by_key", "decided_by_name"])
    entry = Entry(
        thread_id=proposal.thread_id,
        kind=f"{proposal.kind}.withdrawn",
        subject=proposal.subject,
        sentence=f"Withdrawn: {proposal.title}. {reason}".strip(),
        account_number=proposal.account_number,
        evidence={"proposal_id": proposal.pk, "reason": reason},
    )
    record_entry(entry, by=by)
    for cause in (f"proposal:{proposal.pk}", f"deadlock:{proposal.pk}"):
        close_escalation(cause=cause, reason="It was withdrawn.", by=by, at=at)
    publish(DecisionWithdrawn(proposal.thread_id, proposal.pk, proposal.kind, proposal.subject), by=by)
