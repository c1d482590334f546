"""JSON operations of proposals."""

from uuid import UUID

from ninja import Query, Router, Schema

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalCard, ProposalState

router = Router(tags=["proposals"])


class Decision(Schema):
    """A person's answer to a proposal."""

    reason: str = ""


@router.get("/proposals", response=list[ProposalCard])
def list_proposals(request: Request, state: ProposalState | None = None, limit: int = Query(50, ge=1, le=500)):
    """Proposals, most urgent first."""
    return reads.list_proposals(by=request.actor, states=[state] if state else (), limit=limit)


@router.get("/proposals/{proposal_id}", response=ProposalCard)
def get_proposal(request: Request, proposal_id: UUID):
    """One proposal."""
    return reads.get_proposal(proposal_id, by=request.actor)


@router.post("/proposals/{proposal_id}/approve", response=ProposalCard)
def approve(request: Request, proposal_id: UUID, decision: Decision):
    """Approve what waits."""
    approve_proposal(proposal_id, reason=decision.reason, by=request.actor, at=clock.now())
    return reads.get_proposal(proposal_id, by=request.actor)


@router.post("/proposals/{proposal_id}/reject", response=ProposalCard)
def reject(request: Request, proposal_id: UUID, decision: Decision):
    """Reject what waits, with a reason."""
    reject_proposal(proposal_id, reason=decision.reason, by=request.actor, at=clock.now())
    return reads.get_proposal(proposal_id, by=request.actor)
