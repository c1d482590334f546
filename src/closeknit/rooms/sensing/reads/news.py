"""What sources say is coming: events that move demand, and sales opportunities.

A statement about one account is for those who may see that account and what is internal about it; one about no
account in particular, for those who see every account.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers
from closeknit.rooms.sensing.contracts import EventCard, EventKind, FactKind, OpportunityCard
from closeknit.rooms.sensing.models import FactRow


def list_events(
    operation: str = "",
    *,
    by: Actor,
    account_number: str = "",
    from_on: date | None = None,
    to_on: date | None = None,
) -> list[EventCard]:
    """Return the events in force that the actor may see, earliest first.

    `operation`: those of it, and those of every operation. `account_number`: those stated of that account alone.
    `from_on`, `to_on`: those that touch these days, the last not included.
    """
    rows = _visible(FactKind.EVENT, by, operation, account_number)
    if from_on is not None:
        rows = rows.filter(body__ends_on__gt=from_on.isoformat())
    if to_on is not None:
        rows = rows.filter(body__starts_on__lt=to_on.isoformat())
    cards = [_event(row) for row in rows]
    return sorted(cards, key=lambda card: (card.starts_on, card.ends_on, card.event_number, card.fact_id))


def list_opportunities(
    operation: str = "", *, by: Actor, account_number: str = "", include_closed: bool = True
) -> list[OpportunityCard]:
    """Return the sales opportunities that the actor may see, as their sources state them now, oldest first.

    `operation`: of that operation alone. Without `include_closed`, only those still open.
    """
    rows = _visible(FactKind.OPPORTUNITY, by, "", account_number)
    if operation:
        rows = rows.filter(body__operation=operation)
    if not include_closed:
        rows = rows.filter(body__outcome="")
    cards = redact((_opportunity(row) for row in rows), by=by)
    return sorted(cards, key=lambda card: (card.opened_on, card.opportunity_number, card.fact_id))


def _visible(kind: FactKind, by: Actor, operation: str, account_number: str) -> QuerySet[FactRow]:
    rows = FactRow.objects.filter(kind=kind.value, superseded_at=None).select_related("feed").order_by("id")
    for needed in (Permission.READ_ACCOUNTS, Permission.READ_INTERNAL):
        by.require(needed)
        if not by.scope_of(needed).every_account:
            rows = rows.filter(body__account_number__in=list(visible_account_numbers(by, needed)))
    if operation:
        rows = rows.filter(Q(body__operation="") | Q(body__operation=operation))
    if account_number:
        rows = rows.filter(body__account_number=account_number)
    return rows


def _event(row: FactRow) -> EventCard:
    body: dict[str, Any] = row.body
    return EventCard(
        fact_id=row.pk,
        event_number=body["event_number"],
        kind=EventKind(body["kind"]),
        title=body["title"],
        account_number=body["account_number"],
        region=body["region"],
        operation=body["operation"],
        service=body["service"],
        starts_on=date.fromisoformat(body["starts_on"]),
        ends_on=date.fromisoformat(body["ends_on"]),
        expected_share=body["expected_share"],
        feed=row.feed.name,
        is_assumed=row.is_assumed,
    )


def _opportunity(row: FactRow) -> OpportunityCard:
    body: dict[str, Any] = row.body
    return OpportunityCard(
        fact_id=row.pk,
        opportunity_number=body["opportunity_number"],
        account_number=body["account_number"],
        operation=body["operation"],
        service=body["service"],
        region=body["region"],
        stage=body["stage"],
        units_per_week=body["units_per_week"],
        amount=None if body["amount"] is None else Decimal(body["amount"]),
        currency=body["currency"],
        opened_on=date.fromisoformat(body["opened_on"]),
        expected_close_on=_day(body["expected_close_on"]),
        closed_on=_day(body["closed_on"]),
        outcome=body["outcome"],
        starts_on=_day(body["starts_on"]),
        ends_on=_day(body["ends_on"]),
        stated_share=body["stated_share"],
        feed=row.feed.name,
        is_assumed=row.is_assumed,
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
