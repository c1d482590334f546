"""Privacy by page, API and command: the same statements and refusals, an error beside its field."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.cast import sign_in

from closeknit.rooms.privacy.models import Consent, LegalHold, PurposeVersion, RetentionVersion, SubjectRequest
from closeknit.rooms.privacy.tests.saying import NOW
from closeknit.web import boot, cli

CONSENT = {"kind": "account", "reference": "ACME", "purpose": "tiering", "state": "withdrawn"}
SAID = {"collected": "phone", "language": "de"}
SOON = (NOW.date() + timedelta(days=30)).isoformat()


def browser(name: str) -> Client:
    client = Client()
    sign_in(client, name)
    return client


def post(client: Client, address: str, body: dict):
    return client.post(f"/api/v1/privacy/{address}", json.dumps(body), content_type="application/json")


def test_an_opt_out_by_page_is_seen_with_the_account(acme, bob):
    client = browser("bob")
    answer = client.post("/privacy/consents/record/", CONSENT | SAID)
    assert answer["Location"] == "/privacy/consents/?kind=account&reference=ACME"
    for address in (answer["Location"], "/tiles/account-privacy/?account=ACME"):
        html = client.get(address).content.decode()
        assert '<strong class="bad">no</strong>' in html
        assert "It was withdrawn on" in html
    receipt = client.get(f"/privacy/receipts/{Consent.objects.get().receipt_id}/")
    assert json.loads(receipt.content)["version"] == "KI-CR-v1.1.0"
    html = client.get("/privacy/").content.decode()
    assert "Value, score and intimacy tier" in html


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("purpose", "nothing", "There is no such purpose"),
        ("reference", "BOLT", "There is no such subject"),
        ("state", "maybe", "Select a valid choice"),
    ],
)
def test_a_refused_form_says_why(acme, bolt, bob, field, value, words):
    answer = browser("bob").post("/privacy/consents/record/", CONSENT | SAID | {field: value})
    assert answer.status_code in (404, 422)
    assert words in answer.content.decode()
    assert not Consent.objects.exists()


def test_purposes_holds_requests_and_rules_by_page(acme, erin):
    client = browser("erin")
    purpose = {"purpose": "benchmarks", "title": "Benchmarks", "what_for": "Compare.", "decisions": "a benchmark"}
    refused = client.post("/privacy/purposes/adopt/", purpose | {"bases": "EU: consent", "reason": "So."})
    assert refused.status_code == 422
    assert "is no basis" in refused.content.decode()
    made = client.post(
        "/privacy/purposes/adopt/", purpose | {"bases": "EU, consent, GDPR Art. 6(1)(a)", "reason": "So."}
    )
    assert made.status_code == 302, made.content.decode()
    assert PurposeVersion.objects.get().bases == {"EU": {"basis": "consent", "law": "GDPR Art. 6(1)(a)"}}
    hold = {"kind": "account", "reference": "ACME", "title": "Case 7", "reason": "Court.", "review_on": SOON}
    assert client.post("/privacy/holds/place/", hold).status_code == 302
    assert "Case 7" in client.get("/privacy/holds/").content.decode()
    erased = client.post("/privacy/keeping/erase/", {"kind": "account", "reference": "ACME", "reason": "Asked."})
    assert erased.status_code == 422
    assert "It is on hold: Case 7" in erased.content.decode()
    row = LegalHold.objects.get()
    assert client.post(f"/privacy/holds/{row.pk}/release/", {"reason": "Settled."}).status_code == 302
    request = {"kind": "account", "reference": "ACME", "request_kind": "access", "received_on": NOW.date().isoformat()}
    assert client.post("/privacy/requests/record/", request).status_code == 302
    asked = SubjectRequest.objects.get()
    assert "GDPR Art. 12(3)" in client.get("/privacy/requests/").content.decode()
    closing = {"state": "answered", "outcome": "Sent.", "verified_by": "A call back."}
    assert client.post(f"/privacy/requests/{asked.pk}/close/", closing).status_code == 302
    rule = {
        "data_class": "notes",
        "jurisdiction": "DE",
        "least_days": 0,
        "most_days": 30,
        "law": "House",
        "reason": "So.",
    }
    assert client.post("/privacy/keeping/adopt/", rule).status_code == 302
    assert RetentionVersion.objects.get().most_days == 30
    gone = client.post("/privacy/keeping/erase/", {"kind": "account", "reference": "ACME", "reason": "Asked."})
    assert gone.status_code == 302
    html = client.get("/privacy/keeping/").content.decode()
    assert "customers_account.name" in html
    assert "accounting until" in html


def test_by_api(acme, bob, erin):
    client = browser("bob")
    made = post(client, "consents", CONSENT | {"collected": "signal", "signal": "GPC"}).json()
    assert (made["state"], made["signal"], made["jurisdiction"]) == ("withdrawn", "GPC", "DE")
    uses = {use["purpose"]: use["is_allowed"] for use in client.get("/api/v1/privacy/uses?reference=ACME").json()}
    assert uses["tiering"] is False
    assert uses["service"] is True
    receipt = client.get(f"/api/v1/privacy/receipts/{made['receipt_id']}").json()
    assert receipt["collectionMethod"] == "signal (GPC)"
    refused = post(client, "consents", CONSENT | {"purpose": "service"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    steward = browser("erin")
    purpose = {"purpose": "x", "title": "X", "what_for": "X.", "decisions": ["x"], "reason": "So."}
    bases = {"bases": {"EU": {"basis": "consent", "law": "GDPR"}}}
    assert post(steward, "purposes", purpose | bases).json()["version"] == 1
    assert post(steward, "purposes", purpose | bases).status_code == 409
    erased = post(steward, "erasures", {"reference": "ACME", "reason": "Asked."})
    assert erased.status_code == 201, erased.json()
    assert erased.json()["pseudonym"].startswith("gone:")
    verdicts = steward.get("/api/v1/privacy/gate").json()
    assert {v["data_class"] for v in verdicts if not v["is_allowed"]} == {"accounting", "consents"}


def test_by_command(acme, erin, bob, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)

    def run(*words: str, status: int = 0):
        assert cli.main(["privacy", *words, "--json", "--as", "erin"]) == status
        return json.loads(capsys.readouterr().out)

    assert run("consent", "ACME", "tiering", "withdrawn")["consents"][0]["state"] == "withdrawn"
    assert run("purposes", "list")["opted_out"] == {"tiering": 1}
    assert not next(u for u in run("uses", "ACME")["uses"] if u["purpose"] == "tiering")["is_allowed"]
    asked = run("requests", "record", "erasure", "ACME", "--received", NOW.date().isoformat())["requests"][0]
    assert asked["law"].startswith("GDPR")
    held = run("holds", "place", "Case", "--reason", "Court.", "--review", SOON)["holds"][0]["hold_id"]
    assert "on hold" in run("erase", "ACME", "--reason", "Asked.", status=1)["detail"]
    run("holds", "release", held, "--reason", "Settled.")
    assert run("extract", "ACME")["extract"]["tables"]["customers_account"][0]["name"] == "Acme"
    done = run("erase", "ACME", "--reason", "Asked.", "--request", asked["request_id"])["erasures"][0]
    assert done["kept"]
    run("requests", "close", asked["request_id"], "answered", "--outcome", "Done.", "--verified", "A call back.")
    purpose = {"purpose": "x", "title": "X", "what_for": "X.", "decisions": ["x"], "reason": "So."}
    file = tmp_path / "purpose.json"
    file.write_text(json.dumps(purpose | {"bases": {"EU": {"basis": "consent", "law": "GDPR"}}}))
    assert run("purposes", "adopt", str(file))["versions"][0]["version"] == 1
    assert run("retention", "adopt", "notes", "DE", "--least-days", "0", "--law", "House", "--reason", "So.")["rules"]
    assert run("gate")["verdicts"]
    assert run("erasures")["erasures"]
    assert run("refused")["refused"] == []
    assert cli.main(["privacy", "uses", "ACME", "--as", "erin"]) == 0
    assert "tiering" in capsys.readouterr().out
