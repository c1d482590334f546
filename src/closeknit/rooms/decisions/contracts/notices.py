"""Notices: what a person is told, by which channel, and what became of what went out."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID


class Channel(StrEnum):
    """A way out of the application. In the application a notice always stands."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Wanted(StrEnum):
    """What a person wants on one channel: nothing, urgent notices, or all of them (not urgent: in the digest)."""

    NONE = "none"
    URGENT = "urgent"
    ALL = "all"


class DigestRhythm(StrEnum):
    """How often gathered notices go out as one message."""

    HOURLY = "hourly"
    DAILY = "daily"


class DispatchState(StrEnum):
    """Where a message stands. `dropped`: whoever it was for may no longer see it."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class NoticePreferences:
    """How one person wants notices. Digests that would fall between quiet times wait for their end (local time)."""

    mail_address: str = ""
    mail: Wanted = Wanted.URGENT
    webhook: Wanted = Wanted.NONE
    digest: DigestRhythm = DigestRhythm.HOURLY
    digest_hour: int = 7
    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """One notice as its person reads it. `updates` is how often its cause was reported."""

    notice_id: UUID
    cause: str
    title: str
    body: str
    link: str
    is_urgent: bool
    account_number: str
    thread_id: UUID
    updates: int
    first_at: datetime
    last_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndpointCard:
    """A webhook endpoint. Its secret was shown once and is not read back."""

    endpoint_id: UUID
    name: str
    url: str
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    disabled_reason: str
    failures: int
    rests_until: datetime | None
    waiting: int
    dead: int
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A new endpoint's signing secret, shown once ("whsec_…")."""

    endpoint_id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class DispatchCard:
    """One message to one receiver, and how it went. `dispatch_id` is the webhook-id of every try."""

    dispatch_id: UUID
    channel: Channel
    person_key: str
    endpoint_id: UUID | None
    kind: str
    notices: int
    state: DispatchState
    tries: int
    created_at: datetime
    next_try_at: datetime
    settled_at: datetime | None
    outcome: str
