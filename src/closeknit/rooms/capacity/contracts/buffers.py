"""What is kept ready beyond the work that is expected: for whom, by which promise, at what cost; ways to need less."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.org.contracts.fields import INTERNAL, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

BUFFER_MOST_SHARE = Setting(
    key="capacity.buffer_most_share",
    kind=Kind.SHARE,
    default=0.25,
    unit="",
    sentence="Which share of the hours that a plan asks of a pool may be buffer: 0.25 is a utilisation of 75 %.",
    lowest=0,
    highest=1,
    levels=(Level.GLOBAL, Level.REGION, Level.SITE),
)
BUFFER_SETTINGS = (BUFFER_MOST_SHARE,)


class BufferKind(StrEnum):
    """What a buffer keeps: answers in time, due dates, visits in time, hours held by contract, pieces on the shelf."""

    ANSWERS = "answers in time"
    DUE_DATES = "due dates"
    VISITS = "visits in time"
    GUARANTEED = "guaranteed hours"
    STOCK = "stock"


class LooserBy(StrEnum):
    """Where a looser promise comes from."""

    STEP = "one step looser"
    NEXT = "as others have it"
    TOLERANCE = "as far as it may bend"
    EXPECTATION = "as soon as customers need it"


@dataclass(frozen=True, slots=True)
class BufferPart:
    """One account's buffer of one kind at one place: a pool, or for stock a site. A mean week of the plan.

    Hours are productive, pieces lie all the time. `expected_units`: the work that is expected; a buffer may be below 0
    in a plan that ends with more open work than it began with. `varying_units`: what of it is there because demand is
    not known; the rest would be needed if it were. The account is "" for the rest of a tier together.
    """

    account_number: str
    tier: str
    kind: BufferKind
    place: str
    place_name: str
    unit: str
    expected_units: float
    buffer_units: float
    varying_units: float | None
    promise: str
    bends_by_share: float | None = field(metadata=INTERNAL)
    cost_per_week: Decimal | None = field(metadata=PRICES)
    currency: str


@dataclass(frozen=True, slots=True)
class AccountBuffers:
    """All buffers of one account in the plans in force, and its part of the newest sizing of stock.

    `with_tier`: its hours are its part of those of its tier, by its share of the tier's work.
    """

    account_number: str
    parts: tuple[BufferPart, ...]
    with_tier: bool
    cost_per_week: Decimal | None = field(metadata=PRICES)
    currency: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BufferPromise:
    """What one promise keeps ready in a pool, and what one step of service costs there: all who have it together.

    `step`: some points of the share less, or a day more. `step_hours` and `step_cost`: what a week needs less then,
    planned again; `cost_per_point`: of one point of the share, None where a step is a day.
    """

    promise: str
    accounts: tuple[str, ...]
    others: int
    buffer_hours: float
    step: str
    step_hours: float
    buffer_cost: Decimal | None = field(metadata=PRICES)
    step_cost: Decimal | None = field(metadata=PRICES)
    cost_per_point: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class BufferWay:
    """A looser promise for all who have a stricter one in a pool, planned again: what it saves a week, and whether the
    pool is back within its target then.
    """

    by: LooserBy
    from_promise: str
    to_promise: str
    accounts: tuple[str, ...]
    others: int
    saved_hours: float
    saved_cost: Decimal | None = field(metadata=PRICES)
    buffer_share_after: float
    brings_back: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class PoolBuffer:
    """One pool's buffers together, against the target. Productive hours in a mean week of the plan.

    `need_hours` = `expected_hours` + `buffer_hours`; `guaranteed_hours` and `varying_hours` are parts of the buffer.
    `alone_hours`: the buffers that all who share the pool would need if each had people of its own; None: too many to
    compute. `target_share`: the most that may be buffer.
    """

    pool: str
    pool_name: str
    unit: str
    need_hours: float
    expected_hours: float
    buffer_hours: float
    guaranteed_hours: float
    varying_hours: float
    buffer_share: float
    target_share: float
    is_above: bool
    alone_hours: float | None
    pooling_saves_hours: float | None
    claimants: int
    cost_per_week: Decimal | None = field(metadata=PRICES)
    pooling_saves_cost: Decimal | None = field(metadata=PRICES)
    promises: tuple[BufferPromise, ...]
    ways: tuple[BufferWay, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class BufferBook:
    """All buffers of a plan: each account's in sight, and for who sees every account, each pool's against its target.

    `parts` are the dearest (most) first, cut after so many: `parts_left_out`. Costs a week: of all hours beyond what is
    expected, and of the stock beyond what an order brings, of all parts, those left out too.
    """

    plan_id: UUID
    thread_id: UUID
    operation: str
    state: str
    first_on: date
    weeks: int
    currency: str
    parts: tuple[BufferPart, ...]
    parts_left_out: int
    pools: tuple[PoolBuffer, ...]
    is_every_account: bool
    hours_cost_per_week: Decimal | None = field(metadata=PRICES)
    stock_cost_per_week: Decimal | None = field(metadata=PRICES)
    assumptions: tuple[str, ...]
