"""What scarce hours cost: prices by pool and week, what to keep back for whom, offers of a guaranteed response."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.capacity.contracts.quotes import QuoteSufferer
from closeknit.rooms.org.contracts.fields import MONEY, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

LIST_MARGIN_SHARE = Setting(
    key="capacity.list_margin_share",
    kind=Kind.SHARE,
    default=0.0,
    unit="",
    sentence="What is added to the full cost of an hour to make its list price.",
    levels=(Level.GLOBAL, Level.REGION, Level.SITE),
)
SURGE_MOST_MULTIPLE = Setting(
    key="capacity.surge_most_multiple",
    kind=Kind.NUMBER,
    default=3.0,
    unit="times the list price",
    sentence="The highest surge price; dearer hours are not for sale and go by priority.",
    lowest=1.0,
    highest=100.0,
    levels=(Level.GLOBAL, Level.REGION, Level.SITE),
)
PRICE_SETTINGS = (LIST_MARGIN_SHARE, SURGE_MOST_MULTIPLE)


class PriorityClass(StrEnum):
    """How one more request gets hours: at list price, at a surge price, or only before whom it may come."""

    AS_USUAL = "list price"
    SURGE = "surge price"
    PRIORITY = "by priority only"


@dataclass(frozen=True, slots=True)
class PoolPrice:
    """What one pool's hours are worth in one week of a plan. Hours are productive.

    `price_per_hour` is the shadow price, `price_per_unit` the same over the hours of one unit. `one_more_unit_worth`
    and `one_less_unit_cost` are measured by solving again: the shadow price lies between them, and need not be unique.
    `over_provision_cost`: what the last unit costs more than going without it would. Prices of work are per unit of
    work.
    """

    pool: str
    pool_name: str
    unit: str
    week_on: date
    unit_hours: float
    idle_hours: float
    price_per_hour: Decimal | None = field(metadata=PRICES)
    price_per_unit: Decimal | None = field(metadata=PRICES)
    one_more_unit_worth: Decimal | None = field(metadata=PRICES)
    one_less_unit_cost: Decimal | None = field(metadata=PRICES)
    unit_cost: Decimal | None = field(metadata=PRICES)
    idle_cost: Decimal | None = field(metadata=PRICES)
    over_provision_cost: Decimal | None = field(metadata=PRICES)
    work_list_price: Decimal | None = field(metadata=PRICES)
    work_surge_price: Decimal | None = field(metadata=PRICES)
    priority: PriorityClass | None = field(metadata=PRICES)
    sentence: str | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Whether to keep one more unit back for one account in a pool's week, against what the others would do with it.

    `protected_hours` is the level up to which an hour is worth more kept for the account than given to the others
    (Littlewood's rule); `planned_hours` is what the plan gives it. `opportunity_cost` is what the others lose by one
    unit kept back on top of that, `kept_worth` what the account would make of it, on average.
    """

    pool: str
    pool_name: str
    unit: str
    week_on: date
    account_number: str
    tier: str
    expected_hours: float
    spread_hours: float
    planned_hours: float
    protected_hours: float | None = field(metadata=PRICES)
    worth_per_hour: Decimal | None = field(metadata=PRICES)
    others_worth_per_hour: Decimal | None = field(metadata=PRICES)
    opportunity_cost: Decimal | None = field(metadata=PRICES)
    kept_worth: Decimal | None = field(metadata=PRICES)
    sentence: str | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class HeldConflict:
    """Guarantees that a pool cannot all hold: without any one of them it could.

    Accounts, contracts and hours are left out as far as they would tell of an account that the reader may not see.
    """

    pool: str
    pool_name: str
    accounts: tuple[str, ...]
    contracts: tuple[str, ...]
    week_on: date
    need_hours: float | None
    have_hours: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class PriceBook:
    """A plan's prices, and for each pool's dearest week (or the week asked for) what to keep back for whom.

    `idle_cost_per_week` is that of the pools shown; `margin_per_week` what the accounts that were valued are worth.
    `conflicts`: guarantees of contracts that a pool cannot all hold.
    """

    plan_id: UUID
    thread_id: UUID
    operation: str
    state: str
    first_on: date
    weeks: int
    currency: str
    pools: tuple[PoolPrice, ...]
    kept_back: tuple[KeptBack, ...]
    conflicts: tuple[HeldConflict, ...]
    withheld_pools: tuple[str, ...]
    idle_cost_per_week: Decimal | None = field(metadata=PRICES)
    over_provision_cost_per_week: Decimal | None = field(metadata=PRICES)
    margin_per_week: Decimal | None = field(metadata=MONEY)
    margin_reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferAsked:
    """Units of a pool held ready for some weeks: so many, or as many as answer some work within a time, so often.

    With an account its own work counts towards them, as under a contract that guarantees them; without, they are
    taken out of the pool. `from_on` is a Monday of the plan (None: its first), `weeks` None: to its end.
    """

    pool: str
    units: float | None = None
    work_per_week: float | None = None
    within_minutes: float | None = None
    target_share: float | None = None
    account_number: str = ""
    from_on: date | None = None
    weeks: int | None = None


@dataclass(frozen=True, slots=True)
class OfferWeek:
    """What an offer takes in one week, and what it costs: its hours at list price, or what others lose, the larger."""

    week_on: date
    hours_held: float
    hours_more: float
    overtime_hours_more: float
    short_hours_more: float
    list_price: Decimal | None = field(metadata=PRICES)
    others_cost: Decimal | None = field(metadata=PRICES)
    price: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """An offer with its cost, against a plan. Nothing is recorded or promised. `price_per_week` is a mean."""

    plan_id: UUID
    operation: str
    asked: OfferAsked
    pool_name: str
    unit: str
    units_held: float
    can_be_held: bool
    currency: str
    price_per_week: Decimal | None = field(metadata=PRICES)
    price_in_all: Decimal | None = field(metadata=PRICES)
    weeks: tuple[OfferWeek, ...]
    others: int
    sufferers: tuple[QuoteSufferer, ...]
    conflicts: tuple[HeldConflict, ...]
    sentences: tuple[str, ...]
