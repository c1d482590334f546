"""What other rooms may know of how good forecasts were: scores after the event, and their news."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event


class ScoreLevel(StrEnum):
    """What a score is of: a series (an account, or a tier together), or the total of a service and region."""

    SERIES = "series"
    TOTAL = "total"


class ScorePeriod(StrEnum):
    """How long the scored period is."""

    WEEK = "week"
    DAY = "day"


class AccuracyBy(StrEnum):
    """What scores are grouped by."""

    OPERATION = "operation"
    ACCOUNT = "account"
    SEGMENT = "segment"
    SERVICE = "service"
    REGION = "region"
    TIER = "tier"
    HORIZON = "horizon"
    METHOD = "method"
    VERSION = "version"
    DATA = "data"
    RUN = "run"
    WEEK = "week"


class VersionKind(StrEnum):
    """What may have changed between two forecasts: the code and its methods, or how data are read (recipes)."""

    CODE = "version"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """How good forecasts of one group were. Shares are of the work that came; None where none came.

    `wape_share`: sum of misses over sum of work; `statistical_wape_share`: the same before people adjusted;
    `bias_share`: above zero where forecasts were too high; `coverage_share`: how often what came fell into the 80 %
    range; `quantile_loss_share`: weighted quantile loss, the mean over the run's levels; `against_naive`: misses over
    those of repeating the last week before the forecast (below 1 is better than that).
    """

    group: str
    name: str
    points: int
    units: float
    wape_share: float | None
    statistical_wape_share: float | None
    bias_share: float | None
    coverage_share: float | None
    quantile_loss_share: float | None
    against_naive: float | None


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Before against after a change, on the series, weeks and horizons that both forecast.

    `change_share`: the error after, less before, in shares of the work (below zero is better); `low_share` and
    `high_share`: its 95 % interval by drawing weeks again and again. `sentence` says what that means.
    """

    operation: str
    kind: VersionKind
    before: str
    after: str
    points: int
    series: int
    weeks: int
    before_wape_share: float | None
    after_wape_share: float | None
    change_share: float | None
    low_share: float | None
    high_share: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class ForecastsScored(Event):
    """Forecasts of an operation were held against weeks that are complete now, up to a day (ISO form)."""

    operation: str
    until_on: str
    scores: int


@dataclass(frozen=True, slots=True)
class ScoredWeek:
    """The newest forecast of one series for one complete week, and what came."""

    run_id: UUID
    level: ScoreLevel
    service: str
    region: str
    work_class: str
    tier: str
    account_number: str
    week_on: date
    horizon_weeks: int
    mean: float
    low: float
    high: float
    actual: float
    method: str
