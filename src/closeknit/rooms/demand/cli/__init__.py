"""Commands of demand, one file per subject."""

from typing import Any

from closeknit.rooms.demand.cli import (
    accuracy,
    assumptions,
    backtests,
    explorer,
    horizons,
    intraday,
    overrides,
    pipeline,
    runs,
    sharing,
)


def add_commands(commands: Any) -> None:
    """Add `closeknit demand ...`."""
    demand = commands.add_group("demand", help="forecasts: their numbers and accuracy, and what people add to them")
    for part in (runs, backtests, explorer, horizons, intraday, accuracy, pipeline, overrides, assumptions, sharing):
        part.add_commands(demand)
