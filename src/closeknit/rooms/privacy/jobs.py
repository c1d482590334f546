"""Background work of this room."""

from closeknit.kernel import clock
from closeknit.rooms.org import reads as org
from closeknit.rooms.privacy.actions.apply_retention import apply_retention
from closeknit.rooms.privacy.actions.record_request import escalate_requests


def keep_promises_to_subjects() -> None:
    """Escalate requests that are nearly due, and let go what was kept for long enough. The worker calls this."""
    by, now = org.system_actor(), clock.now()
    escalate_requests(by=by, at=now)
    apply_retention(by=by, at=now)
