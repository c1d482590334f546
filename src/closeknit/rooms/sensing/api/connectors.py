"""JSON operations of connectors, and the door that signed messages come in by."""

from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions import open_connector
from closeknit.rooms.sensing.actions.pull_rows import pull_rows
from closeknit.rooms.sensing.actions.receive_message import receive_hook
from closeknit.rooms.sensing.contracts import BatchCard, ConnectorCard, MessageReceipt, OpenedHook, PullPlan

router = Router(tags=["sensing"])


class NewHook(Schema):
    """A stream of a feed that others send to."""

    feed: str = Field(max_length=80)
    stream: str = Field(max_length=80)
    rows_at: str = Field("", max_length=200)


class NewPull(Schema):
    """A stream of a feed that a database is asked for."""

    feed: str = Field(max_length=80)
    stream: str = Field(max_length=80)
    source: str = Field(max_length=40)
    query: str = Field(max_length=20_000)
    watermark_column: str = Field(max_length=80)
    first_watermark: str = Field(max_length=80)
    overlap_seconds: int = Field(0, ge=0, le=30 * 24 * 3600)
    every_seconds: int = Field(900, ge=0, le=30 * 24 * 3600)


class NewSubject(Schema):
    """A stream of a feed that a broker hands on."""

    feed: str = Field(max_length=80)
    stream: str = Field(max_length=80)
    subject: str = Field(max_length=200)
    broker_stream: str = Field(max_length=80)
    rows_at: str = Field("", max_length=200)


class ConnectorClosing(Schema):
    """Why a connector is closed."""

    reason: str = Field(max_length=500)


@router.get("/connectors", response=list[ConnectorCard])
def list_connectors(request: Request, feed: str = Query("", max_length=80)):
    """Webhooks, pulls and broker subjects, and how each does."""
    return reads.list_connectors(feed=feed, by=request.actor)


@router.get("/connectors/{uuid:connector_id}", response=ConnectorCard)
def get_connector(request: Request, connector_id: UUID):
    """One connector."""
    return reads.get_connector(connector_id, by=request.actor)


@router.post("/connectors/hooks", response={201: OpenedHook})
def open_hook(request: Request, payload: NewHook):
    """Open a webhook into a stream; its signing secret is in this answer and nowhere else."""
    given = payload.dict()
    return Status(201, open_connector.open_hook(**given, by=request.actor, at=clock.now()))


@router.post("/connectors/pulls", response={201: ConnectorCard})
def open_pull(request: Request, payload: NewPull):
    """Ask a database for new rows from now on. Its address stands in the worker's environment, never here."""
    given = payload.dict()
    feed, stream = given.pop("feed"), given.pop("stream")
    card = open_connector.open_pull(feed, stream, PullPlan(**given), by=request.actor, at=clock.now())
    return Status(201, card)


@router.post("/connectors/subjects", response={201: ConnectorCard})
def open_subject(request: Request, payload: NewSubject):
    """Take what a broker hands on from a subject."""
    given = payload.dict()
    return Status(201, open_connector.open_subject(**given, by=request.actor, at=clock.now()))


@router.post("/connectors/{uuid:connector_id}/secret", response={201: OpenedHook})
def change_hook_secret(request: Request, connector_id: UUID):
    """Sign with a new secret from now on; the one before holds for seven days more."""
    return Status(201, open_connector.change_hook_secret(connector_id, by=request.actor, at=clock.now()))


@router.post("/connectors/{uuid:connector_id}/pull", response=list[BatchCard])
def pull_now(request: Request, connector_id: UUID):
    """Ask the database now."""
    return pull_rows(connector_id, by=request.actor, at=clock.now())


@router.post("/connectors/{uuid:connector_id}/close", response=ConnectorCard)
def close_connector(request: Request, connector_id: UUID, payload: ConnectorClosing):
    """Take nothing through this connector any more."""
    open_connector.close_connector(connector_id, reason=payload.reason, by=request.actor, at=clock.now())
    return reads.get_connector(connector_id, by=request.actor)


@router.post(
    "/hooks/{uuid:connector_id}",
    response={202: MessageReceipt},
    auth=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {}}, "application/x-ndjson": {"schema": {"type": "string"}}},
            "description": "An object, a list of objects, or one object a line; signed by the Standard Webhooks rules.",
        }
    },
)
def receive_message(request: Request, connector_id: UUID):
    """Take a signed message. 202: it is kept, now or since an earlier try, and becomes rows within a second."""
    return Status(202, receive_hook(connector_id, request.headers, request.body, at=clock.now()))
