"""Scenarios: kept as computed, compared side by side, simulated, shown only to who sees every account."""

import json
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
from tests.cast import sign_in
from tests.small_company import AT, build

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.save_scenario import save_scenario
from closeknit.rooms.capacity.compute.what_if import preset_changes, scenario
from closeknit.rooms.capacity.contracts import DemandChange, PlanChanges, PoolChange, StressPreset
from closeknit.rooms.capacity.models import Scenario
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand.contracts import Grain

MORE = PlanChanges(pools=(PoolChange("pickers", extra_units=2.0),))


def desk(heads):
    """Two pools of one queue each, calls from nine to five on workdays."""
    hour = (np.arange(14 * 48) % 48) // 2
    rate = np.where((hour >= 9) & (hour < 17) & ((np.arange(14 * 48) // 48) % 7 < 5), 20.0, 0.0)
    series = {("phone", region, "standard", ""): rate for region in ("north", "south")}
    promised = term("A", minutes=1.0, share=0.8)
    pools = [
        pool(name, staffing="interval", heads=heads, shrinkage=("0",), services=("phone",), regions=(name,))
        for name in ("north", "south")
    ]
    return inputs(pools, (promised,)), forecast(series, grain=Grain.HALF_HOUR)


def test_a_plan_with_enough_people_keeps_its_promise_when_simulated_and_one_without_does_not():
    for heads, keeps in ((7.0, True), (4.0, False)):
        given, numbers = desk(heads)
        told = scenario(given, numbers, PlanChanges(), currency="EUR")
        assert [pool.keeps for pool in told.outcome.simulated] == [keeps, keeps], heads
        assert told == scenario(given, numbers, PlanChanges(), currency="EUR")
        assert all(0.0 < pool.half_width_share < 0.1 for pool in told.outcome.simulated)


def test_nobody_rings_a_desk_that_is_shut():
    given, numbers = desk(7.0)
    shut = replace(given, pools=tuple(replace(p, closed_on=(MONDAY,)) for p in given.pools))
    assert all(pool.keeps for pool in scenario(shut, numbers, PlanChanges(), currency="EUR").outcome.simulated)


def test_in_a_fail_over_the_calls_go_to_the_pool_that_stands_in():
    given, numbers = desk(7.0)
    changes = preset_changes(StressPreset.FAIL_OVER, given, numbers)
    (change,) = changes.pools
    assert {change.pool, change.failover_pool} == {"north", "south"}
    told = scenario(given, numbers, changes, currency="EUR").outcome
    found = {pool.pool: pool for pool in told.simulated}
    assert not found[change.failover_pool].keeps
    assert found[change.failover_pool].week_on > MONDAY
    # The other week of the pool that failed is as it was.
    assert found[change.pool].keeps


@pytest.mark.parametrize("preset", list(StressPreset))
def test_every_preset_makes_it_no_better(preset):
    given, numbers = desk(6.0)
    before = scenario(given, numbers, PlanChanges(), currency="EUR").outcome
    after = scenario(given, numbers, preset_changes(preset, given, numbers), currency="EUR").outcome
    assert after.short_hours >= before.short_hours
    assert after.short_hours + after.overtime_hours > before.short_hours + before.overtime_hours


def test_no_fail_over_with_one_pool():
    given, numbers = inputs([pool()], ()), forecast({("picking", "north", "key", "A"): 1.0})
    with pytest.raises(Invalid, match="work alike"):
        preset_changes(StressPreset.FAIL_OVER, given, numbers)


@pytest.fixture
def company(tmp_path, db):
    return build(tmp_path)


def saved(by, name="More", changes=MORE, **what):
    return save_scenario(name, changes, operation="warehouse", by=by, at=AT, **what)


def test_a_scenario_is_kept_and_stands_beside_the_plan(company, alice, bob, carol, frank):
    one, two = saved(alice), saved(alice, "Out", PlanChanges(), preset=StressPreset.OUTAGE)
    found = reads.compare_scenarios([one, two], by=alice)
    plan = reads.get_plan(company.plan_id, by=alice)
    assert found.as_planned.short_hours == pytest.approx(plan.short_hours)
    assert found.as_planned.shortfall_cost == plan.shortfall_cost
    more, out = found.scenarios
    assert more.change_sentences == ("pickers has +2 units.",)
    assert more.outcome.short_hours < found.as_planned.short_hours < out.outcome.short_hours
    assert out.outcome.short[0].cost is not None
    (line,) = decisions.get_thread(more.thread_id, by=alice)
    assert (line.kind, line.evidence["result_digest"]) == ("scenario.saved", more.result_digest)
    assert reads.list_scenarios(by=bob) == []
    assert len(reads.list_scenarios(by=frank)) == 2
    with pytest.raises(NotFound):
        reads.compare_scenarios([one], by=bob)
    for person in (bob, carol, frank):
        with pytest.raises(Denied):
            saved(person, "Mine")
    with pytest.raises(Conflict, match="already"):
        saved(alice)


def test_what_cannot_be_tried_or_compared_is_refused(company, alice):
    for name, changes, where in (
        (" ", MORE, "name"),
        ("Nothing", PlanChanges(), "changes"),
        ("Nobody", PlanChanges(pools=(PoolChange("nobody"),)), "pool"),
        ("Never", PlanChanges(demand=(DemandChange(float("inf")),)), "factor"),
    ):
        with pytest.raises(Invalid) as refusal:
            saved(alice, name, changes)
        assert refusal.value.where == where
    with pytest.raises(NotFound):
        saved(alice, "X", PlanChanges(demand=(DemandChange(2.0, account_number="NOBODY"),)))
    assert Scenario.objects.count() == 0
    with pytest.raises(Invalid, match="what to compare"):
        reads.compare_scenarios([], by=alice)
    with pytest.raises(NotFound):
        reads.compare_scenarios([uuid4()], by=alice)


def test_on_pages_and_api(company, client):
    sign_in(client, "alice")
    form = {"operation": "warehouse", "name": "Twice", "factor": "2", "weeks": "1"}
    made = client.post("/plans/scenarios/save/", form)
    assert made.status_code == 302
    html = client.get(made["location"]).content.decode()
    assert "Demand of everything times 2 for 1 week." in html
    assert client.post("/plans/scenarios/save/", form).status_code == 422
    assert "Twice" in client.get("/plans/scenarios/").content.decode()
    assert client.get("/plans/scenarios/compare/?scenario=none").status_code == 422
    asked = {"name": "Surge", "operation": "warehouse", "preset": "surge"}
    answered = client.post("/api/v1/plan-scenarios", json.dumps(asked), content_type="application/json")
    assert answered.status_code == 200, answered.content
    scenario_id = answered.json()["scenario_id"]
    compared = client.get(f"/api/v1/plan-scenarios/compare?scenario={scenario_id}").json()
    assert compared["scenarios"][0]["preset"] == "surge"
    assert len(client.get("/api/v1/plan-scenarios").json()) == 2
