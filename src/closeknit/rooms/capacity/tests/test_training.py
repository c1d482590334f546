"""Training by every entrance: the same answer, hours from the settings, and for whom it is."""

import json

import pytest
from tests.cast import enter, sign_in
from tests.small_company import AT
from tests.two_halls import build

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.contracts.training import (
    TRAINING_BUDGET_HOURS,
    TRAINING_HOURS,
    TRAINING_HOURS_OF,
    TrainingAsked,
    training_hours_by_name,
)
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.web import boot
from closeknit.web.cli import main

STAFF = "person,name,week_hours,skills\nS1,Sara One,40,\nS2,Sven Two,40,forklift\nS10,Sol Ten,20,\n"


@pytest.fixture
def halls(tmp_path, db, alice, monkeypatch):
    """The north hall is short, the south hall has time: three people there, and one in the north."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    plan_id = build(tmp_path)
    adopt_staff("south", STAFF, by=alice, at=AT)
    return plan_id


def teach(text="north 16", key=TRAINING_HOURS_OF.key, **where):
    set_setting(key, text, reason="As we found it.", by=enter("erin"), at=AT, **where)


def case_of(by, asked=None):
    return reads.get_training_case(asked, operation="warehouse", by=by, at=AT)


def test_who_learns_is_measured_on_the_plan_by_stated_hours(halls, alice, frank, bob, dave):
    case = case_of(alice)
    assert (case.people, case.options, case.unranked, case.unstated) == (3, (), (), ())
    assert case.pools_without_people == ("North hall",)
    assert "Nobody has to learn anything" in case.verdict, "who does the same work there has nothing to learn"
    teach()
    case = case_of(alice)
    assert case == case_of(alice)
    check_measured(case)
    check_readers(case, frank, bob, dave)
    check_budgets(alice)
    adopt_staff("south", STAFF + "S11,Sam More,40,\n", by=alice, at=AT)
    assert case_of(alice).inputs_digest != case.inputs_digest


def check_measured(case):
    full, half = case.options
    assert [[each.person for each in row.people] for row in (full, half)] == [["S1", "S2"], ["S10"]]
    assert full.people[0].name == "Sara One"
    assert (full.to_pool, full.skills, full.training_hours) == ("north", ("north",), 16.0)
    assert full.at_most_per_week >= full.worth_per_week > half.worth_per_week > 0
    assert full.training_cost == 320
    assert full.weeks_to_pay == pytest.approx(320 / float(full.worth_per_week), abs=0.06)
    # A contract of 40 hours less a tenth: never more than that goes north in a week.
    assert 0 < full.hours_moved_per_week <= 36.0 + 1e-6
    assert full.short_hours_less_per_week + full.overtime_hours_less_per_week == pytest.approx(
        full.hours_moved_per_week, abs=1e-3
    )
    assert full.sentence.startswith("North hall is short in 2 of 2 weeks (2026-03-02, 2026-03-09)")
    first, second, *_ = case.programme
    assert (first.person, second.person) == ("S1", "S2")
    assert first.worth_per_week == full.worth_per_week
    assert float(second.worth_so_far_per_week) == pytest.approx(
        float(first.worth_per_week + second.worth_per_week), abs=0.011
    )
    assert first.kept[0].account_number == "ACME"
    assert "Kept better: ACME" in first.sentence


def check_readers(case, frank, bob, dave):
    told = case_of(frank).options[0]
    assert (told.worth_per_week is not None) == frank.may("prices.read")
    names = [each.name for each in told.people]
    assert names == (["Sara One", "Sven Two"] if frank.may("personal.read") else [None, None])
    assert [each.person for each in told.people] == [each.person for each in case.options[0].people]
    with pytest.raises(NotFound, match="every account"):
        case_of(bob)
    with pytest.raises(Denied):
        case_of(dave)


def check_budgets(alice):
    teach(20.0, key=TRAINING_BUDGET_HOURS.key)
    case = case_of(alice)
    assert (case.budget_hours, len(case.programme)) == (20.0, 1)
    assert len(case_of(alice, TrainingAsked(budget_hours=32.0)).programme) == 2
    assert case_of(alice, TrainingAsked(budget_hours=5.0)).verdict.startswith("What would help takes more hours")
    for wrong in (-1.0, float("nan")):
        with pytest.raises(Invalid, match="no number of training hours"):
            case_of(alice, TrainingAsked(budget_hours=wrong))


def test_by_every_entrance(client, halls, alice, capsys):
    teach("north 16", level="site", place="North")
    told = case_of(alice)
    sign_in(client, "alice")
    page = client.get("/rosters/training/?operation=warehouse")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Sara One" in html
    assert told.programme[0].sentence[:30] in html
    answer = client.get("/api/v1/training?operation=warehouse").json()
    assert answer["digest"] == told.digest
    assert [row["person"] for row in answer["programme"]] == [step.person for step in told.programme]
    exported = b"".join(client.get("/rosters/training/?operation=warehouse&format=csv").streaming_content).decode()
    assert "S1; S2" in exported
    assert main(["capacity", "training", "warehouse", "--json", "--as", "alice"]) == 0
    assert json.loads(capsys.readouterr().out)["training"]["digest"] == told.digest
    assert main(["capacity", "training", "warehouse", "--hours", "20", "--as", "alice"]) == 0
    out = capsys.readouterr().out
    assert "1. S1 learns for north, 16 h" in out
    assert "  2. S2" not in out
    assert client.get("/rosters/training/?hours=many").status_code == 422
    assert client.get("/api/v1/training?operation=warehouse&budget_hours=-1").status_code == 422
    assert client.get("/api/v1/training?operation=nothing").status_code == 404
    teach("north soon", level="site", place="North")
    refused = client.get("/rosters/training/")
    assert refused.status_code == 422
    assert "does not say how long" in refused.content.decode()


def test_how_long_things_take_is_read_or_refused():
    assert training_hours_by_name("email 24; phone 40.5, field work 80") == {
        "email": 24.0,
        "phone": 40.5,
        "field work": 80.0,
    }
    assert training_hours_by_name("none") == {}
    for wrong in ("email", "email 0", "email 24; Email 30", "24", "email -3", "email 1e3"):
        with pytest.raises(Invalid, match="how long"):
            training_hours_by_name(wrong)
    assert TRAINING_HOURS.default == 0.0
