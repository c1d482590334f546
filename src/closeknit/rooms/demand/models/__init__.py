"""Tables of demand, one file per subject."""

from closeknit.rooms.demand.models.accuracy import (
    Score,
    ScoredRun,
)
from closeknit.rooms.demand.models.assumptions import Assumption
from closeknit.rooms.demand.models.backtests import Backtest, BacktestRun
from closeknit.rooms.demand.models.exceptions import (
    ForecastException,
    ForecastExceptionStep,
)
from closeknit.rooms.demand.models.intraday import Intraday
from closeknit.rooms.demand.models.looking_back import LookBack
from closeknit.rooms.demand.models.overrides import Override, OverrideWeek
from closeknit.rooms.demand.models.runs import ForecastPiece, ForecastRun
from closeknit.rooms.demand.models.sharing import SharingAccessRow, SharingAgreement

__all__ = [
    "Assumption",
    "Backtest",
    "BacktestRun",
    "ForecastException",
    "ForecastExceptionStep",
    "ForecastPiece",
    "ForecastRun",
    "Intraday",
    "LookBack",
    "Override",
    "OverrideWeek",
    "Score",
    "ScoredRun",
    "SharingAccessRow",
    "SharingAgreement",
]
