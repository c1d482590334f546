"""Whether a tier's work should have a stream of its own: hours, cost, service and risk, pooled and apart."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from closeknit.rooms.org.contracts.fields import MONEY, PRICES


@dataclass(frozen=True, slots=True)
class DedicatedPool:
    """One pool as it is planned, and cut in two: the tier's own stream, and the rest. Productive hours a week.

    Cushions are the hours planned for beyond what is expected: apart, chance evens out less. Coverage is what is served
    of what is needed, with the roster as it is, cut so that the tier's stream has what it needs as far as there is.
    """

    pool: str
    pool_name: str
    unit: str
    pooled_hours: float
    own_hours: float
    rest_hours: float
    more_hours: float
    pooled_peak_units: int
    own_peak_units: int
    rest_peak_units: int
    pooled_cushion_hours: float
    apart_cushion_hours: float
    own_coverage_pooled: float
    own_coverage_apart: float
    rest_coverage_pooled: float
    rest_coverage_apart: float
    more_cost: Decimal | None = field(metadata=PRICES)
    scarcity_cost_more: Decimal | None = field(metadata=PRICES)
    sentence: str


@dataclass(frozen=True, slots=True)
class DedicatedCase:
    """The case for a dedicated stream for a tier, over a plan's weeks. Amounts a week.

    `more_cost`: full cost of the hours more, staffed to the need. `scarcity_cost_more`: overtime and shortfalls more
    with the roster as it is; below zero: less. `tier_value`: what its accounts are worth, as last valued.
    """

    plan_id: UUID
    thread_id: UUID
    operation: str
    tier: str
    currency: str
    weeks: int
    pools: tuple[DedicatedPool, ...]
    more_hours: float
    more_cost: Decimal | None = field(metadata=PRICES)
    scarcity_cost_more: Decimal | None = field(metadata=PRICES)
    tier_value: Decimal | None = field(metadata=MONEY)
    value_reason: str
    verdict: str | None = field(metadata=PRICES)
    assumptions: tuple[str, ...]
