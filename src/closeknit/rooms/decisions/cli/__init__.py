"""Commands of decisions, one file per subject."""

from typing import Any

from closeknit.rooms.decisions.cli import ledger, ledger_keys, proposals


def add_commands(commands: Any) -> None:
    """Add `closeknit decisions ...`."""
    decisions = commands.add_group("decisions", help="what waits, what was decided, and the ledger")
    for part in (proposals, ledger, ledger_keys):
        part.add_commands(decisions)
