"""What nobody decides lapses by the database's clock; who proposed may take it back."""

from datetime import timedelta

import pytest

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import jobs, reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
from closeknit.rooms.decisions.actions.expire_proposals import expire_proposals
from closeknit.rooms.decisions.actions.withdraw_proposal import withdraw_own_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import Escalation, Proposal
from closeknit.rooms.decisions.tests.proposing import DECIDED_AT, propose, propose_demotion
from closeknit.rooms.org.reads import system_actor


def let_lapse(proposal_id):
    """Put its end into the past of the database."""
    Proposal.objects.filter(pk=proposal_id).update(expires_at=clock.now() - timedelta(seconds=1))


def test_what_nobody_decides_in_time_lapses_once(acme, bob, carol):
    waiting = propose_demotion(bob)
    assert expire_proposals(by=system_actor()) == 0
    let_lapse(waiting)
    jobs.let_time_run_out()
    jobs.let_time_run_out()
    card = reads.get_proposal(waiting, by=carol)
    assert card.state is ProposalState.EXPIRED
    kinds = [line.kind for line in reads.get_thread(card.thread_id, by=carol)]
    assert kinds.count("tier.expired") == 1
    assert EventRow.objects.filter(name="DecisionExpired").count() == 1
    assert Escalation.objects.get().state == "closed"


def test_what_has_expired_cannot_be_decided_even_before_a_worker_comes_by(alice, carol):
    waiting = propose(alice, coverage_share=0.5)
    let_lapse(waiting)
    assert [c.proposal_id for c in reads.list_to_decide(by=carol, at=clock.now())] == []
    with pytest.raises(Conflict, match="expired"):
        approve_proposal(waiting, by=carol, at=DECIDED_AT)


def test_the_same_subject_may_be_proposed_again_when_the_last_has_ended(acme, bob, carol):
    first = propose_demotion(bob)
    assert propose_demotion(bob) == first
    with pytest.raises(Conflict, match="waits already"):
        propose_demotion(bob, after={"tier": "volume"})
    let_lapse(first)
    expire_proposals(by=system_actor())
    again = propose_demotion(bob)
    assert again != first
    assert Proposal.objects.get(pk=again).state == "waiting"


def test_only_who_proposed_takes_it_back(acme, bob, carol):
    waiting = propose_demotion(bob)
    with pytest.raises(Denied, match="Only who proposed"):
        withdraw_own_proposal(waiting, reason="", by=carol, at=DECIDED_AT)
    withdraw_own_proposal(waiting, reason="They signed.", by=bob, at=DECIDED_AT)
    card = reads.get_proposal(waiting, by=bob)
    assert (card.state, card.reason) == (ProposalState.WITHDRAWN, "They signed.")
    assert EventRow.objects.filter(name="DecisionWithdrawn").count() == 1
    assert Escalation.objects.get().state == "closed"
    with pytest.raises(Conflict, match="withdrawn"):
        approve_proposal(waiting, by=carol, at=DECIDED_AT)
    with pytest.raises(Conflict):
        withdraw_own_proposal(waiting, reason="", by=bob, at=DECIDED_AT)


def test_what_one_may_not_see_cannot_be_proposed_about_decided_or_taken_back(acme, bolt, bob, carol):
    with pytest.raises(NotFound, match="no such account"):
        propose_demotion(bob, account_number="BOLT")
    with pytest.raises(NotFound, match="no such account"):
        propose_demotion(bob, account_number="NONE-1")
    other = propose_demotion(carol, account_number="BOLT")
    with pytest.raises(NotFound):
        withdraw_own_proposal(other, reason="", by=bob, at=DECIDED_AT)
    assert reads.list_proposals(by=bob) == []
    mine = propose_demotion(bob)
    assert [c.proposal_id for c in reads.list_proposals(by=bob)] == [mine]
    assert not Proposal.objects.exclude(account_number__in=["ACME", "BOLT"]).exists()
