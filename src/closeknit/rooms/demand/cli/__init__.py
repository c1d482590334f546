"""Commands of demand, one file per subject."""

from typing import Any

from closeknit.rooms.demand.cli import explorer, runs


def add_commands(commands: Any) -> None:
    """Add `closeknit demand ...`."""
    demand = commands.add_group("demand", help="forecasts: their numbers and accuracy, and what people add to them")
    for part in (runs, explorer):
        part.add_commands(demand)
