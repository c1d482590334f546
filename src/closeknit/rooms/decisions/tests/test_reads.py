"""Who sees which ledger lines and proposals: planners all, Bob his team's, Dave nothing."""

from datetime import timedelta

import pytest
from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.decisions.tests.proposing import propose
from closeknit.rooms.org.models import AccountPlace, Team
from closeknit.rooms.org.reads import system_actor


def write(sentence, team=None, account_number="", kind="test", thread_id=None, by=None):
    """Append one line, about an account of a team or about none."""
    if team:
        account_number = account_number or f"{team}-account"
        place = {"team_id": Team.objects.get_or_create(name=team)[0].pk, "region": ""}
        AccountPlace.objects.get_or_create(account_number=account_number, defaults=place)
    with transaction.atomic():
        return record_entry(
            Entry(thread_id or ids.new_id(), kind, "s", sentence, {}, account_number), by=by or system_actor()
        )


def row_of(sentence):
    """The row of the line that says so."""
    lines = reads.list_entries(by=system_actor(), limit=1000)
    return LedgerEntry.objects.get(pk=next(line.entry_id for line in lines if line.sentence == sentence))


@pytest.fixture
def lines(db):
    """One line of North's, one of South's, one of nobody's."""
    write("north", "North", "ACME", "terms")
    write("south", "South", "BOLT", "terms")
    write("all", kind="plan")


def sentences(by, **filters):
    return [line.sentence for line in reads.list_entries(by=by, **filters)]


def test_who_sees_every_account_sees_every_line_newest_first(lines, alice, carol):
    assert sentences(alice) == sentences(carol) == ["all", "south", "north"]


def test_bob_sees_his_teams_lines_only(lines, bob):
    assert sentences(bob) == ["north"]
    assert sentences(bob, account_number="BOLT") == []


def test_dave_sees_nothing(lines, alice, dave):
    thread_id = LedgerEntry.objects.earliest("id").thread_id
    asks = [
        lambda: reads.list_entries(by=dave),
        lambda: reads.list_threads(by=dave),
        lambda: reads.get_thread(thread_id, by=dave),
        lambda: reads.list_proposals(by=dave),
        lambda: reads.get_proposal(ids.new_id(), by=dave),
        lambda: reads.find_proposal_about("plan:1", by=dave),
    ]
    for ask in asks:
        with pytest.raises(Denied):
            ask()


def test_lines_are_filtered(lines, alice):
    assert sentences(alice, kind="terms") == ["south", "north"]
    assert sentences(alice, account_number="ACME") == ["north"]
    assert sentences(alice, actor="closeknit") == ["all", "south", "north"]
    assert sentences(alice, actor="Bob") == []
    middle = row_of("south")
    assert sentences(alice, before_id=middle.pk) == ["north"]
    assert sentences(alice, limit=1) == ["all"]
    hour = timedelta(hours=1)
    assert sentences(alice, since_at=middle.recorded_at - hour, until_at=middle.recorded_at + hour) != []
    assert sentences(alice, since_at=middle.recorded_at + hour) == []
    assert sentences(alice, until_at=middle.recorded_at - hour) == []


def test_a_thread_is_read_oldest_first_and_only_as_far_as_one_may_see(alice, bob):
    thread_id = ids.new_id()
    write("first", "South", thread_id=thread_id)
    write("second", "North", thread_id=thread_id)
    assert [line.sentence for line in reads.get_thread(thread_id, by=alice)] == ["first", "second"]
    assert [line.sentence for line in reads.get_thread(thread_id, by=bob)] == ["second"]
    (card,) = reads.list_threads(by=bob)
    assert (card.first_sentence, card.last_sentence, card.entries) == ("second", "second", 1)


def test_a_thread_out_of_sight_looks_like_none_at_all(lines, bob):
    hidden = row_of("south").thread_id
    for thread_id in (hidden, ids.new_id()):
        with pytest.raises(NotFound, match=r"There is no such thread\."):
            reads.get_thread(thread_id, by=bob)


def test_threads_come_in_the_order_they_last_moved(alice):
    old, new = ids.new_id(), ids.new_id()
    write("old begins", thread_id=old)
    write("new begins", thread_id=new)
    write("old goes on", thread_id=old)
    assert [(c.first_sentence, c.last_sentence, c.entries) for c in reads.list_threads(by=alice)] == [
        ("old begins", "old goes on", 2),
        ("new begins", "new begins", 1),
    ]


def test_proposals_are_for_those_who_read_the_ledger_or_decide(alice, bob, carol):
    waiting = propose(alice, subject="plan:1", coverage_share=0.5)
    settled = propose(alice, subject="plan:2")
    assert [c.proposal_id for c in reads.list_proposals(by=carol)] == [waiting, settled]
    only = reads.list_proposals(by=carol, states=[ProposalState.WAITING])
    assert [c.proposal_id for c in only] == [waiting]
    about = reads.find_proposal_about("plan:2", by=carol)
    assert about is not None
    assert about.proposal_id == settled
    assert reads.find_proposal_about("plan:3", by=carol) is None
    assert reads.list_proposals(by=bob) == []
    with pytest.raises(NotFound):
        reads.get_proposal(ids.new_id(), by=carol)
