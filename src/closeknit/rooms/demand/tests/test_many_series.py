"""What a run of many series reads and keeps: settings of accounts, and pieces of numbers and snapshot."""

import pytest
from tests.cast import enter
from tests.small_company import ACCOUNTS, AT, draft, load

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.replay_forecast import replay_forecast
from closeknit.rooms.demand.contracts import HOLIDAY_COUNTRY, OWN_SERIES_UNITS
from closeknit.rooms.demand.contracts.holidays import COUNTRIES
from closeknit.rooms.demand.models import ForecastPiece, ForecastRun
from closeknit.rooms.demand.reads.inputs import get_forecast_inputs
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.reads import system_actor
from closeknit.rooms.sensing import reads as sensing

pieces, snapshot = compute.pack_pieces, compute.pack_inputs_pieces
ACME, OTHER = ACCOUNTS[0][0], ACCOUNTS[1][0]


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)


@pytest.mark.usefixtures("company")
def test_an_account_has_its_own_limit_else_its_tier_s():
    def own_from():
        return dict(get_forecast_inputs("warehouse", as_of=None, weeks=2, by=enter("alice"), at=AT).own_from)

    def decide(value, **place):
        set_setting(OWN_SERIES_UNITS.key, value, reason="Too small to tell.", by=system_actor(), at=AT, **place)

    assert own_from() == {}
    decide(500.0, level="tier", place="strategic")
    assert own_from() == {ACME: 500.0, OTHER: 500.0}
    decide(70.0, level="account", place=ACME)
    assert own_from() == {ACME: 70.0, OTHER: 500.0}


@pytest.mark.usefixtures("company")
def test_a_run_kept_in_pieces_is_read_and_replayed_whole_and_a_lost_piece_is_noticed(monkeypatch):
    monkeypatch.setattr(compute, "pack_pieces", lambda levels, panels: pieces(levels, panels, 1))
    monkeypatch.setattr(compute, "pack_inputs_pieces", lambda inputs: snapshot(inputs, 1))
    run_id = draft().run_id
    assert sorted(ForecastPiece.objects.filter(run_id=run_id).values_list("of", "position")) == [
        ("numbers", 1),
        ("numbers", 2),
        ("snapshot", 1),
        ("snapshot", 2),
    ]
    numbers = reads.get_numbers(run_id, by=enter("alice"))
    assert len(numbers.panels[0].keys) == 3
    assert compute.result_digest(numbers.panels) == ForecastRun.objects.get(pk=run_id).result_digest
    assert replay_forecast(run_id, by=enter("alice")).same
    ForecastPiece.objects.filter(run_id=run_id, of="snapshot", position=2).delete()
    with pytest.raises(Conflict, match="piece of what this forecast was made from is missing"):
        replay_forecast(run_id, by=enter("alice"))


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("harm", ["lost", "altered", "moved"])
def test_numbers_of_a_run_whose_pieces_are_not_what_was_stored_are_not_shown(monkeypatch, harm):
    monkeypatch.setattr(compute, "pack_pieces", lambda levels, panels: pieces(levels, panels, 1))
    run_id, by = draft().run_id, enter("alice")
    held = ForecastPiece.objects.filter(run_id=run_id, of="numbers")
    assert len(reads.list_series(run_id, by=by)) == 3
    if harm == "lost":
        held.filter(position=1).delete()
    elif harm == "altered":
        held.filter(position=2).update(archive=b"something else")
    else:
        one, two = (held.get(position=at).archive for at in (1, 2))
        held.filter(position=1).update(archive=two)
        held.filter(position=2).update(archive=one)
    for asked in (reads.list_series, reads.get_numbers):
        with pytest.raises(Conflict, match="piece of this forecast's numbers is missing, or is not what was stored"):
            asked(run_id, by=by)
    # The red twin: a run of before digests were kept shows whatever is left of it.
    if harm == "lost":
        ForecastRun.objects.filter(pk=run_id).update(kept_digests={})
        assert len(reads.list_series(run_id, by=by)) == 2


@pytest.mark.usefixtures("company")
def test_processes_that_make_the_parts_store_the_same_run(monkeypatch):
    monkeypatch.setattr("closeknit.rooms.demand.compute.panels.SERIES_OF_PART", 2)
    one = draft().run_id
    ForecastRun.objects.filter(pk=one).update(code_version="of before")
    monkeypatch.setenv("CLOSEKNIT_SPREAD", "processes:2")
    two = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=ids.new_id(), by=system_actor(), at=AT)
    assert one != two
    digests = set(ForecastRun.objects.values_list("result_digest", flat=True))
    assert len(digests) == 1


@pytest.mark.usefixtures("company")
def test_a_region_without_a_calendar_keeps_the_holidays_that_people_set(monkeypatch):
    def names():
        found = get_forecast_inputs("warehouse", as_of=None, weeks=2, by=enter("alice"), at=AT)
        return {one.name for one in found.occasions if one.kind == compute.HOLIDAY}

    def decide(country):
        set_setting(HOLIDAY_COUNTRY.key, country, reason="Our site keeps these.", by=system_actor(), at=AT)

    assert "Epiphany" not in names()  # Berlin, by the feed's time zone
    decide("AT")
    assert "Epiphany" in names()
    monkeypatch.setattr(sensing, "stated_countries", lambda operation, *, by: {"": "DE"})
    assert "Epiphany" not in names()
    monkeypatch.undo()
    decide("none")
    assert names() == set()


def test_every_country_that_may_be_set_has_holidays_that_are_known():
    for country in COUNTRIES:
        found = compute.public_holidays({"": country}, AT.date().replace(month=1, day=1), AT.date().replace(month=12))
        assert found, country
