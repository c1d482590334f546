"""A person decides: once, never about a proposal of their own, and with a reason to reject."""

import threading

import pytest
from django.db import connection

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import decide_proposal
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import LedgerEntry, Proposal
from closeknit.rooms.decisions.tests.proposing import DECIDED_AT, propose
from closeknit.rooms.org.reads import console_actor, system_actor


@pytest.fixture
def waiting(alice):
    """A proposal of Alice's that waits for a person."""
    return propose(alice, coverage_share=0.5)


def test_a_person_approves(waiting, carol):
    approve_proposal(waiting, reason="We hire two.", by=carol, at=DECIDED_AT)
    card = reads.get_proposal(waiting, by=carol)
    assert (card.state, card.decided_by, card.decided_at) == (
        ProposalState.APPROVED,
        "Carol Lead",
        DECIDED_AT,
    )
    line = [line for line in reads.get_thread(card.thread_id, by=carol) if line.kind == "plan.approved"][-1]
    assert line.kind == "plan.approved"
    assert line.sentence == "Carol Lead approved Plan of the service desk. Reason: We hire two."
    assert line.evidence["automatic"] is False
    event = EventRow.objects.get(name__startswith="Decision")
    assert (event.name, event.thread_id, event.body["proposal_id"]) == (
        "DecisionApproved",
        card.thread_id,
        str(waiting),
    )


def test_a_person_rejects_with_a_reason(waiting, carol):
    reject_proposal(waiting, reason="Too dear.", by=carol, at=DECIDED_AT)
    card = reads.get_proposal(waiting, by=carol)
    assert (card.state, card.reason) == (ProposalState.REJECTED, "Too dear.")
    assert EventRow.objects.get(name__startswith="Decision").name == "DecisionRejected"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_rejection_without_a_reason_is_refused(waiting, carol, reason):
    with pytest.raises(Invalid, match="reason"):
        reject_proposal(waiting, reason=reason, by=carol, at=DECIDED_AT)
    assert Proposal.objects.get().state == "waiting"


def test_who_proposed_it_cannot_decide_it(erin):
    own = propose(erin, coverage_share=0.5)
    for decide in (approve_proposal, reject_proposal):
        with pytest.raises(Denied, match="cannot also decide"):
            decide(own, reason="Mine.", by=erin, at=DECIDED_AT)
    assert Proposal.objects.get().state == "waiting"
    assert LedgerEntry.objects.filter(kind__startswith="plan.").count() == 1


def test_only_a_person_with_the_right_decides(waiting, alice, bob, dave):
    for outsider in (alice, bob, dave, system_actor(), console_actor()):
        with pytest.raises(Denied):
            approve_proposal(waiting, by=outsider, at=DECIDED_AT)
    assert Proposal.objects.get().state == "waiting"


def test_what_is_decided_stays_decided(waiting, carol, erin):
    approve_proposal(waiting, by=carol, at=DECIDED_AT)
    with pytest.raises(Conflict, match="already approved by Carol Lead"):
        reject_proposal(waiting, reason="No.", by=erin, at=DECIDED_AT)
    assert Proposal.objects.get().state == "approved"
    assert LedgerEntry.objects.filter(kind__startswith="plan.").count() == 2


def test_what_policy_settled_is_decided_too(alice, carol):
    settled = propose(alice)
    with pytest.raises(Conflict, match="already approved by Policy"):
        approve_proposal(settled, by=carol, at=DECIDED_AT)


def test_an_unknown_proposal_is_not_found(carol):
    with pytest.raises(NotFound):
        approve_proposal(ids.new_id(), by=carol, at=DECIDED_AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False], ids=["with the lock", "red twin: without"])
def test_of_two_decisions_at_once_exactly_one_wins(waiting, carol, erin, monkeypatch, guarded):
    if not guarded:
        monkeypatch.setattr(Proposal.objects.__class__, "select_for_update", lambda self, **_: self.all())
    both_looked = threading.Barrier(2)
    check = decide_proposal._check

    def look_together(*asked):
        seat = check(*asked)
        if not guarded:
            both_looked.wait(timeout=240)
        return seat

    monkeypatch.setattr(decide_proposal, "_check", look_together)
    outcomes = at_once(
        lambda: approve_proposal(waiting, by=carol, at=DECIDED_AT),
        lambda: reject_proposal(waiting, reason="No.", by=erin, at=DECIDED_AT),
    )
    if guarded:
        assert sorted(outcomes) == ["Conflict", "decided"]
        assert LedgerEntry.objects.filter(kind__startswith="plan.").count() == 2
        assert EventRow.objects.filter(name__startswith="Decision").count() == 1
    else:
        assert outcomes == ["decided", "decided"]
        assert EventRow.objects.filter(name__startswith="Decision").count() == 2


def at_once(*calls):
    """Run calls in threads that start together; return how each ended."""
    start, outcomes = threading.Barrier(len(calls)), []

    def run(call):
        try:
            start.wait(timeout=240)
            call()
            outcomes.append("decided")
        except Exception as failure:
            outcomes.append(type(failure).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
