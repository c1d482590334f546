"""Every question about the board."""

from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import NullIf

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.contracts import PlanCard, PlanState
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers
from closeknit.rooms.outcomes.contracts import BoardRow, BoughtAmount, NotInForce
from closeknit.rooms.outcomes.models import BoardLine

PLANS_LOOKED_AT = 1000
ORDERS: dict[str, tuple[Any, ...]] = {
    "short": ("-short_hours", "account_number"),
    "need": ("-need_hours", "account_number"),
    "tier": ("tier_rank", "account_number"),
    "name": ("name", "account_number"),
    "account": ("account_number",),
    "units": ("-units_next_4_weeks", "account_number"),
    "amount": (
        F("currency_or_none").asc(nulls_last=True),
        "-amount_last_52_weeks",
        "account_number",
    ),
}
"""Sort keys of the board: what a page or program may ask for. Amounts are compared within one currency only."""


def list_board(
    *,
    by: Actor,
    search: str = "",
    tier: str = "",
    only_short: bool = False,
    sort: str = "short",
    offset: int = 0,
    limit: int = 200,
) -> list[BoardRow]:
    """Return rows of accounts in the actor's scope, in one SELECT, in a stated order."""
    if sort not in ORDERS:
        raise Invalid(f"The board cannot be sorted by {sort!r}.", where="sort", todo=f"Use one of {', '.join(ORDERS)}.")
    rows = _matching(by, search, tier, only_short)
    if sort == "amount":
        rows = rows.annotate(currency_or_none=NullIf("currency", Value("")))
    rows = rows.order_by(*ORDERS[sort])
    return redact((_row(row) for row in rows[offset : offset + limit]), by=by)


def count_board(*, by: Actor, search: str = "", tier: str = "", only_short: bool = False) -> int:
    """Return how many rows match."""
    return _matching(by, search, tier, only_short).count()


def list_not_in_force(*, by: Actor) -> list[NotInForce]:
    """Return the operations whose hours are not on the board, and which draft waits; none for who sees no capacity."""
    by.require(Permission.READ_ACCOUNTS)
    if not by.may(Permission.READ_CAPACITY):
        return []
    newest: dict[str, PlanCard] = {}
    for plan in capacity.list_plans(by=by, states=[PlanState.COMMITTED, PlanState.DRAFT], limit=PLANS_LOOKED_AT):
        held = newest.setdefault(plan.operation, plan)
        if plan.state is PlanState.COMMITTED and held.state is not PlanState.COMMITTED:
            newest[plan.operation] = plan
    found = []
    for operation in capacity.list_operations_planned(by=by):
        latest = newest.get(operation)
        if latest is None:
            found.append(NotInForce(operation, None, None, f"{operation} has no plan yet: its hours are not here."))
        elif latest.state is PlanState.DRAFT:
            said = f"{operation} has only a draft: its hours come here when it is put in force."
            found.append(NotInForce(operation, latest.plan_id, latest.made_at, said))
    return found


def _matching(by: Actor, search: str, tier: str, only_short: bool) -> QuerySet[BoardLine]:
    by.require(Permission.READ_ACCOUNTS)
    rows = BoardLine.objects.all()
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        rows = rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_ACCOUNTS))
    words = search.replace("\x00", "").strip()
    if words:
        rows = rows.filter(Q(account_number__icontains=words) | Q(name__icontains=words))
    if tier:
        rows = rows.filter(tier=tier)
    return rows.filter(short_hours__gt=0) if only_short else rows


def _row(row: BoardLine) -> BoardRow:
    return BoardRow(
        account_number=row.account_number,
        name=row.name,
        tier=row.tier,
        team=row.team_name,
        operations=tuple(row.operations),
        units_last_4_weeks=row.units_last_4_weeks,
        units_next_4_weeks=row.units_next_4_weeks,
        need_hours=row.need_hours,
        served_hours=row.served_hours,
        short_hours=row.short_hours,
        coverage_share=row.served_hours / row.need_hours if row.need_hours > 0 else None,
        amount_last_52_weeks=row.amount_last_52_weeks,
        currency=row.currency,
        other_amounts=tuple(BoughtAmount(name, Decimal(said)) for name, said in sorted(row.other_amounts.items())),
        first_short_week_on=row.first_short_week_on,
        is_own_series=row.is_own_series,
        thread_id=row.thread_id,
        refreshed_at=row.refreshed_at,
    )
