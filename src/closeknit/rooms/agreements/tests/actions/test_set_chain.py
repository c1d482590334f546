"""Departments share the time of a promise: the steps add up to it, or are refused."""

from dataclasses import replace

import pytest
from tests.cast import enter

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.ids import new_id
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.set_chain import set_chain
from closeknit.rooms.agreements.contracts import ChainStep, Clock, Measure, WantedChain
from closeknit.rooms.agreements.models import ChainRow, TermRow
from closeknit.rooms.agreements.tests.deals import CLAUSE, NOW, TODAY, signed, wanted
from closeknit.rooms.decisions.models import LedgerEntry

pytestmark = pytest.mark.django_db
STEPS = (ChainStep("Desk", "triage", 30.0), ChainStep("Dispatch", "book", 60.0), ChainStep("Field", "mend", 120.0))
CHAIN = WantedChain("Repair", "repair", "visit", "", Measure.RESOLVE_WITHIN, Clock.CALENDAR, STEPS)


@pytest.fixture
def promise(accounts, alice):
    """ACME is promised 240 minutes, from today on."""
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    TermRow.objects.update(starts_on=TODAY)


def test_a_chain_shows_its_slack_under_each_promise(promise, alice):
    set_chain(CHAIN, by=alice, at=NOW)
    (card,) = reads.list_chains(by=alice, at=NOW)
    assert (card.total_minutes, card.slack_minutes) == (210.0, 30.0)
    assert [(slack.term_number, slack.account_number) for slack in card.promises] == [("N-1", "ACME")]
    assert LedgerEntry.objects.filter(kind="chain.set").count() == 1


def test_what_does_not_add_up_is_refused_and_says_by_how_much(promise, alice):
    late = replace(CHAIN, steps=(*STEPS, ChainStep("Billing", "close", 45.0)))
    with pytest.raises(Invalid, match="N-1") as refusal:
        set_chain(late, by=alice, at=NOW)
    assert "15 minutes" in refusal.value.todo
    assert ChainRow.objects.count() == 0
    set_chain(replace(CHAIN, steps=(*STEPS, ChainStep("Billing", "close", 30.0))), by=alice, at=NOW)
    assert reads.list_chains(by=alice, at=NOW)[0].slack_minutes == 0.0


def test_other_work_measures_and_clocks_are_not_added_up(promise, alice):
    long = (ChainStep("Desk", "", 1000.0),)
    for other in (
        {"service": "call"},
        {"operation": "desk"},
        {"measure": Measure.ANSWER_WITHIN},
        {"clock": Clock.BUSINESS, "work_class": "P9"},
    ):
        set_chain(replace(CHAIN, steps=long, **other), by=alice, at=NOW)
    assert {card.slack_minutes for card in reads.list_chains(by=alice, at=NOW)} == {None}


def test_a_chain_is_stated_anew_and_one_stands_for_each_kind_of_work(promise, alice):
    chain_id = set_chain(CHAIN, by=alice, at=NOW)
    with pytest.raises(Conflict):
        set_chain(CHAIN, by=alice, at=NOW)
    assert set_chain(replace(CHAIN, steps=STEPS[:2]), chain_id=chain_id, by=alice, at=NOW) == chain_id
    assert [card.total_minutes for card in reads.list_chains(by=alice, at=NOW)] == [90.0]
    assert ChainRow.objects.count() == 2
    with pytest.raises(NotFound):
        set_chain(CHAIN, chain_id=new_id(), by=alice, at=NOW)


@pytest.mark.parametrize("steps", [(), (ChainStep("", "", 5.0),), (ChainStep("Desk", "", 0.0),),
                                   (ChainStep("Desk", "", float("nan")),)])  # fmt: skip
def test_steps_need_a_department_and_a_time(accounts, alice, steps):
    with pytest.raises(Invalid) as refusal:
        set_chain(replace(CHAIN, steps=steps), by=alice, at=NOW)
    assert refusal.value.where == "steps"


def test_who_may_state_and_see_chains(promise):
    for name in ("bob", "dave", "frank", "gina"):
        with pytest.raises(Denied):
            set_chain(CHAIN, by=enter(name), at=NOW)
    with pytest.raises(Denied):
        reads.list_chains(by=enter("gina"), at=NOW)
