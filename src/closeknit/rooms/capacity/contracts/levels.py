"""Work that may wait, levelled over the days that its promises allow, with room kept for what may not."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

KEPT_FREE_SHARE = Setting(
    key="capacity.kept_free_share",
    kind=Kind.SHARE,
    default=0.0,
    unit="",
    sentence="Which share of a day's hours levelled work leaves to high-priority requests; unset: what they may bring.",
    lowest=0,
    highest=0.9,
    levels=(Level.GLOBAL, Level.REGION, Level.SITE),
)
LEVEL_SETTINGS = (KEPT_FREE_SHARE,)


@dataclass(frozen=True, slots=True)
class LevelDay:
    """One day of a pool. Productive hours: of the roster, to be kept free, of work that may wait as it comes and
    levelled, what levelled work leaves free (below 0: it needs more than there is), and what of the room lacks, with
    what the work itself lacks.
    """

    day_on: date
    capacity_hours: float
    kept_hours: float
    as_comes_hours: float
    levelled_hours: float
    free_hours: float
    lacking_hours: float


@dataclass(frozen=True, slots=True)
class LevelPool:
    """One pool's work that may wait, levelled. `urgent`: the promise of what may not wait; "" where all have the same.

    `kept_by_setting`: the room is a set share of each day; else it is what a day of urgent work may bring, at the
    quantile that the plan is made for. Changes are the mean of the hours from one open day to the next. `days`: those
    of the plan on which the pool has hours. The days lack room also in the least uneven order where `is_room_kept` is
    false: no order keeps it.
    """

    pool: str
    pool_name: str
    unit: str
    urgent: str
    kept_by_setting: bool
    peak_as_comes_hours: float
    peak_levelled_hours: float
    change_as_comes_hours: float
    change_levelled_hours: float
    lacking_days: int
    lacking_as_comes_days: int
    is_room_kept: bool
    days: tuple[LevelDay, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class LevelBook:
    """A plan's pools that finish work by a due day, levelled. Totals over all accounts."""

    plan_id: UUID
    thread_id: UUID
    operation: str
    first_on: date
    weeks: int
    pools: tuple[LevelPool, ...]
    assumptions: tuple[str, ...]
