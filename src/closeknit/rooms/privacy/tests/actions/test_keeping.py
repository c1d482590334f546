"""Holds, requests, rules of keeping: what they refuse, what they record, and what the worker does by them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers.models import Account, Insight
from closeknit.rooms.customers.tests.knowing import know
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.adopt_retention import adopt_retention
from closeknit.rooms.privacy.actions.apply_retention import apply_retention
from closeknit.rooms.privacy.actions.erase_subject import erase_subject
from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold, release_hold
from closeknit.rooms.privacy.actions.reapply_erasures import reapply_erasures
from closeknit.rooms.privacy.actions.record_request import (
    WantedRequest,
    close_request,
    escalate_requests,
    extend_request,
    record_request,
)
from closeknit.rooms.privacy.contracts import DataClass, RequestKind, RequestState, RetentionRule, Subject, account
from closeknit.rooms.privacy.models import ErasureRow
from closeknit.rooms.privacy.tests.saying import ACME, NOW, say

TODAY = NOW.date()
SOON = TODAY + timedelta(days=30)


def ask(kind: RequestKind, by, *, days_ago: int = 0, **changes):
    return record_request(WantedRequest(kind, ACME, TODAY - timedelta(days=days_ago), **changes), by=by, at=NOW)


def hold(by, **changes):
    return place_hold(
        WantedHold(**{"title": "Case 7", "reason": "Court.", "review_on": SOON, **changes}), by=by, at=NOW
    )


def test_a_hold_protects_from_an_erasure_until_it_is_released(acme, erin, bob):
    know(bob, text="They rebuild.")
    held = hold(erin, subject=ACME)
    with pytest.raises(Conflict, match="Case 7"):
        erase_subject(ACME, reason="Asked.", by=erin, at=NOW)
    assert Insight.objects.get().text == "They rebuild."
    assert not any(line.is_allowed for line in reads.list_gate_lines(by=erin))
    release_hold(held, reason="Settled.", by=erin, at=NOW)
    with pytest.raises(Conflict, match="already"):
        release_hold(held, reason="Settled.", by=erin, at=NOW)
    done = erase_subject(ACME, reason="Asked.", by=erin, at=NOW)
    assert Insight.objects.get().text == "[erased]"
    assert ("customers_insight", "text") in {(gone.table, gone.column) for gone in done.fields}


def test_an_open_request_protects_what_it_is_about(acme, erin):
    wants_to_see = ask(RequestKind.ACCESS, erin)
    wants_to_go = ask(RequestKind.ERASURE, erin, verified_by="A call back.")
    with pytest.raises(Conflict, match="open"):
        erase_subject(ACME, reason="Asked.", request_id=wants_to_go, by=erin, at=NOW)
    close_request(
        wants_to_see, state=RequestState.ANSWERED, outcome="Sent.", verified_by="A call back.", by=erin, at=NOW
    )
    erase_subject(ACME, reason="Asked.", request_id=wants_to_go, by=erin, at=NOW)
    with pytest.raises(Invalid, match="something else"):
        erase_subject(ACME, reason="Asked.", request_id=wants_to_see, by=erin, at=NOW)


def test_nothing_goes_without_a_rule(acme, erin, monkeypatch):
    monkeypatch.setattr("closeknit.rooms.privacy.reads.keeping.SHIPPED_RULES", ())
    with pytest.raises(Conflict, match="No rule says"):
        erase_subject(ACME, reason="Asked.", by=erin, at=NOW)


def test_who_was_erased_goes_again_after_an_old_backup_came_back(
    acme, bolt, erin, bob, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        erase_subject(ACME, reason="Asked.", by=erin, at=NOW)
    assert reapply_erasures(by=erin, at=NOW) == []
    # The backup knows of no erasure, and has the name.
    ErasureRow.objects.all().delete()
    Account.objects.filter(account_number="ACME").update(name="Acme Works")
    (done,) = reapply_erasures(by=erin, at=NOW)
    assert done.pseudonym.startswith("gone:")
    assert dict(Account.objects.values_list("account_number", "name")) == {"ACME": "[erased]", "BOLT": "Bolt"}


def test_who_may_erase(acme, erin, alice, carol, frank):
    for who in (alice, carol, frank):
        with pytest.raises(Denied):
            erase_subject(ACME, reason="Asked.", by=who, at=NOW)
    with pytest.raises(Invalid, match="reason"):
        erase_subject(ACME, reason=" ", by=erin, at=NOW)
    with pytest.raises(Invalid, match="no subject"):
        erase_subject(Subject("ghost", "x"), reason="Asked.", by=erin, at=NOW)


def test_a_person_who_worked_here_goes_too(acme, erin, bob):
    know(bob)
    done = erase_subject(Subject("person", bob.key), reason="Asked.", by=erin, at=NOW)
    assert Insight.objects.get().author_name == "[erased]"
    assert {(gone.table, gone.column) for gone in done.fields} >= {
        ("org_person", "name"),
        ("customers_insight", "author_name"),
    }
    assert not any("Bob" in line.sentence for line in decisions.list_entries(by=erin))


def test_a_request_is_due_by_its_law_extended_and_closed(acme, bob, erin, frank):
    asked = ask(RequestKind.ACCESS, bob)
    card = reads.get_request(asked, by=bob)
    assert (card.jurisdiction, card.law) == ("DE", "GDPR Art. 12(3): one month")
    assert not card.is_late(card.due_on)
    assert card.is_late(card.due_on + timedelta(days=1))
    with pytest.raises(Conflict, match="open already"):
        ask(RequestKind.ACCESS, bob)
    with pytest.raises(Invalid, match="no such term"):
        extend_request(asked, until_on=TODAY + timedelta(days=200), reason="Much.", by=erin, at=NOW)
    extend_request(asked, until_on=TODAY + timedelta(days=70), reason="Much.", by=erin, at=NOW)
    with pytest.raises(Invalid, match="Nobody checked"):
        close_request(asked, state=RequestState.ANSWERED, outcome="Sent.", by=erin, at=NOW)
    close_request(asked, state=RequestState.REFUSED, outcome="Not the subject.", by=erin, at=NOW)
    with pytest.raises(Conflict, match="refused already"):
        close_request(asked, state=RequestState.REFUSED, outcome="Again.", by=erin, at=NOW)
    for who in (bob, frank):
        with pytest.raises(Denied):
            close_request(asked, state=RequestState.REFUSED, outcome="So.", by=who, at=NOW)
    with pytest.raises(NotFound):
        close_request(uuid4(), state=RequestState.REFUSED, outcome="So.", by=erin, at=NOW)


def test_a_request_that_is_nearly_due_is_escalated_once(acme, erin):
    asked = ask(RequestKind.ACCESS, erin, days_ago=28)
    ask(RequestKind.RECTIFICATION, erin)
    assert escalate_requests(by=erin, at=NOW) == 1
    assert escalate_requests(by=erin, at=NOW) == 0
    standing = [e for e in decisions.list_escalations(by=erin) if e.path == "privacy-request"]
    assert len(standing) == 1
    close_request(asked, state=RequestState.REFUSED, outcome="So.", by=erin, at=NOW)
    assert not [e for e in decisions.list_escalations(by=erin) if e.path == "privacy-request" and e.state == "open"]


def test_old_notes_lose_their_words_but_for_subjects_on_hold(acme, bolt, erin, bob, carol):
    for by, number in ((bob, "ACME"), (carol, "BOLT")):
        know(by, account_number=number, text="They rebuild.")
    Insight.objects.update(recorded_at=NOW - timedelta(days=4 * 365))
    hold(erin, subject=account("BOLT"))
    assert apply_retention(by=erin, at=NOW) == 1
    assert apply_retention(by=erin, at=NOW) == 0
    words = dict(Insight.objects.values_list("account_number", "text"))
    assert words == {"ACME": "[erased]", "BOLT": "They rebuild."}
    (line,) = [line for line in decisions.list_entries(by=erin) if line.kind == "retention.applied"]
    assert line.evidence["rows"] == 1


def test_a_rule_of_keeping_has_versions(erin, alice):
    rule = RetentionRule(DataClass.NOTES, "de", 0, 30, "House rule")
    adopted = adopt_retention(rule, reason="Shorter.", by=erin, at=NOW)
    assert (adopted.jurisdiction, adopted.version, adopted.most_days) == ("DE", 1, 30)
    assert adopt_retention(rule, reason="Again.", by=erin, at=NOW).version == 2
    with pytest.raises(Invalid, match="before it may"):
        adopt_retention(RetentionRule(DataClass.NOTES, "DE", 9, 3, "House rule"), reason="So.", by=erin, at=NOW)
    with pytest.raises(Denied):
        adopt_retention(rule, reason="So.", by=alice, at=NOW)


def test_what_we_hold_of_a_subject_is_handed_out(acme, erin, bob):
    know(bob, text="They rebuild.")
    say("survey", by=bob, note="By phone.")
    extract = reads.get_extract(ACME, by=erin, at=NOW)
    assert extract.tables["customers_account"][0]["name"] == "Acme"
    assert extract.tables["customers_insight"][0]["text"] == "They rebuild."
    assert extract.tables["privacy_consent"][0]["note"] == "By phone."
    with pytest.raises(Denied):
        reads.get_extract(ACME, by=bob, at=NOW)


def test_retention_goes_through_the_gate_whose_word_stands_on_record(acme, erin, bob):
    know(bob, text="They rebuild.")
    Insight.objects.update(recorded_at=NOW - timedelta(days=4 * 365))
    everybody = hold(erin, subject=None)
    assert apply_retention(by=erin, at=NOW) == 0
    assert Insight.objects.get().text == "They rebuild."
    said = [line for line in reads.list_gate_lines(by=erin) if line.what == "old rows of customers_insight"]
    assert [line.is_allowed for line in said] == [False]
    release_hold(everybody, reason="Settled.", by=erin, at=NOW)
    assert apply_retention(by=erin, at=NOW) == 1
    said = [line for line in reads.list_gate_lines(by=erin) if line.what == "old rows of customers_insight"]
    assert {line.is_allowed for line in said} == {True, False}


def test_who_asked_what_we_hold_keeps_it_until_the_answer(acme, erin, bob):
    know(bob, text="They rebuild.")
    Insight.objects.update(recorded_at=NOW - timedelta(days=4 * 365))
    ask(RequestKind.ACCESS, erin)
    assert apply_retention(by=erin, at=NOW) == 0
    assert Insight.objects.get().text == "They rebuild."


def test_a_contact_goes_by_its_name_wherever_it_is_said(acme, bolt, erin, bob, carol):
    know(bob, text="Ask Rosalind Byrne.", is_sensitive=True, sensitive_reason="Our only contact.")
    know(carol, account_number="BOLT", text="They rebuild.")
    Account.objects.filter(account_number="BOLT").update(name="Byrne Rosalind Ltd")
    contact = Subject("contact", "crm-77")
    done = erase_subject(contact, reason="Asked.", also_known_as=["Rosalind Byrne"], by=erin, at=NOW)
    assert {(gone.table, gone.column, gone.rows) for gone in done.fields} == {("customers_insight", "text", 1)}
    assert sorted(Insight.objects.values_list("text", flat=True)) == ["They rebuild.", "[erased]"]
    assert dict(Account.objects.values_list("account_number", "name")) == {"ACME": "Acme", "BOLT": "Byrne Rosalind Ltd"}
    assert "Rosalind" not in str([line.evidence for line in decisions.list_entries(by=erin) if "erased" in line.kind])
    with pytest.raises(Invalid, match="cannot be looked for"):
        erase_subject(contact, reason="Asked.", also_known_as=["Al"], by=erin, at=NOW)
    with pytest.raises(Invalid, match="Only a contact"):
        erase_subject(ACME, reason="Asked.", also_known_as=["Rosalind"], by=erin, at=NOW)
