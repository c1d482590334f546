"""The same plan with these changes: each change does what it says and nothing else; equal inputs, equal digests."""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute import make_plan
from closeknit.rooms.capacity.compute.what_if import (
    answer_request,
    change_terms,
    plan_with,
    plan_with_changes,
    pools_of_request,
    quote,
    what_if,
)
from closeknit.rooms.capacity.compute.what_if.demand import with_factor
from closeknit.rooms.capacity.contracts.quotes import QuoteVerdict
from closeknit.rooms.capacity.contracts.what_if import (
    DemandChange,
    PlanChanges,
    PoolChange,
    SeriesShare,
    TermChange,
    UnitRequest,
)
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

SERIES = {
    ("picking", "north", "strategic", "ACME"): 40.0,
    ("picking", "north", "standard", ""): 60.0,
}
TERMS = (term("ALL", minutes=2880.0), term("A", account="ACME", minutes=2880.0, credit="20"))
TIGHT = PlanChanges(terms=(TermChange("ACME", 0.0, 0.95),))


def small(heads=4.0, **changes):
    return inputs([pool(heads=heads, **changes)], TERMS)


def test_no_change_is_the_very_plan():
    given, numbers = small(), forecast(SERIES)
    assert plan_with_changes(given, numbers, PlanChanges()).digest == make_plan(given, numbers).digest


def test_equal_changes_have_equal_digests_and_others_have_others():
    given, numbers = small(), forecast(SERIES)
    one, two = (what_if(given, numbers, TIGHT) for _ in range(2))
    other = what_if(given, numbers, PlanChanges(terms=(TermChange("ACME", 0.0, 0.96),)))
    assert (one.inputs_digest, one.digest) == (two.inputs_digest, two.digest)
    assert other.inputs_digest != one.inputs_digest


def test_a_proposed_term_takes_the_place_of_the_own_one_and_asks_for_more():
    found = quote(what_if(small(), forecast(SERIES), TIGHT), "ACME")
    assert found.own_hours_more > 0
    assert found.verdict is QuoteVerdict.KEPT
    assert found.cost_more == 0
    # Every hour more costs its pay, with the fifth of absence in it: 20 / 0.8.
    assert float(found.serving_cost_more) == pytest.approx(found.own_hours_more * 25.0, abs=0.01)
    assert found.price == found.serving_cost_more
    looser = quote(what_if(small(), forecast(SERIES), PlanChanges(terms=(TermChange("ACME", 7200.0, 0.95),))), "ACME")
    assert looser.own_hours_more <= 0


@pytest.mark.parametrize(
    ("heads", "verdict"),
    [(4.0, QuoteVerdict.KEPT), (2.6, QuoteVerdict.OVERTIME), (1.5, QuoteVerdict.OTHERS), (0.3, QuoteVerdict.NOT_KEPT)],
)
def test_the_verdict_falls_with_the_hours_that_are_there(heads, verdict):
    found = quote(what_if(small(heads), forecast(SERIES), TIGHT), "ACME")
    assert found.verdict is verdict
    assert (found.verdict is QuoteVerdict.NOT_KEPT) == found.reason.startswith("Internal throughput")


def test_a_term_for_every_service_replaces_what_names_one():
    given = inputs([pool()], (term("A", account="ACME", minutes=2880.0, service="picking"),))
    found = change_terms(given.terms, TIGHT.terms, given)
    assert [(t.service, t.threshold_minutes) for t in found] == [("", 0.0)]
    other = change_terms(given.terms, (TermChange("ACME", 0.0, 0.95, service="phone"),), given)
    assert [t.service for t in other] == ["picking", "phone"]


def test_who_suffers_is_named_with_hours_and_the_sum_balances():
    given = small(1.6)
    numbers = forecast(SERIES)
    request = UnitRequest("ACME", "picking", 100.0, MONDAY)
    found = what_if(given, numbers, PlanChanges(requests=(request,)), tiers={"ACME": "strategic"})
    told = quote(found, "ACME")
    assert told.verdict is QuoteVerdict.OTHERS
    (sufferer,) = told.sufferers
    assert (sufferer.account_number, sufferer.tier) == ("", "standard")
    short = [float(plan.short.sum()) for side in (found.before, found.after) for plan in side.pools]
    assert sufferer.short_hours_more == pytest.approx(short[1] - short[0])
    costs = [float(side.pools[0].week_cost.sum()) for side in (found.before, found.after)]
    assert float(told.cost_more) == pytest.approx(costs[1] - costs[0], abs=0.01)


def test_an_account_of_a_tier_is_taken_out_of_it_by_its_share():
    series = {("picking", "north", "standard", ""): 100.0}
    share = SeriesShare("BOLT", "standard", "picking", "north", 0.25)
    changes = PlanChanges(terms=(TermChange("BOLT", 0.0, 0.95),))
    given, numbers = inputs([pool(heads=4.0)], TERMS[:1]), forecast(series)
    found = what_if(given, numbers, changes, shares=(share,))
    (before,) = found.before.pools
    need = dict(zip(before.need.claimants, before.need.claims.sum(axis=1), strict=True))
    hours = {claimant.account_number: value for claimant, value in need.items()}
    assert hours["BOLT"] == pytest.approx(0.25 * sum(hours.values()))
    assert before.need.need == pytest.approx(make_plan(given, numbers).pools[0].need.need)
    assert quote(found, "BOLT").own_hours_more > 0


