"""People approve or reject a proposal: the right ones, under their own or borrowed rights, two where policy says so."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.deciding import DONE, OWN, Comes, Seat, settle
from closeknit.rooms.decisions.contracts import DecisionApproved, DecisionRejected, Entry
from closeknit.rooms.decisions.models import Proposal, ProposalAnswer
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.deciders import given_of, seat_for
from closeknit.rooms.decisions.reads.proposals import visible_proposals
from closeknit.rooms.org.contracts import Permission

DEADLOCK_PATH = "cross-department"


def approve_proposal(proposal_id: UUID, *, reason: str = "", by: Actor, at: datetime) -> None:
    """Approve what waits; where four eyes are needed it goes on waiting for the second pair.

    Refuses the proposer, whoever acts for the proposer, a person who has answered, and what is decided or expired.
    """
    _decide(proposal_id, True, reason.strip(), by, at)


def reject_proposal(proposal_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Reject what waits, with a reason. Refuses an empty reason, and whom and what `approve_proposal` refuses.

    A no after the yes of another role is a deadlock between two departments: it is escalated, and a third person
    settles it.
    """
    if not reason.strip():
        raise Invalid("A rejection needs a reason.", where="reason", todo="Say why, in a sentence.")
    _decide(proposal_id, False, reason.strip(), by, at)


def _decide(proposal_id: UUID, approves: bool, reason: str, by: Actor, at: datetime) -> None:
    by.require(Permission.DECIDE)
    with transaction.atomic():
        proposal = _locked(proposal_id, by)
        answers = list(ProposalAnswer.objects.filter(proposal=proposal).order_by("pk"))
        seat = _check(proposal, answers, by)
        answers.append(_write_answer(proposal, seat, approves, reason, by, at))
        comes = settle(given_of(answers), proposal.approvals)
        if comes in (Comes.WAITS, Comes.DEADLOCKED):
            _go_on(proposal, answers, comes is Comes.DEADLOCKED, by, at)
        else:
            _end(proposal, answers, comes is Comes.APPROVED, by, at)


def _locked(proposal_id: UUID, by: Actor) -> Proposal:
    row = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None or not visible_proposals(by).filter(pk=proposal_id).exists():
        raise NotFound("There is no such proposal.", where=str(proposal_id))
    return row


def _check(proposal: Proposal, answers: list[ProposalAnswer], by: Actor) -> Seat:
    seat = seat_for(proposal, by, answers)
    where = str(proposal.pk)
    if seat.refusal == OWN:
        todo = "Ask another person with the right to decide."
        raise Denied(
            "Whoever proposes a change cannot also decide it, nor can who acts for them.", where=where, todo=todo
        )
    if proposal.state != Proposal.State.WAITING:
        whom = f" by {proposal.decided_by_name}" if proposal.decided_by_name else ""
        raise Conflict(f"This was already {proposal.state}{whom}.", where=where, todo="Look at its thread.")
    if proposal.expires_at is not None and proposal.expires_at <= timing.database_now():
        raise Conflict("This has expired.", where=where, todo="Have it proposed anew.")
    if seat.refusal == DONE:
        raise Conflict(DONE, where=where, todo="Look at its thread.")
    if seat.chair is None:
        raise Denied(seat.refusal, where=where, todo="Ask one of the people whom its page names.")
    return seat


def _write_answer(
    proposal: Proposal, seat: Seat, approves: bool, reason: str, by: Actor, at: datetime
) -> ProposalAnswer:
    assert seat.chair is not None
    return ProposalAnswer.objects.create(
        proposal=proposal,
        person_key=by.key,
        person_name=by.name,
        for_key=seat.chair.for_key,
        for_name=seat.chair.for_name,
        role=seat.role,
        approves=approves,
        reason=reason,
        answered_at=at,
    )


def _go_on(proposal: Proposal, answers: list[ProposalAnswer], is_deadlocked: bool, by: Actor, at: datetime) -> None:
    said = "approved" if answers[-1].approves else "rejected"
    then = "two departments disagree, a third person settles it" if is_deadlocked else "a second person must decide"
    record_entry(_entry(proposal, answers, f"{proposal.kind}.answered", said, f"; {then}"), by=by)
    if is_deadlocked:
        raise_escalation(
            path=DEADLOCK_PATH,
            cause=f"deadlock:{proposal.pk}",
            title=f"Two departments disagree: {proposal.title}"[:200],
            summary=" ".join(_told(answer) for answer in answers),
            account_number=proposal.account_number,
            thread_id=proposal.thread_id,
            by=by,
            at=at,
        )


def _end(proposal: Proposal, answers: list[ProposalAnswer], is_approved: bool, by: Actor, at: datetime) -> None:
    state = Proposal.State.APPROVED if is_approved else Proposal.State.REJECTED
    proposal.state, proposal.reason, proposal.decided_at = state, answers[-1].reason, at
    deciders = [_signed(answer) for answer in answers if answer.approves is is_approved]
    proposal.decided_by_key, proposal.decided_by_name = by.key, " and ".join(deciders)[:250]
    proposal.save(update_fields=["state", "reason", "decided_at", "decided_by_key", "decided_by_name"])
    record_entry(_entry(proposal, answers, f"{proposal.kind}.{state.value}", state.value, ""), by=by)
    for cause in (f"proposal:{proposal.pk}", f"deadlock:{proposal.pk}"):
        close_escalation(cause=cause, reason=f"It was {state.value}.", by=by, at=at)
    event = DecisionApproved if is_approved else DecisionRejected
    publish(event(proposal.thread_id, proposal.pk, proposal.kind, proposal.subject), by=by)


def _entry(proposal: Proposal, answers: list[ProposalAnswer], kind: str, said: str, then: str) -> Entry:
    last = answers[-1]
    behalf = f" for {last.for_name}" if last.for_key else ""
    because = f" Reason: {last.reason}" if last.reason else ""
    return Entry(
        thread_id=proposal.thread_id,
        kind=kind,
        subject=proposal.subject,
        sentence=f"{{actor}}{behalf} {said} {proposal.title}{then}.{because}",
        account_number=proposal.account_number,
        evidence={
            "proposal_id": proposal.pk,
            "reason": last.reason,
            "automatic": False,
            "on_behalf_of": last.for_key,
            "policy_version": proposal.policy_version,
            "verdicts": proposal.verdicts,
            "answers": [
                {"who": a.person_key, "for": a.for_key, "role": a.role, "approves": a.approves, "reason": a.reason}
                for a in answers
            ],
        },
    )


def _signed(answer: ProposalAnswer) -> str:
    return f"{answer.person_name} for {answer.for_name}" if answer.for_key else answer.person_name


def _told(answer: ProposalAnswer) -> str:
    said = "approved" if answer.approves else "rejected"
    because = f": {answer.reason}" if answer.reason else ""
    return f"{_signed(answer)} ({answer.role}) {said} it{because}."
