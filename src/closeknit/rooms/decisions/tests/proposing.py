"""What the tests of proposals share: a plan put before policy."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.propose_plan_change import propose_plan_change
from closeknit.rooms.decisions.tests.test_policy import FINE

PROPOSED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DECIDED_AT = datetime(2026, 3, 2, 11, tzinfo=UTC)


def propose(by: Actor, *, thread_id: UUID | None = None, subject: str = "plan:1", **facts: object) -> UUID:
    """Propose a plan that policy would settle, changed in the given facts."""
    return propose_plan_change(
        subject=subject,
        title="Plan of the service desk",
        summary="12 agents a day",
        facts=replace(FINE, **facts),  # type: ignore[arg-type]
        thread_id=thread_id or ids.new_id(),
        by=by,
        at=PROPOSED_AT,
    )
