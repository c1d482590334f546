"""JSON operations of expectations."""

from ninja import Query, Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.contracts import Expectations
from closeknit.rooms.agreements.contracts.expectations import SEEN_DAYS

router = Router(tags=["agreements"])


@router.get("/expectations", response=Expectations)
def get_expectations(
    request: Request,
    account_number: str = Query("", max_length=400),
    tier: str = Query("", max_length=12),
    kind: str = Query("", max_length=80),
    wanted_score: float | None = None,
    days: int = SEEN_DAYS,
):
    """Up to which time customers stay satisfied, by answers to surveys, beside the time promised."""
    return reads.get_expectations(
        by=request.actor,
        at=clock.now(),
        account_number=account_number,
        tier=tier,
        kind=kind,
        wanted_score=wanted_score,
        days=days,
    )
