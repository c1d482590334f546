"""How fresh data must be for each kind of decision, and how fresh each feed is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting


class FreshFor(StrEnum):
    """Kinds of decisions that say how old their data may be."""

    PLAN = "plan"
    FORECAST = "forecast"
    INTRADAY = "intraday"
    TIER = "tier"
    PROMISE = "promise"


LEDGER_KINDS: dict[FreshFor, str] = {
    FreshFor.PLAN: "plan.drafted",
    FreshFor.FORECAST: "forecast.refreshed",
    FreshFor.INTRADAY: "intraday.refreshed",
    FreshFor.TIER: "account.tier-changed",
    FreshFor.PROMISE: "terms.adopted",
}
"""By which ledger lines the use of data for a kind of decision is counted."""


def _objective(kind: FreshFor, hours: float, what: str) -> Setting:
    return Setting(
        key=f"sensing.fresh_for_{kind}_hours",
        kind=Kind.HOURS,
        default=hours,
        unit="",
        sentence=f"How old the newest data of a feed may be for {what}; older data settles nothing by itself.",
        lowest=0.01,
        highest=8784.0,
        levels=(Level.GLOBAL, Level.REGION, Level.SITE),
    )


FRESHNESS_SETTINGS: dict[FreshFor, Setting] = {
    FreshFor.PLAN: _objective(FreshFor.PLAN, 192.0, "a plan of capacity"),
    FreshFor.FORECAST: _objective(FreshFor.FORECAST, 192.0, "a forecast of weeks"),
    FreshFor.INTRADAY: _objective(FreshFor.INTRADAY, 1.0, "a look at today"),
    FreshFor.TIER: _objective(FreshFor.TIER, 744.0, "moving an account to another tier"),
    FreshFor.PROMISE: _objective(FreshFor.PROMISE, 48.0, "a promise to a customer"),
}


class Advice(StrEnum):
    """How a feed should come: as it does, in more frequent batches, or as a stream."""

    BATCH = "batch"
    OFTENER = "oftener"
    STREAM = "stream"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FeedLatency:
    """How a feed's loads came lately: `delay_hours` from its newest event to its commit, `gap_hours` between loads.

    Medians over the last loads that brought newer data than any before; None where too few did. `worst_age_hours` is
    how old the newest data gets just before the next load.
    """

    loads: int
    delay_hours: float | None
    longest_delay_hours: float | None
    gap_hours: float | None
    worst_age_hours: float | None


@dataclass(frozen=True, slots=True)
class FeedFreshness:
    """Whether a feed is fresh enough for one kind of decision, how often that is made, and how it should come."""

    feed: str
    kind: FreshFor
    objective_hours: float
    newest_data_at: datetime | None
    age_hours: float | None
    is_stale: bool
    latency: FeedLatency
    uses_per_day: float | None
    advice: Advice
    sentence: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether what an operation's numbers stand on is fresh enough for one kind of decision: evidence to pass on."""

    kind: FreshFor
    operation: str
    objective_hours: float
    feeds: tuple[FeedFreshness, ...]

    @property
    def stale_feeds(self) -> int:
        """How many of the feeds are too old."""
        return sum(feed.is_stale for feed in self.feeds)

    @property
    def is_stale(self) -> bool:
        """Tell whether any feed is too old, or there is none."""
        return self.stale_feeds > 0 or not self.feeds
