"""What the tests of proposals share: a plan before policy, and a change of any kind about ACME."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.propose_change import propose_change
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


def propose_demotion(by: Actor, *, account_number: str = "ACME", **changes: Any) -> UUID:
    """Propose that a strategic account becomes a key one: four eyes."""
    asked: dict[str, Any] = {
        "kind": "tier",
        "subject": f"account:{account_number}",
        "title": f"Move {account_number} from strategic to key",
        "summary": "It orders less.",
        "before": {"tier": "strategic"},
        "after": {"tier": "key"},
        "effects": (),
        "tier": "strategic",
        "money_at_stake": None,
        "currency": "",
        "facts": {"is_demotion": True, "steps": 1, "touches_top_tier": True},
        "account_number": account_number,
        "thread_id": ids.new_id(),
        "by": by,
        "at": PROPOSED_AT,
    }
    return propose_change(**{**asked, **changes})


def lend(lender: Actor, borrower: Actor, days: int = 3) -> None:
    """Have one person lend all rights to another, from now on."""
    from closeknit.rooms.org.actions.delegate import delegate

    now = clock.now()
    started = now - timedelta(seconds=1)
    delegate(borrower.key, starts_at=started, ends_at=now + timedelta(days=days), reason="Away.", by=lender, at=started)
