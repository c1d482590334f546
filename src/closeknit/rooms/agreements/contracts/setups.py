"""Set-ups: what proved itself with one account, kept as a template for others; and contracts that follow none."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.agreements.contracts.deals import Clause, Guarantee
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

PROOF_DAYS = 90
"""Over how many days back a set-up must have been kept to become a template."""
CUSTOM_REVIEW_DAYS = Setting(
    key="agreements.custom_review_days",
    kind=Kind.DAYS,
    default=180,
    unit="",
    sentence="After how many days a contract that follows no template is due for a review: keep it, or move it to one.",
    lowest=1,
    highest=3650,
    levels=(Level.GLOBAL,),
)
SETUP_SETTINGS = (CUSTOM_REVIEW_DAYS,)


class SetupState(StrEnum):
    """Whether a template may be used still."""

    IN_USE = "in use"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class WantedSetup:
    """A template as somebody makes it of a signed version of a contract."""

    version_id: UUID
    name: str
    purpose: str
    review_on: date


@dataclass(frozen=True, slots=True)
class WantedOnboarding:
    """A template applied to an account.

    `time_factor` stretches every time allowed, `hours_factor` every guarantee of hours; 1 leaves them as they are.
    The number of a contract that stands makes this its next version, which ends what it was.
    """

    account_number: str
    contract_number: str
    starts_on: date
    reason: str
    ends_on: date | None = None
    time_factor: float = 1.0
    hours_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class SetupCard:
    """A template: clauses without money, guarantees, calendar and reasons to pause.

    `proof` says how it was kept when it was made; `used` how many contracts were drafted from it.
    """

    template_id: UUID
    thread_id: UUID
    name: str
    purpose: str
    state: SetupState
    calendar: str
    pause_reasons: tuple[str, ...]
    clauses: tuple[Clause, ...]
    guarantees: tuple[Guarantee, ...]
    proof: str
    used: int
    review_on: date
    is_review_due: bool
    finding: str
    retired_because: str
    made_by_name: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CustomSetup:
    """A signed contract of one account that follows no template; `is_review_due` after the days of the setting."""

    version_id: UUID
    contract_number: str
    account_number: str
    title: str
    clauses: int
    signed_on: date
    age_days: int
    is_review_due: bool
