"""JSON operations of feeds, their loads, and operations."""

from ninja import Query, Router, Status

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.ingest_lines import ingest_body
from closeknit.rooms.sensing.actions.load_file import load_file
from closeknit.rooms.sensing.contracts import BatchCard, FeedCard, OperationSpan

router = Router(tags=["sensing"])


@router.get("/feeds", response=list[FeedCard])
def list_feeds(request: Request, search: str = Query("", max_length=200), sort: str = Query("feed", max_length=20)):
    """Feeds with their balances: read = accepted + quarantined + duplicate.

    Sorted by feed, title, read, accepted, quarantined, duplicate, newest or loaded ("-" before it backwards).
    """
    return reads.list_feeds(by=request.actor, search=search, sort=sort)


@router.get("/feeds/{name}", response=FeedCard)
def get_feed(request: Request, name: str):
    """One feed."""
    return reads.get_feed(name, by=request.actor)


@router.get("/feeds/{name}/batches", response=list[BatchCard])
def list_batches(
    request: Request,
    name: str,
    before_id: int | None = Query(None, ge=1, le=2**63 - 1),
    limit: int = Query(100, ge=1, le=1000),
):
    """A feed's loads, newest first."""
    reads.get_feed(name, by=request.actor)
    return reads.list_batches(by=request.actor, feed=name, before_id=before_id, limit=limit)


@router.post(
    "/feeds/{name}/batches",
    response={201: BatchCard},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            "description": "One strict JSON object a line: the source's columns, as the recipe names them.",
        }
    },
)
def load_batch(request: Request, name: str, stream: str):
    """Load rows through one stream of a feed. The body may be packed (`Content-Encoding: gzip`).

    Refused rows go to quarantine; the same rows again are duplicates.
    """
    encoding = request.headers.get("Content-Encoding", "")
    card = ingest_body(name, stream, request.body, encoding=encoding, by=request.actor, at=clock.now())
    return Status(201, card)


@router.post(
    "/feeds/{name}/files",
    response={201: BatchCard},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The file's bytes: CSV, lines of JSON (either packed with gzip or not), Excel or Parquet.",
        }
    },
)
def send_file(request: Request, name: str, file_name: str):
    """Load a file through a feed, whose recipe takes it by its name.

    Refused rows go to quarantine; the same file again adds nothing.
    """
    return Status(201, load_file(name, file_name, request.body, by=request.actor, at=clock.now()))


@router.get("/operations", response=list[OperationSpan])
def list_operations(request: Request):
    """Operations with observed work: span, size, zone and content digest."""
    return reads.list_operations(by=request.actor)
