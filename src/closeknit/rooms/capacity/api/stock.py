"""JSON operations of stock."""

from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.capacity.actions.size_stock import size_stock
from closeknit.rooms.capacity.contracts.stock import AccountStock, StockItem, StockPlanCard
from closeknit.rooms.capacity.reads import stock

router = Router(tags=["capacity"])


class StockAsked(Schema):
    """The operation whose stock is to be sized."""

    operation: str = Field(max_length=80)


@router.get("/stock", response=list[StockPlanCard])
def list_stock_plans(request: Request, operation: str = ""):
    """The newest sizing of each operation's stock; nothing for who sees some accounts only."""
    return stock.list_stock_plans(by=request.actor, operation=operation)


@router.post("/stock", response=StockPlanCard)
def size(request: Request, asked: StockAsked):
    """Size an operation's stock from what is asked for, promised and counted now."""
    return stock.get_stock_plan(size_stock(asked.operation, by=request.actor, at=clock.now()), by=request.actor)


@router.get("/stock/{stock_plan_id}/items", response=list[StockItem])
def list_stock_items(
    request: Request,
    stock_plan_id: UUID,
    search: str = "",
    site: str = "",
    short_only: bool = False,
    limit: int = Query(200, ge=1, le=10_000),
):
    """Its items, those that lack the largest part of their need first."""
    return stock.list_stock_items(
        stock_plan_id, by=request.actor, search=search, site=site, short_only=short_only, limit=limit
    )


@router.get("/stock/account", response=list[AccountStock])
def account_stock(request: Request, account_number: str):
    """An account's part of the stock: what is kept there for it, site by site, and what that costs."""
    return stock.account_stock(account_number, by=request.actor)
