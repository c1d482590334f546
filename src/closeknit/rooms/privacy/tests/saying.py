"""What the tests of privacy share: statements of ACME, and the time at which they are made."""

from datetime import datetime
from typing import Any

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.rooms.privacy.actions.record_consent import record_consent
from closeknit.rooms.privacy.contracts import ConsentState, WantedConsent, account

NOW = clock.now()
ACME = account("ACME")


def say(
    purpose: str, state: ConsentState = ConsentState.WITHDRAWN, *, by: Actor, at: datetime = NOW, **changes: Any
) -> int:
    """Record a statement of ACME, changed in what is given."""
    wanted = WantedConsent(**{"subject": ACME, "purpose": purpose, "state": state, **changes})
    return record_consent(wanted, by=by, at=at)
