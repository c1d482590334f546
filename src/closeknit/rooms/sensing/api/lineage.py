"""JSON operations of lineage, in our own words and as OpenLineage."""

from typing import Any
from uuid import UUID

from ninja import Query, Router

from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import LineageBack, LineageForward
from closeknit.rooms.sensing.mapping.open_lineage import events_of

router = Router(tags=["lineage"])
LARGEST = 2**63 - 1


@router.get("/lineage/rows", response=LineageForward)
def forward(
    request: Request,
    feed: str,
    batch_id: int = Query(..., ge=1, le=LARGEST),
    line: int = Query(..., ge=0, le=LARGEST),
    file_number: int = Query(0, ge=0, le=32767),
):
    """What one row touched: its load, all forecasts, plans and values made of it, and the ledger's lines about them."""
    return reads.trace_forward(feed, batch_id, line, file_number=file_number, by=request.actor)


@router.get("/lineage/{kind}/{node_id}", response=LineageBack)
def back(
    request: Request,
    kind: str,
    node_id: UUID,
    service: str | None = None,
    region: str | None = None,
    account_number: str | None = None,
    limit: int = Query(100, ge=1, le=10_000),
):
    """What a forecast, a plan or a week of values was made of, down to loads, recipe versions and rows."""
    return reads.trace_back(
        kind, node_id, service=service, region=region, account_number=account_number, limit=limit, by=request.actor
    )


@router.get("/lineage/{kind}/{node_id}/openlineage", response=list[dict[str, Any]])
def open_lineage(request: Request, kind: str, node_id: UUID):
    """The same as OpenLineage run events, oldest first, for other catalogues to collect."""
    found = reads.trace_back(kind, node_id, limit=1, by=request.actor)
    return events_of(found, reads.get_recipe_texts(found.batches, by=request.actor))
