"""Let lapse what nobody decided in time."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import DecisionExpired, Entry
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.org.contracts import Permission

AT_ONCE = 50


def expire_proposals(*, by: Actor) -> int:
    """Let lapse the waiting proposals whose time is over by the database's clock; return how many.

    Two workers at once share them out; a worker that dies leaves them waiting for the next.
    """
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        due = list(
            Proposal.objects.select_for_update(skip_locked=True)
            .filter(state=Proposal.State.WAITING, expires_at__lte=Now())
            .order_by("expires_at", "id")[:AT_ONCE]
        )
        now = timing.database_now() if due else None
        for proposal in due:
            assert now is not None
            _expire(proposal, by, now)
    return len(due)


def _expire(proposal: Proposal, by: Actor, now: datetime) -> None:
    proposal.state, proposal.decided_at = Proposal.State.EXPIRED, now
    proposal.reason = "Nobody decided it in time."
    proposal.save(update_fields=["state", "decided_at", "reason"])
    entry = Entry(
        thread_id=proposal.thread_id,
        kind=f"{proposal.kind}.expired",
        subject=proposal.subject,
        sentence=f"Nobody decided in time, so it lapsed: {proposal.title}.",
        account_number=proposal.account_number,
        evidence={"proposal_id": proposal.pk, "expired_at": proposal.expires_at},
    )
    record_entry(entry, by=by)
    for cause in (f"proposal:{proposal.pk}", f"deadlock:{proposal.pk}"):
        close_escalation(cause=cause, reason="It expired.", by=by, at=now)
    publish(DecisionExpired(proposal.thread_id, proposal.pk, proposal.kind, proposal.subject), by=by)
