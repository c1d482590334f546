"""The staffing calculator: one interval, a day, a file, and its page, API and command."""

import csv
import io
import json
from fractions import Fraction

import pytest
from tests.cast import sign_in

from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.capacity.actions.answer_staffing import answer_staffing, staff_day, verify_numbers
from closeknit.rooms.capacity.actions.staff_file import staff_file
from closeknit.rooms.capacity.contracts import StaffingInterval, StaffingMethod, StaffingQuestion
from closeknit.web.cli import main

QUESTION = StaffingQuestion(100, 30, 3, 0.8, 1 / 3, shrinkage_share=Fraction(3, 10))
RUSH = "start,calls\n08:00,20\n08:30,90\n09:00,160\n09:30,60\n10:00,25\n"


def changed(**others):
    return StaffingQuestion(**{**{n: getattr(QUESTION, n) for n in QUESTION.__dataclass_fields__}, **others})


def test_the_textbook_interval_needs_fourteen_and_twenty_on_the_roster(alice):
    answer = answer_staffing(QUESTION, by=alice)
    assert (answer.agents, answer.scheduled, answer.binding) == (14, 20, "The service level sets the number")
    assert answer.at.level_share == pytest.approx(0.8884, abs=5e-4)
    assert answer.one_fewer.agents == 13
    assert not answer.one_fewer.meets_all
    assert "14 agents answer 88.8% of calls within 20 s" in answer.sentence
    assert "schedule 20" in answer.sentence


def test_the_curve_rises_and_says_from_where_everything_is_kept(alice):
    answer = answer_staffing(changed(patience_minutes=2.0, most_abandoned_share=0.03), by=alice)
    levels = [point.level_share for point in answer.curve]
    assert levels == sorted(levels)
    assert [point.meets_all for point in answer.curve] == [point.agents >= answer.agents for point in answer.curve]
    assert answer.model.startswith("Erlang A")


def test_nobody_is_needed_without_calls(alice):
    answer = answer_staffing(changed(calls=0.0), by=alice)
    assert (answer.agents, answer.scheduled, answer.one_fewer) == (0, 0, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("calls", float("nan")),
        ("calls", -1.0),
        ("handle_minutes", 0.0),
        ("interval_minutes", 0.0),
        ("target_share", 1.0),
        ("patience_minutes", 0.0),
        ("shrinkage_share", Fraction(1)),
        ("most_occupancy_share", 0.0),
        ("calls", 1e14),
    ],
)
def test_a_number_that_no_answer_is_right_for_is_refused_with_what_to_give(alice, field, value):
    with pytest.raises(Invalid) as refused:
        answer_staffing(changed(**{field: value}), by=alice)
    assert refused.value.todo


def test_a_rush_is_staffed_as_it_moves_and_the_stationary_finding_is_shown(alice):
    intervals = tuple(StaffingInterval(str(i), calls) for i, calls in enumerate([20, 90, 160, 60, 25]))
    day = staff_day(changed(handle_minutes=10.0), intervals, method=StaffingMethod.EXACT, by=alice)
    assert min(row.level_share for row in day.rows) == day.worst_level_share >= 0.8
    assert day.stationary_worst_share < 0.8
    assert day.stationary_below > 0
    assert "by itself" in day.sentence
    assert day.why


def test_a_file_comes_back_with_every_column_and_the_answer(alice):
    staffed = staff_file(RUSH, QUESTION, by=alice)
    rows = list(csv.DictReader(io.StringIO(staffed.text)))
    assert [row["start"] for row in rows] == ["08:00", "08:30", "09:00", "09:30", "10:00"]
    assert [int(row["agents"]) for row in rows] == [row.agents for row in staffed.day.rows]
    assert all(float(row["service_level_share"]) >= 0.79 for row in rows)


def test_semicolons_blank_lines_and_formulas_are_read_and_stay_harmless(alice):
    text = 'note;calls;handle_minutes\n"=1+1";20;\n\n@x;9;4.5\n'
    rows = list(csv.reader(io.StringIO(staff_file(text, QUESTION, by=alice).text)))
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'@x"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("start,volume\n08:00,3\n", "line 1"),
        ("calls,calls\n1,2\n", "line 1"),
        ("calls,agents\n1,2\n", "line 1"),
        ("calls\n", "line 2"),
        ("start,calls\n08:00,3\n08:30\n", "line 3"),
        ("start,calls\n08:00,3\n\n09:00,many\n", "line 4, column calls"),
        ("start,calls\n08:00,nan\n", "line 2, column calls"),
        ("start,calls\n08:00,-3\n", "line 2, column calls"),
        ("start,calls\n08:00,1e400\n", "line 2, column calls"),
        ('start,calls\n"08:00,3\n', "line 2"),
    ],
)
def test_a_file_of_another_shape_is_refused_at_its_line(alice, text, place):
    with pytest.raises(Invalid) as refused:
        staff_file(text, QUESTION, by=alice)
    assert place in refused.value.where
    assert refused.value.todo


