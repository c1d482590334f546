"""Where customers meet us, which queue that reaches, who owns it, and where it falls short."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Stage(StrEnum):
    """Where in the relation a touchpoint stands, in order."""

    LEARN = "learn"
    BUY = "buy"
    RECEIVE = "receive"
    USE = "use"
    GET_HELP = "get help"
    RENEW = "renew"


class Triage(StrEnum):
    """How what comes by a touchpoint finds its queue."""

    RULE = "rule"
    HAND = "hand"


class Gap(StrEnum):
    """What may be missing at a touchpoint."""

    NO_DATA = "no data"
    NO_OWNER = "no owner"
    TOO_SLOW = "too slow"
    BY_HAND = "sorted by hand"
    NOT_MAPPED = "not on the map"


@dataclass(frozen=True, slots=True)
class TouchpointPlan:
    """What a person says of a touchpoint.

    Attributes:
        service, channel: "" for every one of the operation.
        queue: the internal queue or pool that answers; "" where nobody knows.
        owner_key: who answers for it, "person:3"; "" for nobody.
        answer_within_minutes: half of what comes should be finished by then.
    """

    name: str
    stage: Stage
    operation: str
    service: str
    channel: str
    queue: str
    owner_key: str
    answer_within_minutes: int
    triage: Triage


@dataclass(frozen=True, slots=True)
class TouchpointCard:
    """A touchpoint with what was observed there lately, and its gaps with their sentences.

    `touchpoint_id` is None for work that no touchpoint covers.
    """

    touchpoint_id: UUID | None
    plan: TouchpointPlan
    owner: str
    count: int
    last_at: datetime | None
    median_minutes: float | None
    p90_minutes: float | None
    met_share: float | None
    gaps: dict[Gap, str]
    thread_id: UUID | None


@dataclass(frozen=True, slots=True)
class Journey:
    """The map as of an instant: touchpoints by stage, what is not on it, over how many days it was observed."""

    account_number: str
    at: datetime
    days: int
    touchpoints: tuple[TouchpointCard, ...]
    unmapped: tuple[TouchpointCard, ...]
