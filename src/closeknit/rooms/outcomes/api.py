"""JSON operations of outcomes."""

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.outcomes import reads
from closeknit.rooms.outcomes.contracts import BoardRow, NotInForce

router = Router(tags=["outcomes"])


@router.get("/board", response=list[BoardRow])
def list_board(
    request: Request,
    search: str = "",
    tier: str = "",
    only_short: bool = False,
    sort: str = "short",
    offset: int = Query(0, ge=0, le=10_000_000),
    limit: int = Query(200, ge=1, le=1000),
):
    """One row per account in the actor's scope."""
    return reads.list_board(
        by=request.actor, search=search, tier=tier, only_short=only_short, sort=sort, offset=offset, limit=limit
    )


@router.get("/board/not-in-force", response=list[NotInForce])
def list_not_in_force(request: Request):
    """Operations whose hours the board does not count, as no plan of theirs is in force, each with its newest draft."""
    return reads.list_not_in_force(by=request.actor)
