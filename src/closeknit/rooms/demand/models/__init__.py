"""Tables of demand, one file per subject."""

from closeknit.rooms.demand.models.runs import (
    ForecastRun,
)

__all__ = [
    "ForecastRun",
]
