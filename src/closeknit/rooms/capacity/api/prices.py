"""JSON operations of prices and offers."""

from datetime import date
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.cost_offer import cost_offer
from closeknit.rooms.capacity.contracts import OfferAnswer, OfferAsked, PriceBook

router = Router(tags=["capacity"])


class OfferToCost(Schema):
    """An offer, and the plan to hold it against: by its id, else the operation's plan in force.

    `units`, or `work_per_week` with `within_minutes` and `target_share` (0..1).
    """

    operation: str = Field("", max_length=80)
    plan_id: UUID | None = None
    pool: str = Field(max_length=120)
    units: float | None = None
    work_per_week: float | None = None
    within_minutes: float | None = None
    target_share: float | None = None
    account_number: str = Field("", max_length=80)
    from_on: date | None = None
    weeks: int | None = None


@router.get("/prices", response=PriceBook)
def get_prices(request: Request, operation: str = "", plan_id: UUID | None = None, week_on: date | None = None):
    """A plan's prices by pool and week, and what to keep back for whom in one week."""
    return reads.get_prices(plan_id, operation=operation, week_on=week_on, by=request.actor, at=clock.now())


@router.post("/prices/offer", response=OfferAnswer)
def offer(request: Request, asked: OfferToCost):
    """What an offer of units held ready, or of a guaranteed response, takes and costs. Nothing is recorded."""
    told = OfferAsked(**asked.dict(exclude={"operation", "plan_id"}))
    return cost_offer(told, operation=asked.operation, plan_id=asked.plan_id, by=request.actor, at=clock.now())
