"""Changes to a plan that is not made yet: proposed terms, other demand, other hours, one more request."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from closeknit.rooms.agreements.contracts import Clock, Measure
from closeknit.rooms.org.contracts.fields import MONEY, PRICES


@dataclass(frozen=True, slots=True)
class TermChange:
    """A promise that an account would have instead of its own for the same service and class of work ("": for all).

    From `starts_on` on; None: from the plan's first day.
    """

    account_number: str
    threshold_minutes: float
    target_share: float
    service: str = ""
    work_class: str = ""
    measure: Measure | None = None
    credit_per_miss: Decimal | None = field(default=None, metadata=MONEY)
    clock: Clock = Clock.CALENDAR
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class GuaranteeChange:
    """Hours a week that an account would have held ready, instead of what contracts hold for the same service now.

    Productive hours, of the pool that does the account's work in that service ("": in any). `units`: how many people or
    machines (`unit`) they were asked as; None: as hours. From `starts_on` on; None: from the plan's first day.
    """

    account_number: str
    tier: str
    hours_per_week: float
    service: str = ""
    units: float | None = None
    starts_on: date | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class DemandChange:
    """Expected work times a factor, of whom and what is named ("": all), for some weeks (None: from the first, all)."""

    factor: float
    account_number: str = ""
    tier: str = ""
    service: str = ""
    region: str = ""
    from_on: date | None = None
    weeks: int | None = None


@dataclass(frozen=True, slots=True)
class PoolChange:
    """Another pool, for some weeks: its hours times a factor (0: an outage), more or fewer units, other costs.

    `failover_pool` takes over the work of an outage. Costs per paid hour hold for the whole plan.
    """

    pool: str
    hours_factor: float = 1.0
    extra_units: float = 0.0
    failover_pool: str = ""
    cost_per_hour: Decimal | None = field(default=None, metadata=PRICES)
    overtime_cost_per_hour: Decimal | None = field(default=None, metadata=PRICES)
    from_on: date | None = None
    weeks: int | None = None


@dataclass(frozen=True, slots=True)
class UnitRequest:
    """One request: units of work of a service in the week of a Monday, beside all that is expected."""

    account_number: str
    service: str
    units: float
    week_on: date
    region: str = ""


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """What is changed together. Nothing given: the plan as it is."""

    terms: tuple[TermChange, ...] = ()
    demand: tuple[DemandChange, ...] = ()
    pools: tuple[PoolChange, ...] = ()
    requests: tuple[UnitRequest, ...] = ()
    guarantees: tuple[GuaranteeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesShare:
    """Which share of its tier's work of a service in a region is an account's, where the tier is planned together."""

    account_number: str
    tier: str
    service: str
    region: str
    share: float
