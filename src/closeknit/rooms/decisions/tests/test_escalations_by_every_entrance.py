"""Escalations and duty calendars by page, API and command: the same answers, and only one's own accounts."""

import json

import pytest
from tests.cast import sign_in

from closeknit.rooms.decisions.models import Escalation
from closeknit.web import boot, cli
from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice, bob, carol) -> Scene:
    return build(accounts, alice)


def state(scene):
    return Escalation.objects.get(pk=scene.escalation_id).state


def run(capsys, monkeypatch, *words):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    status = cli.main([str(word) for word in words])
    return status, capsys.readouterr()


def test_alice_takes_it_on_hands_it_back_and_reads_what_happened(client, scene):
    sign_in(client, "alice")
    assert b"ACME is short" in client.get("/tiles/escalations/").content
    address = f"/escalations/{scene.escalation_id}/"
    assert client.post(address + "answer/", {"answer": "acknowledge"}).status_code == 302
    assert state(scene) == "acknowledged"
    assert client.post(address + "answer/", {"answer": "hand-back"}).status_code == 422
    assert client.post(address + "answer/", {"answer": "hand-back", "reason": "Not mine."}).status_code == 302
    html = client.get(address).content.decode()
    assert "Alice Planner handed it back" in html
    assert "Not mine." in html
    assert client.post(address + "answer/", {"answer": "perhaps"}).status_code == 422


def test_the_list_filters_and_exports(client, scene):
    sign_in(client, "alice")
    titles = [card.title for card in client.get("/escalations/?mine=1&path=shortfall").context["cards"]]
    assert titles == ["ACME is short"]
    assert client.get("/escalations/?state=closed").context["cards"] == []
    assert b"Nobody is on duty" in client.get("/escalations/").content
    exported = b"".join(client.get("/escalations/?format=csv&account=ACME").streaming_content).decode()
    assert "ACME is short" in exported


def test_bob_is_not_asked_and_cannot_answer(client, scene):
    sign_in(client, "bob")
    html = client.get(f"/escalations/{scene.escalation_id}/").content.decode()
    assert "Take it on" not in html
    answer = client.post(f"/escalations/{scene.escalation_id}/answer/", {"answer": "acknowledge"})
    assert (answer.status_code, state(scene)) == (403, "open")


def test_the_api_says_the_same(client, scene):
    sign_in(client, "carol")
    found = client.get(f"/api/v1/escalations/{scene.escalation_id}").json()
    assert (found["escalation"]["asked"], [s["kind"] for s in found["steps"]]) == (["Alice Planner"], ["raised"])
    assert {p["path"] for p in client.get("/api/v1/escalation-paths").json()} >= {"approval", "surge", "duty-overdue"}
    week = client.get("/api/v1/duty-calendars/operations?week_on=2026-03-04").json()
    assert (week["week_on"], week["shifts"][0]["starts_local"]) == ("2026-03-02", "08:00")


def test_a_shift_and_a_swap_by_page(client, scene):
    sign_in(client, "carol")
    address = "/escalations/duty/operations/"
    shift = {"person": "bob", "weekday": 1, "starts_local": "22:00", "ends_local": "06:00", "from_on": "2026-03-01"}
    assert client.post(address + "shifts/", shift).status_code == 302
    swap = {"starts_local": "2026-03-29T01:30", "ends_local": "2026-03-29T03:30", "person": "alice", "reason": "Away."}
    assert client.post(address + "swaps/", swap).status_code == 302
    html = client.get(address + "?week=2026-03-24").content.decode()
    assert "Tue 22:00" in html
    spans = client.get(address + "?week=2026-03-24").context["week"].spans
    (swapped,) = [span for span in spans if span.is_swap]
    assert (swapped.ends_at - swapped.starts_at).total_seconds() == 3600, "the clock jumps from two to three that night"


def test_commands(scene, capsys, monkeypatch):
    status, said = run(capsys, monkeypatch, "decisions", "escalations", "list", "--mine", "--as", "alice", "--json")
    body = json.loads(said.out)
    assert (status, body["schema"]) == (0, "closeknit.escalations/1")
    assert str(scene.escalation_id) in [e["escalation_id"] for e in body["escalations"]]
    words = ("decisions", "escalations", "ack", scene.escalation_id, "--as", "alice")
    status, said = run(capsys, monkeypatch, *words)
    assert (status, state(scene)) == (0, "acknowledged")
    assert "Alice Planner took it on" in said.out
    assert run(capsys, monkeypatch, *words)[0] == 1
    status, said = run(capsys, monkeypatch, "decisions", "escalations", "paths", "surge")
    assert "as shipped" in said.out
    status, said = run(capsys, monkeypatch, "decisions", "duty", "week", "operations", "--on", "2026-03-02")
    assert "Mon 08:00" in said.out
    assert "Nobody is on duty from Mon 2 Mar 16:00" in said.out


def test_a_path_changed_by_command_keeps_its_reason(scene, capsys, monkeypatch, tmp_path):
    _, said = run(capsys, monkeypatch, "decisions", "escalations", "paths", "surge")
    (tmp_path / "paths.yaml").write_text(said.out.replace("minutes: 60", "minutes: 30"))
    words = ("decisions", "escalations", "adopt-path", tmp_path / "paths.yaml", "--reason", "Faster.")
    status, said = run(capsys, monkeypatch, *words)
    assert (status, "surge (version 1)" in said.out) == (0, True)
    assert run(capsys, monkeypatch, *words[:-1], "Again.")[1].out.startswith("Nothing changed")
