"""Contracts: what is drafted, decided and held, version by version."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.errors import Invalid
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


def read_contract(given: Any) -> WantedContract:
    """Read a contract as a file states it, by the names of `WantedContract`.

    Raises:
        Invalid: for what is no contract, with the field.
    """
    try:
        body = dict(given)
        for name in ("starts_on", "ends_on"):
            body[name] = date.fromisoformat(body[name]) if body.get(name) else None
        body["clauses"] = tuple(_read_clause(each) for each in body["clauses"])
        body["guarantees"] = tuple(
            Guarantee(**{"service": "", **each, "kind": GuaranteeKind(each["kind"]), "amount": float(each["amount"])})
            for each in body.get("guarantees", ())
        )
        if "pause_reasons" in body:
            body["pause_reasons"] = tuple(str(reason) for reason in body["pause_reasons"])
        return WantedContract(**body)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as failure:
        raise Invalid(
            f"This is no contract: {failure}.", where="contract", todo="See POST /api/v1/contracts for its fields."
        ) from None


def _read_clause(given: Any) -> Clause:
    money = ("credit_per_miss", "penalty_per_point", "penalty_cap")
    return Clause(
        **{
            "service": "",
            "work_class": "",
            **given,
            "measure": Measure(given["measure"]),
            "clock": Clock(given.get("clock", Clock.CALENDAR)),
            "within_minutes": float(given["within_minutes"]),
            "target_share": float(given["target_share"]),
            **{name: Decimal(str(given[name])) for name in money if given.get(name) is not None},
        }
    )
