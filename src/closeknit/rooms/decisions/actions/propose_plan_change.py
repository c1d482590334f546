"""Put a plan before policy: settle it at once where policy allows, else leave it to a person."""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute import judge_plan
from closeknit.rooms.decisions.contracts import DecisionApproved, Entry, Judgement, PlanFacts
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.org.contracts import Permission

ANSWER_WITHIN = timedelta(hours=24)


def propose_plan_change(
    *, subject: str, title: str, summary: str, facts: PlanFacts, thread_id: UUID, by: Actor, at: datetime
) -> UUID:
    """Record a proposal about a plan and what policy says of it; return its id.

    Asked again about the same subject it returns the first proposal and changes nothing.
    """
    by.require(Permission.RUN_PLAN)
    judgement = judge_plan(facts)
    with transaction.atomic():
        proposal, is_new = Proposal.objects.get_or_create(
            kind="plan",
            subject=subject,
            defaults={
                "id": ids.new_id(),
                "thread_id": thread_id,
                "title": title,
                "summary": summary,
                "money_at_stake": facts.cost,
                "currency": facts.currency,
                "verdicts": [asdict(v) for v in judgement.verdicts],
                "proposed_by_key": by.key,
                "proposed_by_name": by.name,
                "proposed_at": at,
                "due_at": at + ANSWER_WITHIN,
            },
        )
        if is_new:
            _record_proposal(proposal, facts, judgement, by)
            if judgement.automatic:
                _approve_by_policy(proposal, judgement, by, at)
    return proposal.pk


def _record_proposal(proposal: Proposal, facts: PlanFacts, judgement: Judgement, by: Actor) -> None:
    route = "policy may settle it" if judgement.automatic else "a person must decide"
    record_entry(
        Entry(
            thread_id=proposal.thread_id,
            kind="plan.proposed",
            subject=proposal.subject,
            sentence=f"{proposal.title}: {route}.",
            evidence={"facts": asdict(facts), "judgement": asdict(judgement), "summary": proposal.summary},
        ),
        by=by,
    )


def _approve_by_policy(proposal: Proposal, judgement: Judgement, by: Actor, at: datetime) -> None:
    Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.WAITING).update(
        state=Proposal.State.APPROVED,
        decided_by_key="policy",
        decided_by_name=f"Policy {judgement.policy_version}",
        decided_at=at,
        reason="Every rule of the policy holds.",
    )
    record_entry(
        Entry(
            thread_id=proposal.thread_id,
            kind="plan.approved",
            subject=proposal.subject,
            sentence=f"Policy {judgement.policy_version} approved: {proposal.title}.",
            evidence={"judgement": asdict(judgement), "automatic": True},
        ),
        by=by,
    )
    publish(DecisionApproved(proposal.thread_id, proposal.pk, proposal.kind, proposal.subject), by=by)
