"""JSON operations of refused rows."""

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import QuarantinedCard

router = Router(tags=["sensing"])


@router.get("/feeds/{name}/quarantine", response=list[QuarantinedCard])
def list_quarantined(
    request: Request,
    name: str,
    before_id: int | None = Query(None, ge=1, le=2**63 - 1),
    limit: int = Query(100, ge=1, le=1000),
):
    """A feed's refused rows that still wait, newest first, each with its reason."""
    reads.get_feed(name, by=request.actor)
    return reads.list_quarantined(by=request.actor, feed=name, before_id=before_id, limit=limit)
