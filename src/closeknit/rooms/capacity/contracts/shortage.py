"""Shortages: who gives way, by which rule, at what price, what would mend it, and when everyone is kept again."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.capacity.contracts.plans import PoolWeek
from closeknit.rooms.org.contracts.fields import PERSONAL, PRICES


class ShortageState(StrEnum):
    """A shortage's life: opened, its remedy proposed, in force or turned down; at its date recovered, or not."""

    OPEN = "open"
    PROPOSED = "proposed"
    IN_FORCE = "in force"
    TURNED_DOWN = "turned down"
    RECOVERED = "recovered"
    MISSED = "not recovered"


@dataclass(frozen=True, slots=True)
class StaffMoveCard:
    """Staff lent from one pool to another, until a day (exclusive); `from_pool` "": people from outside.

    `hours`: productive hours that the borrowing pool gets by it. `cost`: those people's paid hours, at the lending
    pool's cost, or at the stated cost of people from outside.
    """

    from_pool: str
    from_pool_name: str
    to_pool: str
    to_pool_name: str
    unit: str
    units: int
    from_on: date
    until_on: date
    hours: float
    cost: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class OutsideNeed:
    """Units that a pool lacks which no other pool can lend; 0: more of them would not mend it."""

    pool: str
    pool_name: str
    unit: str
    units: int


@dataclass(frozen=True, slots=True)
class TierFloor:
    """What an hour short costs at least in a tier, in hours of overtime: the lower, the sooner it gives way."""

    tier: str
    overtime_hours: float


@dataclass(frozen=True, slots=True)
class ShortClaim:
    """An account, or the rest of a tier together (account ""), that gets less than it needs at a pool in a week.

    `short_units`: units of work that the short hours would do. `short_hours_after`: with the remedy.
    """

    pool: str
    week_on: date
    tier: str
    account_number: str
    need_hours: float
    short_hours: float
    short_units: float
    short_hours_after: float
    shortfall_cost: Decimal | None = field(metadata=PRICES)
    sentence: str


@dataclass(frozen=True, slots=True)
class ShortageCard:
    """A shortage of one plan, with its remedy. Totals are None for a reader of some accounts, as are withheld pools.

    `recovery_on`: the first week from which everyone is kept to the plan's end, with the remedy; None: not within the
    plan. `recovery_without_on`: the same without it. `claims` and `prices` are left out of lists. `policy_version`:
    the decision table that routed the remedy, "" before it is proposed.
    """

    shortage_id: UUID
    thread_id: UUID
    plan_id: UUID
    operation: str
    state: ShortageState
    opened_at: datetime
    opened_by: str | None = field(metadata=PERSONAL)
    first_short_on: date
    claimants_short: int | None
    short_hours: float | None
    short_hours_after: float | None
    recovery_on: date | None
    recovery_without_on: date | None
    cost_before: Decimal | None = field(metadata=PRICES)
    cost_after: Decimal | None = field(metadata=PRICES)
    moves_cost: Decimal | None = field(metadata=PRICES)
    currency: str
    rule_sentence: str
    floors: tuple[TierFloor, ...]
    policy_version: str
    moves: tuple[StaffMoveCard, ...]
    outside: tuple[OutsideNeed, ...]
    claims: tuple[ShortClaim, ...]
    prices: tuple[PoolWeek, ...]
    withheld_pools: tuple[str, ...]
    proposal_id: UUID | None
    decided_by: str | None = field(metadata=PERSONAL)
    in_force_at: datetime | None
    replan_thread_id: UUID | None
    checked_at: datetime | None
    outcome_sentence: str
    inputs_digest: str
    result_digest: str
    code_version: str


@dataclass(frozen=True, slots=True)
class ShortageOpened(Event):
    """A plan's shortage was written down, with what would mend it."""

    shortage_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class StaffReassigned(Event):
    """Staff were reassigned to end a shortage; its operation is planned again."""

    shortage_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class RecoveryChecked(Event):
    """The recovery date of a shortage came: everyone is kept again, or not."""

    shortage_id: UUID
    operation: str
