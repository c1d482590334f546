"""JSON operations of adherence."""

import base64
from datetime import date

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.issue_evidence import issue_evidence as issuing
from closeknit.rooms.agreements.contracts import Adherence

router = Router(tags=["agreements"])


class EvidenceAsked(Schema):
    """An account and a period: from a day until before another, as the account's own time zone counts days."""

    account_number: str = Field(max_length=400)
    from_on: date
    until_on: date


class EvidenceIssued(Schema):
    """A pack as a zip file in base64. `digest` is that of its adherence.json, which ledger line `entry_id` holds."""

    name: str
    digest: str
    entry_id: int
    receipts: int
    unsealed: int
    content_base64: str


@router.get("/adherence", response=Adherence)
def get_adherence(
    request: Request,
    from_on: date,
    until_on: date,
    account_number: str = Query(..., max_length=400),
):
    """Whether promises to an account were kept in a period, clock by clock, with what bore on them."""
    return reads.get_adherence(account_number, from_on=from_on, until_on=until_on, by=request.actor, at=clock.now())


@router.post("/evidence-packs", response={201: EvidenceIssued})
def issue_evidence(request: Request, payload: EvidenceAsked):
    """Take the evidence of a period as a file that is checked without the product; the ledger keeps its digest."""
    made = issuing(**payload.dict(), by=request.actor, at=clock.now())
    return Status(
        201,
        {
            "name": made.name,
            "digest": made.digest,
            "entry_id": made.entry_id,
            "receipts": made.receipts,
            "unsealed": made.unsealed,
            "content_base64": base64.b64encode(made.content).decode(),
        },
    )
