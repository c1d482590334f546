"""JSON operations of sharing forecasts with partners."""

from datetime import date
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.agree_sharing import agree_sharing
from closeknit.rooms.demand.actions.end_sharing import end_sharing
from closeknit.rooms.demand.actions.export_shared_forecast import export_shared_forecast
from closeknit.rooms.demand.contracts import (
    SharedDetail,
    SharedField,
    SharedForecast,
    SharePeriod,
    SharingAccess,
    SharingCard,
    WantedSharing,
)

router = Router(tags=["demand"])


class SharingAgreed(Schema):
    """What a partner is to get, for what, and from which day until (not including) which."""

    partner: str = Field(max_length=200)
    operation: str = Field(max_length=80)
    purpose: str = Field(max_length=2000)
    detail: SharedDetail = SharedDetail.SERVICE_AND_REGION
    period: SharePeriod = SharePeriod.WEEK
    fields: list[SharedField] = Field(default=[SharedField.MEAN])
    from_on: date
    until_on: date
    least_accounts: int = Field(5, ge=1, le=1000)


class SharingEnded(Schema):
    """Why it ends."""

    reason: str = Field(max_length=2000)


@router.get("/forecast-sharing", response=list[SharingCard])
def list_sharing(request: Request, operation: str = ""):
    """Agreements to share forecasts, latest first."""
    return reads.list_sharing(operation=operation, by=request.actor)


@router.post("/forecast-sharing", response={201: SharingCard})
def agree(request: Request, wanted: SharingAgreed):
    """Agree to share a forecast with a partner."""
    given = wanted.dict() | {"fields": tuple(wanted.fields)}
    agreement_id = agree_sharing(WantedSharing(**given), by=request.actor, at=clock.now())
    return Status(201, reads.get_sharing(agreement_id, by=request.actor))


@router.get("/forecast-sharing/accesses", response=list[SharingAccess])
def list_accesses(request: Request, agreement_id: UUID | None = None, limit: int = Query(200, ge=1, le=5000)):
    """The access log: every time that numbers left the house, latest first."""
    return reads.list_sharing_accesses(agreement_id=agreement_id, by=request.actor, limit=limit)


@router.post("/forecast-sharing/{agreement_id}/end", response=SharingCard)
def end(request: Request, agreement_id: UUID, given: SharingEnded):
    """End an agreement: nothing more leaves under it."""
    end_sharing(agreement_id, reason=given.reason, by=request.actor, at=clock.now())
    return reads.get_sharing(agreement_id, by=request.actor)


@router.post("/forecast-sharing/{agreement_id}/export", response=SharedForecast)
def export(request: Request, agreement_id: UUID):
    """Take out what an agreement allows of the forecast in force; the log keeps it."""
    return export_shared_forecast(agreement_id, way="api", by=request.actor, at=clock.now())
