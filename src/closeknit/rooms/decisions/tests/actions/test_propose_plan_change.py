"""A plan before policy: settled at once where every rule holds, else left to a person, always recorded."""

from datetime import timedelta
from decimal import Decimal

import pytest

from closeknit.kernel import clock, ids
from closeknit.kernel.errors import Denied
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import LedgerEntry, Proposal
from closeknit.rooms.decisions.tests.proposing import PROPOSED_AT, propose


def test_policy_settles_a_plan_that_keeps_every_rule(alice):
    thread_id = ids.new_id()
    card = reads.get_proposal(propose(alice, thread_id=thread_id), by=alice)
    assert card.state is ProposalState.APPROVED
    assert (card.decided_by, card.decided_at) == ("Policy approvals/1", PROPOSED_AT)
    assert (card.money_at_stake, card.currency) == (Decimal("1000.00"), "EUR")
    lines = reads.get_thread(thread_id, by=alice)
    assert [line.kind for line in lines] == ["plan.proposed", "plan.approved"]
    assert lines[1].evidence["automatic"] is True
    assert list(EventRow.objects.values_list("name", "actor_key")) == [("DecisionApproved", alice.key)]


def test_a_plan_that_breaks_a_rule_waits_for_a_person(alice):
    card = reads.get_proposal(propose(alice, coverage_share=0.5), by=alice)
    assert card.state is ProposalState.WAITING
    assert timedelta(hours=23) < card.due_at - clock.now() <= timedelta(hours=24)
    assert [v.rule for v in card.verdicts if not v.holds] == ["coverage"]
    line = reads.get_thread(card.thread_id, by=alice)[0]
    assert line.sentence == (
        "Alice Planner proposed: Plan of the service desk; a person must decide (service lead or executive or admin)."
    )
    assert line.evidence["question"]["facts"]["coverage_share"] == 0.5
    assert not EventRow.objects.filter(name__startswith="Decision").exists()


def test_asking_again_about_the_same_plan_changes_nothing(alice):
    first = propose(alice)
    assert propose(alice, coverage_share=0.5) == first
    assert Proposal.objects.count() == 1
    assert LedgerEntry.objects.count() == 2
    assert EventRow.objects.count() == 1


def test_only_who_may_run_plans_proposes(bob, dave):
    for outsider in (bob, dave):
        with pytest.raises(Denied, match=outsider.name):
            propose(outsider)
    assert not Proposal.objects.exists()
