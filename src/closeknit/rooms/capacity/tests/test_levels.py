"""Level loading: work that may wait goes around what may not, within its promises, and it is said where it cannot."""

import json

import numpy as np
import pytest
from tests.cast import sign_in
from tests.small_company import AT, build

from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.compute.levels import level_pool
from closeknit.rooms.capacity.contracts.levels import KEPT_FREE_SHARE
from closeknit.rooms.capacity.tests.builders import forecast, inputs, pool, term
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.web import boot
from closeknit.web.cli import main
from closeknit.web.figures import plainly

MONDAYS = np.where(np.arange(21) % 7 == 0, 300.0, 0.0)


def given(*, heads=6.0, urgent=40.0, spread=1.0, days=3.0, staffing="deadline"):
    """300 lines of the volume tier each Monday, due in some days; some of a strict account every day."""
    series = {("picking", "", "strategic", "ACME"): urgent, ("picking", "", "volume", ""): MONDAYS}
    terms = (term("A", account="ACME", minutes=60.0), term("V", tier="volume", minutes=1440.0 * days))
    queue = pool(heads=heads, shrinkage=("0",), weekdays=range(7), staffing=staffing)
    return inputs([queue], terms), forecast(series, spread=spread, tail_days=7)


def level(told, kept=None):
    found = level_pool(*told, told[0].pools[0], kept)
    assert found is not None
    return found


def test_mondays_work_is_spread_over_its_days_and_the_urgent_keep_their_room():
    found = level(given())
    first = found.days[:7]
    assert [day.as_comes_hours for day in first] == pytest.approx([30.0, 0, 0, 0, 0, 0, 0])
    assert [day.levelled_hours for day in first] == pytest.approx([7.5] * 4 + [0.0] * 3, abs=1e-6)
    assert [day.kept_hours for day in first] == pytest.approx([4.0] * 7)
    assert all(day.capacity_hours == 48.0 for day in first)
    assert found.is_room_kept
    assert found.urgent.endswith("within 60 minutes")
    assert found.peak_levelled_hours == pytest.approx(7.5)
    assert found.peak_as_comes_hours == pytest.approx(30.0)
    assert found.change_levelled_hours < found.change_as_comes_hours
    assert "kept every day" in found.sentence


def test_a_shorter_promise_leaves_less_to_level():
    assert level(given(days=1.0)).peak_levelled_hours == pytest.approx(15.0)


def test_the_room_grows_with_what_a_day_may_bring():
    assert level(given(spread=1.5)).days[0].kept_hours == pytest.approx(6.0)


def test_where_levelling_cannot_keep_the_room_it_is_said_plainly():
    found = level(given(heads=1.0))
    assert not found.is_room_kept
    assert found.lacking_days > 0
    assert found.days[0].lacking_hours == pytest.approx(4.0 - (8.0 - 7.5), abs=1e-6)
    assert "cannot keep the room" in found.sentence
    assert level(given(heads=6.0)).lacking_days == 0, "the red twin: with people enough it is kept"


def test_work_that_fits_in_no_order_is_said_to_lack_hours_not_room():
    found = level(given(heads=0.5))
    assert found.days[0].free_hours == pytest.approx(4.0 - 7.5, abs=1e-4)
    assert "No order fits the work into the hours there are" in found.sentence
    assert "where 3.5 hours lack" in found.sentence


def test_a_set_share_takes_the_place_of_what_is_measured():
    found = level(given(), 0.25)
    assert found.kept_by_setting
    assert {day.kept_hours for day in found.days} == {12.0}


def test_room_that_takes_a_whole_day_is_kept_where_the_work_may_go_elsewhere():
    tuesday = np.where(np.arange(21) % 7 == 1, 480.0, 0.0)
    found = level(given(urgent=tuesday))
    assert [day.kept_hours for day in found.days[:3]] == pytest.approx([0.0, 48.0, 0.0])
    assert [day.levelled_hours for day in found.days[:4]] == pytest.approx([10.0, 0.0, 10.0, 10.0], abs=1e-3)
    assert found.is_room_kept
    assert not level(given(urgent=tuesday, days=0.0)).lacking_days, "Monday's work is not due on Tuesday"


def test_queues_are_not_levelled_and_one_promise_has_nothing_urgent():
    told = given(staffing="interval")
    assert level_pool(*told, told[0].pools[0], None) is None
    alone = forecast({("picking", "", "volume", ""): MONDAYS}, tail_days=7)
    found = level((given()[0], alone))
    assert found.urgent == ""
    assert {day.kept_hours for day in found.days} == {0.0}


@pytest.fixture
def company(tmp_path, db, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    return build(tmp_path)


def test_by_the_door(company, alice, bob, carol):
    book = reads.get_levels(operation="warehouse", by=alice, at=AT)
    assert book.plan_id == company.plan_id
    (found,) = book.pools
    assert not found.kept_by_setting
    assert len(found.days) == 10, "two weeks of workdays"
    set_setting(KEPT_FREE_SHARE.key, 0.2, level="site", place="Hall", reason="Rush orders.", by=carol, at=AT)
    (after,) = reads.get_levels(operation="warehouse", by=alice, at=AT).pools
    assert after.kept_by_setting
    assert after.days[0].kept_hours == pytest.approx(0.2 * after.days[0].capacity_hours)
    with pytest.raises(NotFound):
        reads.get_levels(operation="warehouse", by=bob, at=AT)


def test_the_same_by_every_entrance(client, company, alice, capsys):
    (pool,) = reads.get_levels(operation="warehouse", by=alice, at=AT).pools
    sign_in(client, "alice")
    (told,) = client.get("/api/v1/level-loading?operation=warehouse").json()["pools"]
    assert told["sentence"] == pool.sentence
    assert [day["levelled_hours"] for day in told["days"]] == pytest.approx([day.levelled_hours for day in pool.days])
    html = client.get(f"/plans/levels/?plan={company.plan_id}").content.decode()
    assert plainly(pool.sentence) in html
    assert "Pickers, day by day" in html
    exported = b"".join(client.get("/plans/levels/?format=csv").streaming_content).decode()
    assert exported.count("\n") == len(pool.days) + 1
    assert main(["capacity", "levels", "warehouse", "--json", "--as", "alice"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["levels"]["pools"]
    assert shown["sentence"] == pool.sentence
    assert main(["capacity", "levels", "warehouse", "--pool", "pickers", "--as", "alice"]) == 0
    printed = capsys.readouterr().out
    assert pool.sentence in printed
    assert str(pool.days[-1].day_on) in printed
    assert client.get("/plans/levels/?plan=nonsense").status_code == 422


def test_who_sees_some_accounts_is_told_nothing_of_the_total(client, company, bob):
    sign_in(client, "bob")
    html = client.get("/plans/levels/").content.decode()
    assert "Only for who sees every account" in html
    assert "Pickers" not in html
    assert client.get("/api/v1/level-loading?operation=warehouse").status_code == 404
    assert client.get("/plans/levels/?format=csv").headers["Content-Type"].startswith("text/html")
