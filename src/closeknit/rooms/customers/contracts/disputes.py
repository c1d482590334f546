"""This is wrong: somebody says that a fact of an account does not hold, and its steward answers."""

from dataclasses import dataclass
from dataclasses import field as marked
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.customers.contracts.records import CLAIM_FIELDS
from closeknit.rooms.org.contracts.fields import INTERNAL, PERSONAL
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

DISPUTE_DAYS = Setting(
    key="customers.dispute_days",
    kind=Kind.DAYS,
    default=3,
    unit="",
    sentence="Within how many days the steward answers when somebody says that a fact of an account is wrong.",
    lowest=1,
    highest=60,
    levels=(Level.GLOBAL,),
)
STANDING_FACTS: dict[str, str] = {
    "tier": "Propose the right tier on the account's page: it moves once that is approved.",
    "team": "The feed that states the account says its team: mend its row, or its source.",
    "since": "It is when the account was first stated or first ordered: mend the row that says so.",
    "orders": "Mend the rows in quarantine, the recipe, or the source: the feed's page shows them.",
    "terms": "Sign a version of the contract that says what was promised.",
    "value": "It is computed: put right what it stands on, and it is computed anew the next day.",
    "score": "It is computed: put right what it stands on, and it is computed anew the next day.",
}
"""Facts shown of an account that no record states field by field, each with where the right one is put."""
DISPUTABLE_FIELDS = (*CLAIM_FIELDS, *STANDING_FACTS)
"""Every fact of an account that can be said to be wrong."""
DOMAIN_OF_FACT = {"orders": "demand", "terms": "agreements"}
"""Whose steward answers for a fact; the rest belongs to customers."""
NO_STEWARD = "Nobody is appointed as steward of this field, so the service leads answer."


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    CORRECTED = "corrected"
    STANDS = "stands"


@dataclass(frozen=True, slots=True)
class DisputeCard:
    """One report that a fact is wrong. Values of personal fields stand in `personal_…`.

    `due_at`: until when the steward answers; `assigned_to`: the steward, or who answers where there is none.
    """

    dispute_id: UUID
    thread_id: UUID
    account_number: str
    field: str
    value: str | None
    personal_value: str | None = marked(metadata=PERSONAL)
    suggested: str | None
    personal_suggested: str | None = marked(metadata=PERSONAL)
    corrected: str | None
    personal_corrected: str | None = marked(metadata=PERSONAL)
    text: str | None = marked(metadata=INTERNAL)
    system: str
    reported_by: str
    reported_at: datetime
    assigned_to: str
    due_at: datetime
    state: DisputeState
    answered_by: str
    answered_at: datetime | None
    answer: str | None = marked(metadata=INTERNAL)
    is_overdue: bool
    is_personal: bool


@dataclass(frozen=True, slots=True)
class TouchedDecision:
    """A decision about the account that was made while the disputed value counted."""

    account_number: str
    entry_id: int
    thread_id: UUID
    kind: str
    sentence: str | None = marked(metadata=INTERNAL)
    at: datetime
    names_field: bool


@dataclass(frozen=True, slots=True)
class FactDisputed(Event):
    """Somebody said that a fact of an account is wrong."""

    dispute_id: UUID
    account_number: str
    field: str


@dataclass(frozen=True, slots=True)
class DisputeAnswered(Event):
    """The steward corrected the fact, or says that it stands."""

    dispute_id: UUID
    account_number: str
    field: str
    state: str
