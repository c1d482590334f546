"""Needs to parameters: what an account says it needs becomes something that is measured, owned and promised."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements.contracts.adherence import Obligation
from closeknit.rooms.agreements.contracts.deals import ContractState
from closeknit.rooms.agreements.contracts.terms import Clock, Measure, say_promise

LONGEST_AHEAD = timedelta(days=3 * 366)
"""How far ahead a review or the first day of a promise may lie."""
LIFE_DAYS = 90
"""Over how many days back it is told whether a promised need was kept."""


class NeedState(StrEnum):
    """How far a need has come: in words, measurable, agreed, before the decision table, promised, or dropped."""

    STATED = "stated"
    MEASURABLE = "measurable"
    AGREED = "agreed"
    PROPOSED = "proposed"
    PROMISED = "promised"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class WantedNeed:
    """A need in an account's own words, and where it was heard: a meeting, a letter, answers to surveys."""

    account_number: str
    words: str
    heard_in: str


@dataclass(frozen=True, slots=True)
class NeedParameter:
    """What a need comes to: `target_share` of pieces of work are done within a time.

    `process` delivers it, `control` says how it is watched, `owner_key` answers for it ("": whoever says so), and on
    `review_on` it is asked whether it still says what the account needs. Minutes of a business clock are open minutes.
    """

    operation: str
    measure: Measure
    within_minutes: float
    target_share: float
    process: str
    control: str
    review_on: date
    clock: Clock = Clock.CALENDAR
    service: str = ""
    work_class: str = ""
    owner_key: str = ""

    @property
    def sentence(self) -> str:
        """Say the parameter as a person would."""
        what = " ".join(filter(None, (self.operation, self.service, self.work_class)))
        if self.clock is Clock.BUSINESS:
            verb = say_promise(self.target_share, self.measure, 1, Clock.CALENDAR).rpartition(" within ")[0]
            return f"{what}: {verb} within {self.within_minutes / 60:g} open hours"
        return f"{what}: {say_promise(self.target_share, self.measure, self.within_minutes, self.clock)}"


@dataclass(frozen=True, slots=True)
class NeedCard:
    """One need as it stands. `sentence` says its parameter; "" before it has one.

    `term_number` is that of its clause once it is proposed; `contract_state` says what came of the version then: a need
    whose version was turned down is agreed again. `is_review_due`: its review date has come.
    """

    need_id: UUID
    thread_id: UUID
    account_number: str
    words: str
    heard_in: str
    state: NeedState
    parameter: NeedParameter | None
    sentence: str
    owner_name: str
    is_review_due: bool
    finding: str
    agreed_with: str
    term_number: str
    version_id: UUID | None
    contract_number: str
    contract_state: ContractState | None
    starts_on: date | None
    dropped_because: str
    stated_by_name: str
    stated_at: datetime
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class NeedLife:
    """A need and how its promise was kept from one day until before another, version by version of its term."""

    need: NeedCard
    from_on: date
    until_on: date
    kept: tuple[Obligation, ...]


def said(text: str, where: str, longest: int, todo: str) -> str:
    """Return what somebody wrote without blanks around it, or refuse what says nothing or too much.

    Raises:
        Invalid: with the field.
    """
    text = text.strip()
    if not text or len(text) > longest or "\x00" in text:
        raise Invalid(f"This takes 1 to {longest} letters.", where=where, todo=todo)
    return text


def check_review(review_on: date, at: datetime) -> None:
    """Refuse the day of a review that is not ahead, or too far.

    Raises:
        Invalid: with the field.
    """
    if not at.date() < review_on <= (at + LONGEST_AHEAD).date():
        raise Invalid("The review comes after today and within three years.", where="review_on")
