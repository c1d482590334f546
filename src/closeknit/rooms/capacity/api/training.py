"""JSON operations of training."""

from uuid import UUID

from ninja import Query, Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts.training import MOST_BUDGET_HOURS, TrainingAsked, TrainingCase

router = Router(tags=["capacity"])


@router.get("/training", response=TrainingCase)
def get_case(
    request: Request,
    operation: str = "",
    plan_id: UUID | None = None,
    budget_hours: float | None = Query(None, ge=0, le=MOST_BUDGET_HOURS),
    uses_skills_held: bool = True,
):
    """Who should learn what for the most service per hour of training, held against a plan. For who sees all."""
    asked = TrainingAsked(budget_hours, uses_skills_held)
    return reads.get_training_case(asked, operation=operation, plan_id=plan_id, by=request.actor, at=clock.now())
