"""What an event is. Contracts are made of these, so this needs no framework; `events` publishes and delivers them."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """Base of every event: a past-tense name and the ids it speaks of. `thread_id` ties a chain together."""

    thread_id: UUID


@dataclass(frozen=True, slots=True)
class WorkRefused(Event):
    """A background step was refused for good: whoever asked for it has not, or no longer, the right to it."""

    work: str
    actor_key: str
    where: str
