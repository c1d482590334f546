"""Borrowed rights, four eyes and deadlock: who decides for whom, and who never does."""

import threading

import pytest
from django.db import connection
from tests.cast import enter

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import Escalation, Proposal, ProposalAnswer
from closeknit.rooms.decisions.tests.proposing import DECIDED_AT, lend, propose, propose_demotion


@pytest.fixture
def demotion(acme, bob):
    """Bob proposes that ACME becomes a key account: two people of service lead and executive must approve."""
    return propose_demotion(bob)


def state(proposal_id):
    return Proposal.objects.get(pk=proposal_id).state


def approve(proposal_id, name, reason=""):
    """Approve as a person with its rights of this moment."""
    approve_proposal(proposal_id, reason=reason, by=enter(name), at=DECIDED_AT)


def reject(proposal_id, name, reason="No."):
    reject_proposal(proposal_id, reason=reason, by=enter(name), at=DECIDED_AT)


def test_four_eyes_are_two_different_people(demotion, carol, hana):
    approve(demotion, "carol", "Their volume halved.")
    assert state(demotion) == "waiting"
    with pytest.raises(Conflict, match="answered already"):
        approve(demotion, "carol")
    approve(demotion, "hana")
    card = reads.get_proposal(demotion, by=carol)
    assert (card.state, card.decided_by) == (ProposalState.APPROVED, "Carol Lead and Hana Executive")
    kinds = [line.kind for line in reads.get_thread(card.thread_id, by=carol) if line.kind.startswith("tier.")]
    assert kinds == ["tier.proposed", "tier.answered", "tier.approved"]
    assert EventRow.objects.filter(name="DecisionApproved").count() == 1
    assert set(Escalation.objects.values_list("state", flat=True)) == {"closed"}


def test_the_first_no_ends_it(demotion, carol, hana):
    reject(demotion, "carol")
    assert state(demotion) == "rejected"
    with pytest.raises(Conflict, match="already rejected by Carol Lead"):
        approve(demotion, "hana")


def test_two_departments_that_disagree_are_escalated_and_a_third_person_settles_it(demotion, carol, hana):
    approve(demotion, "carol")
    reject(demotion, "hana", "They are coming back.")
    assert state(demotion) == "waiting"
    deadlock = Escalation.objects.get(cause=f"deadlock:{demotion}")
    assert (deadlock.path, deadlock.state) == ("cross-department", "open")
    assert "They are coming back." in deadlock.summary
    for name in ("carol", "hana"):
        with pytest.raises(Conflict, match="answered already"):
            approve(demotion, name)
    third = make_lead("ivan", "Ivan Lead")
    approve_proposal(demotion, by=third, at=DECIDED_AT)
    assert state(demotion) == "approved"
    deadlock.refresh_from_db()
    assert deadlock.state == "closed"


def make_lead(username, name):
    """One more service lead."""
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.models import Person
    from closeknit.rooms.org.reads import find_actor_by_username

    user = get_user_model().objects.create(username=username)
    Person.objects.create(user=user, name=name, roles=["service-lead"])
    return find_actor_by_username(username)


def test_dana_decides_for_carol_and_it_is_said_so(alice, carol, bob):
    waiting = propose(alice, coverage_share=0.5)
    with pytest.raises(Denied):
        approve(waiting, "frank")
    lend(carol, enter("frank"))
    assert [d.on_behalf_of for d in reads.get_proposal_detail(waiting, by=carol, at=clock.now()).deciders] == [
        "",
        "Carol Lead",
    ]
    assert reads.get_proposal_detail(waiting, by=enter("frank"), at=DECIDED_AT).acts_for == "Carol Lead"
    approve(waiting, "frank", "As agreed.")
    card = reads.get_proposal(waiting, by=carol)
    assert card.decided_by == "Frank Auditor for Carol Lead"
    line = next(x for x in reads.get_thread(card.thread_id, by=carol) if x.kind == "plan.approved")
    assert line.sentence.startswith("Frank Auditor for Carol Lead approved Plan of the service desk.")
    assert line.evidence["on_behalf_of"] == carol.key


def test_nobody_decides_an_own_proposal_through_a_delegation_in_either_direction(acme, carol, hana):
    frank = enter("frank")
    # The proposer borrows the right to decide.
    by_alice = propose(enter("alice"), coverage_share=0.5)
    lend(carol, enter("alice"))
    with pytest.raises(Denied, match="nor can who acts for them"):
        approve(by_alice, "alice")
    # Whoever acts for the proposer.
    by_carol = propose_demotion(carol)
    lend(carol, frank)
    with pytest.raises(Denied, match="nor can who acts for them"):
        approve(by_carol, "frank")
    # The lender, of what was proposed with the lender's rights.
    lent_right = propose_demotion(enter("frank"), subject="account:ACME again", account_number="ACME")
    assert Proposal.objects.get(pk=lent_right).proposed_for_key == carol.key
    with pytest.raises(Denied, match="nor can who acts for them"):
        approve(lent_right, "carol")
    assert {state(p) for p in (by_alice, by_carol, lent_right)} == {"waiting"}
    assert not ProposalAnswer.objects.exists()


def test_one_hat_is_not_two_pairs_of_eyes(demotion, carol, hana):
    lend(carol, enter("frank"))
    approve(demotion, "carol")
    with pytest.raises(Denied, match="already answered under these rights"):
        approve(demotion, "frank")
    assert state(demotion) == "waiting"


def test_a_right_to_decide_elsewhere_is_none_here(acme, bolt, carol):
    """Bob borrows from a lead nothing of his own: with rights over North only, BOLT's proposal is not there."""
    other = propose_demotion(carol, account_number="BOLT")
    with pytest.raises(NotFound):
        reads.get_proposal(other, by=enter("bob"))
    with pytest.raises(Denied):
        approve(other, "bob")


def test_who_lacks_the_role_hears_for_whom_it_waits(alice, carol, hana):
    from decimal import Decimal

    dear = propose(alice, cost=Decimal(6_000_000))
    with pytest.raises(Denied, match="waits for an executive"):
        approve(dear, "carol")
    assert [c.proposal_id for c in reads.list_to_decide(by=carol, at=DECIDED_AT)] == []
    assert [c.proposal_id for c in reads.list_to_decide(by=hana, at=DECIDED_AT)] == [dear]
    approve(dear, "hana")
    assert state(dear) == "approved"


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_are_two_answers_and_one_decision(demotion, carol, hana):
    start, ends = threading.Barrier(2), []

    def answer(by):
        try:
            start.wait(timeout=240)
            approve_proposal(demotion, by=by, at=DECIDED_AT)
            ends.append("answered")
        except Exception as failure:
            ends.append(type(failure).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=(by,)) for by in (carol, hana)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == ["answered", "answered"]
    assert state(demotion) == "approved"
    assert ProposalAnswer.objects.count() == 2
    assert EventRow.objects.filter(name="DecisionApproved").count() == 1
