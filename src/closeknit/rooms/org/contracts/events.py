"""News of org. It stands below the ledger, so listeners of `decisions` write these down.

Each carries the words of its ledger line: `sentence` says what happened (with `{actor}` for who did it), `subject`
about whom. Names and reasons are in the sentence, ids in the rest.
"""

from dataclasses import dataclass

from closeknit.kernel.events import Event


@dataclass(frozen=True, slots=True)
class PersonCreated(Event):
    """Someone may sign in from now on."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RolesChanged(Event):
    """Someone's roles or grants are others now, or someone was let in or shut out."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DelegationBegan(Event):
    """Rights were lent."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DelegationEnded(Event):
    """Lent rights were taken back before their time."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AbsenceReported(Event):
    """Someone will be away, or is back early."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TokenIssued(Event):
    """A program may act for someone from now on."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TokenRevoked(Event):
    """A program may act for someone no more."""

    subject: str
    sentence: str
