"""JSON operations of proposals and of the inbox."""

from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.actions.withdraw_proposal import withdraw_own_proposal
from closeknit.rooms.decisions.contracts import Inbox, InboxKind, ProposalCard, ProposalDetail, ProposalState

router = Router(tags=["proposals"])


class Decision(Schema):
    """A person's answer to a proposal."""

    reason: str = Field("", max_length=2000)


@router.get("/inbox", response=Inbox)
def get_inbox(request: Request, kind: InboxKind | None = None, limit: int = Query(200, ge=1, le=500)):
    """What waits for the caller, by consequence."""
    return reads.get_inbox(by=request.actor, at=clock.now(), kind=kind, limit=limit)


@router.get("/proposals", response=list[ProposalCard])
def list_proposals(
    request: Request,
    state: ProposalState | None = None,
    kind: str = "",
    account_number: str = "",
    limit: int = Query(50, ge=1, le=500),
):
    """Proposals, most urgent first."""
    states = [state] if state else ()
    return reads.list_proposals(by=request.actor, states=states, kind=kind, account_number=account_number, limit=limit)


@router.get("/proposals/{proposal_id}", response=ProposalCard)
def get_proposal(request: Request, proposal_id: UUID):
    """One proposal."""
    return reads.get_proposal(proposal_id, by=request.actor)


@router.get("/proposals/{proposal_id}/detail", response=ProposalDetail)
def get_proposal_detail(request: Request, proposal_id: UUID):
    """One proposal with before and after, who gains and loses, who answered, and who may."""
    return reads.get_proposal_detail(proposal_id, by=request.actor, at=clock.now())


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


@router.post("/proposals/{proposal_id}/withdraw", response=ProposalCard)
def withdraw(request: Request, proposal_id: UUID, decision: Decision):
    """Take back a proposal of one's own."""
    withdraw_own_proposal(proposal_id, reason=decision.reason, by=request.actor, at=clock.now())
    return reads.get_proposal(proposal_id, by=request.actor)
