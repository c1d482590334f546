"""Overrides and assumptions by page, API and command line say the same, and refuse alike."""

import json
from datetime import timedelta

import pytest
from tests.cast import enter, sign_in, token_of
from tests.small_company import FOREIGN, load

from closeknit.rooms.demand import reads
from closeknit.rooms.demand.compute.override_worth import GROUPS
from closeknit.rooms.demand.contracts import VALUE_GROUPS
from closeknit.rooms.demand.models import Assumption, Override
from closeknit.rooms.demand.tests.overriding import MONDAY, forecast, override
from closeknit.web import boot, cli

WEEK = timedelta(days=7)
WANTED = {
    "operation": "warehouse",
    "account_number": "ACME",
    "kind": "multiply",
    "size": "1.4",
    "from_on": (MONDAY + WEEK).isoformat(),
    "to_on": (MONDAY + 2 * WEEK).isoformat(),
    "expires_on": (MONDAY + 2 * WEEK).isoformat(),
    "reason_kind": "promotion",
    "reason": "Their spring campaign.",
}


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    load(tmp_path)
    return forecast()


def api(client, name, method, path, body=None):
    send = {"headers": {"Authorization": f"Bearer {token_of(name)}"}}
    if method == "get":
        return client.get(f"/api/v1{path}", body or {}, **send)
    return client.post(f"/api/v1{path}", json.dumps(body or {}), content_type="application/json", **send)


