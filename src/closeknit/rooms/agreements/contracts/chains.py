"""Internal agreements: how departments share the time of a promise."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from closeknit.kernel.errors import Invalid
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


def read_steps(text: str) -> tuple[ChainStep, ...]:
    """Read steps as people write them, one to a line: `Desk: triage: 30`, the last part in minutes.

    Raises:
        Invalid: for a line that is no step, with what would be taken.
    """
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split(":")]
        if len(parts) != 3 or not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", parts[2]):
            raise Invalid(f"{line.strip()!r} is no step.", where="steps", todo="Write Desk: triage: 30, in minutes.")
        found.append(ChainStep(parts[0], parts[1], float(parts[2])))
    return tuple(found)
