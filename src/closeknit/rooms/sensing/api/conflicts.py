"""JSON operations of conflicts between feeds."""

from uuid import UUID

from ninja import Field, Router, Schema

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.apply_rule import apply_rule
from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict
from closeknit.rooms.sensing.contracts import ConflictCard, RuleChange

router = Router(tags=["sensing"])


class BothRight(Schema):
    """Why both feeds are right."""

    why: str = Field(max_length=500)


class FollowingFeed(Schema):
    """Which of a conflict's feeds follows the other one, and why."""

    feed: str = Field(max_length=80)
    seen_version: str = Field("", max_length=12, description="Its recipe's version that was looked at.")
    why: str = Field(max_length=500)


@router.get("/feed-conflicts", response=list[ConflictCard])
def list_conflicts(request: Request, feed: str = "", also_settled: bool = False):
    """Where feeds disagree on what a field is, the one due first on top."""
    return reads.list_conflicts(feed=feed, also_settled=also_settled, by=request.actor)


@router.get("/feed-conflicts/{conflict_id}", response=ConflictCard)
def get_conflict(request: Request, conflict_id: UUID):
    """One conflict."""
    return reads.get_conflict(conflict_id, by=request.actor)


@router.get("/feed-conflicts/{conflict_id}/rules", response=list[RuleChange])
def list_rules(request: Request, conflict_id: UUID):
    """What a rule would change in either recipe, so that its feed follows the other one."""
    return reads.list_rule_changes(conflict_id, by=request.actor)


@router.post("/feed-conflicts/{conflict_id}/rule", response=ConflictCard)
def apply(request: Request, conflict_id: UUID, wish: FollowingFeed):
    """Let one feed follow the other: the rule is saved in its recipe, by which its next load is read."""
    return apply_rule(
        conflict_id, wish.feed, seen_version=wish.seen_version, why=wish.why, by=request.actor, at=clock.now()
    )


@router.post("/feed-conflicts/{conflict_id}/both-right", response=ConflictCard)
def settle(request: Request, conflict_id: UUID, wish: BothRight):
    """Say that both feeds are right. A real conflict is ended by a rule in a recipe instead."""
    return settle_conflict(conflict_id, why=wish.why, by=request.actor, at=clock.now())
