"""Two accounts become one and two again: nothing is rewritten, nothing lost, never in a circle."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from tests.cast import PASSWORD
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.apply_merge import apply_merge
from closeknit.rooms.customers.actions.merge_accounts import merge_accounts
from closeknit.rooms.customers.actions.split_accounts import split_accounts
from closeknit.rooms.customers.models import Account, AccountMerge, Record, RecordLink
from closeknit.rooms.customers.tests.two_systems import CRM, LATER, load_house, soon
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.org.models import Person
from closeknit.rooms.org.reads import find_actor_by_username

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(tmp_path, alice):
    load_house(tmp_path)
    return tmp_path


def merge(kept, absorbed, by, reason="Same tax number."):
    proposal_id = merge_accounts(kept, absorbed, reason=reason, by=by, at=clock.now())
    deliver_all()
    return proposal_id


def state():
    """All that a merge could have changed, but for its own traces."""
    accounts = Account.objects.order_by("account_number").values_list(
        "account_number", "name", "tier", "team_id", "region", "merged_into", "golden_fields"
    )
    records = Record.objects.order_by("pk").values_list("system", "record_key", "account_number", "stated_number")
    return list(accounts), list(records)


def test_below_the_top_tiers_policy_merges_at_once(house, alice):
    merge("A1", "A2", alice)
    row = AccountMerge.objects.get()
    assert (row.kept_number, row.absorbed_number, row.split_at) == ("A1", "A2", None)
    assert reads.get_account("A2", by=alice).account_number == "A1"
    assert reads.golden_numbers(by=alice, at=soon()) == {"A2": "A1"}
    assert "A2" not in {a.account_number for a in reads.list_accounts(by=alice)}
    assert {r.record_key for r in reads.list_records("A1", by=alice, at=LATER)} == {"A1", "A2", "C7"}
    assert reads.get_profile("A2", by=alice, at=LATER).aliases == ("A2",)
    line = LedgerEntry.objects.get(kind="accounts.merged")
    assert line.thread_id == row.thread_id
    assert EventRow.objects.get(name="AccountsMerged").body["absorbed_number"] == "A2"


def test_a_split_gives_everything_back(house, alice):
    before = state()
    merge("A1", "A2", alice)
    assert state() != before
    split_accounts(AccountMerge.objects.get().pk, reason="Two firms at one address.", by=alice, at=clock.now())
    deliver_all()
    assert state() == before
    assert reads.golden_numbers(by=alice, at=soon()) == {}
    assert [r.record_key for r in reads.list_records("A2", by=alice, at=LATER)] == ["A2", "A2"]
    split_accounts(AccountMerge.objects.get().pk, reason="Again.", by=alice, at=clock.now())
    assert LedgerEntry.objects.filter(kind="accounts.split").count() == 1


def test_what_came_between_merge_and_split_goes_where_it_says(house, alice):
    merge("A1", "A2", alice)
    load_house(house, crm=CRM + "C10,A2,Harbor Tools,Other Lane 3,,Oberhafen,DE,,,,,,2026-02-10T08:00:00+00:00\n")
    record = Record.objects.get(record_key="C10")
    assert record.account_number == "A1"
    split_accounts(AccountMerge.objects.get().pk, reason="Two.", by=alice, at=clock.now())
    record.refresh_from_db()
    assert record.account_number == "A2"


def test_the_past_keeps_its_view(house, alice):
    before = clock.now()
    merge("A1", "A2", alice)
    between = clock.now()
    split_accounts(AccountMerge.objects.get().pk, reason="Two.", by=alice, at=clock.now())
    assert reads.golden_numbers(by=alice, at=before) == {}
    assert reads.golden_numbers(by=alice, at=between) == {"A2": "A1"}
    assert reads.get_profile("A1", by=alice, at=between).aliases == ("A2",)
    assert RecordLink.objects.filter(how="merge").count() == 2


def test_a_top_tier_takes_four_eyes(house, alice, carol, hana):
    Account.objects.filter(account_number="A2").update(tier="key")
    proposal_id = merge("A1", "A2", alice)
    card = decisions.get_proposal(proposal_id, by=alice)
    assert (card.state, card.approvals) == (ProposalState.WAITING, 2)
    assert not AccountMerge.objects.exists()
    with pytest.raises(Conflict, match="Nobody approved"):
        apply_merge(proposal_id, by=carol, at=clock.now())
    approve_proposal(proposal_id, by=carol, at=clock.now())
    approve_proposal(proposal_id, by=hana, at=clock.now())
    deliver_all()
    apply_merge(proposal_id, by=hana, at=clock.now())
    assert AccountMerge.objects.count() == 1


def steward(name="Sven Steward"):
    user = get_user_model().objects.create_user(username="sven", password=PASSWORD)
    Person.objects.create(user=user, name=name, roles=["steward"])
    return find_actor_by_username("sven")


def test_the_steward_sees_the_merge_that_it_proposed_and_no_other(house, alice, carol, client):
    sven = steward()
    Account.objects.filter(account_number__in=["A1", "A2"]).update(tier="key")
    proposal_id = merge("A1", "A2", sven)
    other_id = merge("A3", "A1", alice)
    assert decisions.get_proposal(proposal_id, by=sven).state is ProposalState.WAITING
    assert [card.proposal_id for card in decisions.list_proposals(by=sven)] == [proposal_id]
    with pytest.raises(NotFound):
        decisions.get_proposal(other_id, by=sven)
    assert client.login(username="sven", password=PASSWORD)
    page = client.get(f"/proposals/{proposal_id}/")
    assert page.status_code == 200
    assert "Same tax number." in page.content.decode()
    assert client.get(f"/proposals/{other_id}/").status_code == 404
    approve_proposal(proposal_id, by=carol, at=clock.now())
    assert decisions.get_proposal(proposal_id, by=sven).state is ProposalState.WAITING


def test_merges_of_merges_lead_to_the_end_and_never_round(house, alice):
    merge("A1", "A2", alice)
    with pytest.raises(Conflict, match="another name"):
        merge("A2", "A1", alice)
    with pytest.raises(Conflict, match="another name"):
        merge("A2", "A3", alice)
    assert merge("A1", "A2", alice) is None
    merge("A3", "A1", alice)
    assert reads.golden_numbers(by=alice, at=soon()) == {"A1": "A3", "A2": "A3"}
    assert reads.get_account("A2", by=alice).account_number == "A3"
    assert merge("A3", "A2", alice) is None
    first = AccountMerge.objects.get(absorbed_number="A2")
    with pytest.raises(Conflict, match="Split that merge first"):
        split_accounts(first.pk, reason="Two.", by=alice, at=clock.now())


def test_what_makes_no_sense_is_refused(house, alice, bob, dave):
    with pytest.raises(Conflict, match="one account already"):
        merge("A1", "A1", alice)
    with pytest.raises(Invalid):
        merge("A1", "A2", alice, " ")
    with pytest.raises(NotFound):
        merge("A1", "A9", alice)
    for who in (bob, dave):
        with pytest.raises(Denied):
            merge("A1", "A2", who)


def test_who_saw_the_absorbed_account_follows_where_it_went(house, alice, bob):
    assert reads.get_account("A2", by=bob).name == "Harbor Tools"
    merge("A3", "A2", alice)
    with pytest.raises(NotFound):
        reads.get_account("A2", by=bob)
    split_accounts(AccountMerge.objects.get().pk, reason="Two.", by=alice, at=clock.now())
    assert reads.get_account("A2", by=bob).name == "Harbor Tools"


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_that_would_make_a_circle_one_is_refused(tmp_path, alice):
    load_house(tmp_path)
    there = merge_accounts("A1", "A2", reason="One.", by=alice, at=clock.now())
    back = merge_accounts("A2", "A1", reason="One.", by=alice, at=clock.now())
    outcomes, gate = [], threading.Barrier(2)

    def apply(proposal_id):
        gate.wait()
        try:
            apply_merge(proposal_id, by=alice, at=clock.now())
            outcomes.append("done")
        except Conflict as refused:
            outcomes.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=apply, args=(each,)) for each in (there, back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each == "done" for each in outcomes) == [False, True]
    assert AccountMerge.objects.count() == 1
