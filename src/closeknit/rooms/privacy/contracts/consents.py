"""What a subject said about a purpose, when, how and on which text; and whether data may be used therefore."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.privacy.contracts.purposes import Basis
from closeknit.rooms.privacy.contracts.subjects import Subject

EVERY_CHANNEL = ""
CHANNELS = (EVERY_CHANNEL, "mail", "phone", "post", "sms", "web", "in-person")


class ConsentState(StrEnum):
    """What was said: yes, no when asked, or no longer (an opt-out, an objection, a withdrawal)."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class Collection(StrEnum):
    """How we learned of it."""

    CONTRACT = "contract"
    FORM = "form"
    PHONE = "phone"
    MAIL = "mail"
    IN_PERSON = "in-person"
    SIGNAL = "signal"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class WantedConsent:
    """What is to be recorded. `channel` "": every channel. `signal`: such as "GPC". `text_shown`: the words shown."""

    subject: Subject
    purpose: str
    state: ConsentState
    channel: str = EVERY_CHANNEL
    jurisdiction: str = ""
    collected: Collection = Collection.FORM
    signal: str = ""
    language: str = "en"
    text_shown: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """One statement of a subject, as recorded: never changed, only followed by another."""

    consent_id: int
    receipt_id: UUID
    thread_id: UUID
    subject: Subject
    purpose: str
    purpose_version: int
    channel: str
    state: ConsentState
    jurisdiction: str
    basis: Basis
    law: str
    recorded_at: datetime
    expires_at: datetime | None
    collected: Collection
    signal: str
    language: str
    text_shown: str
    policy_url: str
    controller: str
    is_sensitive: bool
    recorded_by: str
    note: str


@dataclass(frozen=True, slots=True)
class Use:
    """The answer to "may we?": with the purpose's version, the basis, the statement it rests on, and why."""

    subject: Subject
    purpose: str
    purpose_version: int
    channel: str
    is_allowed: bool
    why: str
    jurisdiction: str
    basis: Basis | None
    consent_id: int | None = None

    def as_evidence(self) -> dict[str, object]:
        """Return what a decision's ledger line keeps of it."""
        return {
            "purpose": self.purpose,
            "purpose_version": self.purpose_version,
            "channel": self.channel,
            "basis": self.basis.value if self.basis else None,
            "consent_id": self.consent_id,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class ConsentRecorded(Event):
    """A subject said yes or no to a purpose."""

    subject_kind: str
    subject_ref: str
    purpose: str
    state: str


@dataclass(frozen=True, slots=True)
class UseRefused(Event):
    """A decision that would have used data against a subject's will was refused."""

    subject_kind: str
    subject_ref: str
    purpose: str
    decision: str