def test_demand_times_a_factor_for_whom_and_when_it_is_meant():
    given, numbers = small(), forecast(SERIES)
    every = plan_with_changes(given, numbers, PlanChanges(demand=(DemandChange(2.0),)))
    base = make_plan(given, numbers)
    # What came before the plan is as it was: only from the second week on is all of it doubled.
    assert every.pools[0].need.need[7:] == pytest.approx(2.0 * base.pools[0].need.need[7:])
    later = DemandChange(2.0, account_number="ACME", from_on=MONDAY + timedelta(days=7), weeks=1)
    (plan,) = plan_with_changes(given, numbers, PlanChanges(demand=(later,))).pools
    assert plan.need.need.sum() >= base.pools[0].need.need.sum() + 7 * 4.0
    (panel,) = with_factor(given, numbers, later).panels
    assert panel.mean[0].tolist() == [40.0] * 7 + [80.0] * 7
    assert panel.mean[1].tolist() == [60.0] * 14
    assert panel.total_quantiles[0, 0].tolist() == [100.0] * 7 + [140.0] * 7
    with pytest.raises(Invalid, match="no such work"):
        plan_with_changes(given, numbers, PlanChanges(demand=(DemandChange(2.0, service="phone"),)))


def test_an_outage_takes_the_hours_of_its_weeks_and_no_more_unit_helps_then():
    given, numbers = small(), forecast(SERIES)
    changes = PlanChanges(pools=(PoolChange("pickers", hours_factor=0.0, from_on=MONDAY, weeks=1),))
    (plan,) = plan_with_changes(given, numbers, changes).pools
    (base,) = make_plan(given, numbers).pools
    assert plan.need.capacity[:7].sum() == 0.0
    assert plan.need.capacity[7:] == pytest.approx(base.need.capacity[7:])
    assert plan.need.need == pytest.approx(base.need.need)
    assert plan.short[:, :7].sum() == pytest.approx(base.need.need[:7].sum())
    assert plan.week_cost_one_more[0] == pytest.approx(plan.week_cost[0])


def test_more_units_are_worth_what_one_more_unit_was_measured_to_be():
    given, numbers = small(1.0), forecast(SERIES)
    (base,) = make_plan(given, numbers).pools
    (plan,) = plan_with_changes(given, numbers, PlanChanges(pools=(PoolChange("pickers", extra_units=1.0),))).pools
    # Overtime limits grow with the hours there are; the measured unit leaves them as they are.
    assert plan.week_cost.sum() <= base.week_cost_one_more.sum() + 1e-6
    assert plan.need.capacity == pytest.approx(base.need.capacity + base.need.unit_hours)


def test_costs_change_prices_and_nothing_else():
    given, numbers = small(1.0), forecast(SERIES)
    changes = PlanChanges(pools=(PoolChange("pickers", overtime_cost_per_hour=Decimal("60")),))
    (plan,) = plan_with_changes(given, numbers, changes).pools
    (base,) = make_plan(given, numbers).pools
    assert plan.need.need == pytest.approx(base.need.need)
    assert plan.need.overtime_cost_per_hour == pytest.approx(2.0 * base.need.overtime_cost_per_hour)


def test_another_pool_stands_in_hour_for_hour():
    pools = [pool("one", regions=("north",)), pool("two", regions=("south",), handle_minutes=12.0)]
    series = {("picking", "north", "strategic", "ACME"): 40.0, ("picking", "south", "standard", ""): 20.0}
    given, numbers = inputs(pools, TERMS), forecast(series)
    base = {plan.need.pool.pool: plan for plan in make_plan(given, numbers).pools}
    out = PoolChange("one", hours_factor=0.0, failover_pool="two", from_on=MONDAY, weeks=1)
    found = {plan.need.pool.pool: plan for plan in plan_with_changes(given, numbers, PlanChanges(pools=(out,))).pools}
    assert found["one"].need.need[:7].sum() == 0.0
    moved = base["one"].need.need[:7].sum() * 2.0
    assert found["two"].need.need[:7].sum() == pytest.approx(base["two"].need.need[:7].sum() + moved)
    assert found["two"].need.claims.sum(axis=0) == pytest.approx(found["two"].need.need)
    assert found["one"].need.need[7:] == pytest.approx(base["one"].need.need[7:])


def test_pools_that_do_not_work_alike_do_not_stand_in():
    pools = [pool("one", services=("phone",), staffing="interval"), pool("two")]
    days = forecast(SERIES)
    halves = forecast({("phone", "north", "standard", ""): 1.0}, grain=Grain.HALF_HOUR)
    numbers = replace(days, panels=(*halves.panels, *days.panels))
    change = PoolChange("one", hours_factor=0.0, failover_pool="two")
    with pytest.raises(Invalid, match="cannot stand in"):
        plan_with_changes(inputs(pools, TERMS), numbers, PlanChanges(pools=(change,)))


