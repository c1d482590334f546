"""This is wrong: it reaches the steward, the fix reaches what stands on it, and the source is trusted no more in it."""

from datetime import timedelta

import pytest
from tests.cast import enter
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.answer_dispute import answer_dispute
from closeknit.rooms.customers.actions.report_wrong_fact import report_wrong_fact
from closeknit.rooms.customers.actions.tell_of_correction import tell_of_correction
from closeknit.rooms.customers.contracts import NO_STEWARD, DisputeState
from closeknit.rooms.customers.models import Account, Dispute, RecordVersion
from closeknit.rooms.customers.tests.two_systems import CRM, LATER, load_house
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import Escalation, LedgerEntry, Notice
from closeknit.rooms.org.actions.appoint_steward import appoint_steward

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(tmp_path, alice):
    load_house(tmp_path)
    return tmp_path


def report(field="street", by=None, number="A1", **words):
    said = {"text": "They moved in January.", "suggested": "Neue Gasse 5", **words}
    return report_wrong_fact(number, field, **said, by=by or enter("bob"), at=clock.now())


def answer(dispute_id, corrected, by, why="Seen on their letter."):
    answer_dispute(dispute_id, corrected=corrected, answer=why, by=by, at=clock.now())


def fact(name, by, at=LATER):
    return next(each for each in reads.get_profile("A1", by=by, at=at).fields if each.field == name)


def test_it_goes_to_the_field_s_steward_with_a_due_time(house, erin, bob, alice):
    appoint_steward("alice", "customers", "street", reason="Knows the map.", by=erin, at=clock.now())
    dispute_id = report()
    card = reads.get_dispute(dispute_id, by=bob, at=clock.now())
    assert (card.assigned_to, card.value, card.suggested, card.system) == (
        "Alice Planner",
        "Am Kai 1",
        "Neue Gasse 5",
        "crm",
    )
    assert card.due_at - card.reported_at == timedelta(days=3)
    assert Notice.objects.get(cause=f"wrong-fact:{dispute_id}").person_key == alice.key
    assert Escalation.objects.get(cause=f"wrong-fact:{dispute_id}").path == "wrong-fact"
    later = reads.get_dispute(dispute_id, by=bob, at=card.due_at)
    assert later.is_overdue


def test_without_a_steward_the_service_leads_answer(house, carol, bob):
    dispute_id = report()
    assert reads.get_dispute(dispute_id, by=bob, at=clock.now()).assigned_to == NO_STEWARD
    answer(dispute_id, None, carol, "The street is as it stands.")
    assert reads.get_dispute(dispute_id, by=bob, at=clock.now()).state is DisputeState.STANDS


def test_a_fix_counts_keeps_the_group_whole_and_reaches_what_stands_on_it(house, alice):
    dispute_id, before = report(), clock.now()
    answer(dispute_id, "Neue Gasse 5", alice)
    street, city = fact("street", alice), fact("city", alice)
    assert (street.survives.value, street.survives.system, street.survives.stated_by) == (
        "Neue Gasse 5",
        "steward",
        "Alice Planner",
    )
    assert city.survives.value == "Neubruck"
    assert next(c for c in street.others if c.system == "crm").standing == "found wrong by a steward"
    assert fact("street", alice, at=before).survives.value == "Am Kai 1"
    event = EventRow.objects.filter(name="AccountCorrected").latest("id")
    assert (event.body["account_number"], event.body["field"]) == ("A1", "street")
    assert Escalation.objects.get(cause=f"wrong-fact:{dispute_id}").state == "closed"
    deliver_all()


def test_the_wrong_word_loaded_again_stays_wrong_and_a_new_one_is_heard(house, alice):
    answer(report(), "Neue Gasse 5", alice)
    load_house(house)
    assert fact("street", alice).survives.value == "Neue Gasse 5"
    load_house(house, crm=CRM.replace("Am Kai 1", "Dritte Gasse 6").replace("2026-02-01", "2026-02-25"))
    crm = next(claim for claim in fact("street", alice).others if claim.system == "crm")
    assert (crm.value, crm.is_trusted) == ("Dritte Gasse 6", True)


def test_a_corrected_name_is_the_account_s_name_also_after_the_next_load(house, alice):
    answer(report("name", suggested="Harbour Tools Europe GmbH"), "Harbour Tools Europe GmbH", alice)
    assert reads.get_account("A1", by=alice).name == "Harbour Tools Europe GmbH"
    load_house(house, crm=CRM.replace("2026-02-03", "2026-02-04"))
    account = Account.objects.get(account_number="A1")
    assert (account.name, account.golden_fields) == ("Harbour Tools Europe GmbH", ["name"])


def test_what_was_wrong_and_is_right_again_is_trusted_again(house, alice):
    answer(report(), "Neue Gasse 5", alice)
    answer(report(), "Am Kai 1", alice)
    street = fact("street", alice)
    assert street.survives.value == "Am Kai 1"
    assert all(claim.is_trusted for claim in street.others if claim.value == "Am Kai 1")


def test_a_decision_on_the_wrong_value_is_listed(house, alice, bob):
    line = Entry(
        thread_id=LedgerEntry.objects.latest("id").thread_id,
        kind="plan.committed",
        subject="plan:x",
        sentence="Vans go to the street they gave.",
        account_number="A1",
        evidence={"street": "Am Kai 1"},
    )
    record_entry(line, by=alice)
    dispute_id = report()
    # All of this test is one transaction, and ledger lines bear the time of its start.
    Dispute.objects.update(learned_at=clock.now() - timedelta(days=1))
    touched = reads.list_touched_decisions(dispute_id, by=bob)
    assert [(each.kind, each.names_field) for each in touched] == [("plan.committed", True)]


