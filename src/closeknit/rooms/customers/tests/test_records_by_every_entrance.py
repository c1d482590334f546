"""Who says what, merges and disputes: by page, by JSON and by command alike."""

import json
from uuid import UUID

import pytest
from tests.cast import enter, sign_in
from tests.small_company import deliver_all

from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import DISPUTABLE_FIELDS, MatchState
from closeknit.rooms.customers.models import AccountMerge, Dispute
from closeknit.rooms.customers.tests.two_systems import load_house
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(tmp_path, alice):
    load_house(tmp_path)
    return tmp_path


def said(client, address, **form):
    return client.post(address, form, follow=True)


def test_the_profile_shows_each_word_its_row_and_why_it_counts(house, client):
    sign_in(client, "alice")
    page = client.get("/accounts/A1/profile/").content.decode()
    for words in (
        "Am Kai 1",
        "crm.csv",
        "line 2",
        "another system comes first",
        "it is the most recent",
        "This is wrong",
    ):
        assert words in page
    assert "sales@harbour.example" in page
    assert "No record was known then" in client.get("/accounts/A1/profile/?on=2020-01-01").content.decode()
    got = client.get("/api/v1/account-profiles/A1").json()
    street = next(each for each in got["fields"] if each["field"] == "street")
    assert (street["survives"]["value"], street["survives"]["system"]) == ("Am Kai 1", "crm")


def test_personal_words_are_hidden_by_every_entrance_from_who_may_not_read_them(house, client, erin):
    from closeknit.rooms.org.models import Person

    sign_in(client, "alice")
    Person.objects.filter(name="Alice Planner").update(roles=["controller"])
    page = client.get("/accounts/A1/profile/").content.decode()
    got = client.get("/api/v1/account-profiles/A1").content.decode()
    for text in (page, got):
        assert "sales@harbour.example" not in text
        assert "+49 30" not in text


def test_merge_redirect_and_split_by_page(house, client):
    sign_in(client, "alice")
    said(client, "/accounts/A1/merge/", absorbed_number="A2", reason="One door.")
    deliver_all()
    assert client.get("/accounts/A2/")["Location"] == "/accounts/A1/"
    assert client.get("/accounts/A2/profile/")["Location"] == "/accounts/A1/profile/"
    assert client.get("/api/v1/accounts/A2").json()["account_number"] == "A1"
    assert client.get("/api/v1/golden-numbers").json() == {"A2": "A1"}
    assert b"Also known as A2" in client.get("/accounts/A1/profile/").content
    answer = said(client, f"/merges/{AccountMerge.objects.get().pk}/split/", reason="Two after all.")
    assert answer.redirect_chain[-1][0] == "/accounts/A2/profile/"
    assert client.get("/accounts/A2/").status_code == 200


def test_a_pair_is_explained_and_judged_by_page(house, client, alice):
    sign_in(client, "alice")
    card = next(each for each in reads.list_matches(by=alice) if each.needs_merge)
    assert card.first.name in client.get("/matches/").content.decode()
    page = client.get(f"/matches/{card.match_id}/").content.decode()
    for term in card.terms:
        assert str(term.bits) in page
    said(client, f"/matches/{card.match_id}/judge/", verdict="two", reason="Two doors.")
    assert reads.get_match(card.match_id, by=alice).state is MatchState.DIFFERENT


def test_wrong_is_reported_and_answered_by_page(house, client, alice):
    sign_in(client, "alice")
    assert said(client, "/accounts/A1/wrong/report/", field="city", text="").status_code == 422
    said(client, "/accounts/A1/wrong/report/", field="city", text="They moved.", suggested="Lindental")
    dispute = Dispute.objects.get()
    assert b"said to be wrong" in client.get("/accounts/A1/profile/").content
    assert b"Neubruck" in client.get(f"/disputes/{dispute.pk}/").content
    assert b"A1" in client.get("/disputes/").content
    address = f"/disputes/{dispute.pk}/answer/"
    assert said(client, address, verdict="corrected", corrected="Neubruck", answer="So.").status_code == 422
    said(client, address, verdict="corrected", corrected="Lindental", answer="Seen.")
    page = client.get("/accounts/A1/profile/").content.decode()
    assert "Lindental" in page
    assert "found wrong by a steward" in page


