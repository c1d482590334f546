"""Accuracy, exceptions and changes of level by page, API and command: the same answers, only of one's own accounts."""

import json

import pytest
from tests.cast import sign_in, token_of

from closeknit.rooms.demand.models import ForecastException
from closeknit.rooms.demand.tests.coming import come_in, forecast, raise_all, score
from closeknit.web import boot, cli


@pytest.fixture
def off(db, tmp_path, alice, bob) -> ForecastException:
    """ACME brought 60 % more than usual in the week after the forecast."""
    forecast(tmp_path)
    come_in(tmp_path, factor=1.6, only="ACME")
    score()
    raise_all()
    return ForecastException.objects.get(account_number="ACME")


def run(capsys, monkeypatch, *words):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    status = cli.main([str(word) for word in words])
    return status, capsys.readouterr()


def test_the_accuracy_page_groups_draws_and_exports(client, off):
    sign_in(client, "alice")
    html = client.get("/demand/accuracy/").content.decode()
    assert "1 week ahead" in html
    assert "Error of forecasts by weeks ahead" in html
    for group in ("account", "segment", "method", "run", "data", "tier"):
        answer = client.get(f"/demand/accuracy/?by={group}&operation=warehouse")
        assert answer.context["rows"], group
    exported = b"".join(client.get("/demand/accuracy/?format=csv&by=account").streaming_content).decode()
    assert "QZX7-1" in exported
    assert client.get("/demand/accuracy/?by=nonsense").status_code == 200


def test_bob_finds_his_accounts_alone_in_every_answer(client, off):
    sign_in(client, "bob")
    for address in (
        "/demand/accuracy/?by=account",
        "/demand/accuracy/?by=segment&format=csv",
        "/demand/exceptions/?state=any",
        "/demand/exceptions/?state=any&format=csv",
        "/demand/changes/",
        "/tiles/forecast-exceptions/",
        f"/demand/exceptions/{off.pk}/",
    ):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200, address
        for foreign in (b"QZX7", b"Quetzal", b"volume"):
            assert foreign not in body, (address, foreign)
    assert client.get("/demand/accuracy/?account=QZX7-1").status_code == 404
    foreign_id = ForecastException.objects.filter(account_number="").first().pk
    assert client.get(f"/demand/exceptions/{foreign_id}/").status_code == 404


def test_a_finding_is_asked_for_beside_its_field_and_what_was_typed_is_kept(client, off):
    sign_in(client, "bob")
    address = f"/demand/exceptions/{off.pk}/"
    html = client.get(address).content.decode()
    assert "Close with this finding" in html
    assert " came, " in html
    missing = client.post(address + "close/", {"finding": "chance", "text": "  ", "follow_up_id": "keep me"})
    assert missing.status_code == 422
    assert "Say in words what you found." in missing.content.decode()
    assert "keep me" in missing.content.decode()
    half = client.post(address + "close/", {"finding": "chance", "text": "So.", "follow_up": "event"})
    assert (half.status_code, b"go together" in half.content) == (422, True)
    assert client.post(address + "assign/", {"to": "nobody-here"}).status_code == 422
    assert client.post(address + "comment/", {"comment": " "}).status_code == 422
    assert client.post(address + "comment/", {"comment": "I ask them."}).status_code == 302
    assert client.post(address + "close/", {"finding": "chance", "text": "Chance."}).status_code == 302
    assert client.post(address + "close/", {"finding": "chance", "text": "Twice."}).status_code == 409
    assert client.post(address + "reopen/", {"reason": "It was not."}).status_code == 302
    assert "I ask them." in client.get(address).content.decode()


def test_the_tile_counts_and_leads_on(client, off):
    sign_in(client, "alice")
    tile = client.get("/tiles/forecast-exceptions/?account=ACME").content.decode()
    assert f"/demand/exceptions/{off.pk}/" in tile
    assert '<span class="badge warn">1</span>' in tile
    assert "Nothing to explain" in client.get("/tiles/forecast-exceptions/?account=QZX7-2").content.decode()


def test_the_api_says_the_same(client, off):
    def call(who, path, body=None):
        headers = {"authorization": f"Bearer {token_of(who)}"}
        if body is None:
            return client.get(f"/api/v1{path}", headers=headers)
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)

    rows = call("alice", "/forecast-accuracy?operation=warehouse&group_by=account").json()
    assert {row["group"] for row in rows} == {"ACME", "QZX7-1"}
    assert [r["group"] for r in call("bob", "/forecast-accuracy?operation=warehouse&group_by=account").json()] == [
        "ACME"
    ]
    found = call("bob", "/forecast-exceptions?operation=warehouse").json()
    assert [(x["account_number"], x["state"]) for x in found] == [("ACME", "open")]
    path = f"/forecast-exceptions/{off.pk}"
    assert call("bob", f"{path}/weeks").json()[-1]["observed"] == off.actual
    assert call("bob", f"{path}/close", {"finding": "chance"}).status_code == 422
    assert call("frank", f"{path}/close", {"finding": "chance", "text": "So."}).status_code == 403
    closed = call("bob", f"{path}/close", {"finding": "lasting change", "text": "A shop more."}).json()
    assert (closed["state"], closed["finding"]) == ("closed", "lasting change")
    assert [step["kind"] for step in call("bob", f"{path}/steps").json()] == ["raised", "closed"]
    changes = call("alice", "/demand-changes?operation=warehouse&every=true").json()
    assert {c["series"]["level"] for c in changes} == {"series", "total"}
    assert all(c["response"]["kind"] == "nothing" for c in changes if c["kind"] == "none")
    mine = call("bob", "/demand-changes?operation=warehouse&every=true").json()
    assert {c["series"]["account_number"] for c in mine} == {"ACME"}


def test_commands_list_close_and_classify(capsys, monkeypatch, off):
    status, said = run(capsys, monkeypatch, "demand", "accuracy", "warehouse", "--by", "account")
    assert (status, "ACME" in said.out) == (0, True)
    status, said = run(capsys, monkeypatch, "demand", "exceptions", "--json", "--as", "bob")
    assert [x["account_number"] for x in json.loads(said.out)["exceptions"]] == ["ACME"]
    close = ("demand", "close-exception", off.pk, "--finding", "one-off customer event", "--as", "bob")
    status, said = run(capsys, monkeypatch, *close, "--text", " ")
    assert (status, "finding in words" in said.err) == (1, True)
    status, said = run(capsys, monkeypatch, *close, "--text", "They moved house.", "--json")
    body = json.loads(said.out)
    assert (body["exception"]["finding"], body["steps"][-1]["kind"]) == ("one-off customer event", "closed")
    status, said = run(capsys, monkeypatch, "demand", "reopen-exception", off.pk, "--reason", "No.", "--as", "bob")
    assert (status, "reopened" in said.out) == (0, True)
    status, said = run(capsys, monkeypatch, "demand", "changes", "warehouse", "--every", "--json")
    kinds = {c["series"]["account_number"]: c["kind"] for c in json.loads(said.out)["changes"]}
    assert (kinds["ACME"], kinds["QZX7-1"]) == ("unknown", "none")
    status, said = run(capsys, monkeypatch, "demand", "compare-versions", "warehouse", "a", "b")
    assert "nothing can be said" in said.out
