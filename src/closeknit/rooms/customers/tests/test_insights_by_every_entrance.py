"""Insights by page, API and command: the same one, the same refusals, an error beside its field."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.cast import sign_in, token_of

from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know, record_of_a_bold_author
from closeknit.web import boot, cli

FORM = {
    "account_number": "ACME",
    "topic": "shutdown",
    "direction": "down",
    "size": "100%",
    "measure": "share",
    "probability": "80 %",
    "from_on": WANTED.from_on.isoformat(),
    "to_on": WANTED.to_on.isoformat(),
}


def browser(name: str) -> Client:
    client = Client()
    sign_in(client, name)
    return client


def test_a_form_becomes_an_insight_that_its_page_and_the_account_tile_show(acme, bob):
    client = browser("bob")
    answer = client.post("/insights/record/", FORM)
    row = Insight.objects.get()
    assert answer["Location"] == f"/insights/{row.pk}/"
    assert (row.size, row.probability, row.direction) == (1.0, 0.8, "down")
    for address in (f"/insights/{row.pk}/", "/tiles/account-insights/?account=ACME", "/insights/"):
        html = client.get(address).content.decode()
        assert "▼ 100.0% less" in " ".join(html.split()), address
    assert b"Take it back" in client.get(f"/insights/{row.pk}/").content


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("size", "many", "is not a number"),
        ("size", "150%", "No account can bring less than nothing"),
        ("probability", "80", "a share is from 0 to 1"),
        ("to_on", WANTED.from_on.isoformat(), "It ends before it begins"),
        ("text", "Write to jane@acme.example", "e-mail address"),
    ],
)
def test_a_refused_form_keeps_its_words_and_says_why_beside_the_field(acme, bob, field, value, words):
    answer = browser("bob").post("/insights/record/", {**FORM, field: value})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html.split(f'name="{field}"')[1].split("</label>")[0]
    assert 'value="ACME"' in html
    assert not Insight.objects.exists()


def test_by_api(acme, bob, carol):
    client = Client(headers={"authorization": f"Bearer {token_of('bob')}"})
    body = {**FORM, "size": 1.0, "probability": 0.8, "text": "They rebuild."}
    made = client.post("/api/v1/insights", json.dumps(body), content_type="application/json").json()
    assert (made["state"], made["author"], made["text"]) == ("standing", "Bob Seller", "They rebuild.")
    again = client.post("/api/v1/insights", json.dumps(body), content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    address = f"/api/v1/insights/{made['insight_id']}"
    early = client.post(f"{address}/settle", '{"happened_share": 1, "reason": "So."}', content_type="application/json")
    assert early.status_code == 403
    gone = client.post(f"{address}/withdraw", '{"reason": "Moved."}', content_type="application/json").json()
    assert (gone["state"], gone["end_reason"]) == ("withdrawn", "Moved.")
    assert [card["state"] for card in client.get("/api/v1/insights?state=withdrawn").json()] == ["withdrawn"]


def test_by_command(acme, alice, carol, capsys, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    days = ["--from", WANTED.from_on.isoformat(), "--to", WANTED.to_on.isoformat()]
    words = ["customers", "insight", "record", "ACME", "up", "30%", "--chance", "70%", *days, "--as", "alice"]
    assert cli.main([*words, "--topic", "launch", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["insight"]
    assert (made["size"], made["measure"], made["topic"]) == (0.3, "share", "launch")
    assert cli.main(["customers", "insight", "withdraw", made["insight_id"], "--reason", "So.", "--as", "alice"]) == 0
    assert "withdrawn by Alice Planner: So." in capsys.readouterr().out
    assert (
        cli.main(["customers", "insight", "record", "ACME", "up", "9", "--chance", "1", *days, "--text", "a@b.de"]) != 0
    )
    assert Insight.objects.count() == 1


def test_the_record_of_an_author_on_its_page(acme, bob, carol):
    record_of_a_bold_author(bob, carol)
    html = browser("carol").get(f"/insights/authors/{bob.key}/").content.decode()
    assert "90.0%" in html
    assert "16.6%" in html
    assert "× 0.93" in html


def test_a_settled_one_by_page(acme, bob, carol):
    insight_id = know(bob)
    days = {"from_on": TODAY - timedelta(days=9), "to_on": TODAY, "expires_on": TODAY}
    Insight.objects.filter(pk=insight_id).update(**days)
    assert b"Settle it" not in browser("bob").get(f"/insights/{insight_id}/").content
    client = browser("carol")
    assert b"Settle it" in client.get(f"/insights/{insight_id}/").content
    said = {"happened": "50%", "actual_size": "15%", "reason": "The catalogue came late."}
    assert client.post(f"/insights/{insight_id}/settle/", said).status_code == 302
    row = Insight.objects.get(pk=insight_id)
    assert (row.state, row.happened_share, row.actual_size) == ("settled", 0.5, 0.15)


def test_one_that_expired_is_renewed_by_page_api_and_command(acme, bob, capsys, monkeypatch):
    made = [know(bob, expires_on=TODAY + timedelta(days=5), service=name) for name in ("pick", "pack", "ship")]
    Insight.objects.update(state="expired", ended_at=NOW)
    client = browser("bob")
    assert b"Renew it" in client.get(f"/insights/{made[0]}/").content
    assert client.post(f"/insights/{made[0]}/renew/", {"reason": "Still so."}).status_code == 302
    bearer = Client(headers={"authorization": f"Bearer {token_of('bob')}"})
    body = json.dumps({"reason": "Still so.", "expires_on": (TODAY + timedelta(days=7)).isoformat()})
    answer = bearer.post(f"/api/v1/insights/{made[1]}/renew", body, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "standing")
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    words = ["customers", "insight", "renew", str(made[2]), "--reason", "Still so.", "--as", "bob", "--json"]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["insight"]["renewed_at"]
    assert set(Insight.objects.values_list("state", flat=True)) == {"standing"}
