"""Contracts: what is drafted, decided and held, version by version."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.agreements.contracts.terms import Clock, Measure
from closeknit.rooms.org.contracts.fields import MONEY

SIGNED_HERE = ""
"""The feed of terms that come from no feed: their contract was decided here."""
DEFAULT_PAUSE_REASONS = ("waiting for customer",)
"""Why work may be on hold, its clock with it, where no contract says."""


class ContractState(StrEnum):
    """Where a version stands. Only a draft can be proposed; what is signed binds from its first day on."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    SIGNED = "signed"
    TURNED_DOWN = "turned down"


class GuaranteeKind(StrEnum):
    """What is promised beside times: hours of work kept free each week, or a share of time that a service is there."""

    HOURS_PER_WEEK = "hours per week"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise: `target_share` of work is to be done within `within_minutes`, counted by its clock.

    Minutes of a business clock pass while the contract's calendar is open. `penalty_per_point` is due for each
    percentage point by which a month stays below the target, up to `penalty_cap` a month.
    """

    term_number: str
    operation: str
    service: str
    work_class: str
    measure: Measure
    within_minutes: float
    clock: Clock
    target_share: float
    credit_per_miss: Decimal | None = field(default=None, metadata=MONEY)
    penalty_per_point: Decimal | None = field(default=None, metadata=MONEY)
    penalty_cap: Decimal | None = field(default=None, metadata=MONEY)


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A promise beside times. `amount` is hours a week, or a share of the calendar's open time (0..1)."""

    kind: GuaranteeKind
    operation: str
    service: str
    amount: float


@dataclass(frozen=True, slots=True)
class WantedContract:
    """A contract as somebody drafts it, for one account, for a tier, or (both "") for everyone.

    `time_zone` "" is the account's. `pause_reasons` are the only ones for which a hold stops its clocks.
    """

    contract_number: str
    title: str
    starts_on: date
    clauses: tuple[Clause, ...]
    ends_on: date | None = None
    account_number: str = ""
    tier: str = ""
    calendar: str = ""
    time_zone: str = ""
    currency: str = ""
    pause_reasons: tuple[str, ...] = DEFAULT_PAUSE_REASONS
    guarantees: tuple[Guarantee, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractCard:
    """One version of a contract. `ends_on` is exclusive; a later version that is signed ends it as well."""

    version_id: UUID
    thread_id: UUID
    contract_number: str
    version: int
    state: ContractState
    title: str
    account_number: str
    tier: str
    starts_on: date
    ends_on: date | None
    calendar: str
    time_zone: str
    currency: str
    pause_reasons: tuple[str, ...]
    clauses: tuple[Clause, ...]
    guarantees: tuple[Guarantee, ...]
    proposal_id: UUID | None
    drafted_at: datetime
    decided_at: datetime | None

    @property
    def whom(self) -> str:
        """Say for whom it is."""
        return self.account_number or (f"every {self.tier} account" if self.tier else "everyone")


@dataclass(frozen=True, slots=True)
class TermsChanged(Event):
    """A contract was signed: other terms hold from a day on, for an account, or ("") for a tier or everyone."""

    version_id: UUID
    contract_number: str
    account_number: str
