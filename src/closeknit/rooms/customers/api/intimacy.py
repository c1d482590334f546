"""JSON operations of how well accounts are known."""

from datetime import datetime
from decimal import Decimal

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.refresh_intimacy import adopt_intimacy_criteria
from closeknit.rooms.customers.contracts.intimacy import IntimacyCard, IntimacyCriteria, IntimacyRow

router = Router(tags=["customers"])


class NewIntimacyCriteria(Schema):
    """Criteria of intimacy as YAML, and why they change."""

    text: str = Field(max_length=200_000)
    reason: str = Field(max_length=2000)


@router.get("/intimacy", response=list[IntimacyRow])
def list_intimacy(
    request: Request,
    after_points: float | None = Query(None, ge=0, le=100),
    after_account: str = Query("", max_length=400),
    limit: int = Query(100, ge=1, le=1000),
):
    """How well accounts were known when it was kept last, least known first."""
    after = None if after_points is None else (Decimal(str(after_points)), after_account)
    return reads.list_intimacy(by=request.actor, at=clock.now(), after=after, limit=limit)


@router.get("/intimacy/criteria", response=IntimacyCriteria)
def get_criteria(request: Request):
    """What knowing an account means, per domain, as in force now."""
    return reads.get_intimacy_criteria(by=request.actor, at=clock.now())


@router.post("/intimacy/criteria", response={201: IntimacyCriteria})
def adopt_criteria(request: Request, payload: NewIntimacyCriteria):
    """Put other criteria in force from now on."""
    adopt_intimacy_criteria(payload.text, reason=payload.reason, by=request.actor, at=clock.now())
    return Status(201, reads.get_intimacy_criteria(by=request.actor, at=clock.now()))


@router.get("/intimacy/accounts/{path:account_number}", response=IntimacyCard)
def get_intimacy(request: Request, account_number: str, at: datetime | None = None):
    """How well one account is known, or was at an instant, term by term, with what is missing."""
    moment = clock.now() if at is None else clock.check(at, where="at")
    return reads.get_intimacy(account_number, by=request.actor, at=moment)
