"""The order of the inbox: by consequence."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from closeknit.kernel.amounts import places_by_currency
from closeknit.rooms.decisions.contracts import InboxItem
from closeknit.rooms.decisions.contracts.policy import TIERS

SOON = timedelta(hours=4)


def rank(items: Iterable[InboxItem], at: datetime) -> list[InboxItem]:
    """Return items by consequence: what is late or due within four hours, then closest tier, most money, least time.

    Money is compared within one currency: the largest amount of each currency comes before the second of any.
    """
    items = list(items)
    places = places_by_currency((item.currency, item.money_at_stake) for item in items if item.money_at_stake)
    return sorted(items, key=lambda item: _consequence(item, at, places))


def is_late(item: InboxItem, at: datetime) -> bool:
    """Tell whether its time is over."""
    return item.due_at is not None and item.due_at < at


def _consequence(item: InboxItem, at: datetime, places: Mapping[tuple[str, Decimal], int]) -> tuple[object, ...]:
    is_soon = item.due_at is not None and item.due_at < at + SOON
    closeness = TIERS.index(item.tier) if item.tier in TIERS else len(TIERS)
    left = (item.due_at - at).total_seconds() if item.due_at else float("inf")
    money = places[item.currency, item.money_at_stake] if item.money_at_stake else len(places)
    return (not is_soon, closeness, money, left, item.item_id)
