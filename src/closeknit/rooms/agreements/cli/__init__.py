"""Commands of agreements, one file per subject."""

from typing import Any

from closeknit.rooms.agreements.cli import (
    adherence,
    chains,
    clocks,
    contracts,
    expectations,
    needs,
    setups,
    terms,
    tolerances,
)


def add_commands(commands: Any) -> None:
    """Add `closeknit agreements ...`."""
    agreements = commands.add_group("agreements", help="what was promised to whom, its clocks, and what keeps it")
    for part in (terms, contracts, clocks, chains, adherence, tolerances, needs, expectations, setups):
        part.add_commands(agreements)
