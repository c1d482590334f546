"""JSON operations of customers."""

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import AccountCard

router = Router(tags=["customers"])


@router.get("/accounts", response=list[AccountCard])
def list_accounts(
    request: Request,
    search: str = "",
    tier: str = "",
    team: str = "",
    after: str = "",
    limit: int = Query(100, ge=1, le=1000),
):
    """Accounts by number, after one for paging."""
    return reads.list_accounts(by=request.actor, search=search, tier=tier, team=team, after=after, limit=limit)


@router.get("/accounts/{path:account_number}", response=AccountCard)
def get_account(request: Request, account_number: str):
    """One account. Numbers may hold any character: quote them in the path."""
    return reads.get_account(account_number, by=request.actor)
