"""Background work of decisions: the sealing of the ledger, several times a second."""

import time

from closeknit.rooms.decisions.actions.seal_ledger import seal_ledger
from closeknit.rooms.org.reads import system_actor

COMPARE_EVERY_SECONDS = 60.0
_compared: dict[str, float] = {}


def keep_ledger_sealed() -> None:
    """Seal what waits; at the start and every minute compare with the checkpoints outside, also where nothing waits."""
    now = time.monotonic()
    due = now - _compared.get("at", -COMPARE_EVERY_SECONDS) >= COMPARE_EVERY_SECONDS
    outcome = seal_ledger(by=system_actor(), only_if_waiting=not due)
    if due:
        _compared["at"] = now
    while outcome.sealed:
        outcome = seal_ledger(by=system_actor(), only_if_waiting=True)
