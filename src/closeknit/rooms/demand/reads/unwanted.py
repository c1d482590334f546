"""Accounts that do not want a forecast of their own: they are forecast with their tier, never below the standard."""

from collections.abc import Mapping
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.contracts import TIER_ORDER, Tier
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.contracts import ACCOUNT_FORECAST

NEVER_UNITS = 1e18
"""More work than there is: who opted out has no series of its own."""


def list_unwanted(tiers: Mapping[str, Tier], *, by: Actor, at: datetime) -> frozenset[str]:
    """Return which of these accounts opted out of being forecast, and so of hours reserved by name."""
    return privacy.list_refused(ACCOUNT_FORECAST, tiers, by=by, at=at)


def served_tiers(tiers: Mapping[str, Tier], unwanted: frozenset[str]) -> dict[str, Tier]:
    """Return by which tier each account's work is planned: its own, and for who opted out the standard one at least."""
    return {number: fallback_tier(tier) if number in unwanted else tier for number, tier in tiers.items()}


def fallback_tier(tier: Tier) -> Tier:
    """Return the tier that serves who opted out: no worse than the standard, and no worse than before."""
    return min(tier, Tier.STANDARD, key=TIER_ORDER.index)
