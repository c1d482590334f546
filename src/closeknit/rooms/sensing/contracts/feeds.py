"""Feeds, their rules, their batches and balances, and the event."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event


class BatchState(StrEnum):
    """A batch is `loading` until its last chunk is in; a crash leaves it there, and loading again resumes
    it.
    """

    LOADING = "loading"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Counts:
    """The balance of a batch or feed: read = accepted + quarantined + duplicate, always."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0

    @property
    def balances(self) -> bool:
        return self.read == self.accepted + self.quarantined + self.duplicate


@dataclass(frozen=True, slots=True)
class BatchCard:
    """One load of one file through one feed."""

    batch_id: int
    feed: str
    source_name: str
    state: BatchState
    counts: Counts
    started_at: datetime
    finished_at: datetime | None
    thread_id: UUID
    recipe_version: str
    superseded: int = 0


@dataclass(frozen=True, slots=True)
class FeedCard:
    """A feed with its balances over all batches, how old its newest data is, and what it assumes."""

    feed: str
    title: str
    recipe: str
    recipe_version: str
    time_zone: str
    counts: Counts
    newest_data_at: datetime | None
    last_loaded_at: datetime | None
    waiting_in_quarantine: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountRule:
    """How a feed's accounts without a stated tier get one: by rank of a sum, closest tier first.

    `shares` are (tier, share of all accounts) in order; the rest get `otherwise`.
    """

    rank_by: str
    shares: tuple[tuple[str, float], ...]
    otherwise: str
    team: str = ""
    region: str = ""
    time_zone: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRule:
    """That a feed's recorded durations are promises: what they measure, and the share of work they are to
    hold for.
    """

    measure: str
    target_share: float


@dataclass(frozen=True, slots=True)
class DemandObserved(Event):
    """A batch came in with new work or facts."""

    batch_id: int
    operations: tuple[str, ...]
    fact_kinds: tuple[str, ...]
