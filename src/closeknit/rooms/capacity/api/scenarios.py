"""JSON operations of scenarios."""

from typing import Annotated
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.save_scenario import save_scenario
from closeknit.rooms.capacity.contracts import PlanChanges, ScenarioCard, ScenarioComparison, StressPreset

router = Router(tags=["capacity"])


class PlanScenarioAsked(Schema):
    """A name, changes or a preset, and the plan: by its id, else the operation's plan in force."""

    name: str = Field(max_length=120)
    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    preset: StressPreset | None = None
    changes: PlanChanges = Field(default_factory=PlanChanges)


@router.get("/plan-scenarios", response=list[ScenarioCard])
def list_scenarios(
    request: Request, plan_id: UUID | None = None, operation: str = "", limit: int = Query(50, ge=1, le=500)
):
    """Scenarios, newest first. Totals over all accounts: none, for a reader of some."""
    return reads.list_scenarios(by=request.actor, plan_id=plan_id, operation=operation, limit=limit)


@router.post("/plan-scenarios", response=ScenarioCard)
def save(request: Request, asked: PlanScenarioAsked):
    """Compute a plan with changes, simulate it, and keep what it came to. It changes nothing that is planned."""
    scenario_id = save_scenario(
        asked.name,
        asked.changes,
        preset=asked.preset,
        operation=asked.operation,
        plan_id=asked.plan_id,
        by=request.actor,
        at=clock.now(),
    )
    return reads.get_scenario(scenario_id, by=request.actor)


@router.get("/plan-scenarios/compare", response=ScenarioComparison)
def compare(request: Request, scenario: Annotated[list[UUID], Query()]):
    """Up to four scenarios of one plan, beside the plan as it is."""
    return reads.compare_scenarios(scenario, by=request.actor)


@router.get("/plan-scenarios/{scenario_id}", response=ScenarioCard)
def get_scenario(request: Request, scenario_id: UUID):
    """One scenario."""
    return reads.get_scenario(scenario_id, by=request.actor)
