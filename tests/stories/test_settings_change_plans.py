"""A setting changes what is planned where it is set, and nowhere else; where nothing is set nothing changes."""

from datetime import timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN, load

from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.actions.propose_plan import propose_plan
from closeknit.rooms.capacity.actions.start_plan import start_plan
from closeknit.rooms.capacity.contracts import (
    MEASURED_FROM_UNITS,
    PLANNING_QUANTILE,
    PLANNING_WEEKS,
    SHORTFALL_MULTIPLES,
)
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.org.actions.set_setting import set_setting

HOUR = timedelta(hours=1)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)


def put(setting, value, level="global", place=""):
    set_setting(setting.key, value, level=level, place=place, reason="For the tests.", by=enter("erin"), at=AT - HOUR)


def forecast():
    alice = enter("alice")
    thread_id = start_plan("warehouse", weeks=2, by=alice)
    run_id = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=thread_id, by=alice, at=AT)
    return ForecastRun.objects.get(pk=run_id), thread_id


def plan():
    run, thread_id = forecast()
    return Plan.objects.get(pk=propose_plan(run.pk, thread_id=thread_id, by=enter("alice"), at=AT))


def test_a_value_equal_to_the_default_finds_the_run_and_plan_that_are_there(company):
    before = plan()
    put(OWN_SERIES_UNITS, 30)
    put(PLANNING_QUANTILE, "0.8")
    put(SHORTFALL_MULTIPLES["key"], 4)
    after = plan()
    assert after.pk == before.pk
    assert after.forecast_run_id == before.forecast_run_id


def test_an_account_that_is_asked_for_more_work_loses_its_own_series_and_no_other_does(company):
    before, _ = forecast()
    put(OWN_SERIES_UNITS, 1_000_000, "account", "ACME")
    after, _ = forecast()
    assert after.pk != before.pk
    accounts = [series_accounts(run) for run in (before, after)]
    assert accounts == [{"ACME", FOREIGN, ""}, {FOREIGN, ""}]


def series_accounts(run):
    from closeknit.rooms.demand import reads

    return {series.key.account_number for series in reads.list_series(run.pk, by=enter("alice"))}


def test_the_quantile_and_the_multiples_are_in_the_plans_inputs(company):
    before = plan()
    put(PLANNING_QUANTILE, "0.95")
    put(SHORTFALL_MULTIPLES["strategic"], 20)
    after = plan()
    assert (before.planning_quantile, after.planning_quantile) == (0.8, 0.95)
    assert after.shortfall_cost > before.shortfall_cost


def test_a_pool_takes_the_value_of_its_site(company, monkeypatch):
    from closeknit.rooms.capacity.actions import propose_plan as module

    asked = []
    measure = module._handle_minutes
    monkeypatch.setattr(module, "_handle_minutes", lambda *given: asked.append(given[2]) or measure(*given))
    plan()
    put(MEASURED_FROM_UNITS, 7, "site", "Hall")
    put(MEASURED_FROM_UNITS, 9, "site", "Elsewhere")
    plan()
    assert asked == [100, 7]


def test_how_many_weeks_are_planned_is_a_setting(company):
    alice = enter("alice")
    assert capacity.get_planning_weeks(at=AT, by=alice) == 8
    put(PLANNING_WEEKS, 4)
    assert capacity.get_planning_weeks(at=AT, by=alice) == 4
    assert capacity.get_planning_weeks(at=AT - 2 * HOUR, by=alice) == 8
