"""Scenarios: a plan with a named set of changes, what it comes to, and how it does when it is simulated."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.capacity.contracts.what_if import PlanChanges
from closeknit.rooms.org.contracts.fields import PERSONAL, PRICES


class StressPreset(StrEnum):
    """Changes that are worth trying on any plan."""

    LAUNCH = "launch"
    SURGE = "surge"
    OUTAGE = "outage"
    FAIL_OVER = "fail-over"


@dataclass(frozen=True, slots=True)
class SimulatedPool:
    """A pool's tightest week, simulated call by call as it is staffed there, against its strictest promise.

    `served_share` within `threshold_minutes` of all calls, give or take `half_width_share` (95 %).
    """

    pool: str
    pool_name: str
    week_on: date
    promised_share: float
    threshold_minutes: float
    served_share: float
    half_width_share: float
    keeps: bool


@dataclass(frozen=True, slots=True)
class ScenarioPool:
    """One pool over all weeks of a scenario, in productive hours; the week in which it is most short, if any."""

    pool: str
    pool_name: str
    need_hours: float
    capacity_hours: float
    short_hours: float
    overtime_hours: float
    worst_week_on: date | None


@dataclass(frozen=True, slots=True)
class ScenarioShort:
    """Who gets less than needed in a scenario: an account, or the rest of a tier together (account "")."""

    account_number: str
    tier: str
    short_hours: float
    cost: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """What a plan with changes comes to over its weeks. `short` names those who are most short; money as the plan's."""

    need_hours: float
    served_hours: float
    coverage_share: float
    short_hours: float
    overtime_hours: float
    regular_cost: Decimal | None = field(metadata=PRICES)
    overtime_cost: Decimal | None = field(metadata=PRICES)
    shortfall_cost: Decimal | None = field(metadata=PRICES)
    claimants_short: int
    short: tuple[ScenarioShort, ...]
    pools: tuple[ScenarioPool, ...]
    simulated: tuple[SimulatedPool, ...]


@dataclass(frozen=True, slots=True)
class ScenarioCard:
    """A named set of changes on a plan, and what it came to when it was saved. It never changes."""

    scenario_id: UUID
    thread_id: UUID
    plan_id: UUID
    operation: str
    name: str
    preset: StressPreset | None
    changes: PlanChanges
    change_sentences: tuple[str, ...]
    outcome: ScenarioOutcome
    currency: str
    made_at: datetime
    made_by: str | None = field(metadata=PERSONAL)
    inputs_digest: str
    result_digest: str
    code_version: str


@dataclass(frozen=True, slots=True)
class ScenarioComparison:
    """Scenarios of one plan beside the plan as it is."""

    plan_id: UUID
    operation: str
    currency: str
    as_planned: ScenarioOutcome
    scenarios: tuple[ScenarioCard, ...]


@dataclass(frozen=True, slots=True)
class ScenarioSaved(Event):
    """A scenario of a plan was computed and kept."""

    scenario_id: UUID
    operation: str
