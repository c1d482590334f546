"""Put a plan before policy: settle it at once where policy allows, else leave it to a person."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.contracts import Effect, PlanFacts
from closeknit.rooms.org.contracts import Permission


def propose_plan_change(
    *,
    subject: str,
    title: str,
    summary: str,
    facts: PlanFacts,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    effects: Iterable[Effect] = (),
    thread_id: UUID,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record a proposal about a plan and what policy says of it; return its id.

    `before` and `after` describe the plan in force and the draft. Asked again about the same subject it returns the
    first proposal and changes nothing.
    """
    by.require(Permission.RUN_PLAN)
    return propose_change(
        kind="plan",
        subject=subject,
        title=title,
        summary=summary,
        before=before or {},
        after=after or {},
        effects=effects,
        tier="none",
        money_at_stake=facts.cost,
        currency=facts.currency,
        facts=asdict(facts),
        account_number="",
        thread_id=thread_id,
        by=by,
        at=at,
    )
