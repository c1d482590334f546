"""JSON operations of the decision table."""

from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.adopt_policy import adopt_policy
from closeknit.rooms.decisions.contracts import PolicyCard, PolicyVersion

router = Router(tags=["policy"])


class TableText(Schema):
    """A decision table in YAML."""

    text: str = Field(..., max_length=100_000)


class Adoption(TableText):
    """A decision table to put in force, and why."""

    reason: str = Field("", max_length=2000)


class Adopted(Schema):
    """Where the adoption stands in the ledger."""

    version: str
    thread_id: UUID


@router.get("/policy", response=PolicyCard)
def get_policy(request: Request, version: str = ""):
    """The decision table in force, or that of a version."""
    return reads.get_policy(version, by=request.actor)


@router.get("/policy/versions", response=list[PolicyVersion])
def list_versions(request: Request):
    """Every decision table that was adopted or used, newest first."""
    return reads.list_policy_versions(by=request.actor)


@router.post("/policy/check", response=PolicyCard)
def check_policy(request: Request, table: TableText):
    """What a decision table says, if every case has exactly one row. Changes nothing."""
    return reads.check_policy(table.text, by=request.actor)


@router.post("/policy", response={201: Adopted})
def adopt(request: Request, table: Adoption):
    """Put a decision table in force."""
    thread_id = adopt_policy(table.text, reason=table.reason, by=request.actor, at=clock.now())
    return Status(201, {"version": reads.get_policy(by=request.actor).version, "thread_id": thread_id})
