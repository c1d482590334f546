"""Backtests: what forecasts of past days would have said, made as they would have been made then."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from closeknit.kernel.news import Event

MOST_ORIGINS = 52
MOST_BACKTEST_WEEKS = 26


@dataclass(frozen=True, slots=True)
class BacktestOrigin:
    """One past day from which a backtest forecasts: its run, None while it is not there; why not, where it failed."""

    first_on: date
    run_id: UUID | None
    failure: str


@dataclass(frozen=True, slots=True)
class BacktestCard:
    """A backtest and how far it is. `stopped_at`: when somebody had enough of it."""

    backtest_id: UUID
    operation: str
    weeks: int
    every_weeks: int
    asked_at: datetime
    asked_by: str
    stopped_at: datetime | None
    origins: tuple[BacktestOrigin, ...]

    @property
    def done(self) -> int:
        """Return how many origins are settled."""
        return sum(1 for origin in self.origins if origin.run_id or origin.failure)

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing more will come."""
        return self.stopped_at is not None or self.done == len(self.origins)


@dataclass(frozen=True, slots=True)
class BacktestRequested(Event):
    """Somebody wants to know how good forecasts of an operation would have been."""

    operation: str
    origins: int
