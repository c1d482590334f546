"""JSON operations of accounts."""

from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
from closeknit.rooms.customers.contracts import AccountCard, Tier

router = Router(tags=["customers"])


@router.get("/accounts", response=list[AccountCard])
def list_accounts(
    request: Request,
    search: str = "",
    tier: str = "",
    team: str = "",
    sort: str = "number",
    after: str = "",
    limit: int = Query(100, ge=1, le=1000),
):
    """Accounts by number, name, tier, region or since (with "-" before it backwards), after one for paging."""
    return reads.list_accounts(
        by=request.actor, search=search, tier=tier, team=team, sort=sort, after=after, limit=limit
    )


@router.get("/accounts/{path:account_number}", response=AccountCard)
def get_account(request: Request, account_number: str):
    """One account. Numbers may hold any character: quote them in the path."""
    return reads.get_account(account_number, by=request.actor)


class TierChange(Schema):
    """Another tier for an account, and why."""

    account_number: str = Field(..., max_length=400)
    tier: Tier
    reason: str = Field("", max_length=2000)


class TierProposal(Schema):
    """The proposal that was made of it: policy may have settled it already."""

    proposal_id: UUID


@router.post("/tier-changes", response={201: TierProposal})
def propose_tier(request: Request, change: TierChange):
    """Propose another tier for an account. Nothing changes before it is approved."""
    proposal_id = propose_tier_change(
        change.account_number, change.tier, reason=change.reason, by=request.actor, at=clock.now()
    )
    return Status(201, {"proposal_id": proposal_id})
