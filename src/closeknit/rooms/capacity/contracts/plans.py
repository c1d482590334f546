"""Pools, plans, who is served or short in them, and the settings they go by."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.capacity.contracts.adjust import ROUTINE_CUT_SHARE
from closeknit.rooms.org.contracts.fields import PERSONAL, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

PLANNING_WEEKS = Setting(
    key="capacity.planning_weeks",
    kind=Kind.COUNT,
    default=8,
    unit="weeks",
    sentence="How many weeks a plan covers where nobody asks for another number; unset: as far as lead times ask for.",
    lowest=1,
    highest=26,
    levels=(Level.GLOBAL,),
)
PLANNING_QUANTILE = Setting(
    key="capacity.planning_quantile",
    kind=Kind.CHOICE,
    default="0.8",
    unit="",
    sentence="Which quantile of demand a plan is made for: how often what comes is at most what was planned.",
    choices=("0.5", "0.75", "0.8", "0.9", "0.95"),
    levels=(Level.GLOBAL,),
)
MEASURED_FROM_UNITS = Setting(
    key="capacity.handle_minutes_measured_from",
    kind=Kind.COUNT,
    default=100,
    unit="units of work",
    sentence="From how much measured work on a pool's handle time is taken from measurement, not from its source.",
    lowest=1,
    highest=1_000_000,
    levels=(Level.GLOBAL, Level.REGION, Level.SITE),
)
SURGE_SHARE = Setting(
    key="capacity.surge_share",
    kind=Kind.SHARE,
    default=0.15,
    unit="",
    sentence="By how much a week's demand (its 80 % quantile) may outgrow the plan in force before people are asked.",
    levels=(Level.GLOBAL,),
)
SHORTFALL_MULTIPLES = {
    tier: Setting(
        key=f"capacity.shortfall_multiple.{tier}",
        kind=Kind.NUMBER,
        default=multiple,
        unit="times overtime",
        sentence=f"What an hour short costs at least for tier {tier}, in hours of overtime: who gives way last.",
        lowest=1.01,
        highest=1000,
        levels=(Level.GLOBAL,),
    )
    for tier, multiple in (("strategic", 8.0), ("key", 4.0), ("standard", 2.0), ("volume", 1.25))
}
SETTINGS = (
    PLANNING_WEEKS,
    PLANNING_QUANTILE,
    MEASURED_FROM_UNITS,
    SURGE_SHARE,
    ROUTINE_CUT_SHARE,
    *SHORTFALL_MULTIPLES.values(),
)


class Staffing(StrEnum):
    """How a pool's need is computed: answered as it arrives, or done by a deadline."""

    INTERVAL = "interval"
    DEADLINE = "deadline"


class PlanState(StrEnum):
    """A plan's life. One committed plan per operation at most."""

    DRAFT = "draft"
    COMMITTED = "committed"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PoolCard:
    """A group of interchangeable resources. `shrinkage` is the share of paid time not worked on work, exact."""

    pool: str
    name: str
    operation: str
    services: tuple[str, ...]
    regions: tuple[str, ...]
    site: str
    unit: str
    staffing: Staffing
    handle_minutes: float
    shrinkage: Fraction
    cost_per_hour: Decimal | None = field(metadata=PRICES)
    overtime_cost_per_hour: Decimal | None = field(metadata=PRICES)
    overtime_share_max: float
    currency: str
    time_zone: str
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan of one operation: from which forecast, at which cost, in which state.

    Hours are productive hours of the pool's units. `coverage_share` is served over needed hours. Totals are None where
    they would tell a reader of some accounts too much of one of the others, and in lists for such a reader.
    """

    plan_id: UUID
    thread_id: UUID
    operation: str
    state: PlanState
    first_on: date
    weeks: int
    made_at: datetime
    made_by: str | None = field(metadata=PERSONAL)
    forecast_run_id: UUID
    planning_quantile: float
    need_hours: float | None
    served_hours: float | None
    short_hours: float | None
    overtime_hours: float | None
    coverage_share: float | None
    overtime_cost: Decimal | None = field(metadata=PRICES)
    shortfall_cost: Decimal | None = field(metadata=PRICES)
    regular_cost: Decimal | None = field(metadata=PRICES)
    currency: str
    accounts_short: int | None
    top_tier_accounts_short: int | None
    snapshot_digest: str
    result_digest: str
    code_version: str
    optimality_gap: float
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoolWeek:
    """One pool in one week of a plan.

    `price_per_hour` is what one more productive hour is worth (the shadow price, weighted over the week's open cells);
    `one_more_unit_worth` is what one more agent, picker or engineer, working the pool's hours that week, would save.
    """

    pool: str
    pool_name: str
    unit: str
    week_on: date
    need_hours: float
    capacity_hours: float
    served_hours: float
    short_hours: float
    overtime_hours: float
    peak_need_units: int
    coverage_share: float
    price_per_hour: Decimal | None = field(metadata=PRICES)
    one_more_unit_worth: Decimal | None = field(metadata=PRICES)
    one_less_unit_cost: Decimal | None = field(metadata=PRICES)
    currency: str
    binding_term: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ClaimWeek:
    """What one claimant (an account of a top tier, or a tier together) needs and gets from a pool in a week."""

    plan_id: UUID
    pool: str
    week_on: date
    tier: str
    account_number: str
    need_hours: float
    served_hours: float
    short_hours: float
    shortfall_cost: Decimal | None = field(metadata=PRICES)
    currency: str
    term: str
    sentence: str


@dataclass(frozen=True, slots=True)
class IntervalCell:
    """One pool in one period of a plan: the drill-down below a pool's week."""

    starts_at: datetime
    local_start: str
    need_hours: float
    need_units: float
    capacity_hours: float
    served_hours: float
    short_hours: float
    overtime_hours: float
    price_per_hour: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class PlanProposed(Event):
    """A draft plan was made and put before policy."""

    plan_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class PlanCommitted(Event):
    """A plan is now the one in force for its operation."""

    plan_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class PlanRejected(Event):
    """A draft was set aside: rejected, withdrawn or not decided in time."""

    plan_id: UUID
    operation: str
