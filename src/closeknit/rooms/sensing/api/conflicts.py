"""JSON operations of conflicts between feeds."""

from uuid import UUID

from ninja import Field, Router, Schema

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict
from closeknit.rooms.sensing.contracts import ConflictCard

router = Router(tags=["sensing"])


class BothRight(Schema):
    """Why both feeds are right."""

    why: str = Field(max_length=500)


@router.get("/feed-conflicts", response=list[ConflictCard])
def list_conflicts(request: Request, feed: str = "", also_settled: bool = False):
    """Where feeds disagree on what a field is, the one due first on top."""
    return reads.list_conflicts(feed=feed, also_settled=also_settled, by=request.actor)


@router.get("/feed-conflicts/{conflict_id}", response=ConflictCard)
def get_conflict(request: Request, conflict_id: UUID):
    """One conflict."""
    return reads.get_conflict(conflict_id, by=request.actor)


@router.post("/feed-conflicts/{conflict_id}/both-right", response=ConflictCard)
def settle(request: Request, conflict_id: UUID, wish: BothRight):
    """Say that both feeds are right. A real conflict is ended by a rule in a recipe instead."""
    return settle_conflict(conflict_id, why=wish.why, by=request.actor, at=clock.now())
