"""JSON operations of the forecast explorer."""

from uuid import UUID

from ninja import Router

from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import Branch, BranchCard

router = Router(tags=["demand"])


@router.get("/forecasts/{run_id}/branch", response=BranchCard)
def get_branch(
    request: Request, run_id: UUID, service: str = "", region: str = "", tier: str = "", account_number: str = ""
):
    """One part of a forecast: its weeks, its parts and why its numbers are what they are."""
    branch = Branch(service=service, region=region, tier=tier, account_number=account_number)
    return reads.get_branch(run_id, branch, by=request.actor)