def test_published_results_agree(alice):
    numbers = verify_numbers(by=alice)
    assert len(numbers) >= 10
    assert [number.name for number in numbers if not number.agrees] == []


def test_red_twin_a_wrong_formula_is_seen_by_verify(alice, monkeypatch):
    from closeknit.engine.queueing import published

    monkeypatch.setattr(published, "erlang_b", lambda servers, load: 0.123)
    assert any(not number.agrees for number in verify_numbers(by=alice))


def test_dave_may_not(dave):
    with pytest.raises(Denied):
        answer_staffing(QUESTION, by=dave)


def test_the_page_answers_what_its_address_asks(client, alice):
    sign_in(client, "alice")
    first = client.get("/staffing/")
    asked = client.get("/staffing/", {"calls": "100", "interval": "30m", "handle": "3m", "target": "80/20s"})
    wrong = client.get("/staffing/", {"calls": "many", "interval": "30m", "handle": "3m", "target": "80/20s"})
    assert first.status_code == asked.status_code == 200
    assert "14 agents answer 88.8% of calls within 20 s" in asked.content.decode()
    assert wrong.status_code == 422
    assert "is not a number such as 100" in wrong.content.decode()


def test_the_page_gives_a_file_back(client, alice):
    sign_in(client, "alice")
    told = {"interval": "30m", "handle": "3m", "target": "80/20s", "shrinkage": "30%"}
    answer = client.post("/staffing/intervals/", {**told, "file": io.BytesIO(RUSH.encode())})
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="staffed.csv"'
    assert answer.content.decode("utf-8-sig").startswith("start,calls,agents,scheduled")
    latin = client.post("/staffing/intervals/", {**told, "file": io.BytesIO("é".encode("latin-1"))})
    assert latin.status_code == 422


def test_the_tile_verifies_in_front_of_the_reader(client, alice):
    sign_in(client, "alice")
    assert "agree with what was published" in client.get("/tiles/staffing-verified/").content.decode()


def test_the_api_answers(client, alice):
    sign_in(client, "alice")
    body = {"calls": 100, "interval_minutes": 30, "handle_minutes": 3, "shrinkage_share": "30%"}
    answer = client.post("/api/v1/staffing", json.dumps(body), content_type="application/json").json()
    assert (answer["agents"], answer["scheduled"]) == (14, 20)
    day = {"interval_minutes": 30, "handle_minutes": 3, "intervals": [{"label": "a", "calls": 9}]}
    assert client.post("/api/v1/staffing/day", json.dumps(day), content_type="application/json").status_code == 200
    wrong = client.post(
        "/api/v1/staffing", json.dumps({**body, "shrinkage_share": "x"}), content_type="application/json"
    )
    assert (wrong.status_code, wrong.json()["where"]) == (422, "shrinkage_share")


ASKED = ["staff", "--interval", "30m", "--handle", "3m", "--target", "80/20s", "--shrinkage", "30%"]


def test_the_command_answers_in_a_sentence_and_a_table(capsys):
    assert main([*ASKED, "--calls", "100"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("14 agents answer 88.8% of calls within 20 s")
    assert "→" in said
    assert main([*ASKED, "--calls", "100", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"]["scheduled"] == 20


def test_the_command_takes_a_file_and_gives_one_back(tmp_path, capsys):
    (tmp_path / "day.csv").write_text(RUSH)
    assert main([*ASKED, "--csv", str(tmp_path / "day.csv"), "--out", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text().startswith("start,calls,agents")
    assert "agent-hours" in capsys.readouterr().err
    (tmp_path / "day.csv").write_text("start,calls\n08:00,many\n")
    assert main([*ASKED, "--csv", str(tmp_path / "day.csv")]) == 1
    assert "line 2, column calls" in capsys.readouterr().err


def test_the_command_verifies(capsys):
    assert main(["capacity", "verify"]) == 0
    assert "agree with what was published" in capsys.readouterr().out