def test_every_fact_of_the_accounts_page_can_be_said_to_be_wrong_there_by_whoever_sees_it(acme, client, gina):
    sign_in(client, "gina")
    page = client.get("/accounts/ACME/").content.decode()
    for field in ("tier", "team", "region"):
        assert f'href="/accounts/ACME/wrong/?field={field}"' in page
    form = client.get("/accounts/ACME/wrong/?field=team")
    assert form.context["form"]["field"].value() == "team"
    assert [value for value, _ in form.context["form"].fields["field"].choices] == list(DISPUTABLE_FIELDS)
    assert "/accounts/ACME/profile/" not in form.content.decode(), "she may not open it"
    said(client, "/accounts/ACME/wrong/report/", field="orders", text="We never ordered these.")
    assert Dispute.objects.get().field == "orders"


def test_rules_are_set_by_page_and_the_past_keeps_its_own(house, client, alice):
    sign_in(client, "alice")
    page = client.get("/survivorship/")
    text = page.context["form"]["text"].value()
    assert client.post("/survivorship/set/", {"text": "{", "reason": "So."}).status_code == 422
    assert client.post("/survivorship/set/", {"text": "[]", "reason": "So."}).status_code == 422
    changed = text.replace("by: [priority, most-recent, most-complete]", "by: [most-complete]")
    assert changed != text
    assert client.post("/survivorship/set/", {"text": changed, "reason": "Whole ones."}).status_code == 302
    got = client.get("/api/v1/account-profiles/A1").json()
    street = next(each for each in got["fields"] if each["field"] == "street")
    assert (got["rule_version"], street["survives"]["value"], street["rule"]) == (
        1,
        "Hafenweg 4",
        "it is the most complete",
    )


def command(capsys, *words):
    assert cli.main([*words, "--as", "alice", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_by_command(house, capsys, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    got = command(capsys, "customers", "profile", "A1")
    assert got["profile"]["account_number"] == "A1"
    merged = command(capsys, "customers", "merge", "A1", "A2", "--reason", "One door.")
    (merge,) = merged["merges"]
    back = command(capsys, "customers", "split", merge["merge_id"], "--reason", "Two.")
    assert back["merge"]["split_at"]
    dispute = command(capsys, "customers", "disputes", "report", "A1", "city", "They moved.", "--suggest", "Lindental")
    dispute_id = dispute["dispute"]["dispute_id"]
    assert UUID(dispute_id)
    done = command(capsys, "customers", "disputes", "answer", dispute_id, "Seen.", "--correct-to", "Lindental")
    assert done["dispute"]["state"] == "corrected"
    assert command(capsys, "customers", "survivorship", "show")["rules"]["version"] == 0
    assert command(capsys, "customers", "matches", "list")["matches"] != []


def test_a_record_of_nobody_is_shown_by_name_and_given_away_by_who_may(house, client):
    sign_in(client, "alice")
    assert "Nobody&#x27;s Own Ltd" in client.get("/matches/").content.decode()
    (record,) = reads.list_unlinked_records(by=enter("alice"))
    assert (record.record_key, record.name, record.place) == ("C9", "Nobody's Own Ltd", "Far Road 1 99999 Elsewhere DE")
    address = f"/records/{record.record_id}/give/"
    assert client.post(address, {"account_number": "A3", "reason": ""}).status_code == 422
    assert client.post(address, {"account_number": "NONE", "reason": "So."}).status_code == 404
    assert client.post(f"/records/{10**30}/give/", {"account_number": "A3", "reason": "So."}).status_code == 404
    for username in ("bob", "carol", "frank", "gina"):
        sign_in(client, username)
        assert client.post(address, {"account_number": "A3", "reason": "So."}).status_code == 403, username
    assert reads.count_unlinked_records(by=enter("alice")) == 1
    sign_in(client, "alice")
    page = said(client, address, account_number="A3", reason="Their invoice says so.").content.decode()
    assert "Their invoice says so." in page
    assert reads.count_unlinked_records(by=enter("alice")) == 0
    assert "Every record that you may see has its account" in client.get("/matches/").content.decode()
