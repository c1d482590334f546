"""Real data by the command line: load, balance, load again, plan. What a recipe assumes is shown as assumed."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("CLOSEKNIT_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not there (CLOSEKNIT_SHARED)"),
]


@pytest.mark.parametrize(
    ("recipe", "path", "operation", "unit"),
    [
        ("online-retail", "online_retail/online_retail.parquet", "retail-picking", "picker"),
        ("incidents", "incidents_servicenow/incident_event_log.parquet", "incidents", "agent"),
        ("contact-center", "contact_center", "contact-center", "agent"),
        ("city-311", "baltimore_311/service_requests_raw.csv.gz", "city-311", ""),
    ],
)
def test_loads_balances_plans_and_takes_nothing_twice(closeknit, recipe, path, operation, unit):
    first = closeknit("load", recipe, SHARED / path)["batch"]["counts"]
    assert first["read"] == first["accepted"] + first["quarantined"] + first["duplicate"]
    assert first["accepted"] > 5_000
    again = closeknit("load", recipe, SHARED / path)["batch"]["counts"]
    assert again == {"read": first["read"], "accepted": 0, "quarantined": 0, "duplicate": first["read"]}

    (result,) = closeknit("plan", "--operation", operation)["results"]
    plan = result["plan"]
    assert result["proposal"]["state"] in ("approved", "waiting")
    assert plan["weeks"] == 8
    assert plan["need_hours"] > 100
    # The recipes' rosters are sized to about what is needed at the data's end: a little short, in a peak a little more.
    assert 0.9 < plan["coverage_share"] < 0.999
    assert abs(plan["optimality_gap"]) < 1e-6
    assert any("assumed by the recipe" in sentence for sentence in plan["assumptions"])
    shown = closeknit("capacity", "show", plan["plan_id"])
    weeks = shown["pool_weeks"]
    assert sum(week["need_hours"] for week in weeks) == pytest.approx(plan["need_hours"])
    assert all(week["served_hours"] <= week["need_hours"] + 1e-6 for week in weeks)
    assert all(float(week["price_per_hour"]) > 0 for week in weeks if week["short_hours"] > 0.1)
    assert any(week["short_hours"] > 0.1 for week in weeks)
    assert not unit or {week["unit"] for week in weeks} == {unit}
    replay = closeknit("capacity", "replay", plan["plan_id"])["replay"]
    assert replay["same"]
