"""JSON operations of notices, how they are wanted, and webhook endpoints."""

from datetime import time
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import manage_endpoints
from closeknit.rooms.decisions.actions.choose_notice_preferences import choose_notice_preferences
from closeknit.rooms.decisions.actions.read_notices import read_all_notices, read_notice
from closeknit.rooms.decisions.actions.send_dispatches import replay_dispatch
from closeknit.rooms.decisions.api.reason import Reason
from closeknit.rooms.decisions.contracts import (
    DigestRhythm,
    DispatchCard,
    DispatchState,
    EndpointCard,
    IssuedSecret,
    NoticeCard,
    NoticePreferences,
    Wanted,
)

router = Router(tags=["notices"])
webhooks = Router(tags=["webhooks"])


class ReadUntil(Schema):
    """Up to which instant notices were seen."""

    until_at: AwareDatetime


class ReadCount(Schema):
    """How many notices were marked as read."""

    read: int


class Preferences(Schema):
    """How a person wants notices."""

    mail_address: str = Field("", max_length=254)
    mail: Wanted = Wanted.URGENT
    webhook: Wanted = Wanted.NONE
    digest: DigestRhythm = DigestRhythm.HOURLY
    digest_hour: int = Field(7, ge=0, le=23)
    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = Field("UTC", max_length=60)


class NewEndpoint(Schema):
    """A webhook endpoint to create."""

    name: str = Field(..., max_length=80)
    url: str = Field(..., max_length=500)


class Address(Schema):
    """Another address for an endpoint."""

    url: str = Field(..., max_length=500)


@router.get("/notices", response=list[NoticeCard])
def list_notices(
    request: Request,
    unread: bool = False,
    before_at: AwareDatetime | None = None,
    limit: int = Query(100, ge=1, le=500),
):
    """My own notices, latest first; `before_at` pages on."""
    return reads.list_notices(by=request.actor, only_unread=unread, before_at=before_at, limit=limit)


@router.post("/notices/read-all", response=ReadCount)
def read_all(request: Request, until: ReadUntil):
    """Mark as read what I was told until an instant."""
    return {"read": read_all_notices(until_at=until.until_at, by=request.actor, at=clock.now())}


@router.get("/notices/preferences", response=NoticePreferences)
def get_preferences(request: Request):
    """How I want to be told."""
    return reads.get_notice_preferences(by=request.actor)


@router.post("/notices/preferences", response=NoticePreferences)
def save_preferences(request: Request, preferences: Preferences):
    """Keep how I want to be told."""
    choose_notice_preferences(NoticePreferences(**preferences.dict()), by=request.actor)
    return reads.get_notice_preferences(by=request.actor)


@router.post("/notices/{notice_id}/read", response=NoticeCard)
def read_one(request: Request, notice_id: UUID):
    """Mark one of my notices as read."""
    read_notice(notice_id, by=request.actor, at=clock.now())
    return reads.get_notice(notice_id, by=request.actor)


@webhooks.get("/webhooks", response=list[EndpointCard])
def list_endpoints(request: Request):
    """Webhook endpoints."""
    return reads.list_endpoints(by=request.actor)


@webhooks.post("/webhooks", response={201: IssuedSecret})
def create_endpoint(request: Request, endpoint: NewEndpoint):
    """Create an endpoint; its signing secret is in this answer and nowhere else."""
    return Status(
        201, manage_endpoints.create_endpoint(name=endpoint.name, url=endpoint.url, by=request.actor, at=clock.now())
    )


@webhooks.get("/webhooks/messages", response=list[DispatchCard])
def list_dispatches(
    request: Request,
    endpoint_id: UUID | None = None,
    state: DispatchState | None = None,
    limit: int = Query(100, ge=1, le=500),
):
    """Messages that left by webhook or mail, or should have, latest first."""
    return reads.list_dispatches(by=request.actor, endpoint_id=endpoint_id, state=state, limit=limit)


@webhooks.post("/webhooks/messages/{dispatch_id}/replay", response=DispatchCard)
def replay(request: Request, dispatch_id: UUID):
    """Owe a dead message again, under its old id."""
    replay_dispatch(dispatch_id, by=request.actor)
    return reads.get_dispatch(dispatch_id, by=request.actor)


@webhooks.get("/webhooks/{endpoint_id}", response=EndpointCard)
def get_endpoint(request: Request, endpoint_id: UUID):
    """One webhook endpoint."""
    return reads.get_endpoint(endpoint_id, by=request.actor)


@webhooks.post("/webhooks/{endpoint_id}/change", response=EndpointCard)
def change_endpoint(request: Request, endpoint_id: UUID, address: Address):
    """Send to another address from now on."""
    manage_endpoints.change_endpoint(endpoint_id, url=address.url, by=request.actor)
    return reads.get_endpoint(endpoint_id, by=request.actor)


@webhooks.post("/webhooks/{endpoint_id}/test", response=DispatchCard)
def try_endpoint(request: Request, endpoint_id: UUID):
    """Send a signed test message, once and now."""
    return manage_endpoints.try_endpoint(endpoint_id, by=request.actor, at=clock.now())


@webhooks.post("/webhooks/{endpoint_id}/disable", response=EndpointCard)
def disable_endpoint(request: Request, endpoint_id: UUID, why: Reason):
    """Send nothing there any more."""
    manage_endpoints.disable_endpoint(endpoint_id, reason=why.reason, by=request.actor, at=clock.now())
    return reads.get_endpoint(endpoint_id, by=request.actor)


@webhooks.post("/webhooks/{endpoint_id}/enable", response=EndpointCard)
def enable_endpoint(request: Request, endpoint_id: UUID):
    """Send there again."""
    manage_endpoints.enable_endpoint(endpoint_id, by=request.actor)
    return reads.get_endpoint(endpoint_id, by=request.actor)


router.add_router("", webhooks)
