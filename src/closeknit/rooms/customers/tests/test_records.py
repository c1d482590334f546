"""Two systems state the same accounts: every word is kept, one counts, and the page can say why."""

import pytest
from tests.cast import open_account

from closeknit.kernel import clock
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_records import adopt_records
from closeknit.rooms.customers.models import Account, Record, RecordLink, RecordVersion
from closeknit.rooms.customers.tests.two_systems import CRM, LATER, load_house
from closeknit.rooms.decisions.models import LedgerEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(tmp_path, alice):
    return load_house(tmp_path)


def field(name, number="A1", by=None, at=LATER):
    return next(each for each in reads.get_profile(number, by=by, at=at).fields if each.field == name)


def test_every_source_s_word_is_kept_with_its_row(house, alice):
    profile = reads.get_profile("A1", by=alice, at=LATER)
    assert {(r.system, r.record_key, r.how) for r in profile.records} == {
        ("house", "A1", "stated"),
        ("erp", "A1", "stated"),
        ("crm", "C7", "match"),
    }
    tax = field("tax_id", by=alice)
    assert tax.survives.value == "DE123456789"
    assert (tax.survives.source_name, tax.survives.line, tax.survives.batch_id) == ("crm.csv", 2, house)


def test_the_most_recent_word_counts_and_the_losing_one_says_why(house, alice):
    email = field("email", by=alice)
    assert email.survives.personal_value == "sales@harbour.example"
    assert email.rule == "it is the most recent"
    assert [(o.personal_value, o.standing) for o in email.others] == [
        ("info@harbour.example", "another word is more recent")
    ]


def test_an_address_survives_whole_also_where_the_newer_one_lacks_a_part(house, alice):
    said = {name: field(name, by=alice) for name in ("street", "postcode", "city", "country")}
    assert [each.survives.system for each in said.values()] == ["crm"] * 4
    assert {name: each.survives.value for name, each in said.items()} == {
        "street": "Am Kai 1",
        "postcode": "",
        "city": "Neubruck",
        "country": "DE",
    }
    assert said["postcode"].others[0].value == "70100"
    assert said["city"].together_with == ("street", "postcode", "country")


def test_the_account_s_own_name_counts_before_what_others_call_it(house, alice):
    name = field("name", by=alice)
    assert (name.survives.value, name.rule) == ("Harbour Tools GmbH", "its system comes first")
    assert reads.get_account("A1", by=alice).name == "Harbour Tools GmbH"


def test_the_stricter_consent_counts(house, alice):
    consent = field("may_contact", by=alice)
    assert (consent.survives.value, consent.survives.system) == ("no", "crm")
    assert consent.rule == "the strictest word of all sources counts"


def test_what_was_known_before_stays_known(house, alice, tmp_path):
    first = clock.now()
    load_house(tmp_path, crm=CRM.replace("Am Kai 1", "Neue Gasse 2").replace("2026-02-01", "2026-02-20"))
    assert field("street", by=alice).survives.value == "Neue Gasse 2"
    assert field("street", by=alice, at=first).survives.value == "Am Kai 1"
    assert RecordVersion.objects.filter(record__record_key="C7").count() == 2


def test_loading_again_and_adopting_again_change_nothing(house, alice, tmp_path):
    before = RecordVersion.objects.count(), LedgerEntry.objects.filter(kind="records.adopted").count()
    thread = LedgerEntry.objects.latest("id").thread_id
    assert adopt_records(house, thread_id=thread, by=alice) == 0
    load_house(tmp_path)
    assert (RecordVersion.objects.count(), LedgerEntry.objects.filter(kind="records.adopted").count()) == before


def test_a_record_of_nobody_stays_nobody_s(house, alice):
    assert [r.record_key for r in reads.list_unlinked_records(by=alice)] == ["C9"]
    assert not Account.objects.filter(name__contains="Nobody").exists()


def test_a_record_that_names_its_account_later_moves_to_it(house, alice, tmp_path):
    load_house(tmp_path, crm=CRM.replace("C9,,", "C9,A3,"))
    assert Record.objects.get(record_key="C9").account_number == "A3"


def test_who_may_not_read_what_is_personal_sees_no_address_of_mail(house, gina, hana):
    open_account("ACME", "strategic", "North")
    Record.objects.filter(account_number="A1").update(account_number="ACME")
    RecordLink.objects.filter(account_number="A1").update(account_number="ACME")
    seen = field("email", "ACME", by=gina)
    assert seen.survives.personal_value is None
    assert seen.survives.source_name is None
    assert field("email", "ACME", by=hana).survives.personal_value == "sales@harbour.example"
