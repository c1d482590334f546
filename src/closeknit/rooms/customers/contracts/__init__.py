"""What other rooms may know of customers: accounts and their tiers, and what people know of them."""

from closeknit.rooms.customers.contracts.accounts import (
    TIER_ORDER,
    TOP_TIERS,
    AccountCard,
    AccountKey,
    Tier,
    TierChanged,
)

__all__ = [
    "TIER_ORDER",
    "TOP_TIERS",
    "AccountCard",
    "AccountKey",
    "Tier",
    "TierChanged",
]
