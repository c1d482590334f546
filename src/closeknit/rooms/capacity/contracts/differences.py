"""Where sales and the plan in force disagree: shown, owned, settled, and held against what came."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

DIFFERENCE_SHARE = Setting(
    key="capacity.pipeline_difference_share",
    kind=Kind.SHARE,
    default=0.10,
    unit="",
    sentence="By how much of a pool's hours sales' projections may differ from a plan's week before someone answers.",
    lowest=0.01,
    highest=1.0,
    levels=(Level.GLOBAL,),
)
DIFFERENCE_DAYS = Setting(
    key="capacity.pipeline_difference_days",
    kind=Kind.DAYS,
    default=5,
    unit="",
    sentence="How many days the owner of such a difference has to settle it.",
    lowest=1,
    highest=60,
    levels=(Level.GLOBAL,),
)
DIFFERENCE_SETTINGS = (DIFFERENCE_SHARE, DIFFERENCE_DAYS)


class DifferenceState(StrEnum):
    """Open: someone has to answer. Settled: someone has. Gone: plan and projection came together again."""

    OPEN = "open"
    SETTLED = "settled"
    GONE = "gone"


class Resolution(StrEnum):
    """How a difference was settled."""

    MORE_CAPACITY = "more-capacity"
    SALES_MOVES_DATE = "sales-moves-date"
    ACCEPTED = "accepted"
    PROJECTION_WRONG = "projection-wrong"


class NearerTo(StrEnum):
    """Whose figure came nearer to the work that came."""

    SALES = "sales"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class PoolProjection:
    """A pool in a week: what the plan in force says and what sales project, in productive hours.

    `need_hours`: what the plan expects, of which `counted_hours` are of the pipeline; `committed_hours`: what there is;
    `pipeline_hours`: of the pipeline as it is now; so `projected_hours` = need - counted + pipeline.
    """

    pool: str
    pool_name: str
    week_on: date
    committed_hours: float
    need_hours: float
    counted_hours: float
    pipeline_hours: float

    @property
    def projected_hours(self) -> float:
        """What would be needed if the pipeline came as it now looks."""
        return self.need_hours - self.counted_hours + self.pipeline_hours

    @property
    def difference_hours(self) -> float:
        """Projected less committed: above 0 hours are missing, below 0 they are too many."""
        return self.projected_hours - self.committed_hours


@dataclass(frozen=True, slots=True)
class DifferenceCard:
    """One difference: a pool's week, both figures, who answers for it and until when, and what came of it.

    `actual_hours` and `nearer_to` stand once the week is over.
    """

    difference_id: UUID
    thread_id: UUID
    operation: str
    plan_id: UUID
    pool: str
    pool_name: str
    week_on: date
    committed_hours: float
    need_hours: float
    counted_hours: float
    pipeline_hours: float
    projected_hours: float
    difference_hours: float
    state: DifferenceState
    owner_key: str
    owner: str
    raised_at: datetime
    due_on: date
    is_overdue: bool
    resolution: Resolution | None
    resolution_text: str
    settled_by: str
    settled_at: datetime | None
    actual_hours: float | None
    nearer_to: NearerTo | None


@dataclass(frozen=True, slots=True)
class PipelineDiffered(Event):
    """Sales and the plan in force of an operation disagree in more weeks than before."""

    operation: str
    count: int


@dataclass(frozen=True, slots=True)
class PipelineDifferenceSettled(Event):
    """Somebody answered for a difference between sales and plan."""

    difference_id: UUID
    operation: str
