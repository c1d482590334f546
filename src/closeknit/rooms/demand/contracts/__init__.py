"""What other rooms may know of demand: forecast runs and their numbers, and what people add to them."""

from closeknit.rooms.demand.contracts.runs import (
    OWN_SERIES_UNITS,
    SETTINGS,
    AccountUnits,
    ForecastCard,
    ForecastKey,
    ForecastNumbers,
    ForecastRefreshed,
    ForecastRequested,
    Grain,
    Panel,
    SeriesCard,
    WeekPoint,
    mondays_of,
    wall_clock,
)

__all__ = [
    "OWN_SERIES_UNITS",
    "SETTINGS",
    "AccountUnits",
    "ForecastCard",
    "ForecastKey",
    "ForecastNumbers",
    "ForecastRefreshed",
    "ForecastRequested",
    "Grain",
    "Panel",
    "SeriesCard",
    "WeekPoint",
    "mondays_of",
    "wall_clock",
]
