"""JSON operations of overrides: what they would do, what they did, and what they were worth."""

from datetime import date
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.override_forecast import override_forecast
from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustmentKind,
    AppliedAdjustment,
    OverrideCard,
    OverridePreview,
    OverrideReason,
    OverrideState,
    ValueRow,
    WantedOverride,
)

router = Router(tags=["overrides"])


class OverrideSize(Schema):
    """What to change: a place ("" is any), its size as `kind` says, and the days from_on until before to_on."""

    service: str = Field("", max_length=200)
    region: str = Field("", max_length=200)
    work_class: str = Field("", max_length=200)
    tier: str = Field("", max_length=200)
    account_number: str = Field("", max_length=200)
    kind: AdjustmentKind
    size: float
    from_on: date
    to_on: date

    def place(self) -> AdjustedPlace:
        """Return the place."""
        return AdjustedPlace(self.service, self.region, self.work_class, self.tier, self.account_number)


class NewOverride(OverrideSize):
    """An override to make. `replan` off: no new forecast and plan are asked for."""

    operation: str = Field(..., max_length=80)
    expires_on: date
    reason_kind: OverrideReason
    reason: str = Field(..., max_length=2000)
    source: str = Field("", max_length=120)
    replan: bool = True


class OverrideEnd(Schema):
    """Why an override is taken back."""

    reason: str = Field("", max_length=2000)
    replan: bool = True


@router.get("/forecasts/{run_id}/override-preview", response=OverridePreview)
def preview(request: Request, run_id: UUID, wanted: Query[OverrideSize]):
    """What an override would do to the weeks of its place in this run. Nothing is written."""
    run = reads.get_run(run_id, by=request.actor)
    asked = WantedOverride(
        operation=run.operation,
        place=wanted.place(),
        kind=wanted.kind,
        size=wanted.size,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        expires_on=wanted.to_on,
        reason_kind=OverrideReason.OTHER,
        reason="",
    )
    return reads.preview_override(asked, run_id=run_id, by=request.actor, at=clock.now())


@router.get("/forecasts/{run_id}/adjustments", response=list[AppliedAdjustment])
def list_applied(request: Request, run_id: UUID):
    """What people, insights, the pipeline or assumptions changed in this run."""
    return reads.list_applied_adjustments(run_id, by=request.actor)


@router.get("/overrides", response=list[OverrideCard])
def list_overrides(
    request: Request,
    operation: str = "",
    state: OverrideState | None = None,
    account_number: str = "",
    author: str = "",
    limit: int = Query(200, ge=1, le=1000),
):
    """Overrides, newest first."""
    which: dict[str, Any] = {"operation": operation, "state": state, "account_number": account_number, "author": author}
    return reads.list_overrides(by=request.actor, limit=limit, **which)


@router.post("/overrides", response={201: OverrideCard})
def make_override(request: Request, wanted: NewOverride):
    """Change the forecasts of a place from the next run on."""
    asked = WantedOverride(
        operation=wanted.operation,
        place=wanted.place(),
        kind=wanted.kind,
        size=wanted.size,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        expires_on=wanted.expires_on,
        reason_kind=wanted.reason_kind,
        reason=wanted.reason,
        source=wanted.source,
    )
    made = override_forecast(asked, replan=wanted.replan, by=request.actor, at=clock.now())
    return Status(201, reads.get_override(made, by=request.actor))


@router.get("/overrides/{override_id}", response=OverrideCard)
def get_override(request: Request, override_id: UUID):
    """One override."""
    return reads.get_override(override_id, by=request.actor)


@router.post("/overrides/{override_id}/withdraw", response=OverrideCard)
def withdraw(request: Request, override_id: UUID, end: OverrideEnd):
    """Take an override back."""
    withdraw_override(override_id, reason=end.reason, replan=end.replan, by=request.actor, at=clock.now())
    return reads.get_override(override_id, by=request.actor)


@router.get("/override-value", response=list[ValueRow])
def list_value(request: Request, group: str = "cell", operation: str = ""):
    """What overriding was worth, by author, reason, direction, service, region, tier, account or cell (the policy)."""
    return reads.list_override_value(by=request.actor, group=group, operation=operation)
