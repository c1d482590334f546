"""JSON operations of buffers."""

from uuid import UUID

from ninja import Query, Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts import AccountBuffers, BufferBook

router = Router(tags=["capacity"])


@router.get("/buffers", response=BufferBook)
def get_book(
    request: Request,
    operation: str = "",
    plan_id: UUID | None = None,
    with_expectations: bool = False,
    limit: int = Query(200, ge=1, le=10_000),
):
    """A plan's buffers: of each account in sight, and for who sees every account each pool's against its target.

    `with_expectations`: looser promises too that surveys say customers would be as satisfied with.
    """
    return reads.get_buffers(
        plan_id,
        operation=operation,
        with_expectations=with_expectations,
        by=request.actor,
        at=clock.now(),
        limit=limit,
    )


@router.get("/buffers/account", response=AccountBuffers)
def get_of_account(request: Request, account_number: str):
    """All buffers of one account in the plans in force, with what they cost."""
    return reads.account_buffers(account_number, by=request.actor, at=clock.now())