@pytest.mark.parametrize("staffing", ["deadline", "interval"])
def test_a_request_adds_its_own_hours_and_the_next_week_is_found(staffing):
    grain = Grain.DAY if staffing == "deadline" else Grain.HALF_HOUR
    rate = np.zeros(14 if staffing == "deadline" else 14 * 48)
    if staffing == "deadline":
        rate[:] = np.where(np.arange(14) < 7, 88.0, 30.0)
    else:
        hour = (np.arange(rate.size) % 48) // 2
        open_now = (hour >= 9) & (hour < 17) & ((np.arange(rate.size) // 48) % 7 < 5)
        rate[open_now] = np.where(np.arange(rate.size) < 7 * 48, 14.0, 6.0)[open_now]
    series = {("picking", "north", "strategic", "ACME"): rate, ("picking", "north", "standard", ""): rate}
    given = inputs([pool(heads=4.0, staffing=staffing, overtime_share=0.0)], TERMS)
    numbers = forecast(series, grain=grain)
    request = UnitRequest("ACME", "picking", 60.0 if staffing == "deadline" else 200.0, MONDAY)
    pools = pools_of_request(given, numbers, request)
    before = plan_with(given, numbers, PlanChanges(), pools=pools)
    tiers = {"ACME": "strategic"}
    asked, later = answer_request(given, numbers, request, tiers=tiers, before=before, pools=pools)
    assert asked.verdict in (QuoteVerdict.OTHERS, QuoteVerdict.NOT_KEPT)
    assert asked.numbers.cost_more > 0
    if staffing == "deadline":
        # Six hours of work; what is due over the weekend makes the days of both weeks a little longer.
        assert 6.0 <= asked.hours_more < 12.0
    assert later is not None
    assert (later.week_on, later.verdict) == (MONDAY + timedelta(days=7), QuoteVerdict.KEPT)


def test_an_account_without_work_there_may_ask_too():
    given, numbers = small(), forecast(SERIES)
    request = UnitRequest("NEW", "picking", 10.0, MONDAY, "north")
    pools = pools_of_request(given, numbers, request)
    before = plan_with(given, numbers, PlanChanges(), pools=pools)
    asked, later = answer_request(given, numbers, request, tiers={"NEW": "key"}, before=before, pools=pools)
    assert (asked.verdict, later) == (QuoteVerdict.KEPT, None)
    # Ten units at six minutes.
    assert asked.numbers.own_hours == pytest.approx(1.0)
    assert asked.hours_more >= 1.0


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        (PlanChanges(demand=(DemandChange(math.nan),)), "factor"),
        (PlanChanges(demand=(DemandChange(-1.0),)), "factor"),
        (PlanChanges(demand=(DemandChange(1.0, weeks=0),)), "weeks"),
        (PlanChanges(demand=(DemandChange(1.0, from_on=MONDAY - timedelta(days=1)),)), "from_on"),
        (PlanChanges(pools=(PoolChange("nobody"),)), "pool"),
        (PlanChanges(pools=(PoolChange("pickers", failover_pool="pickers"),)), "failover_pool"),
        (PlanChanges(pools=(PoolChange("pickers", cost_per_hour=Decimal("NaN")),)), "cost_per_hour"),
        (PlanChanges(terms=(TermChange("", 1.0, 0.9),)), "account_number"),
        (PlanChanges(terms=(TermChange("ACME", math.inf, 0.9),)), "threshold_minutes"),
        (PlanChanges(terms=(TermChange("ACME", 60.0, 1.0),)), "target_share"),
        (PlanChanges(terms=(TermChange("ACME", 60.0, 0.0),)), "target_share"),
        (PlanChanges(requests=(UnitRequest("ACME", "picking", math.nan, MONDAY),)), "units"),
        (PlanChanges(requests=(UnitRequest("ACME", "picking", 1.0, MONDAY + timedelta(days=1)),)), "week_on"),
        (PlanChanges(requests=(UnitRequest("ACME", "phone", 1.0, MONDAY),)), "service, region"),
        (PlanChanges(demand=(DemandChange(1.0),) * 51), "changes"),
    ],
)
def test_what_no_plan_can_be_made_of_is_refused_by_name(changes, where):
    with pytest.raises(Invalid) as refusal:
        plan_with_changes(small(), forecast(SERIES), changes)
    assert refusal.value.where == where
    assert refusal.value.todo


def test_a_service_of_two_regions_asks_for_one():
    series = {("picking", "north", "key", "ACME"): 4.0, ("picking", "south", "key", "ACME"): 4.0}
    request = UnitRequest("ACME", "picking", 1.0, MONDAY)
    with pytest.raises(Invalid, match="several regions"):
        plan_with_changes(small(), forecast(series), PlanChanges(requests=(request,)))
