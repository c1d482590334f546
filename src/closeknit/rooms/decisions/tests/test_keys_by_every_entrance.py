"""The ledger's keys by page and API: the check, a new signing key, an erasure; and a table adopted by page."""

import pytest
from tests.cast import open_account, sign_in

from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.seal_ledger import seal_all
from closeknit.rooms.decisions.tests.sealing import write
from closeknit.rooms.org.reads import system_actor

JSON = "application/json"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ledger():
    open_account("ACME", "strategic", "North")
    write(account_number="ACME", sentence="ACME pays late.")
    seal_all(by=system_actor())


def test_an_administrator_replaces_the_signing_key_by_page_and_by_api(ledger, client):
    erin = sign_in(client, "erin")
    first = reads.get_public_key(by=erin)
    assert client.post("/ledger/keys/replace/").status_code == 302
    answer = client.post("/api/v1/ledger/keys", "{}", content_type=JSON, headers=token(client))
    assert answer.status_code == 201
    keys = client.get("/api/v1/ledger/keys").json()["public_keys"]
    assert keys[0] == first == reads.get_public_key(by=erin)
    assert len(set(keys)) == 3
    page = client.get("/ledger/keys/").content.decode()
    assert all(key in page for key in keys)
    assert client.get("/api/v1/ledger/check").json()["findings"] == []
    assert "The ledger holds" in client.get("/ledger/check/").content.decode()


def test_an_administrator_erases_an_account_by_page(ledger, client):
    erin = sign_in(client, "erin")
    assert "ACME pays late." in [line.sentence for line in reads.list_entries(by=erin)]
    answer = client.post("/ledger/keys/erase/", {"account": "ACME", "reason": "Asked for in writing."}, follow=True)
    assert "1 lines can no longer be read" in answer.content.decode()
    assert "ACME pays late." not in [line.sentence for line in reads.list_entries(by=erin)]
    seal_all(by=system_actor())
    assert reads.get_ledger_check(by=erin).findings == ()


def test_an_administrator_erases_by_api_once(ledger, client):
    sign_in(client, "erin")
    body = '{"account_number": "ACME", "reason": "Asked for in writing."}'
    first = client.post("/api/v1/ledger/erasures", body, content_type=JSON, headers=token(client))
    assert (first.status_code, first.json()["lines"]) == (201, 1)
    again = client.post("/api/v1/ledger/erasures", body, content_type=JSON, headers=token(client))
    assert again.status_code == 404


def test_what_makes_no_sense_is_refused_and_changes_nothing(ledger, client):
    erin = sign_in(client, "erin")
    before = len(reads.list_entries(by=erin))
    assert client.post("/ledger/keys/erase/", {"reason": "Nobody named."}).status_code == 422
    assert client.post("/ledger/keys/give-up/", {"reason": "All is well."}).status_code == 404
    assert client.post("/ledger/keys/accept-break/", {"epoch": 7, "reason": "Nothing broke."}).status_code == 404
    assert client.post("/ledger/keys/accept-break/", {"epoch": "x", "reason": "So."}).status_code == 422
    assert len(reads.list_entries(by=erin)) == before


def test_a_changed_table_is_adopted_by_page_and_one_with_a_gap_is_not(client):
    erin = sign_in(client, "erin")
    text = reads.get_policy(by=erin).text
    changed = text.replace("version: approvals/1", "version: approvals/2")
    assert client.post("/policy/adopt/", {"text": changed, "reason": "Trial."}).status_code == 302
    assert reads.get_policy(by=erin).version == "approvals/2"
    gap = changed.replace("approvals/2", "approvals/3").replace(
        "- rules: hold\n        then: approve", "- rules: fail\n        then: approve", 1
    )
    assert client.post("/policy/adopt/", {"text": gap, "reason": "Trial."}).status_code == 422
    assert reads.get_policy(by=erin).version == "approvals/2"


def token(client) -> dict[str, str]:
    """The header by which a session changes something over the API."""
    client.get("/")
    return {"X-CSRFToken": client.cookies["csrftoken"].value} if "csrftoken" in client.cookies else {}
