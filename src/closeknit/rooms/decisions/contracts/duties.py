"""Duties: recurring reviews, audits and sign-offs, with an owner, a rhythm, evidence and a signature."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor


class Cadence(StrEnum):
    """How often a duty falls due."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class DutyRule:
    """On which days a duty falls due, in its own time zone. Business days are Monday to Friday.

    weekly: on `weekday` (1 Monday .. 5 Friday). Else in the `month` of the period (1..3 of a quarter, 1..12 of a
    year): on its `business_day` (1 the first, -1 the last; up to 15 either way), or on its `day` (1..31; a month that
    is shorter ends earlier; a weekend moves on to Monday, or back to Friday where Monday is another month's).
    It is overdue when `days_to_sign` business days after the due day have passed.
    """

    cadence: Cadence
    weekday: int = 0
    business_day: int = 0
    day: int = 0
    month: int = 1
    days_to_sign: int = 5
    time_zone: str = "UTC"


class OccurrenceState(StrEnum):
    """Where one due date of a duty stands."""

    DUE = "due"
    OVERDUE = "overdue"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class DutyTemplate:
    """A duty as shipped. `each` means: one duty for every person with the role, instead of one for the role."""

    key: str
    name: str
    about: str
    role: str
    each: bool
    rule: DutyRule
    evidence: tuple[str, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class EvidenceAsk:
    """For whom evidence is gathered (with what rights), and about which time."""

    reader: Actor
    since_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceQuery:
    """A named question whose answer is attached when a duty falls due: rows of plain values.

    A row about one account has its `account_number`, so that readers see rows of their accounts only.
    """

    name: str
    title: str
    gather: Callable[[EvidenceAsk], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class EvidencePart:
    """The answer to one query, as it was when the duty fell due. `failure` says why there is none."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    hidden_rows: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class DutyCard:
    """A recurring duty. `owner` is "person:12" or "role:executive"; `rhythm` says the rule in words."""

    duty_id: UUID
    name: str
    about: str
    owner: str
    owner_name: str
    rule: DutyRule
    rhythm: str
    evidence: tuple[str, ...]
    statement: str
    template: str
    starts_on: date
    next_due_on: date | None
    ended_at: datetime | None
    end_reason: str
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class OccurrenceCard:
    """One due date of a duty. `signed_for` names the owner whom the signer stood in for, by delegation."""

    occurrence_id: UUID
    duty_id: UUID
    name: str
    owner: str
    owner_name: str
    due_on: date
    due_at: datetime
    sign_by_at: datetime
    state: OccurrenceState
    may_sign: bool
    statement: str
    evidence_sha256: str
    gathered_at: datetime | None
    signed_by: str
    signed_for: str
    signed_at: datetime | None
    remark: str
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class OccurrenceDetail:
    """One due date with what was attached to it."""

    card: OccurrenceCard
    about: str
    since_at: datetime
    evidence: tuple[EvidencePart, ...] = field(default=())
