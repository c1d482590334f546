"""JSON operations of assumptions and the scenarios that try them."""

from datetime import date
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.record_assumption import record_assumption
from closeknit.rooms.demand.actions.request_scenario import request_scenario
from closeknit.rooms.demand.actions.withdraw_assumption import withdraw_assumption
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustmentKind,
    AssumptionCard,
    AssumptionState,
    WantedAssumption,
)

router = Router(tags=["assumptions"])


class NewAssumption(Schema):
    """What to take for granted of a place ("" is any) in a scenario, on days from_on until before to_on."""

    operation: str = Field(..., max_length=80)
    scenario: str = Field(..., max_length=80)
    statement: str = Field(..., max_length=2000)
    service: str = Field("", max_length=200)
    region: str = Field("", max_length=200)
    work_class: str = Field("", max_length=200)
    tier: str = Field("", max_length=200)
    account_number: str = Field("", max_length=200)
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date
    is_peak: bool = False


class AssumptionEnd(Schema):
    """Why an assumption is taken back."""

    reason: str = Field("", max_length=2000)


class NewScenario(Schema):
    """A forecast to make under the open assumptions of a scenario."""

    operation: str = Field(..., max_length=80)
    scenario: str = Field(..., max_length=80)
    weeks: int = Field(8, ge=1, le=26)


class ScenarioAsked(Schema):
    """The thread in which a scenario's run is made."""

    thread_id: UUID


@router.get("/assumptions", response=list[AssumptionCard])
def list_assumptions(
    request: Request,
    operation: str = "",
    scenario: str = "",
    state: AssumptionState | None = None,
    account_number: str = "",
    limit: int = Query(200, ge=1, le=1000),
):
    """Assumptions, newest first."""
    which: dict[str, Any] = {"operation": operation, "scenario": scenario, "state": state}
    return reads.list_assumptions(by=request.actor, account_number=account_number, limit=limit, **which)


@router.post("/assumptions", response={201: AssumptionCard})
def record(request: Request, wanted: NewAssumption):
    """Record an assumption."""
    place = AdjustedPlace(wanted.service, wanted.region, wanted.work_class, wanted.tier, wanted.account_number)
    asked = WantedAssumption(
        operation=wanted.operation,
        scenario=wanted.scenario,
        statement=wanted.statement,
        place=place,
        kind=wanted.kind,
        size=wanted.size,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        is_peak=wanted.is_peak,
    )
    made = record_assumption(asked, by=request.actor, at=clock.now())
    return Status(201, reads.get_assumption(made, by=request.actor))


@router.get("/assumptions/{assumption_id}", response=AssumptionCard)
def get_assumption(request: Request, assumption_id: UUID):
    """One assumption, with what came of it."""
    return reads.get_assumption(assumption_id, by=request.actor)


@router.post("/assumptions/{assumption_id}/withdraw", response=AssumptionCard)
def withdraw(request: Request, assumption_id: UUID, end: AssumptionEnd):
    """Take an assumption back."""
    withdraw_assumption(assumption_id, reason=end.reason, by=request.actor, at=clock.now())
    return reads.get_assumption(assumption_id, by=request.actor)


@router.post("/scenarios", response={202: ScenarioAsked})
def ask_scenario(request: Request, wanted: NewScenario):
    """Ask what a forecast would say under a scenario's assumptions; a job makes the run."""
    thread_id = request_scenario(wanted.operation, wanted.scenario, weeks=wanted.weeks, by=request.actor)
    return Status(202, {"thread_id": thread_id})
