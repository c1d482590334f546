"""Stock sized: items over all accounts, and each account's part."""

from uuid import UUID

import msgspec
from django.db.models import F, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.contracts.stock import AccountStock, StockItem, StockPlanCard
from closeknit.rooms.capacity.models import StockItemRow, StockPartRow, StockPlan
from closeknit.rooms.customers.reads import get_account, names_of
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactKind

PERMISSION = Permission.READ_CAPACITY


def list_stock_plans(*, by: Actor, operation: str = "") -> list[StockPlanCard]:
    """Return the newest sizing of each operation, for who sees every account; nothing for others."""
    rows = _visible(by).order_by("operation", "-made_at", "-pk").distinct("operation")
    return [_card(row) for row in (rows.filter(operation=operation) if operation else rows)]


def get_stock_plan(stock_plan_id: UUID, *, by: Actor) -> StockPlanCard:
    """Return one sizing.

    Raises:
        NotFound: where there is none that the actor may see.
    """
    return _card(find_stock_row(stock_plan_id, by=by))


def list_stock_items(
    stock_plan_id: UUID, *, by: Actor, search: str = "", site: str = "", short_only: bool = False, limit: int = 200
) -> list[StockItem]:
    """Return the items of a sizing, those that lack the largest part of their need first.

    Raises:
        NotFound: where there is no such sizing that the actor may see.
    """
    plan = find_stock_row(stock_plan_id, by=by)
    rows = StockItemRow.objects.filter(stock_plan=plan)
    if search:
        rows = rows.filter(item__icontains=search)
    if site:
        rows = rows.filter(site=site)
    if short_only:
        rows = rows.filter(short_pieces__gt=0)
    lacks = F("short_pieces") / F("needed_pieces")
    found = rows.exclude(needed_pieces=0).order_by(lacks.desc(nulls_last=True), "item", "site")[:limit]
    items = [msgspec.convert(row.told, StockItem, strict=False) for row in found]
    return redact(items, by=by, account_of=None, seen_by=PERMISSION)


def list_stock_sites(stock_plan_id: UUID, *, by: Actor) -> list[str]:
    """Return the sites of a sizing.

    Raises:
        NotFound: where there is no such sizing that the actor may see.
    """
    plan = find_stock_row(stock_plan_id, by=by)
    return list(StockItemRow.objects.filter(stock_plan=plan).order_by("site").values_list("site", flat=True).distinct())


def account_stock(account_number: str, *, by: Actor) -> list[AccountStock]:
    """Return an account's part of the stock of the newest sizing of each operation, by site.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    by.require(PERMISSION)
    get_account(account_number, by=by)
    rows = StockPartRow.objects.filter(superseded_at=None, account_number__in=names_of(account_number, by=by))
    found = [msgspec.convert(row.told, AccountStock, strict=False) for row in rows.order_by("site", "currency", "pk")]
    return redact(found, by=by, seen_by=PERMISSION)


def is_stock_counted(*, by: Actor) -> bool:
    """Tell whether any feed states what is on hand."""
    return bool(sensing.list_facts(FactKind.STOCK, by=by))


def find_stock_row(stock_plan_id: UUID, *, by: Actor) -> StockPlan:
    """Return the row of a sizing.

    Raises:
        NotFound: where there is none that the actor may see.
    """
    row = _visible(by).filter(pk=stock_plan_id).first()
    if row is None:
        raise NotFound("There is no such sizing of stock.", where=str(stock_plan_id))
    return row


def _visible(by: Actor) -> "QuerySet[StockPlan]":
    """Items are totals over all accounts: only for who sees every one."""
    by.require(PERMISSION)
    rows = StockPlan.objects.all()
    return rows if by.scope_of(PERMISSION).every_account else rows.none()


def _card(row: StockPlan) -> StockPlanCard:
    return StockPlanCard(
        stock_plan_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        as_of_on=row.as_of_on,
        weeks_seen=row.weeks_seen,
        lead_days=row.lead_days,
        review_days=row.review_days,
        items=row.items,
        items_short=row.items_short,
        items_uncounted=row.items_uncounted,
        made_at=row.made_at,
        made_by=row.made_by_name,
        inputs_digest=row.inputs_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
        assumptions=tuple(row.assumptions),
    )
