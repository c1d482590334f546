"""Put an approved plan in force, or set a rejected draft aside."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts import PlanCommitted, PlanRejected
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def commit_plan(plan_id: UUID, *, by: Actor, at: datetime) -> None:
    """Make a draft the plan in force; the one before it is superseded. Done already: nothing happens.

    Called by the wiring after an approval, as whoever approved it; refuses what nobody approved.
    """
    _require_decision(plan_id, by, ProposalState.APPROVED)
    with transaction.atomic():
        plan = _locked(plan_id)
        if plan.state == Plan.State.COMMITTED:
            return
        if plan.state != Plan.State.DRAFT:
            raise Conflict(f"This plan is {plan.state} and cannot be committed.", where=f"plan:{plan_id}")
        before = Plan.objects.filter(operation=plan.operation, state=Plan.State.COMMITTED).first()
        if before:
            Plan.objects.filter(pk=before.pk).update(state=Plan.State.SUPERSEDED)
        Plan.objects.filter(pk=plan.pk).update(state=Plan.State.COMMITTED, committed_at=at)
        record_entry(_entry(plan, before), by=by)
        publish(PlanCommitted(plan.thread_id, plan.pk, plan.operation), by=by)


def reject_plan(plan_id: UUID, *, by: Actor) -> None:
    """Set a draft aside that was rejected, withdrawn or not decided in time. Set aside already: nothing happens."""
    _require_decision(plan_id, by, ProposalState.REJECTED, ProposalState.EXPIRED, ProposalState.WITHDRAWN)
    with transaction.atomic():
        plan = _locked(plan_id)
        if plan.state in (Plan.State.REJECTED, Plan.State.SUPERSEDED):
            return
        if plan.state != Plan.State.DRAFT:
            raise Conflict(f"This plan is {plan.state} and cannot be rejected.", where=f"plan:{plan_id}")
        Plan.objects.filter(pk=plan.pk).update(state=Plan.State.REJECTED)
        publish(PlanRejected(plan.thread_id, plan.pk, plan.operation), by=by)


def _require_decision(plan_id: UUID, by: Actor, *states: ProposalState) -> None:
    # Asked as the system: whoever decides need not be able to read every proposal.
    proposal = decisions.find_proposal_about(f"plan:{plan_id}", by=org.system_actor())
    # Whoever decided had the right then, perhaps a borrowed one that has ended since. Policy did for who ran the plan.
    if (proposal is None or proposal.decided_by_key != by.key) and not by.may(Permission.DECIDE):
        by.require(Permission.COMMIT_PLAN)
    if proposal is None or proposal.state not in states:
        raise Conflict(
            f"No proposal about this plan is {' or '.join(states)}.",
            where=f"plan:{plan_id}",
            todo="Decide its proposal first: it is in the inbox.",
        )


def _locked(plan_id: UUID) -> Plan:
    # One lock per operation orders two approvals that arrive together.
    plan = Plan.objects.filter(pk=plan_id).only("operation").first()
    if plan is None:
        raise NotFound("There is no such plan.", where=f"plan:{plan_id}")
    rows = list(
        Plan.objects.select_for_update().filter(operation=plan.operation).order_by("pk").defer("snapshot", "cells")
    )
    return next(row for row in rows if row.pk == plan_id)


def _entry(plan: Plan, before: Plan | None) -> Entry:
    replaces = f"; it replaces the plan from {before.first_on}" if before else ""
    return Entry(
        thread_id=plan.thread_id,
        kind="plan.committed",
        subject=f"plan:{plan.pk}",
        sentence=f"The plan of {plan.operation} from {plan.first_on} is in force{replaces}.",
        evidence={
            "plan_id": plan.pk,
            "supersedes": before.pk if before else None,
            "result_digest": plan.result_digest,
            "snapshot_digest": plan.snapshot_digest,
        },
    )
