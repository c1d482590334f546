"""JSON operations of agreements."""

from datetime import date

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.contracts import Term

router = Router(tags=["agreements"])


@router.get("/terms", response=list[Term])
def list_terms(
    request: Request,
    operation: str = "",
    account_number: str = "",
    on: date | None = None,
    after: str = "",
    limit: int = Query(1000, ge=1, le=10_000),
):
    """Terms by number and start; with an account number, its own and those of its tier."""
    return reads.list_terms(
        by=request.actor, operation=operation, account_number=account_number, on=on, after=after, limit=limit
    )
