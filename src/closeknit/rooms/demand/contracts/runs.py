"""What other rooms may know of demand: forecast runs and their numbers."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.news import Event
from closeknit.rooms.demand.contracts.holidays import HOLIDAY_COUNTRY
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

OWN_SERIES_UNITS = Setting(
    key="demand.own_series_units",
    kind=Kind.NUMBER,
    default=30.0,
    unit="units of work",
    sentence="From how much work on an account of a top tier, or with a promise of its own, has its own forecast.",
    lowest=1,
    highest=1_000_000,
    levels=(Level.GLOBAL, Level.TIER, Level.ACCOUNT),
)
BEST_METHODS_TO = Setting(
    key="demand.best_methods_to",
    kind=Kind.CHOICE,
    default="key",
    unit="",
    sentence="Down to which tier forecasts try every method; below it, the cheap ones.",
    choices=("strategic", "key", "standard", "volume"),
    levels=(Level.GLOBAL,),
)
SETTINGS = (OWN_SERIES_UNITS, BEST_METHODS_TO, HOLIDAY_COUNTRY)


class RunPurpose(StrEnum):
    """What a run was made for: to plan by, to see how good past forecasts would have been, or to try assumptions."""

    PLAN = "plan"
    BACKTEST = "backtest"
    SCENARIO = "scenario"


class Grain(StrEnum):
    """The length of a forecast period."""

    HALF_HOUR = "half-hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class ForecastKey:
    """What one forecast series is about.

    Accounts of the closest tiers have their own series; others are forecast together by tier, with the account "".
    """

    service: str
    region: str
    work_class: str
    tier: str
    account_number: str


@dataclass(frozen=True, slots=True)
class ForecastCard:
    """One immutable forecast run: which data, method and code made it, and how good it was on weeks it had not seen.

    `scenario` names the assumptions tried, for that purpose only. Before `frozen_until_on` nothing can be changed any
    more (None: not known); `horizon_reason` says in words what the horizon and that day follow from.
    """

    run_id: UUID
    thread_id: UUID
    operation: str
    grains: tuple[Grain, ...]
    time_zone: str
    first_on: date
    weeks: int
    horizon_days: int
    made_at: datetime
    data_until_at: datetime
    snapshot_digest: str
    result_digest: str
    code_version: str
    series: int
    wape_share: float | None
    interval_coverage_share: float | None
    bias_share: float | None
    purpose: RunPurpose = RunPurpose.PLAN
    scenario: str = ""
    frozen_until_on: date | None = None
    horizon_reason: str = ""


@dataclass(frozen=True, slots=True)
class EventEffect:
    """What a kind of event does to demand of a service and region: a share of it, +0.25 for a quarter more.

    `occurrences`: how often it was seen; 0 with a share of 0 where it is still unknown.
    """

    name: str
    service: str
    region: str
    share: float
    error_share: float
    occurrences: int


@dataclass(frozen=True, slots=True)
class NodeName:
    """A sum with a forecast of its own beside totals: a tier in a total, a service, or the operation ("" is any).

    `totals`: which of the panel's totals it is made of, or, a tier, lies in.
    """

    service: str
    region: str
    work_class: str
    tier: str
    totals: tuple[int, ...]


STATISTICAL = {
    "statistical_mean": "mean",
    "statistical_weekly_mean": "weekly_mean",
    "statistical_weekly_quantiles": "weekly_quantiles",
    "total_statistical_mean": "total_mean",
    "total_statistical_quantiles": "total_quantiles",
    "total_statistical_weekly_mean": "total_weekly_mean",
    "total_statistical_weekly_quantiles": "total_weekly_quantiles",
    "node_statistical_weekly_mean": "node_weekly_mean",
}
"""What the methods alone said, by the final number that people's adjustments made of it."""
_NOT_GIVEN: NDArray[np.float64] = np.zeros(0)


def _not_given() -> NDArray[np.float64]:
    return _NOT_GIVEN


