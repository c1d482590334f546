"""How rows of a feed come by themselves: a signed webhook, a pull from a database, a broker's subject."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ConnectorKind(StrEnum):
    """What a connector is."""

    HOOK = "hook"
    """They send to us, signed by the Standard Webhooks rules."""
    PULL = "pull"
    """We ask a database for what is new since a watermark."""
    SUBJECT = "subject"
    """A broker (NATS JetStream) hands on what others publish."""


@dataclass(frozen=True, slots=True)
class PullPlan:
    """What a pull asks, and how often.

    Attributes:
        source: names the environment variable with the database's address, CLOSEKNIT_SOURCE_<source>: addresses carry
            passwords and are never stored.
        query: one SELECT with `:watermark` in it, ordered by the watermark's column.
        watermark_column: a column of the result that only grows.
        overlap_seconds: how far back each pull starts again, for rows that were committed late; only for times.
        every_seconds: 0 for "only when asked".
    """

    source: str
    query: str
    watermark_column: str
    first_watermark: str
    overlap_seconds: int = 0
    every_seconds: int = 900


@dataclass(frozen=True, slots=True)
class ConnectorCard:
    """A connector and how it does.

    Attributes:
        options: what it was opened with, without secrets.
        waiting: messages that came and are not rows yet.
        watermark: how far a pull has come; "" before the first.
        last_at: when something last came through it.
        last_error: what went wrong last; "" when the last attempt went well.
        previous_secret_until: until when the secret before the present one still holds.
    """

    connector_id: UUID
    kind: ConnectorKind
    feed: str
    stream: str
    options: dict[str, str | int]
    waiting: int
    watermark: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    last_at: datetime | None
    last_error: str
    previous_secret_until: datetime | None


@dataclass(frozen=True, slots=True)
class OpenedHook:
    """A new hook's signing secret ("whsec_…"), shown once, and the path that messages are posted to."""

    connector_id: UUID
    path: str
    secret: str


@dataclass(frozen=True, slots=True)
class MessageReceipt:
    """What became of a message: kept now, or known already (the sender may stop trying in both cases)."""

    message_id: str
    is_new: bool