def test_personal_values_stay_out_of_the_ledger_and_of_others_sight(house, alice, bob):
    dispute_id = report("email", suggested="new@harbour.example")
    answer(dispute_id, "new@harbour.example", alice)
    lines = decisions.list_entries(by=alice, account_number="A1", kind="fact.*")
    assert len(lines) == 2
    assert "harbour.example" not in str([(line.sentence, line.evidence) for line in lines])
    assert reads.get_dispute(dispute_id, by=bob, at=clock.now()).personal_corrected == "new@harbour.example"
    with pytest.raises(Invalid, match="e-mail"):
        report("phone", text="Write to new@harbour.example instead.")


def test_who_may_answer_and_what_is_refused(house, alice, bob, dave, carol):
    dispute_id = report()
    with pytest.raises(Denied):
        answer(dispute_id, "x", bob)
    with pytest.raises(Invalid, match="stands"):
        answer(dispute_id, "Am Kai 1", alice)
    with pytest.raises(Invalid):
        answer(dispute_id, None, alice, " ")
    with pytest.raises(Conflict, match="disputed already"):
        report()
    with pytest.raises(Invalid, match="no field"):
        report("shoe_size")
    with pytest.raises(NotFound):
        report(number="A3")
    with pytest.raises(Denied):
        report(by=dave)
    answer(dispute_id, None, carol)
    with pytest.raises(Conflict, match="answered"):
        answer(dispute_id, None, alice)


def test_a_consent_said_to_be_wrong_follows_the_steward(house, alice):
    answer(report("may_contact", suggested="yes"), "yes", alice, "They signed again.")
    assert fact("may_contact", alice).survives.value == "yes"


def test_a_correction_reaches_the_threads_and_the_people_that_decided_by_it(house, alice, bob, carol):
    thread = LedgerEntry.objects.latest("id").thread_id
    for kind in ("plan.committed", "account.seen"):
        line = Entry(thread, kind, "plan:x", "Vans go to the street they gave.", {"street": "Am Kai 1"}, "A1")
        record_entry(line, by=carol)
    dispute_id = report()
    Dispute.objects.update(learned_at=clock.now() - timedelta(days=1))
    answer(dispute_id, "Neue Gasse 5", alice)
    # All of this test is one transaction, and ledger lines bear the time of its start.
    Dispute.objects.update(answered_at=clock.now() + timedelta(days=1))
    deliver_all()
    (told,) = decisions.list_entries(by=alice, account_number="A1", kind="fact.corrected-since")
    assert (told.thread_id, told.subject) == (thread, f"dispute:{dispute_id}")
    assert told.sentence == "The street of A1 was found wrong and put right after this was decided."
    (notice,) = Notice.objects.filter(cause=f"corrected:{dispute_id}")
    assert (notice.person_key, notice.link) == (carol.key, f"/disputes/{dispute_id}/")
    (heard,) = Notice.objects.filter(cause=f"answered:{dispute_id}")
    assert (heard.person_key, heard.link) == (bob.key, "/accounts/A1/")
    # Told once, however often the news of it comes.
    assert tell_of_correction(dispute_id, by=alice, at=clock.now()) == 0
    assert len(decisions.list_entries(by=alice, account_number="A1", kind="fact.corrected-since")) == 1


def test_what_stands_reaches_who_reported_it_and_no_decision(house, alice, bob):
    thread = LedgerEntry.objects.latest("id").thread_id
    record_entry(Entry(thread, "plan.committed", "plan:x", "So.", {}, "A1"), by=alice)
    dispute_id = report("tier", suggested="key")
    assert tell_of_correction(dispute_id, by=alice, at=clock.now()) == 0, "nobody answered yet"
    answer(dispute_id, None, alice)
    deliver_all()
    assert not decisions.list_entries(by=alice, account_number="A1", kind="fact.corrected-since")
    assert Notice.objects.get(cause=f"answered:{dispute_id}").title == "A1: the tier stands"


@pytest.mark.parametrize(("field", "shown"), [("tier", "volume"), ("team", "North"), ("score", ""), ("orders", "")])
def test_what_no_record_states_can_be_wrong_too_and_is_put_right_where_it_comes_from(house, alice, bob, field, shown):
    dispute_id = report(field, suggested="key")
    assert reads.get_dispute(dispute_id, by=bob, at=clock.now()).value == shown
    versions = RecordVersion.objects.count()
    answer(dispute_id, "as the contract says", alice)
    card = reads.get_dispute(dispute_id, by=bob, at=clock.now())
    assert (card.state, card.corrected) == (DisputeState.CORRECTED, "as the contract says")
    assert RecordVersion.objects.count() == versions, "no record states it, so none is written"
    assert reads.get_account("A1", by=alice).tier == "volume"
    assert EventRow.objects.filter(name="AccountCorrected").latest("id").body["field"] == field


def test_orders_go_to_who_answers_for_demand(house, erin, alice):
    appoint_steward("alice", "demand", "orders", reason="Knows them.", by=erin, at=clock.now())
    assert reads.get_dispute(report("orders"), by=alice, at=clock.now()).assigned_to == "Alice Planner"