@dataclass(frozen=True, slots=True)
class Panel:
    """The forecast of the series that share a grain, as arrays.

    keys, methods, wape_share (held-out error, NaN unknown): one per series (S). local_starts: wall-clock starts of the
    periods in the operation's zone (P); week_on: the Mondays of their weeks (W). mean: units of work (S x P).
    total_keys: one per service and region (T), the group of all series in it; total_of_series (S): its index. The
    series of a group add up to its total over the horizon. total_quantiles (Q x T x P): forecast from the group's
    own history, so that the quantiles are those of the sum, not sums of quantiles; the weekly ones (x W) likewise.
    These numbers are final: what planning uses. The `statistical` ones are what the methods said before people adjusted
    them; where none are given nobody did. reasons (S), total_methods, total_reasons (T): why this method, in words.
    node_names (N): further sums with a forecast of their own, node_weekly_mean (N x W) and node_weekly_quantiles
    (Q x N x W) theirs; none in runs made before these were kept.
    """

    grain: Grain
    keys: tuple[ForecastKey, ...]
    methods: tuple[str, ...]
    wape_share: NDArray[np.float64]
    local_starts: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    week_on: NDArray[np.datetime64]
    weekly_mean: NDArray[np.float64]
    weekly_quantiles: NDArray[np.float64]
    total_keys: tuple[tuple[str, str], ...]
    total_of_series: NDArray[np.int64]
    total_mean: NDArray[np.float64]
    total_quantiles: NDArray[np.float64]
    total_weekly_mean: NDArray[np.float64]
    total_weekly_quantiles: NDArray[np.float64]
    statistical_mean: NDArray[np.float64] = field(default_factory=_not_given)
    statistical_weekly_mean: NDArray[np.float64] = field(default_factory=_not_given)
    statistical_weekly_quantiles: NDArray[np.float64] = field(default_factory=_not_given)
    total_statistical_mean: NDArray[np.float64] = field(default_factory=_not_given)
    total_statistical_quantiles: NDArray[np.float64] = field(default_factory=_not_given)
    total_statistical_weekly_mean: NDArray[np.float64] = field(default_factory=_not_given)
    total_statistical_weekly_quantiles: NDArray[np.float64] = field(default_factory=_not_given)
    reasons: tuple[str, ...] = ()
    total_methods: tuple[str, ...] = ()
    total_reasons: tuple[str, ...] = ()
    events: tuple[EventEffect, ...] = ()
    node_names: tuple[NodeName, ...] = ()
    node_weekly_mean: NDArray[np.float64] = field(default_factory=_not_given)
    node_weekly_quantiles: NDArray[np.float64] = field(default_factory=_not_given)
    node_statistical_weekly_mean: NDArray[np.float64] = field(default_factory=_not_given)

    def __post_init__(self) -> None:
        if self.node_weekly_mean is _NOT_GIVEN:
            object.__setattr__(self, "node_weekly_mean", np.zeros((0, self.week_on.size)))
            object.__setattr__(
                self, "node_weekly_quantiles", np.zeros((self.weekly_quantiles.shape[0], 0, self.week_on.size))
            )
        for statistical, final in STATISTICAL.items():
            if getattr(self, statistical) is _NOT_GIVEN:
                object.__setattr__(self, statistical, getattr(self, final))
        for words, about in (
            ("reasons", self.keys),
            ("total_methods", self.total_keys),
            ("total_reasons", self.total_keys),
        ):
            if not getattr(self, words):
                object.__setattr__(self, words, ("",) * len(about))


@dataclass(frozen=True, slots=True)
class ForecastNumbers:
    """All numbers of a run: its card, the quantile levels (Q), and one panel per grain in use."""

    card: ForecastCard
    quantile_levels: NDArray[np.float64]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """One series of a run as listed on a page: what it is about, its weekly level, its method and its error."""

    key: ForecastKey
    grain: Grain
    units_per_week: float
    low_per_week: float | None
    high_per_week: float | None
    method: str
    wape_share: float | None
    statistical_units_per_week: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """One week of some series: what was observed (None in the future) and what is forecast (None in the past)."""

    week_on: date
    observed: float | None
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class AccountUnits:
    """Mean forecast units per week of one account in one service and region; the account "" is all of no known account.

    `is_own_series` is true where the account was forecast alone, not with its tier.
    """

    service: str
    region: str
    tier: str
    account_number: str
    units_per_week: float
    is_own_series: bool


@dataclass(frozen=True, slots=True)
class ForecastReplay:
    """What computing a run again found: `same` when every number is the same, bit for bit.

    `is_snapshot_intact`: what the run was made from is still what its digest says.
    """

    run_id: UUID
    same: bool
    stored_digest: str
    replayed_digest: str
    is_snapshot_intact: bool
    code_version_then: str
    code_version_now: str


@dataclass(frozen=True, slots=True)
class ForecastRequested(Event):
    """Someone wants an operation forecast and planned. `as_of` is an instant in ISO form, or "" for all data."""

    operation: str
    weeks: int
    as_of: str


@dataclass(frozen=True, slots=True)
class ForecastRefreshed(Event):
    """A new forecast run of an operation is there, to plan by."""

    run_id: UUID
    operation: str


@dataclass(frozen=True, slots=True)
class ForecastTried(Event):
    """A forecast run is there that nothing is planned by: a backtest or a scenario."""

    run_id: UUID
    operation: str
    purpose: str


@dataclass(frozen=True, slots=True)
class LookBackDue(Event):
    """A week has passed: an operation's forecasts, and what people changed, are to be held against what came."""

    operation: str


def mondays_of(local_starts: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the Monday of each period's week."""
    days = local_starts.astype("datetime64[D]")
    mondays: NDArray[np.datetime64] = days - ((days.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
    return mondays


def wall_clock(starts: NDArray[np.datetime64], zone: str, other_zone: str) -> NDArray[np.datetime64]:
    """Return what clocks in another zone show when clocks in one zone show `starts`. The later of two such instants."""
    if zone == other_zone:
        return starts
    minutes = starts.astype("datetime64[m]").tobytes()
    return np.frombuffer(_shown(minutes, zone, other_zone), dtype="datetime64[m]")


@lru_cache(maxsize=32)
def _shown(minutes: bytes, zone: str, other_zone: str) -> bytes:
    """Kept, because each instant is turned by itself and the same ones come with every question about a plan."""
    here, there = ZoneInfo(zone), ZoneInfo(other_zone)
    shown = [
        start.replace(tzinfo=here, fold=1).astimezone(there).replace(tzinfo=None)
        for start in np.frombuffer(minutes, dtype="datetime64[m]").tolist()
    ]
    return np.array(shown, dtype="datetime64[m]").tobytes()
