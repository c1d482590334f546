"""Decisions computed again from what was stored: what came out then, and what comes out now."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.contracts.ledger import LedgerLine


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a line says came out, and what comes out now: digests of both, and how it was computed again."""

    then_digest: str
    now_digest: str
    how: str


class Recompute(Protocol):
    """What a room declares for a kind of line, under the name "replays" in web/wiring.py."""

    def __call__(self, line: LedgerLine, *, by: Actor) -> Recomputed: ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision replayed. `failure` says why it could not be computed again; it then counts as different."""

    entry_id: int
    kind: str
    sentence: str
    how: str
    then_digest: str
    now_digest: str
    failure: str = ""

    @property
    def same(self) -> bool:
        """Whether the same came out."""
        return not self.failure and self.then_digest == self.now_digest


@dataclass(frozen=True, slots=True)
class ThreadReplay:
    """A thread's decisions replayed, oldest first."""

    thread_id: UUID
    replayed: tuple[Replayed, ...]

    @property
    def same(self) -> bool:
        """Whether every decision came out the same. Where there was none, nothing differs."""
        return all(one.same for one in self.replayed)
