"""Internal agreements: how departments share the time of a promise."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from closeknit.rooms.agreements.contracts.terms import Clock, Measure


@dataclass(frozen=True, slots=True)
class ChainStep:
    """What one department promises the next: to hand over within so many minutes. It has an owner (a key, or "")."""

    department: str
    task: str
    within_minutes: float
    owner_key: str = ""


@dataclass(frozen=True, slots=True)
class WantedChain:
    """A chain as somebody states it: the steps, one after another, of the work of an operation's promise."""

    name: str
    operation: str
    service: str
    work_class: str
    measure: Measure
    clock: Clock
    steps: tuple[ChainStep, ...]


@dataclass(frozen=True, slots=True)
class ChainSlack:
    """How a chain fits one promise to customers: what is left of it after all steps; below 0 it cannot be kept."""

    term_number: str
    account_number: str
    tier: str
    sentence: str
    promised_minutes: float
    slack_minutes: float


@dataclass(frozen=True, slots=True)
class ChainCard:
    """A chain in force, what its steps take together, and the promises that rest on it, the tightest first.

    `slack_minutes` is that of the tightest; None where no promise rests on it.
    """

    chain_id: UUID
    thread_id: UUID
    name: str
    operation: str
    service: str
    work_class: str
    measure: Measure
    clock: Clock
    steps: tuple[ChainStep, ...]
    total_minutes: float
    slack_minutes: float | None
    promises: tuple[ChainSlack, ...]
    from_at: datetime
