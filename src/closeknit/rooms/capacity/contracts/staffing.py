"""A staffing question without a customer in it, and its answer: what the calculator takes and gives.

Times are minutes, shares 0..1. None among the targets means: not asked for.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class StaffingMethod(StrEnum):
    """How the intervals of a day are staffed. STATIONARY takes each by itself; AUTO chooses and says why."""

    AUTO = "auto"
    STATIONARY = "stationary"
    LAGGED = "lagged"
    MODIFIED_LOAD = "modified_load"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class StaffingQuestion:
    """How many people keep a promise to answer?

    `calls` arrive in each interval of `interval_minutes` and take `handle_minutes` each. `target_share` of them is to
    be answered within `threshold_minutes`. `patience_minutes`: how long a caller waits on average before giving up;
    None: nobody gives up. `shrinkage_share`: paid time in which people are not there to answer, exact.
    `longest_mean_wait_minutes` is of those answered; for a day, of all.
    """

    calls: float
    interval_minutes: float
    handle_minutes: float
    target_share: float
    threshold_minutes: float
    patience_minutes: float | None = None
    shrinkage_share: Fraction = Fraction(0)
    most_occupancy_share: float | None = None
    most_abandoned_share: float | None = None
    longest_mean_wait_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class StaffingPoint:
    """What a number of agents gives. `mean_wait_minutes` is None where the queue grows without end."""

    agents: int
    level_share: float
    mean_wait_minutes: float | None
    wait_share: float
    occupancy_share: float
    abandoned_share: float
    meets_all: bool


@dataclass(frozen=True, slots=True)
class StaffingAnswer:
    """The fewest agents that meet every target, what they give, and what fewer and more would.

    `scheduled` is `agents` with shrinkage added. `model`: the formula, in words. `binding`: what sets the number, as a
    sentence without its end. `curve` holds the points around `at`; `one_fewer` is what going without one would give
    (None at zero).
    """

    question: StaffingQuestion
    agents: int
    scheduled: int
    offered_erlangs: float
    model: str
    binding: str
    at: StaffingPoint
    one_fewer: StaffingPoint | None
    curve: tuple[StaffingPoint, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class StaffingInterval:
    """One interval of a day: its `label` as given, its calls, and its handling time where it has one of its own."""

    label: str
    calls: float
    handle_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class StaffingIntervalAnswer:
    """One interval's people, and what they give as the load moves through the day."""

    label: str
    calls: float
    agents: int
    scheduled: int
    level_share: float
    mean_wait_minutes: float | None
    occupancy_share: float
    abandoned_share: float


@dataclass(frozen=True, slots=True)
class StaffingDay:
    """A day staffed interval by interval.

    `method` is the one used and `why` the reason in words. `stationary_worst_share`: the level that staffing each
    interval by itself would reach in its worst interval, computed exactly; `stationary_below` counts the intervals
    where it would miss the target.
    """

    rows: tuple[StaffingIntervalAnswer, ...]
    method: StaffingMethod
    why: str
    agent_hours: float
    scheduled_hours: float
    worst_level_share: float
    stationary_worst_share: float
    stationary_below: int
    sentence: str


@dataclass(frozen=True, slots=True)
class VerifiedNumber:
    """A published result beside what is computed here, now."""

    name: str
    source: str
    question: str
    published: str
    computed: str
    agrees: bool
