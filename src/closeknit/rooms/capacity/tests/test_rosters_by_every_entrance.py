"""Rosters on the page, by the API and on the command line: the same board, the same answers, the same refusals."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.cast import sign_in
from tests.small_company import AT, build

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.actions.propose_roster import propose_roster
from closeknit.rooms.capacity.contracts.rosters import RosterAsked, RosterState
from closeknit.web import boot
from closeknit.web.cli import main

STAFF = "person,name,week_hours,away\nP1,Person One,40,\nP2,Person Two,40,2026-03-03..2026-03-03\n"
AWAY = "2026-03-03"


@pytest.fixture
def roster_id(tmp_path, db, alice, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    build(tmp_path)
    adopt_staff("pickers", STAFF, by=alice, at=AT)
    return propose_roster(RosterAsked("pickers"), by=alice, at=AT)


def sent(client, address, body):
    return client.post(address, json.dumps(body), content_type="application/json")


def test_the_board_is_the_same_by_every_entrance(client, roster_id, alice, capsys):
    board = reads.get_roster_board(roster_id, by=alice)
    assert board.card.short_hours > 0
    sign_in(client, "alice")
    html = client.get(f"/rosters/{roster_id}/").content.decode()
    assert "Person One" in html
    assert all(gap.way_out[:20] in html for gap in board.gaps)
    exported = b"".join(client.get(f"/rosters/{roster_id}/?format=csv").streaming_content).decode()
    assert "P1,Person One," in exported
    assert "short hours" in exported
    told = client.get(f"/api/v1/rosters/{roster_id}").json()
    assert told["card"]["short_hours"] == pytest.approx(board.card.short_hours)
    assert main(["capacity", "rosters", "show", str(roster_id), "--json", "--as", "alice"]) == 0
    shown = json.loads(capsys.readouterr().out)["roster"]
    assert [row["shifts"] for row in shown["people"]] == [row["shifts"] for row in told["people"]]


def test_why_not_is_answered_alike_and_refused_clearly(client, roster_id, alice, capsys):
    sentence = reads.get_roster_why_not(
        roster_id, person="P2", day_on=reads.get_roster_board(roster_id, by=alice).days[1].day_on, shift="A", by=alice
    ).sentence
    sign_in(client, "alice")
    asked = f"person=P2&day_on={AWAY}&shift=A"
    assert client.get(f"/api/v1/rosters/{roster_id}/why-not?{asked}").json()["sentence"] == sentence
    assert main(["capacity", "rosters", "why-not", str(roster_id), "P2", AWAY, "--shift", "A", "--as", "alice"]) == 0
    assert sentence in capsys.readouterr().out
    page = client.get(f"/rosters/{roster_id}/?person=P2&day={AWAY}&shift=A")
    assert page.status_code == 200
    assert page.context["answer"].sentence == sentence
    assert client.get(f"/rosters/{roster_id}/?person=NOBODY&day={AWAY}&shift=A").status_code == 422
    assert client.get(f"/api/v1/rosters/{roster_id}/why-not?person=NOBODY&day_on={AWAY}").status_code in (404, 422)


def test_a_draft_is_published_on_the_page_with_a_reason_and_once(client, roster_id, alice):
    sign_in(client, "alice")
    assert client.post(f"/rosters/{roster_id}/publish/", {"reason": ""}).status_code == 422
    assert reads.get_roster_board(roster_id, by=alice).card.state == RosterState.DRAFT
    assert client.post(f"/rosters/{roster_id}/publish/", {"reason": "Agreed."}).status_code == 302
    assert reads.get_roster_board(roster_id, by=alice).card.state == RosterState.PUBLISHED
    assert "Agreed." in client.get(f"/rosters/{roster_id}/").content.decode()
    assert sent(client, f"/api/v1/rosters/{roster_id}/publish", {"reason": "Again."}).status_code == 409


def test_it_replays_to_the_same_digest_by_api_and_command(client, roster_id, alice, capsys):
    sign_in(client, "alice")
    assert client.get(f"/api/v1/rosters/{roster_id}/replay").json()["is_same"] is True
    assert main(["capacity", "rosters", "replay", str(roster_id), "--as", "alice"]) == 0
    assert "The same, bit for bit." in capsys.readouterr().out


def test_a_staff_file_is_taken_by_upload_and_a_bad_one_names_its_place(client, roster_id, alice, tmp_path, capsys):
    sign_in(client, "alice")
    given = SimpleUploadedFile("staff.csv", b"person,name,week_hours\nP9,Person Nine,20\n")
    assert client.post("/rosters/staff/", {"pool": "pickers", "file": given}).status_code == 302
    assert [card.person for card in reads.list_staff("pickers", by=alice)] == ["P9"]
    bad = client.post("/rosters/staff/", {"pool": "pickers", "people": "person,name\nP9,Nine\n"})
    assert bad.status_code == 422
    assert [card.person for card in reads.list_staff("pickers", by=alice)] == ["P9"]
    assert main(["capacity", "rosters", "staff", "pickers", str(tmp_path / "none.csv"), "--as", "alice"]) != 0
    assert "cannot be read" in capsys.readouterr().err
