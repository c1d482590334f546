"""Another tier: small promotions settle by rule, demotions wait, and what was decided stands against new data."""

import pytest
from tests.cast import enter
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.customers.actions.apply_tier_change import apply_tier_change
from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.customers.models import Account
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalState

NOW = clock.now()


def propose(by, number, tier, reason="They grew."):
    return propose_tier_change(number, Tier(tier), reason=reason, by=by, at=NOW)


def tier(number):
    return Account.objects.get(account_number=number).tier


def test_one_step_closer_below_the_top_tiers_is_settled_by_rule(crumb, carol):
    proposal_id = propose(carol, "CRUMB", "standard")
    assert tier("CRUMB") == "volume"
    deliver_all()
    account = Account.objects.get(account_number="CRUMB")
    assert (account.tier, account.tier_decision) == ("standard", proposal_id)
    assert account.tier_reason == "Decided by Policy approvals/1: They grew."
    assert EventRow.objects.get(name="TierChanged").body["after"] == "standard"


@pytest.mark.parametrize(
    ("before", "after", "approvals", "roles"),
    [
        ("volume", "key", 2, ("service-lead", "executive")),
        ("standard", "volume", 1, ("service-lead", "executive")),
        ("strategic", "volume", 2, ("service-lead", "executive")),
        ("key", "strategic", 2, ("service-lead", "executive")),
    ],
)
def test_everything_else_waits_for_people(acme, alice, before, after, approvals, roles):
    Account.objects.update(tier=before)
    card = decisions.get_proposal(propose(alice, "ACME", after), by=alice)
    assert (card.state, card.approvals, card.roles) == (ProposalState.WAITING, approvals, roles)
    deliver_all()
    assert tier("ACME") == before


def test_a_demotion_approved_by_two_is_carried_out_once(acme, bob, carol, hana):
    proposal_id = propose(bob, "ACME", "key", "They order less.")
    detail = decisions.get_proposal_detail(proposal_id, by=carol, at=NOW)
    assert (detail.changes[0].name, detail.changes[0].before, detail.changes[0].after) == ("tier", "strategic", "key")
    assert [e.account_number for e in detail.effects.listed] == ["ACME"]
    approve_proposal(proposal_id, by=carol, at=NOW)
    approve_proposal(proposal_id, by=hana, at=NOW)
    deliver_all()
    assert tier("ACME") == "key"
    apply_tier_change(proposal_id, by=hana)
    lines = decisions.get_thread(decisions.get_proposal(proposal_id, by=bob).thread_id, by=bob)
    assert [line.kind for line in lines].count("account.tier-changed") == 1
    assert lines[-1].sentence.startswith("Acme moved from strategic to key. Decided by Carol Lead and Hana Executive:")


def test_what_was_rejected_is_not_carried_out(acme, bob, carol):
    proposal_id = propose(bob, "ACME", "key")
    reject_proposal(proposal_id, reason="No.", by=carol, at=NOW)
    deliver_all()
    assert tier("ACME") == "strategic"
    with pytest.raises(Conflict, match="Nobody approved"):
        apply_tier_change(proposal_id, by=carol)


def test_what_makes_no_sense_is_refused(acme, bolt, bob, dave):
    with pytest.raises(Conflict, match="already"):
        propose(bob, "ACME", "strategic")
    with pytest.raises(Invalid):
        propose(bob, "ACME", "key", "  ")
    with pytest.raises(NotFound):
        propose(bob, "BOLT", "volume")
    with pytest.raises(Denied):
        propose(dave, "ACME", "key")
    propose(bob, "ACME", "key")
    with pytest.raises(Conflict, match="waits already"):
        propose(enter("carol"), "ACME", "volume")
