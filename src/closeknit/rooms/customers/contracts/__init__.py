"""What other rooms may know of customers: accounts and their tiers, and what people know of them."""

from closeknit.rooms.customers.contracts.accounts import (
    TIER_ORDER,
    TOP_TIERS,
    AccountCard,
    AccountKey,
    Tier,
    TierChanged,
)
from closeknit.rooms.customers.contracts.insights import (
    SETTINGS,
    STALE_DAYS,
    AuthorRecord,
    InsightCard,
    InsightDirection,
    InsightEnded,
    InsightInForce,
    InsightMeasure,
    InsightRecorded,
    InsightState,
    InsightTopic,
    ReliabilityBin,
    WantedInsight,
)

__all__ = [
    "SETTINGS",
    "STALE_DAYS",
    "TIER_ORDER",
    "TOP_TIERS",
    "AccountCard",
    "AccountKey",
    "AuthorRecord",
    "InsightCard",
    "InsightDirection",
    "InsightEnded",
    "InsightInForce",
    "InsightMeasure",
    "InsightRecorded",
    "InsightState",
    "InsightTopic",
    "ReliabilityBin",
    "Tier",
    "TierChanged",
    "WantedInsight",
]
