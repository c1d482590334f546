"""News of org. It stands below the ledger and cannot write there: listeners of `decisions` write these down.

They carry ids only, like every event; a listener asks org for the words. Persons are named by their keys.
"""

from dataclasses import dataclass
from uuid import UUID

from closeknit.kernel.news import Event


@dataclass(frozen=True, slots=True)
class PersonCreated(Event):
    """Someone may sign in from now on."""

    person_key: str
    change_id: UUID


@dataclass(frozen=True, slots=True)
class RolesChanged(Event):
    """Someone's roles or grants are others now, or someone was let in or shut out."""

    person_key: str
    change_id: UUID


@dataclass(frozen=True, slots=True)
class DelegationBegan(Event):
    """Rights were lent, from now or later."""

    delegation_id: UUID


@dataclass(frozen=True, slots=True)
class DelegationEnded(Event):
    """Lent rights were taken back, or given back, before their time."""

    delegation_id: UUID


@dataclass(frozen=True, slots=True)
class AbsenceReported(Event):
    """Someone is or will be away, or is back early."""

    absence_id: UUID


@dataclass(frozen=True, slots=True)
class TokenIssued(Event):
    """A program may act for someone from now on."""

    person_key: str
    label: str


@dataclass(frozen=True, slots=True)
class TokenRevoked(Event):
    """A program may act for someone no more."""

    person_key: str
    label: str
