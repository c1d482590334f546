"""The day under way: work of today changes its level and its rest, once, and never backwards."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import enter
from tests.small_company import deliver_all, draft, load

from closeknit.kernel import ids, jobs
from closeknit.kernel.errors import Denied, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions import refresh_intraday as action
from closeknit.rooms.demand.actions.refresh_intraday import refresh_intraday
from closeknit.rooms.demand.models import ForecastRun, Intraday
from closeknit.rooms.org.reads import system_actor

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # eleven o'clock in Berlin; all work of the past came at ten


def come(hour: int, minute: int, units: int, number: str) -> None:
    """Have ACME order at a time of 2 March, by the interface that programs use."""
    from closeknit.rooms.sensing.actions.ingest_lines import ingest_lines

    row = {"order": number, "at": f"2026-03-02T{hour:02d}:{minute:02d}:00", "account": "ACME", "lines": units}
    line = json.dumps({**row, "amount": "1.00"}).encode()
    card = ingest_lines("small-company", "orders", [line], by=enter("alice"), at=NOW)
    assert card.counts.accepted == 1


def refresh(at: datetime = NOW) -> int:
    return refresh_intraday("warehouse", thread_id=ids.new_id(), by=system_actor(), at=at)


@pytest.fixture
def forecast(db, tmp_path):
    load(tmp_path)
    return draft()


def test_work_of_today_moves_the_level_and_the_rest(forecast):
    come(10, 10, 120, "t1")
    assert refresh() == 1
    view = reads.get_intraday("warehouse", by=enter("alice"), at=NOW)
    (card,) = view.cards
    numbers = reads.get_numbers(forecast.run_id, by=system_actor())
    assert card.expected_day_units == pytest.approx(float(numbers.panels[0].total_mean[0, 0]))
    assert card.came_units == 120
    # A third of the half-hour in which all work comes is over, and more than half of a day's work is there.
    assert card.expected_so_far_units == pytest.approx(card.expected_day_units / 3, rel=0.02)
    assert card.level > 1.1
    assert card.rest_units == pytest.approx(card.level * card.expected_day_units * 2 / 3, rel=0.02)
    assert card.rest_low_units < card.rest_units < card.rest_high_units
    assert card.day_units == pytest.approx(card.came_units + card.rest_units)
    assert sum(slot.now_units for slot in card.slots) == pytest.approx(card.day_units)
    assert sum(slot.came_units or 0 for slot in card.slots) == 120
    assert view.seen_until_at == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_it_is_written_down_and_told_once(forecast):
    come(10, 10, 120, "t1")
    assert refresh() == 1
    assert refresh() == 0
    assert refresh(NOW + timedelta(minutes=1)) == 0
    line = LedgerEntry.objects.get(kind="intraday.refreshed")
    assert line.thread_id == Intraday.objects.get().thread_id
    assert EventRow.objects.filter(name__endswith="IntradayRefreshed").count() == 1
    come(10, 20, 30, "t2")
    assert refresh(NOW + timedelta(minutes=2)) == 1
    assert Intraday.objects.get().came[20] == 150
    assert LedgerEntry.objects.filter(kind="intraday.refreshed").count() == 2


def test_the_forecast_is_opened_once_a_day(forecast, monkeypatch):
    come(10, 10, 20, "t1")
    assert refresh() == 1

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("the forecast was opened again")

    monkeypatch.setattr(action.reads, "get_numbers", opened)
    come(10, 20, 20, "t2")
    assert refresh() == 1


def test_a_slower_job_does_not_undo_a_later_one(forecast, monkeypatch):
    come(10, 10, 20, "t1")
    stale = action._came
    kept = {}

    def keep(*arguments: object) -> object:
        kept["came"] = stale(*arguments)
        return kept["came"]

    monkeypatch.setattr(action, "_came", keep)
    refresh()
    come(10, 25, 30, "t2")
    monkeypatch.setattr(action, "_came", stale)
    refresh()
    monkeypatch.setattr(action, "_came", lambda *_: kept["came"])
    monkeypatch.setattr(action.sensing, "get_operation", lambda *_, **__: _Span(NOW - timedelta(minutes=50)))
    assert refresh(NOW - timedelta(minutes=50)) == 0
    assert Intraday.objects.get().came[20] == 50


class _Span:
    def __init__(self, last_at: datetime) -> None:
        self.last_at = last_at


def test_nothing_is_done_where_there_is_nothing_to_do(db, tmp_path):
    load(tmp_path)
    assert refresh() == 0  # no forecast
    draft()
    assert refresh() == 0  # no work of today
    come(10, 10, 20, "t1")
    assert refresh(NOW + timedelta(days=1)) == 0  # today's work is yesterday's
    assert refresh(NOW + timedelta(days=90)) == 0  # not forecast
    assert not Intraday.objects.exists()
    assert reads.find_intraday("warehouse", by=enter("alice"), at=NOW) is None
    with pytest.raises(NotFound, match="today"):
        reads.get_intraday("warehouse", by=enter("alice"), at=NOW)


def test_a_view_of_yesterday_is_not_shown_as_todays(forecast):
    come(10, 10, 20, "t1")
    refresh()
    assert reads.find_intraday("warehouse", by=enter("alice"), at=NOW + timedelta(days=1)) is None


def test_a_new_forecast_is_what_the_day_is_held_against(forecast):
    come(10, 10, 20, "t1")
    refresh()
    old = ForecastRun.objects.get(pk=forecast.run_id)
    newer = ForecastRun.objects.get(pk=forecast.run_id)
    newer.pk, newer.snapshot_digest, newer.stands_since_at = ids.new_id(), "other", old.stands_since_at + timedelta(1)
    newer.save(force_insert=True)
    assert refresh() == 1
    assert Intraday.objects.get().run_id == newer.pk


def test_who_may_not(forecast):
    come(10, 10, 20, "t1")
    refresh()
    with pytest.raises(Denied):
        refresh_intraday("warehouse", thread_id=ids.new_id(), by=enter("bob"), at=NOW)
    assert reads.find_intraday("warehouse", by=enter("bob"), at=NOW) is None
    with pytest.raises(Denied):
        reads.find_intraday("warehouse", by=enter("dave"), at=NOW)


@pytest.mark.django_db(transaction=True)
def test_new_work_reaches_the_view_by_itself(tmp_path, monkeypatch):
    from closeknit.kernel import clock

    monkeypatch.setattr(clock, "now", lambda: NOW)
    load(tmp_path)
    draft()
    come(10, 10, 120, "t1")
    deliver_all()
    jobs.run_until_idle(60)
    assert Intraday.objects.get().came[20] == 120
