"""The ledger: entries, the tree, checkpoints, threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Legible(StrEnum):
    """Whether a line's text can be read: open, erased with its subject's key, or closed because a key is damaged."""

    OPEN = "open"
    ERASED = "erased"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger line to be written: who did what to which subject, on what evidence.

    `sentence` may hold `{actor}`, which is read as the name of who acted: so a name stands under its own key only.
    `evidence` must have a canonical form: text, whole numbers, finite floats, decimals, times, lists and mappings.
    A line with an `account_number` is for those who see that account, and goes dark when the account is erased.
    """

    thread_id: UUID
    kind: str
    subject: str
    sentence: str
    evidence: Mapping[str, Any]
    account_number: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One ledger line as read back. `leaf_sha256` commits to `content`, the canonical bytes.

    Where it is not legible, sentence and evidence say so instead; an erased account or name is empty or "erased".
    """

    entry_id: int
    thread_id: UUID
    kind: str
    subject: str
    sentence: str
    evidence: Mapping[str, Any]
    account_number: str
    actor_key: str
    actor_name: str
    recorded_at: datetime
    leaf_sha256: str
    legible: Legible = Legible.OPEN


@dataclass(frozen=True, slots=True)
class Break:
    """What a new epoch openly breaks off: the history after `kept_size` entries, of which `lost_size` were sealed.

    `kept` is the digest of the last checkpoint that the database still had.
    """

    kept: str
    kept_size: int
    lost_size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says. `root` and `previous` (digest of the checkpoint before) are hexadecimal.

    `next_key` is the public key that signs from the next checkpoint on, where the key changes.
    """

    epoch: int
    size: int
    root: str
    previous: str
    sealed_at: datetime
    cluster: str
    broken_off: Break | None = None
    next_key: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement. `body` is what was signed; signature and key are hexadecimal."""

    statement: Statement
    body: str
    signature: str
    public_key: str

    def as_record(self) -> dict[str, str]:
        """Return the form in which it is written to files."""
        return {"body": self.body, "signature": self.signature, "public_key": self.public_key}


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the ledger is sealed: lines in all, lines that wait, the last checkpoint, and openly broken epochs."""

    sealed: int
    waiting: int
    sealed_at: datetime | None
    root: str
    last_entry_id: int | None
    broken_epochs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SealOutcome:
    """What one round of sealing did: how many lines it sealed, and the epoch if it began one."""

    sealed: int
    size: int
    new_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: its own ledger line, keys destroyed, lines that went dark, and older ones in the clear.

    Lines of version 2 were written in the clear, and their proofs need them so: they are left.
    """

    entry_id: int
    keys: int
    lines: int
    left_in_clear: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that refutes the ledger: the first entry (from 0) that may be bad, the last, and why."""

    first: int
    last: int
    what: str
    entry_id: int | None = None
    broken_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """The product's own verdict on its ledger. `accepted` are openly broken epochs that somebody accepted on record."""

    entries: int
    checkpoints: int
    outside: int
    waiting: int
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadCard:
    """One chain of causes: its first and last lines and how many there are."""

    thread_id: UUID
    first_sentence: str
    last_sentence: str
    started_at: datetime
    moved_at: datetime
    entries: int
