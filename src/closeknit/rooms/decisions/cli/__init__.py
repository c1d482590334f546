"""Commands of decisions, one file per subject."""

from typing import Any

from closeknit.rooms.decisions.cli import (
    duties,
    escalations,
    exceptions,
    ledger,
    ledger_keys,
    notices,
    policy,
    proposals,
    replays,
)


def add_commands(commands: Any) -> None:
    """Add `closeknit decisions ...`."""
    decisions = commands.add_group("decisions", help="what waits, what was decided, and the ledger")
    for part in (proposals, ledger, ledger_keys, replays, escalations, notices, duties, exceptions, policy):
        part.add_commands(decisions)
