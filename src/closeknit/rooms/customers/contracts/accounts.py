"""Accounts: who they are, and how close we are."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import INTERNAL


class Tier(StrEnum):
    """How close the relation is, closest first."""

    STRATEGIC = "strategic"
    KEY = "key"
    STANDARD = "standard"
    VOLUME = "volume"


TOP_TIERS = (Tier.STRATEGIC, Tier.KEY)
TIER_ORDER = tuple(Tier)


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account as other rooms and pages see it. `tier_reason` says in a sentence why it has its tier."""

    account_number: str
    name: str
    tier: Tier
    tier_reason: str | None = field(metadata=INTERNAL)
    team_id: int | None
    team: str
    region: str
    time_zone: str
    jurisdiction: str
    source_feed: str | None = field(metadata=INTERNAL)
    since_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountKey:
    """The least that planning needs of an account."""

    account_number: str
    tier: Tier
    team_id: int | None


@dataclass(frozen=True, slots=True)
class TierChanged(Event):
    """An account has another tier: by new data, or by a decision."""

    account_number: str
    before: str
    after: str