def run(capsys, *words):
    status = cli.main([*words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("size", ["NaN", "-Infinity", "1e400", "1e300", "-1", "101"])
def test_no_effect_is_shown_of_a_size_that_cannot_be(company, client, size):
    asked = {name: WANTED[name] for name in ("account_number", "kind", "from_on", "to_on")} | {"size": size}
    refused = api(client, "bob", "get", f"/forecasts/{company}/override-preview", asked)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_the_api_shows_the_effect_makes_lists_and_takes_back(company, client):
    asked = {name: WANTED[name] for name in ("account_number", "kind", "size", "from_on", "to_on")}
    effect = api(client, "bob", "get", f"/forecasts/{company}/override-preview", asked)
    assert effect.status_code == 200
    weeks = effect.json()["weeks"]
    changed = [week for week in weeks if week["after"] != pytest.approx(week["before"])]
    assert [week["week_on"] for week in changed] == [WANTED["from_on"]]
    assert changed[0]["after"] == pytest.approx(1.4 * changed[0]["before"])
    assert not Override.objects.exists()
    made = api(client, "bob", "post", "/overrides", {**WANTED, "replan": False})
    assert made.status_code == 201
    number = made.json()["override_id"]
    assert [x["override_id"] for x in api(client, "alice", "get", "/overrides").json()] == [number]
    refused = api(client, "bob", "post", "/overrides", {**WANTED, "size": 1000})
    assert (refused.status_code, refused.json()["where"]) == (422, "size")
    ended = api(client, "bob", "post", f"/overrides/{number}/withdraw", {"reason": "Off.", "replan": False})
    assert ended.json()["state"] == "withdrawn"
    assert api(client, "bob", "post", "/overrides", {**WANTED, "account_number": FOREIGN}).status_code == 404
    assert api(client, "bob", "post", "/overrides", {**WANTED, "account_number": ""}).status_code == 403
    assert api(client, "alice", "get", "/override-value", {"group": "no"}).status_code == 422


def test_the_page_shows_the_effect_before_and_errors_beside_their_fields(company, client):
    sign_in(client, "alice")
    effect = client.get("/demand/overrides/new/", {**WANTED, "preview": "1", "reason": ""}).content.decode()
    assert "In its window" in effect
    assert not Override.objects.exists()
    wrong = client.post("/demand/overrides/make/", {**WANTED, "size": "500"})
    assert wrong.status_code == 422
    assert "multiplied by 0 to 100" in wrong.content.decode()
    assert 'value="500"' in wrong.content.decode()
    nothing = client.post("/demand/overrides/make/", {**WANTED, "reason": ""})
    assert nothing.status_code == 422
    made = client.post("/demand/overrides/make/", WANTED, follow=True)
    assert "+40 % of account ACME" in made.content.decode()
    listed = client.get("/demand/overrides/").content.decode()
    assert "Their spring campaign." in listed
    override_id = Override.objects.get().pk
    assert client.post(f"/demand/overrides/{override_id}/withdraw/", {"reason": ""}).status_code == 422
    gone = client.post(f"/demand/overrides/{override_id}/withdraw/", {"reason": "Off."}, follow=True).content.decode()
    assert "Off." in gone
    assert "Take it back</button>" not in gone
    assert b"".join(client.get("/demand/overrides/?format=csv").streaming_content).count(b"\n") == 2
    assert "No override was measured yet" in client.get("/demand/overrides/value/").content.decode()


def test_bob_sees_no_form_for_what_he_may_not_and_frank_no_buttons(company, client):
    made = override()
    sign_in(client, "frank")
    page = client.get(f"/demand/overrides/{made}/").content.decode()
    assert '<form class="stack-form"' not in page
    assert "Change a forecast</a>" not in client.get("/demand/overrides/").content.decode()
    assert client.get("/demand/overrides/new/").status_code == 403


def test_the_commands_say_the_same(company, capsys, monkeypatch):
    monkeypatch.setattr("closeknit.kernel.jobs.run_until_idle", lambda *_: None)
    monday, next_monday = WANTED["from_on"], WANTED["to_on"]
    words = ["demand", "override", "warehouse", "--account", "ACME", "--size", "1.4", "--from", monday]
    words += ["--to", next_monday, "--because", "promotion", "--reason", "Campaign.", "--as", "alice"]
    enter("alice")
    status, seen = run(capsys, *words, "--preview")
    assert (status, seen["schema"]) == (0, "closeknit.override-preview/1"), seen
    status, made = run(capsys, *words, "--no-replan")
    assert (status, made["override"]["author"]) == (0, "Alice Planner")
    number = made["override"]["override_id"]
    assert [x["override_id"] for x in run(capsys, "demand", "overrides", "--state", "standing")[1]["overrides"]] == [
        number
    ]
    _, gone = run(capsys, "demand", "withdraw-override", number, "--reason", "Off.", "--no-replan", "--as", "alice")
    assert gone["override"]["state"] == "withdrawn"
    status, refused = run(capsys, *words, "--expires", "2020-01-01")
    assert (status, refused["where"]) == (1, "expires_on")
    assert run(capsys, "demand", "override-value", "--by", "author")[1]["rows"] == []
    for plain in (["demand", "overrides"], ["demand", "override-value"], [*words, "--preview"]):
        assert cli.main(plain) == 0
    capsys.readouterr()


def test_assumptions_by_every_entrance(company, client, capsys):
    said = {name: WANTED[name] for name in ("operation", "account_number", "kind", "size", "from_on", "to_on")}
    said |= {"scenario": "peak", "statement": "Two fifths more."}
    made = api(client, "bob", "post", "/assumptions", said)
    assert made.status_code == 201
    number = made.json()["assumption_id"]
    assert api(client, "bob", "get", f"/assumptions/{number}").json()["statement"] == "Two fifths more."
    assert [x["assumption_id"] for x in api(client, "bob", "get", "/assumptions").json()] == [number]
    asked = api(client, "alice", "post", "/scenarios", {"operation": "warehouse", "scenario": "peak", "weeks": 3})
    assert asked.status_code == 202
    words = ["demand", "assume", "warehouse", "--account", "ACME", "--size", "900", "--kind", "set-per-week", "--peak"]
    words += ["--from", said["from_on"], "--to", said["to_on"], "--scenario", "peak", "--statement", "900 at most."]
    status, told = run(capsys, *words, "--as", "alice")
    assert (status, told["assumption"]["is_peak"]) == (0, True)
    assert len(run(capsys, "demand", "assumptions", "--scenario", "peak")[1]["assumptions"]) == 2
    sign_in(client, "alice")
    page = client.get("/demand/assumptions/").content.decode()
    assert "Two fifths more." in page
    assert "Try it" in page
    assert client.post("/demand/assumptions/record/", {**said, "size": "x"}).status_code == 422
    assert client.post("/demand/assumptions/record/", said, follow=True).status_code == 200
    assert Assumption.objects.count() == 3
    gone = client.post(f"/demand/assumptions/{number}/withdraw/", {"reason": "Off."}, follow=True).content.decode()
    assert "withdrawn" in gone
    assert (
        client.post("/demand/scenarios/try/", {"operation": "warehouse", "scenario": "none", "weeks": "3"}).status_code
        == 422
    )
    withdrawn = told["assumption"]["assumption_id"]
    assert run(capsys, "demand", "withdraw-assumption", withdrawn, "--reason", "Off.", "--as", "alice")[0] == 0
    assert reads.count_assumptions(by=enter("alice"))["withdrawn"] == 2


def test_the_groups_of_value_are_those_that_can_be_computed():
    assert set(VALUE_GROUPS) == set(GROUPS)
