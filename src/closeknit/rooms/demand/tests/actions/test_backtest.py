"""How good forecasts would have been: made as of past days, nothing planned by them, stopped when it is enough."""

from datetime import date, timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, load

from closeknit.kernel import ids, jobs
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.request_backtest import request_backtest
from closeknit.rooms.demand.actions.run_backtest import run_backtest_origin
from closeknit.rooms.demand.actions.stop_backtest import stop_backtest
from closeknit.rooms.demand.contracts import RunPurpose
from closeknit.rooms.demand.models import ForecastRun

MONDAYS = [date(2026, 2, 16), date(2026, 2, 9)]


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)


def ask(by=None, **wanted):
    about = {"origins": 2, "every_weeks": 1, "weeks": 2} | wanted
    return request_backtest("warehouse", **about, by=by or enter("alice"), at=AT)


def test_past_mondays_are_forecast_with_what_was_known_then(company, alice):
    backtest_id = ask()
    card = reads.get_backtest(backtest_id, by=alice)
    assert [origin.first_on for origin in card.origins] == MONDAYS
    assert (card.done, card.is_settled) == (0, False)
    for day in MONDAYS:
        run_backtest_origin(backtest_id, day, by=alice, at=AT)
    card = reads.get_backtest(backtest_id, by=alice)
    assert (card.done, card.is_settled) == (2, True)
    runs = [reads.get_run(origin.run_id, by=alice) for origin in card.origins]
    assert [run.first_on for run in runs] == MONDAYS
    assert {run.purpose for run in runs} == {RunPurpose.BACKTEST}
    # What came later had no part in it.
    snapshots = {r.first_on: bytes(r.snapshot) for r in ForecastRun.objects.all()}
    from closeknit.rooms.demand import compute

    for day, snapshot in snapshots.items():
        history = compute.unpack_inputs(snapshot).sources[0].history
        assert history.local_starts[-1].astype("datetime64[D]").item() == day - timedelta(days=1)


def test_nothing_is_planned_by_it_and_it_is_not_the_current_forecast(company, alice):
    backtest_id = ask()
    run_backtest_origin(backtest_id, MONDAYS[0], by=alice, at=AT)
    assert reads.find_current_run("warehouse", by=alice) is None
    assert len(reads.list_runs(by=alice, purpose=RunPurpose.BACKTEST)) == 1
    assert set(EventRow.objects.filter(thread_id=backtest_id).values_list("name", flat=True)) == {
        "BacktestRequested",
        "ForecastTried",
    }
    kinds = [line.kind for line in decisions.get_thread(backtest_id, by=alice)]
    assert sorted(kinds) == ["backtest.requested", "forecast.backtested"]
    plan = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=ids.new_id(), by=alice, at=AT)
    assert reads.find_current_run("warehouse", by=alice).run_id == plan


def test_done_again_it_finds_the_run_that_is_there(company, alice):
    first, second = ask(), ask()
    made = [run_backtest_origin(one, MONDAYS[0], by=alice, at=AT) for one in (first, first, second)]
    assert len(set(made)) == 1
    assert ForecastRun.objects.count() == 1


def test_stopped_it_makes_no_more_and_keeps_what_it_made(company, alice):
    backtest_id = ask()
    made = run_backtest_origin(backtest_id, MONDAYS[0], by=alice, at=AT)
    stop_backtest(backtest_id, by=alice, at=AT)
    assert run_backtest_origin(backtest_id, MONDAYS[1], by=alice, at=AT) is None
    card = reads.get_backtest(backtest_id, by=alice)
    assert card.is_settled
    assert [origin.run_id for origin in card.origins] == [made, None]
    with pytest.raises(Conflict, match="over already"):
        stop_backtest(backtest_id, by=alice, at=AT)


def test_more_days_than_the_history_holds_are_refused_with_how_many_it_holds(company):
    with pytest.raises(Invalid, match="holds 4 of 6") as refused:
        ask(origins=6)
    assert "Ask for 4" in refused.value.todo
    for wrong in ({"origins": 0}, {"every_weeks": 0}, {"weeks": 27}):
        with pytest.raises(Invalid):
            ask(**wrong)


def test_who_may_not_plan_may_not_ask(company, alice):
    with pytest.raises(Denied):
        ask(by=enter("bob"))
    with pytest.raises(NotFound):
        reads.get_backtest(ids.new_id(), by=alice)


@pytest.mark.django_db(transaction=True)
def test_the_job_loop_makes_all_of_it(tmp_path):
    load(tmp_path)
    alice = enter("alice")
    backtest_id = ask()
    jobs.run_until_idle()
    card = reads.get_backtest(backtest_id, by=alice)
    assert card.done == 2
    assert not any(origin.failure for origin in card.origins)
