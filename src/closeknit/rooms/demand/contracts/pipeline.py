"""The sales pipeline as probable demand: open opportunities with their chances, and the work they would bring."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

PIPELINE_COUNTS = Setting(
    key="demand.pipeline_counts",
    kind=Kind.FLAG,
    default=True,
    unit="",
    sentence="Whether forecasts count the work that open sales opportunities will probably bring.",
    levels=(Level.GLOBAL,),
)
PIPELINE_SETTINGS = (PIPELINE_COUNTS,)


class ChanceBasis(StrEnum):
    """Where a chance comes from: the closed opportunities on record, what the seller says, or it is won already."""

    RECORD = "record"
    STATED = "stated"
    WON = "won"


@dataclass(frozen=True, slots=True)
class OpportunityChance:
    """One open opportunity, or one that is won and has not begun: its chance to be won within the weeks looked at.

    `won_share` and `stated_share` (the seller's own) are 0..1; `units_per_week` is what it would bring when won;
    `expected_units_per_week` that times the chance; days from `starts_on` until before `ends_on`.
    """

    opportunity_number: str
    account_number: str
    service: str
    region: str
    stage: str
    age_days: int
    won_share: float
    stated_share: float | None
    basis: ChanceBasis
    units_per_week: float
    expected_units_per_week: float
    expected_close_on: date | None
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """An open opportunity that renews a contract in force: what its account brings now is in the history already."""

    opportunity_number: str
    account_number: str
    contract_number: str
    contract_ends_on: date
    units_per_week: float
    units_there_per_week: float

    @property
    def units_more_per_week(self) -> float:
        """Return the units that come on top of what is there: only these count."""
        return max(self.units_per_week - self.units_there_per_week, 0.0)


@dataclass(frozen=True, slots=True)
class PipelineWeek:
    """Units that opportunities bring in one week to one service and region: expected, and between which shares of runs.

    `low_units` and `high_units`: one run of ten lies below, one above.
    """

    week_on: date
    service: str
    region: str
    expected_units: float
    low_units: float
    high_units: float


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """One stage: how many are open, won and lost; the mean chance of the open ones, by the record and the sellers."""

    stage: str
    open_count: int
    won_count: int
    lost_count: int
    mean_age_days: float | None
    mean_won_share: float | None
    mean_stated_share: float | None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The pipeline of an operation on a day, as far as the reader may see its accounts.

    `total_weeks`: all services and regions together, with the quantiles of their sum. `uncounted`: open ones that say
    too little to be counted: no units, or neither a record nor a stated chance. `renewals`: those that count only as
    far as they bring more than their account brings already.
    """

    operation: str
    on: date
    closed_count: int
    opportunities: tuple[OpportunityChance, ...]
    weeks: tuple[PipelineWeek, ...]
    total_weeks: tuple[PipelineWeek, ...]
    stages: tuple[PipelineStage, ...]
    uncounted: tuple[str, ...]
    renewals: tuple[Renewal, ...] = ()
