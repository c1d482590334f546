"""A person approves or rejects a proposal."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import DecisionApproved, DecisionRejected, Entry, ProposalState
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.org.contracts import Permission


def approve_proposal(proposal_id: UUID, *, reason: str = "", by: Actor, at: datetime) -> None:
    """Approve what waits. Refuses the proposer's own approval, and what is already decided."""
    _decide(proposal_id, ProposalState.APPROVED, reason, by, at)


def reject_proposal(proposal_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Reject what waits, with a reason. Refuses an empty reason, and what is already decided."""
    if not reason.strip():
        raise Invalid("A rejection needs a reason.", where="reason", todo="Say why, in a sentence.")
    _decide(proposal_id, ProposalState.REJECTED, reason, by, at)


def _decide(proposal_id: UUID, state: ProposalState, reason: str, by: Actor, at: datetime) -> None:
    by.require(Permission.DECIDE)
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
        if proposal is None:
            raise NotFound("There is no such proposal.", where=str(proposal_id))
        _check(proposal, by)
        proposal.state, proposal.reason, proposal.decided_at = state.value, reason, at
        proposal.decided_by_key, proposal.decided_by_name = by.key, by.name
        proposal.save(update_fields=["state", "reason", "decided_at", "decided_by_key", "decided_by_name"])
        record_entry(_entry(proposal, state, reason, by), by=by)
        event = DecisionApproved if state is ProposalState.APPROVED else DecisionRejected
        publish(event(proposal.thread_id, proposal.pk, proposal.kind, proposal.subject), by=by)


def _check(proposal: Proposal, by: Actor) -> None:
    if proposal.proposed_by_key == by.key:
        raise Denied(
            "Whoever proposes a change cannot also decide it.",
            where=str(proposal.pk),
            todo="Ask another person with the right to decide.",
        )
    if proposal.state != Proposal.State.WAITING:
        raise Conflict(
            f"This was already {proposal.state} by {proposal.decided_by_name}.",
            where=str(proposal.pk),
            todo="Look at its thread.",
        )


def _entry(proposal: Proposal, state: ProposalState, reason: str, by: Actor) -> Entry:
    because = f" Reason: {reason}" if reason else ""
    return Entry(
        thread_id=proposal.thread_id,
        kind=f"plan.{state.value}",
        subject=proposal.subject,
        sentence=f"{by.name} {state.value} {proposal.title}.{because}",
        evidence={"proposal_id": proposal.pk, "reason": reason, "automatic": False, "verdicts": proposal.verdicts},
    )
