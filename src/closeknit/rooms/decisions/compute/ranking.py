"""The order of the inbox: by consequence."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from closeknit.rooms.decisions.contracts import InboxItem
from closeknit.rooms.decisions.contracts.policy import TIERS

SOON = timedelta(hours=4)


def rank(items: Iterable[InboxItem], at: datetime) -> list[InboxItem]:
    """Return items by consequence: what is late or due within four hours, then closest tier, most money, least time.

    Amounts of different currencies are compared as they stand.
    """
    return sorted(items, key=lambda item: _consequence(item, at))


def is_late(item: InboxItem, at: datetime) -> bool:
    """Tell whether its time is over."""
    return item.due_at is not None and item.due_at < at


def _consequence(item: InboxItem, at: datetime) -> tuple[object, ...]:
    is_soon = item.due_at is not None and item.due_at < at + SOON
    closeness = TIERS.index(item.tier) if item.tier in TIERS else len(TIERS)
    left = (item.due_at - at).total_seconds() if item.due_at else float("inf")
    return (not is_soon, closeness, -(item.money_at_stake or Decimal(0)), left, item.item_id)
