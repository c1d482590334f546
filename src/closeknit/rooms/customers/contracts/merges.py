"""Accounts that are one: merged, and split again; pairs of records that a person judges."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.customers.contracts.matching import MatchRule, MatchTerm
from closeknit.rooms.org.contracts.fields import INTERNAL


@dataclass(frozen=True, slots=True)
class MergeCard:
    """One merge: from then on the absorbed number is another name of the kept one, until it is split."""

    merge_id: UUID
    thread_id: UUID
    account_number: str
    absorbed_number: str
    reason: str | None = field(metadata=INTERNAL)
    merged_at: datetime
    merged_by: str
    split_at: datetime | None
    split_by: str
    split_reason: str | None = field(metadata=INTERNAL)


class MatchState(StrEnum):
    """What came of a pair: it waits for a person, or was joined, or was said to be two."""

    WAITING = "waiting"
    JOINED = "joined"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class MatchSide:
    """One of the two records: its system's key, whose it is ("" yet nobody's), and its name and place in words."""

    record_id: int
    system: str
    record_key: str
    account_number: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class MatchCard:
    """Two records that may be one account: the terms add up to `total_bits`, from which `probability` 0..1 follows."""

    match_id: UUID
    thread_id: UUID
    first: MatchSide
    second: MatchSide
    rule: MatchRule
    terms: tuple[MatchTerm, ...]
    total_bits: Decimal
    probability: float
    model_version: str
    found_at: datetime
    state: MatchState
    decided_by: str
    decided_at: datetime | None
    reason: str

    @property
    def needs_merge(self) -> bool:
        """Whether joining them makes two accounts one."""
        return bool(self.first.account_number and self.second.account_number)


@dataclass(frozen=True, slots=True)
class AccountsMerged(Event):
    """Two accounts count as one from now on."""

    merge_id: UUID
    account_number: str
    absorbed_number: str


@dataclass(frozen=True, slots=True)
class AccountsSplit(Event):
    """A merge was undone: both accounts stand for themselves again."""

    merge_id: UUID
    account_number: str
    absorbed_number: str
