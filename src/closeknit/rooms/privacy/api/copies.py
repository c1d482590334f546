"""The JSON operation of anonymised copies."""

from ninja import Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.privacy.actions.make_copy import draw_copy
from closeknit.rooms.privacy.contracts.copies import CopyReport

router = Router(tags=["privacy"])


class WantedCopy(Schema):
    """Which operation to copy."""

    operation: str = Field(..., max_length=80)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


class CopyFiles(Schema):
    """An anonymised copy: its report, and its files as text, by name."""

    report: CopyReport
    files: dict[str, str]


@router.post("/privacy/copies", response=CopyFiles)
def draw(request: Request, wanted: WantedCopy):
    """Draw an anonymised copy of an operation; refused where it would show somebody."""
    copy = draw_copy(wanted.operation, seed=wanted.seed, by=request.actor, at=clock.now())
    return {"report": copy.report, "files": {name: body.decode() for name, body in copy.files.items()}}
