"""Needs: in words, measurable, agreed, proposed as a clause, promised, kept; each step on record, none skipped."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.cast import enter, sign_in
from tests.small_company import deliver_all

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.agree_need import agree_need
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.drop_need import drop_need
from closeknit.rooms.agreements.actions.measure_need import measure_need
from closeknit.rooms.agreements.actions.propose_need import propose_need
from closeknit.rooms.agreements.actions.review_need import review_need
from closeknit.rooms.agreements.actions.state_need import state_need
from closeknit.rooms.agreements.contracts import (
    AdherenceVerdict,
    Clock,
    ContractState,
    Measure,
    NeedParameter,
    NeedState,
    WantedNeed,
)
from closeknit.rooms.agreements.models import Contract, NeedRow, TermRow
from closeknit.rooms.agreements.tests.deals import NOW, TODAY, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.agreements.tests.test_work_clocks import move_back
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.models import LedgerEntry

pytestmark = pytest.mark.django_db
NEED = WantedNeed("ACME", "We need repairs that come when they are said to come.", "Review meeting in May")
PARAMETER = NeedParameter(
    operation="repair",
    measure=Measure.RESOLVE_WITHIN,
    within_minutes=240.0,
    target_share=0.98,
    process="Repairs by the field crew",
    control="Clocks, every week",
    review_on=TODAY + timedelta(days=90),
    service="visit",
)
SOON = TODAY + timedelta(days=7)


def stated(by, **other):
    return state_need(replace(NEED, **other), by=by, at=NOW)


def agreed(by):
    need_id = stated(by)
    measure_need(need_id, PARAMETER, by=by, at=NOW)
    agree_need(need_id, agreed_with="Their head of works", by=by, at=NOW)
    return need_id


def promised(by, hana, **other):
    need_id = agreed(by)
    made = propose_need(need_id, starts_on=SOON, reason="They stay for it.", **other, by=by, at=NOW)
    approve_proposal(made.proposal_id, reason="Yes.", by=hana, at=NOW)
    deliver_all()
    return need_id


def card_of(need_id, by, at=NOW):
    return reads.get_need(need_id, by=by, at=at).need


def test_words_become_a_promise_step_by_step_and_each_is_on_record(accounts, alice, hana):
    need_id = stated(alice)
    card = card_of(need_id, alice)
    assert (card.state, card.parameter, card.stated_by_name) == (NeedState.STATED, None, alice.name)
    measure_need(need_id, PARAMETER, by=alice, at=NOW)
    card = card_of(need_id, alice)
    assert (card.state, card.owner_name) == (NeedState.MEASURABLE, alice.name)
    assert card.sentence == "repair visit: 98% resolved within 4 hours"
    agree_need(need_id, agreed_with="Their head of works", by=alice, at=NOW)
    made = propose_need(need_id, starts_on=SOON, reason="They stay for it.", by=alice, at=NOW)
    card = card_of(need_id, alice)
    assert (card.state, card.contract_state) == (NeedState.PROPOSED, ContractState.PROPOSED)
    assert reads.list_terms(by=alice, account_number="ACME") == []
    approve_proposal(made.proposal_id, reason="Yes.", by=hana, at=NOW)
    deliver_all()
    card = card_of(need_id, alice)
    assert (card.state, card.contract_state) == (NeedState.PROMISED, ContractState.SIGNED)
    (term,) = reads.list_terms(by=alice, on=SOON)
    assert (term.term_number, term.threshold_minutes, term.target_share) == (card.term_number, 240.0, 0.98)
    kinds = LedgerEntry.objects.filter(thread_id=card.thread_id).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["need.stated", "need.measured", "need.agreed", "need.proposed"]


def test_the_promise_tells_its_need_whether_it_was_kept(tmp_path, accounts, alice, hana):
    need_id = promised(alice, hana)
    assert reads.get_need(need_id, by=alice, at=NOW).kept == ()
    move_back(TODAY + timedelta(days=7 + 30))
    at = datetime(2025, 6, 10, tzinfo=UTC)
    load_repairs(
        tmp_path,
        alice,
        "R1,2025-06-03T10:00:00,ACME,P2,2025-06-03T13:00:00",
        "R2,2025-06-03T10:00:00,ACME,P2,2025-06-03T16:00:00",
    )
    life = reads.get_need(need_id, by=alice, at=at)
    assert [(each.settled, each.kept, each.verdict) for each in life.kept] == [(2, 1, AdherenceVerdict.NOT_KEPT)]


def test_no_step_is_skipped(accounts, alice):
    need_id = stated(alice)
    with pytest.raises(Conflict):
        agree_need(need_id, agreed_with="Somebody", by=alice, at=NOW)
    with pytest.raises(Conflict):
        propose_need(need_id, starts_on=SOON, reason="So.", by=alice, at=NOW)
    with pytest.raises(Conflict):
        review_need(need_id, finding="So.", review_on=SOON, by=alice, at=NOW)
    measure_need(need_id, PARAMETER, by=alice, at=NOW)
    with pytest.raises(Conflict):
        propose_need(need_id, starts_on=SOON, reason="So.", by=alice, at=NOW)


def test_what_is_said_anew_is_agreed_anew_and_replaces_its_own_clause_only(accounts, alice, hana):
    signed(wanted())
    need_id = promised(alice, hana)
    contract = card_of(need_id, alice).contract_number
    measure_need(need_id, replace(PARAMETER, within_minutes=120.0), by=alice, at=NOW)
    card = card_of(need_id, alice)
    assert (card.state, card.agreed_with, card.contract_state) == (NeedState.MEASURABLE, "", ContractState.SIGNED)
    with pytest.raises(Conflict, match="promised"):
        drop_need(need_id, because="No more.", by=alice, at=NOW)
    agree_need(need_id, agreed_with="Their head of works", by=alice, at=NOW)
    later = SOON + timedelta(days=7)
    made = propose_need(need_id, starts_on=later, reason="Sooner.", contract_number=contract, by=alice, at=NOW)
    approve_proposal(made.proposal_id, reason="Yes.", by=hana, at=NOW)
    deliver_all()
    held = {term.term_number: term.threshold_minutes for term in reads.list_terms(by=alice, on=later)}
    assert held == {"N-1": 240.0, card.term_number: 120.0}


def test_a_contract_that_was_signed_here_keeps_its_other_clauses(accounts, alice, hana):
    signed(wanted(starts_on=TODAY + timedelta(days=3)))
    need_id = promised(alice, hana, contract_number="K-1")
    version = reads.get_contract(card_of(need_id, alice).version_id, by=alice)
    assert [clause.term_number for clause in version.clauses] == ["N-1", card_of(need_id, alice).term_number]
    assert (version.version, version.currency, version.guarantees) == (2, "EUR", wanted().guarantees)


def test_what_only_a_source_states_is_not_ended_by_a_need(accounts, alice):
    contract = Contract.objects.create(contract_number="C-9", account_number="ACME")
    TermRow.objects.create(
        contract=contract,
        term_number="T-9",
        account_number="ACME",
        operation="repair",
        measure="resolve_within",
        threshold_minutes=60,
        target_share=0.9,
        starts_on=TODAY - timedelta(days=9),
        source="contract",
        source_feed="erp",
    )
    need_id = agreed(alice)
    with pytest.raises(Invalid) as refused:
        propose_need(need_id, starts_on=SOON, reason="So.", contract_number="C-9", by=alice, at=NOW)
    assert refused.value.where == "contract_number"
    assert card_of(need_id, alice).state is NeedState.AGREED


def test_what_was_turned_down_is_agreed_again(accounts, alice, hana):
    need_id = agreed(alice)
    made = propose_need(need_id, starts_on=SOON, reason="So.", by=alice, at=NOW)
    with pytest.raises(Conflict):
        measure_need(need_id, PARAMETER, by=alice, at=NOW)
    with pytest.raises(Conflict):
        drop_need(need_id, because="So.", by=alice, at=NOW)
    reject_proposal(made.proposal_id, reason="Too dear.", by=hana, at=NOW)
    deliver_all()
    card = card_of(need_id, alice)
    assert (card.state, card.contract_state) == (NeedState.AGREED, ContractState.TURNED_DOWN)
    propose_need(need_id, starts_on=SOON, reason="Cheaper now.", by=alice, at=NOW)
    assert card_of(need_id, alice).state is NeedState.PROPOSED


def test_a_review_falls_due_and_is_noted(accounts, alice):
    need_id = agreed(alice)
    due = NOW + timedelta(days=90)
    assert reads.list_needs(by=alice, at=NOW, is_due=True) == []
    assert [card.need_id for card in reads.list_needs(by=alice, at=due, is_due=True)] == [need_id]
    review_need(need_id, finding="It still holds.", review_on=(due + timedelta(days=90)).date(), by=alice, at=due)
    card = card_of(need_id, alice, due)
    assert (card.is_review_due, card.finding) == (False, "It still holds.")
    with pytest.raises(Invalid):
        review_need(need_id, finding="Again.", review_on=due.date(), by=alice, at=due)


def test_what_is_dropped_says_why_and_moves_no_more(accounts, alice):
    need_id = stated(alice)
    drop_need(need_id, because="They took it back.", by=alice, at=NOW)
    card = card_of(need_id, alice)
    assert (card.state, card.dropped_because) == (NeedState.DROPPED, "They took it back.")
    with pytest.raises(Conflict):
        measure_need(need_id, PARAMETER, by=alice, at=NOW)
    with pytest.raises(Conflict):
        drop_need(need_id, because="Again.", by=alice, at=NOW)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"target_share": 0.0}, "target_share"),
        ({"target_share": 1.01}, "target_share"),
        ({"target_share": float("nan")}, "target_share"),
        ({"within_minutes": 0.0}, "within_minutes"),
        ({"within_minutes": float("inf")}, "within_minutes"),
        ({"operation": " "}, "operation"),
        ({"process": " "}, "process"),
        ({"control": ""}, "control"),
        ({"review_on": TODAY}, "review_on"),
        ({"review_on": date.max}, "review_on"),
        ({"owner_key": "person:0"}, "owner_key"),
    ],
)
def test_what_cannot_be_measured_owned_or_watched_is_refused_with_the_field(accounts, alice, change, where):
    need_id = stated(alice)
    with pytest.raises(Invalid) as refused:
        measure_need(need_id, replace(PARAMETER, **change), by=alice, at=NOW)
    assert refused.value.where == where
    assert card_of(need_id, alice).state is NeedState.STATED


@pytest.mark.parametrize(("change", "where"), [({"words": " "}, "words"), ({"heard_in": "x" * 201}, "heard_in")])
def test_a_need_has_words_and_a_source(accounts, alice, change, where):
    with pytest.raises(Invalid) as refused:
        stated(alice, **change)
    assert refused.value.where == where
    assert not NeedRow.objects.exists()


def test_an_owner_is_somebody_who_sees_the_account(accounts, alice, bob):
    need_id = stated(alice, account_number="BOLT")
    with pytest.raises(Invalid):
        measure_need(need_id, replace(PARAMETER, owner_key=bob.key), by=alice, at=NOW)
    need_id = stated(alice)
    measure_need(need_id, replace(PARAMETER, owner_key=bob.key, clock=Clock.BUSINESS), by=alice, at=NOW)
    card = card_of(need_id, alice)
    assert card.owner_name == bob.name
    assert card.sentence == "repair visit: 98% resolved within 4 open hours"


def test_it_is_seen_with_its_account(accounts, alice, bob):
    own, other = stated(alice), stated(alice, account_number="BOLT")
    assert [card.need_id for card in reads.list_needs(by=bob, at=NOW)] == [own]
    with pytest.raises(NotFound):
        reads.get_need(other, by=bob, at=NOW)
    with pytest.raises(NotFound):
        measure_need(other, PARAMETER, by=bob, at=NOW)
    with pytest.raises(NotFound):
        stated(bob, account_number="BOLT")
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            stated(enter(name))
        with pytest.raises(Denied):
            reads.list_needs(by=enter(name), at=NOW)


def test_the_past_is_not_promised_and_another_accounts_contract_not_taken(accounts, alice):
    need_id = agreed(alice)
    for day in (TODAY - timedelta(days=1), date.max):
        with pytest.raises(Invalid) as refused:
            propose_need(need_id, starts_on=day, reason="So.", by=alice, at=NOW)
        assert refused.value.where == "starts_on"
    other = wanted(account_number="BOLT", contract_number="K-B")
    draft_contract(other, by=alice, at=NOW)
    with pytest.raises((Invalid, Conflict)):
        propose_need(need_id, starts_on=SOON, reason="So.", contract_number="K-B", by=alice, at=NOW)
    assert card_of(need_id, alice).state is NeedState.AGREED


def test_the_page_leads_from_words_to_a_proposal(accounts, client, alice):
    sign_in(client, "alice")
    answer = client.post("/needs/state/", {"account_number": "ACME", "words": "On time.", "heard_in": "Call"})
    assert answer.status_code == 302
    address = answer.headers["Location"]
    form = {
        "operation": "repair",
        "measure": "resolve_within",
        "within_minutes": "240",
        "clock": "calendar",
        "process": "Crew",
        "control": "Clocks",
        "review_on": (TODAY + timedelta(days=30)).isoformat(),
    }
    refused = client.post(f"{address}measure/", {**form, "target_percent": "101"})
    assert refused.status_code == 422
    assert b"A target is a share above 0" in refused.content
    assert client.post(f"{address}measure/", {**form, "target_percent": "98"}).status_code == 302
    assert client.post(f"{address}agree/", {"agreed_with": "Ann"}).status_code == 302
    body = {"starts_on": SOON.isoformat(), "reason": "So."}
    assert client.post(f"{address}propose/", body).status_code == 302
    shown = client.get(address)
    assert b"98% resolved within 4 hours" in shown.content
    assert b"On time." in client.get("/needs/?state=proposed").content
    assert b"On time." not in client.get("/needs/?state=dropped").content
    assert b"98% resolved" in client.get("/needs/?format=csv").getvalue()
