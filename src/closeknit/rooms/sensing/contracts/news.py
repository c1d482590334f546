"""Known events and sales opportunities, as sources state them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from closeknit.rooms.org.contracts.fields import MONEY


class EventKind(StrEnum):
    """What a known event is: our own promotion, or something at the customer."""

    PROMOTION = "promotion"
    LAUNCH = "launch"
    CONTRACT_START = "contract-start"
    SHUTDOWN = "shutdown"
    CUSTOMER_EVENT = "customer-event"


@dataclass(frozen=True, slots=True)
class EventCard:
    """One event in force that moves demand, known ahead or recorded: from `starts_on` up to, not including,
    `ends_on`.

    An empty place ("") means every account, region, operation or service. `expected_share` is what the source
    expects it to change, as a share of the usual work (0.25: a quarter more; -1: nothing comes); None: unsaid.
    """

    fact_id: int
    event_number: str
    kind: EventKind
    title: str
    account_number: str
    region: str
    operation: str
    service: str
    starts_on: date
    ends_on: date
    expected_share: float | None
    feed: str
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class OpportunityCard:
    """One sales opportunity as the source states it now.

    `units_per_week` is the work it would bring from `starts_on` up to, not including, `ends_on` (None: no end
    stated). `outcome` is "won" or "lost" once it is closed, else "". `stated_share` is the seller's own
    chance of winning, 0..1; None: unsaid. `amount` is its whole worth.
    """

    fact_id: int
    opportunity_number: str
    account_number: str
    operation: str
    service: str
    region: str
    stage: str
    units_per_week: float | None
    amount: Decimal | None = field(metadata=MONEY)
    currency: str
    opened_on: date
    expected_close_on: date | None
    closed_on: date | None
    outcome: str
    starts_on: date | None
    ends_on: date | None
    stated_share: float | None
    feed: str
    is_assumed: bool

    @property
    def is_open(self) -> bool:
        return not self.outcome
