"""JSON operations of the differences between sales and plans."""

from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.settle_difference import assign_difference, settle_difference
from closeknit.rooms.capacity.contracts import DifferenceCard, DifferenceState, Resolution

router = Router(tags=["capacity"])


@router.get("/pipeline-differences", response=list[DifferenceCard])
def list_differences(
    request: Request,
    operation: str = "",
    state: DifferenceState | None = None,
    limit: int = Query(100, ge=1, le=1000),
):
    """Weeks in which sales and the plan in force disagree. Totals over all accounts: none, for a reader of some."""
    return reads.list_differences(by=request.actor, at=clock.now(), operation=operation, state=state, limit=limit)


@router.get("/pipeline-differences/{difference_id}", response=DifferenceCard)
def get_difference(request: Request, difference_id: UUID):
    """One difference."""
    return reads.get_difference(difference_id, by=request.actor, at=clock.now())


class DifferenceOwnerBody(Schema):
    """Who answers for it, by user name."""

    to: str = Field("", max_length=150)


@router.post("/pipeline-differences/{difference_id}/assign", response=DifferenceCard)
def assign(request: Request, difference_id: UUID, owner: DifferenceOwnerBody):
    """Give a difference an owner, and tell that person."""
    now = clock.now()
    assign_difference(difference_id, to=owner.to, by=request.actor, at=now)
    return reads.get_difference(difference_id, by=request.actor, at=now)


class DifferenceAnswerBody(Schema):
    """What we do about it, and why."""

    resolution: Resolution
    text: str = Field("", max_length=2000)


@router.post("/pipeline-differences/{difference_id}/settle", response=DifferenceCard)
def settle(request: Request, difference_id: UUID, answer: DifferenceAnswerBody):
    """Settle a difference."""
    now = clock.now()
    settle_difference(difference_id, resolution=answer.resolution, text=answer.text, by=request.actor, at=now)
    return reads.get_difference(difference_id, by=request.actor, at=now)
