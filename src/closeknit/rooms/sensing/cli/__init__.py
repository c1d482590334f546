"""Commands of sensing, one file per subject."""

from typing import Any

from closeknit.rooms.sensing.cli import conflicts, connectors, feeds, freshness, lineage, load, quarantine, recipes


def add_commands(commands: Any) -> None:
    """Add `closeknit load` and `closeknit sensing ...`."""
    load.add_commands(commands)
    sensing = commands.add_group("sensing", help="feeds with their balances, refused rows, recipes")
    for part in (feeds, lineage, conflicts, freshness, quarantine, recipes, connectors):
        part.add_commands(sensing)
