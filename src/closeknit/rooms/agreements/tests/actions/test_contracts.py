"""Contracts: drafted, decided, in force from their day on, and never overrun by what a feed repeats."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.cast import enter
from tests.small_company import deliver_all

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.actions.set_calendar import set_calendar
from closeknit.rooms.agreements.actions.sign_contract import sign_contract
from closeknit.rooms.agreements.contracts import Clock, ContractState, GuaranteeKind, Opening, TermSource, pick_term
from closeknit.rooms.agreements.models import Contract, TermRow
from closeknit.rooms.agreements.tests.actions.test_adopt_terms import LINES, adopt
from closeknit.rooms.agreements.tests.deals import CLAUSE, NOW, TODAY, office, proposed, signed, wanted
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.models import LedgerEntry

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def test_a_draft_promises_nothing_and_a_signed_version_holds_from_its_day(accounts, alice, hana):
    set_calendar(office(), by=alice, at=NOW)
    version_id, proposal_id = proposed(wanted(calendar="office"))
    assert reads.get_contract(version_id, by=alice).state is ContractState.PROPOSED
    assert reads.list_terms(by=alice, account_number="ACME") == []
    assert decisions.get_proposal(proposal_id, by=hana).roles == ("executive",)
    approve_proposal(proposal_id, reason="Yes.", by=hana, at=NOW)
    deliver_all()
    card = reads.get_contract(version_id, by=alice)
    assert (card.state, card.version) == (ContractState.SIGNED, 1)
    assert reads.list_terms(by=alice, on=card.starts_on - timedelta(days=1)) == []
    (term,) = reads.list_terms(by=alice, on=card.starts_on)
    # Four hours of eight: half an open day, as planning counts it.
    assert (term.term_number, term.threshold_minutes, term.clock) == ("N-1", 720.0, Clock.BUSINESS)
    assert (term.source, term.credit_per_miss, term.account_number) == (TermSource.CONTRACT, Decimal("40.00"), "ACME")
    assert EventRow.objects.get(name="TermsChanged").body["contract_number"] == "K-1"
    kinds = list(LedgerEntry.objects.filter(thread_id=card.thread_id).order_by("id").values_list("kind", flat=True))
    assert kinds[0] == "contract.drafted"
    assert kinds[-1] == "contract.signed"


def test_another_version_ends_the_one_before_and_history_stays(accounts, alice):
    signed(wanted())
    signed(wanted(starts_on=TODAY + 5 * WEEK, clauses=(replace(CLAUSE, within_minutes=60.0, clock=Clock.CALENDAR),)))
    first, second = (
        reads.list_terms(by=alice, on=day)[0].threshold_minutes for day in (TODAY + 2 * WEEK, TODAY + 6 * WEEK)
    )
    assert (first, second) == (240.0, 60.0)
    held = reads.list_contracts(by=alice, on=TODAY + 6 * WEEK)
    assert [card.version for card in held] == [2]
    assert {card.version: card.ends_on for card in reads.list_contracts(by=alice)} == {1: TODAY + 5 * WEEK, 2: None}


def test_a_clause_that_is_left_out_ends_with_its_version(accounts, alice):
    signed(wanted(clauses=(CLAUSE, replace(CLAUSE, term_number="N-2", service="call"))))
    signed(wanted(starts_on=TODAY + 5 * WEEK))
    assert [t.term_number for t in reads.list_terms(by=alice, on=TODAY + 6 * WEEK)] == ["N-1"]


def test_what_a_feed_repeats_does_not_undo_what_was_signed(tmp_path, accounts, alice):
    lines = [line.replace("2026-06-01", "2026-02-01") for line in LINES]
    adopt(tmp_path, alice, lines)
    clause = replace(CLAUSE, term_number="T1", operation="desk", service="phone", within_minutes=0.4)
    signed(wanted(contract_number="C1", clauses=(clause,)))
    # The same file under another name, with a version that would begin after the signing.
    later = f"T1,C1,ACME,,phone,9,0.9,{TODAY + 4 * WEEK},\n"
    adopt(tmp_path, alice, [*lines[:1], lines[1].replace(",\n", f",{TODAY + 4 * WEEK}\n"), later, *lines[2:]])
    held = [t for t in reads.list_terms(by=alice, on=TODAY + 5 * WEEK) if t.term_number == "T1"]
    assert [(t.threshold_minutes, t.source) for t in held] == [(0.4, TermSource.CONTRACT)]
    assert [t.threshold_minutes for t in reads.list_terms(by=alice, on=TODAY) if t.term_number == "T1"] == [0.25]


def test_an_accounts_exception_goes_before_its_tiers_default(accounts, alice):
    signed(wanted())
    signed(
        wanted(
            contract_number="K-TIER",
            account_number="",
            tier="strategic",
            clauses=(replace(CLAUSE, term_number="D-1", within_minutes=30.0),),
        )
    )
    terms = reads.list_terms(by=alice, on=TODAY + 2 * WEEK)
    for account, expected in (("ACME", "N-1"), ("OTHER", "D-1")):
        found = pick_term(terms, account_number=account, tier="strategic", service="visit", work_class="")
        assert found is not None
        assert found.term_number == expected


def test_a_rejected_version_is_turned_down_and_another_may_be_proposed(accounts, alice, hana):
    version_id, proposal_id = proposed(wanted())
    with pytest.raises(Conflict, match="proposed"):
        propose_contract(version_id, reason="Again.", by=alice, at=NOW)
    reject_proposal(proposal_id, reason="Too dear.", by=hana, at=NOW)
    deliver_all()
    assert reads.get_contract(version_id, by=alice).state is ContractState.TURNED_DOWN
    assert TermRow.objects.count() == 0
    signed(wanted())
    assert [card.version for card in reads.list_contracts(by=alice, state="signed")] == [2]


def test_nobody_signs_what_was_not_approved_and_signing_twice_changes_nothing(accounts, alice, hana):
    _, proposal_id = proposed(wanted())
    with pytest.raises(Conflict, match="Nobody approved"):
        sign_contract(proposal_id, by=hana, at=NOW)
    approve_proposal(proposal_id, reason="Yes.", by=hana, at=NOW)
    deliver_all()
    lines = LedgerEntry.objects.count()
    sign_contract(proposal_id, by=hana, at=NOW)
    assert (LedgerEntry.objects.count(), TermRow.objects.count()) == (lines, 1)


def test_the_past_is_not_promised(accounts, alice):
    version_id = draft_contract(wanted(starts_on=TODAY - WEEK), by=alice, at=NOW)
    with pytest.raises(Invalid, match="first day has passed"):
        propose_contract(version_id, reason="Late.", by=alice, at=NOW)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"clauses": ()}, "clauses"),
        ({"clauses": (replace(CLAUSE, target_share=1.01),)}, "target_share"),
        ({"clauses": (replace(CLAUSE, target_share=float("nan")),)}, "target_share"),
        ({"clauses": (replace(CLAUSE, within_minutes=float("inf")),)}, "within_minutes"),
        ({"clauses": (replace(CLAUSE, within_minutes=0.0),)}, "within_minutes"),
        ({"clauses": (replace(CLAUSE, credit_per_miss=Decimal("-1")),)}, "credit_per_miss"),
        ({"clauses": (replace(CLAUSE, penalty_per_point=None),)}, "penalty_cap"),
        ({"clauses": (CLAUSE, CLAUSE)}, "term_number"),
        ({"clauses": (replace(CLAUSE, operation=" "),)}, "operation"),
        ({"currency": ""}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"ends_on": TODAY}, "ends_on"),
        ({"tier": "key"}, "tier"),
        ({"account_number": "", "tier": "best"}, "tier"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"contract_number": "a:b"}, "contract_number"),
        ({"title": ""}, "title"),
    ],
)
def test_what_could_not_be_kept_or_measured_is_refused_with_the_field(accounts, alice, change, where):
    with pytest.raises(Invalid) as refusal:
        draft_contract(wanted(**change), by=alice, at=NOW)
    assert refusal.value.where == where


def test_a_guarantee_of_availability_is_a_share(accounts, alice):
    guarantee = replace(wanted().guarantees[0], kind=GuaranteeKind.AVAILABILITY, amount=1.5)
    with pytest.raises(Invalid, match="availability"):
        draft_contract(wanted(guarantees=(guarantee,)), by=alice, at=NOW)


def test_numbers_are_taken_once_also_out_of_sight(accounts, alice):
    Contract.objects.create(contract_number="K-1", account_number="BOLT")
    with pytest.raises(Conflict, match="taken"):
        draft_contract(wanted(), by=enter("bob"), at=NOW)
    signed(wanted(contract_number="K-2"))
    with pytest.raises(Conflict, match="N-1"):
        draft_contract(wanted(contract_number="K-3"), by=alice, at=NOW)


def test_who_may_draft_for_whom(accounts):
    bob = enter("bob")
    draft_contract(wanted(), by=bob, at=NOW)
    with pytest.raises(NotFound):
        draft_contract(wanted(contract_number="K-2", account_number="BOLT"), by=bob, at=NOW)
    with pytest.raises(Denied):
        draft_contract(wanted(contract_number="K-2", account_number="", tier="key"), by=bob, at=NOW)
    for name in ("dave", "frank", "gina"):
        with pytest.raises(Denied):
            draft_contract(wanted(), by=enter(name), at=NOW)
    with pytest.raises(Denied):
        reads.list_contracts(by=enter("gina"))


def test_who_sees_which_contract_and_its_money(accounts, alice, bob):
    version_id = draft_contract(
        wanted(account_number="BOLT", contract_number="K-9", clauses=(replace(CLAUSE, term_number="B-1"),)),
        by=alice,
        at=NOW,
    )
    draft_contract(wanted(), by=alice, at=NOW)
    with pytest.raises(NotFound):
        reads.get_contract(version_id, by=bob)
    with pytest.raises(NotFound):
        propose_contract(version_id, reason="Mine.", by=bob, at=NOW)
    (own,) = reads.list_contracts(by=bob)
    assert own.account_number == "ACME"
    assert own.clauses[0].penalty_cap == Decimal("5000.00")


def test_a_calendar_is_versioned_and_refuses_what_cannot_be(accounts, alice):
    set_calendar(office(), by=alice, at=NOW)
    set_calendar(office(TODAY + WEEK, openings=(Opening(0, 0, 1440),)), by=alice, at=NOW)
    assert reads.find_calendar("office", TODAY, by=alice).open_minutes_per_day == 480
    assert reads.find_calendar("office", TODAY + WEEK, by=alice).open_minutes_per_day == 1440
    assert reads.find_calendar("office", TODAY - WEEK, by=alice) is None
    for change, where in (
        ({"openings": ()}, "openings"),
        ({"openings": (Opening(0, 60, 120), Opening(0, 119, 180))}, "openings"),
        ({"openings": (Opening(0, 60, 1441),)}, "openings"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"holidays_of": "XX"}, "holidays_of"),
        ({"from_on": TODAY - WEEK}, "from_on"),
        ({"key": ""}, "key"),
    ):
        with pytest.raises(Invalid) as refusal:
            set_calendar(office(**{"from_on": TODAY + 3 * WEEK, **change}), by=alice, at=NOW)
        assert refusal.value.where == where
    with pytest.raises(Conflict, match="on that day"):
        set_calendar(office(), by=alice, at=NOW)
    with pytest.raises(Denied):
        set_calendar(office(TODAY + 4 * WEEK), by=enter("bob"), at=NOW)


def test_a_contract_needs_a_calendar_that_is_in_force(accounts, alice):
    with pytest.raises(NotFound, match="calendar"):
        draft_contract(wanted(calendar="office"), by=alice, at=NOW)
