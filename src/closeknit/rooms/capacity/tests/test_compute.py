"""The plan's computation, checked against numbers worked out by hand and against laws that must always hold."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from closeknit.engine.queueing import edf_lateness, required_agents
from closeknit.rooms.agreements.contracts import Clock, Measure
from closeknit.rooms.capacity.compute import inputs_of, make_plan, snapshot_of, summarise
from closeknit.rooms.capacity.compute.sharing import share_in_steps
from closeknit.rooms.capacity.tests.builders import forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

ACME = ("picking", "", "strategic", "ACME")
REST = ("picking", "", "volume", "")
WEEKDAYS = np.array([1, 1, 1, 1, 1, 0, 0] * 2)


def plan_of(pools, terms, numbers, weeks=2):
    given = inputs(pools, terms, weeks=weeks)
    result = make_plan(given, numbers)
    return given, result, summarise(result, "EUR")


def test_deadline_need_is_the_work_when_it_comes_evenly_on_open_days():
    # 80 units a day at 6 minutes are 8 hours; 2 heads x 8 h x 80 % present are 12.8 hours a day.
    _, result, summary = plan_of([pool()], [term("T")], forecast({REST: 80.0 * WEEKDAYS}))
    need = result.pools[0].need
    assert need.need[WEEKDAYS > 0] == pytest.approx(8.0)
    assert need.need[WEEKDAYS == 0] == pytest.approx(0.0)
    assert need.capacity[WEEKDAYS > 0] == pytest.approx(12.8)
    assert summary.need_hours == pytest.approx(80.0)
    assert summary.short_hours == 0.0
    assert summary.pool_weeks[0]["price_per_hour"] == Decimal("0.0000")
    assert summary.pool_weeks[0]["one_more_unit_worth"] == Decimal("0.00")


def test_planned_capacity_keeps_every_deadline_in_an_independent_simulation():
    rng = np.random.default_rng(3)
    acme, rest = rng.poisson(30, 14) * WEEKDAYS, rng.poisson(60, 14) * WEEKDAYS
    terms = [term("A", account="ACME", minutes=60), term("V", tier="volume", minutes=3 * 1440)]
    _, result, _ = plan_of([pool(heads=5)], terms, forecast({ACME: acme, REST: rest}))
    capacity = result.pools[0].need.need
    late = edf_lateness(np.array([acme, rest]) * 0.1, [0, 3], capacity, is_open=WEEKDAYS > 0)
    assert late.late_hours.sum() == pytest.approx(0.0, abs=1e-9)
    assert capacity.sum() < 1.4 * (acme + rest).sum() * 0.1


def test_planning_quantile_scales_the_group_and_not_each_series():
    _, result, summary = plan_of(
        [pool(heads=10)], [term("T")], forecast({ACME: 40.0 * WEEKDAYS, REST: 40.0 * WEEKDAYS}, spread=1.25)
    )
    assert summary.need_hours == pytest.approx(100.0)
    assert result.pools[0].need.claims.sum(axis=1) == pytest.approx([50.0, 50.0])


def test_queue_need_equals_erlang_c_for_the_strictest_promise():
    opens = np.tile((np.arange(48) >= 18) & (np.arange(48) < 34), 14)
    units = np.where(opens, 10.0, 0.0)
    key = ("phone", "", "volume", "")
    terms = [term("P", minutes=0.5, share=0.8, measure=Measure.ANSWER_WITHIN)]
    agents = pool(
        staffing="interval", services=("phone",), handle_minutes=5.0, heads=6, hours=(540, 1020), weekdays=range(7)
    )
    _, result, _ = plan_of([agents], terms, forecast({key: units}, grain=Grain.HALF_HOUR))
    expected = int(required_agents(20.0, 5.0, 0.5, 0.8).agents)
    need = result.pools[0].need.need
    assert need[opens] == pytest.approx(expected * 0.5)
    assert need[~opens] == pytest.approx(0.0)


def test_extra_of_a_stricter_promise_is_carried_by_those_who_have_it():
    opens = np.ones(14 * 48)
    acme, rest = ("phone", "", "strategic", "ACME"), ("phone", "", "volume", "")
    terms = [
        term("A", account="ACME", minutes=0.1, share=0.95, measure=Measure.ANSWER_WITHIN),
        term("V", tier="volume", minutes=2.0, share=0.7, measure=Measure.ANSWER_WITHIN),
    ]
    agents = pool(
        staffing="interval", services=("phone",), handle_minutes=5.0, weekdays=range(7), hours=(0, 1440), heads=9
    )
    _, result, _ = plan_of([agents], terms, forecast({acme: 5.0 * opens, rest: 15.0 * opens}, grain=Grain.HALF_HOUR))
    strict, loose = (int(required_agents(40.0, 5.0, t, s).agents) for t, s in ((0.1, 0.95), (2.0, 0.7)))
    claims = dict(zip((c.tier for c in result.pools[0].need.claimants), result.pools[0].need.claims[:, 0], strict=True))
    assert strict > loose
    assert claims["volume"] == pytest.approx(0.5 * loose * 0.75)
    assert claims["strategic"] == pytest.approx(0.5 * (loose * 0.25 + strict - loose))


def test_shares_add_up_to_the_need_whatever_the_promises():
    rng = np.random.default_rng(11)
    for _ in range(50):
        levels = np.sort(rng.uniform(0, 10, (3, 7)), axis=0)[rng.permutation(3)]
        level_of_series = rng.integers(0, 3, 6)
        weight = rng.poisson(1.0, (6, 7)).astype(float)
        split = share_in_steps(levels, level_of_series, weight)
        reached = levels[np.unique(level_of_series)].max(axis=0)
        anyone = weight.sum() > 0
        assert (split >= 0).all()
        if anyone and (weight.sum(axis=1) > 0).all():
            assert split.sum(axis=0) == pytest.approx(reached)


def test_shortage_falls_on_the_lowest_tier_first_and_is_priced():
    # Need 16 hours a day, capacity 12.8, overtime at most 10 % of a week: 6.4 of the 16 missing hours.
    numbers = forecast({ACME: 80.0 * WEEKDAYS, REST: 80.0 * WEEKDAYS})
    given, result, summary = plan_of([pool()], [term("T")], numbers)
    rows = {(r["tier"], r["week_on"]): r for r in summary.claim_weeks}
    first = given.first_on
    assert rows["strategic", first]["short_hours"] == 0.0
    assert rows["volume", first]["short_hours"] == pytest.approx(16.0 - 6.4)
    assert summary.overtime_hours == pytest.approx(12.8)
    assert summary.top_tier_accounts_short == 0
    week = summary.pool_weeks[0]
    # Volume's floor is 1.25 x overtime (30 / 0.8 present): an hour is worth 46.875; a picker works 5 x 6.4 hours.
    assert week["price_per_hour"] == Decimal("46.8750")
    assert week["one_more_unit_worth"] == pytest.approx(Decimal(str(46.875 * 9.6 + 37.5 * 6.4)))
    assert week["one_less_unit_cost"] >= week["one_more_unit_worth"]
    assert "One more picker" in week["sentence"]
    assert result.gap <= 1e-9


def test_credits_outweigh_the_tier_floor_where_they_are_larger():
    # 10 units an hour at 100 a miss cost 1000 an hour: the volume tier's contract beats the strategic floor.
    terms = [term("V", tier="volume", credit="100"), term("S", tier="strategic", credit="0")]
    _, _, summary = plan_of(
        [pool(heads=1, overtime_share=0.0)], terms, forecast({ACME: 80.0 * WEEKDAYS, REST: 60.0 * WEEKDAYS})
    )
    by_tier = {r["tier"]: r for r in summary.claim_weeks}
    assert by_tier["volume"]["short_hours"] == 0.0
    assert by_tier["strategic"]["short_hours"] > 0.0
    assert summary.shortages[0].account_number == "ACME"
    assert "ACME" in summary.shortages[0].sentence


def test_replay_from_the_snapshot_gives_the_same_digest():
    numbers = forecast({ACME: 33.3 * WEEKDAYS, REST: 71.7 * WEEKDAYS}, spread=1.17)
    given = inputs([pool(), pool("night", services=("none",))], [term("T", credit="12.50")])
    again = inputs_of(snapshot_of(given))
    assert again == given
    assert make_plan(again, numbers).digest == make_plan(given, numbers).digest
    changed = inputs([pool(heads=2.01)], [term("T", credit="12.50")])
    assert make_plan(changed, numbers).digest != make_plan(given, numbers).digest


def test_demand_that_no_pool_serves_is_said():
    other = ("repair", "dach", "volume", "")
    _, result, _ = plan_of([pool()], [term("T")], forecast({REST: 10.0 * WEEKDAYS, other: 5.0 * WEEKDAYS}))
    assert len(result.unserved) == 1
    assert "repair in dach" in result.unserved[0]


def test_roster_lines_hold_only_between_their_days_and_hours():
    numbers = forecast({REST: 10.0 * WEEKDAYS})
    _, result, _ = plan_of([pool(heads=3, hours=(600, 900), weekdays=[1, 3], shrinkage=())], [term("T")], numbers)
    assert result.pools[0].need.capacity[:7] == pytest.approx([0, 15, 0, 15, 0, 0, 0])


def test_a_business_day_promise_gives_friday_work_until_monday():
    friday = np.where(np.arange(21) == 11, 80.0, 0.0)
    calendar = [term("T", minutes=1440)]
    business = [term("T", minutes=1440, clock=Clock.BUSINESS)]
    by_calendar = plan_of([pool(heads=9)], calendar, forecast({REST: friday}, weeks=3), weeks=3)[1].pools[0].need.need
    by_business = plan_of([pool(heads=9)], business, forecast({REST: friday}, weeks=3), weeks=3)[1].pools[0].need.need
    # Due on Saturday, which is closed: all 8 hours on Friday. By business days: half on Friday, half on Monday.
    assert by_calendar[11] == pytest.approx(8.0)
    assert by_business[[11, 14]] == pytest.approx(4.0)


def test_a_roster_works_by_the_wall_clock_of_its_own_pool():
    # From 2026-03-08 New York is on summer time, Berlin from 2026-03-29: five hours apart instead of six.
    key = ("phone", "", "volume", "")
    numbers = forecast({key: np.ones(14 * 48)}, grain=Grain.HALF_HOUR)
    desk = pool(
        staffing="interval", services=("phone",), hours=(540, 570), shrinkage=(), heads=1, time_zone="America/New_York"
    )
    _, result, _ = plan_of([desk], [], numbers)
    staffed = result.pools[0].need.starts[result.pools[0].need.capacity > 0]
    assert [str(start) for start in staffed[[0, 4, 5, 9]]] == [
        "2026-03-02T15:00",
        "2026-03-06T15:00",
        "2026-03-09T14:00",
        "2026-03-13T14:00",
    ]


def test_longer_promises_need_less_than_each_days_quantile():
    def hours(minutes):
        weeks = np.tile(WEEKDAYS[:7], 4)
        numbers = forecast({REST: 40.0 * weeks}, spread=1.5, weekly_spread=1.1, tail_days=14)
        return plan_of([pool(heads=10)], [term("T", minutes=minutes)], numbers)[2].need_hours

    same_day, two_days, week = hours(60), hours(1440), hours(7 * 1440)
    assert same_day == pytest.approx(40.0 * 1.5)
    assert week < two_days < same_day
    assert week == pytest.approx(40.0 * 1.1, rel=0.1)


def test_a_queue_is_not_given_the_chance_of_arrivals_twice():
    # A spread that is just Poisson's adds nothing: Erlang's formula has it already. A wider one does.
    opens = np.ones(14 * 48)
    key = ("phone", "", "volume", "")
    agents = pool(
        staffing="interval", services=("phone",), handle_minutes=5.0, heads=20, hours=(0, 1440), weekdays=range(7)
    )
    terms = [term("P", minutes=0.5, share=0.8)]
    poisson = 1.0 + 0.8416 / np.sqrt(25.0)

    def agents_at(spread):
        numbers = forecast({key: 25.0 * opens}, grain=Grain.HALF_HOUR, spread=spread)
        return plan_of([agents], terms, numbers)[1].pools[0].need.need[0] * 2

    assert agents_at(1.0) == agents_at(poisson) == int(required_agents(50.0, 5.0, 0.5, 0.8).agents)
    assert agents_at(1.5) > agents_at(poisson)


def test_a_weeks_need_is_spread_over_its_days_as_the_roster_is():
    # 90 hours a week, any day within a week. Sundays have a third of a weekday's people and get a third of the need.
    opens = np.tile([1, 1, 1, 1, 1, 0, 1], 6)
    numbers = forecast({REST: 900.0 / 6 * opens}, weeks=4, tail_days=14)
    weekdays, sunday = pool(heads=3), pool(weekdays=[6], heads=1)
    both = replace(weekdays, roster=weekdays.roster + sunday.roster, overtime_cost_per_hour="0")
    _, result, _ = plan_of([both], [term("T", minutes=7 * 1440)], numbers, weeks=4)
    need, capacity = result.pools[0].need.need, result.pools[0].need.capacity
    assert need.sum() == pytest.approx(360.0, rel=0.05)
    assert need[capacity > 0] / capacity[capacity > 0] == pytest.approx(need.sum() / capacity.sum())
    assert (need[capacity == 0] == 0).all()
    # Where a small crew's day would set the size of all others, the need is spread evenly instead.
    _, result, _ = plan_of([both], [term("T", minutes=180)], numbers, weeks=4)
    assert result.pools[0].need.need[:7] == pytest.approx(15.0 * opens[:7])


def test_an_hour_short_costs_the_credits_of_the_claimants_own_mix_of_work():
    # A tenth of Acme's work is urgent at 100 a miss, the rest at 10: an hour of ten units causes 190.
    urgent, other = ("urgent", "", "strategic", "ACME"), ("picking", "", "strategic", "ACME")
    terms = [term("U", service="urgent", credit="100"), term("O", service="picking", credit="10")]
    numbers = forecast({urgent: 8.0 * WEEKDAYS, other: 72.0 * WEEKDAYS})
    team = replace(pool(services=("urgent", "picking")), overtime_cost_per_hour="1")
    _, result, _ = plan_of([team], terms, numbers)
    assert result.pools[0].need.shortfall_cost_per_hour == pytest.approx([190.0])


def test_people_of_overlapping_shifts_are_present_once():
    early, late = pool(heads=2, hours=(480, 840), shrinkage=()), pool(heads=1, hours=(720, 960), shrinkage=())
    team = replace(early, roster=early.roster + late.roster)
    _, result, _ = plan_of([team], [term("T")], forecast({REST: 10.0 * WEEKDAYS}))
    assert result.pools[0].need.capacity[0] == pytest.approx(2 * 6 + 4)
    assert result.pools[0].need.unit_hours[0] == pytest.approx(8.0)


def test_work_of_a_closed_day_is_little_and_waits_for_an_open_one():
    tuesday = date(2026, 3, 3)
    week = np.tile([80.0, 80.0, 80.0, 80.0, 80.0, 20.0, 10.0], 2)
    promise = [term("T", minutes=2880, clock=Clock.BUSINESS)]
    usual, closed = (
        plan_of([p], promise, forecast({REST: week}))[1].pools[0].need for p in (pool(), pool(closed_on=[tuesday]))
    )
    assert usual.capacity[1] > 0
    assert closed.capacity[1] == closed.need[1] == closed.unit_hours[1] == 0.0
    # 80 units at 6 minutes do not come in that day, 10 do: seven hours less in that week, none in the next.
    assert closed.need[:7].sum() == pytest.approx(usual.need[:7].sum() - 7.0, abs=2.5)
    assert closed.need[7:].sum() == pytest.approx(usual.need[7:].sum(), rel=0.02)


def test_nobody_answers_on_a_closed_day():
    opens = np.tile((np.arange(48) >= 18) & (np.arange(48) < 34), 14)
    desk = pool(staffing="interval", services=("phone",), hours=(540, 1020), weekdays=range(7), heads=9)
    shut = replace(desk, closed_on=(date(2026, 3, 3),))
    key = ("phone", "", "volume", "")
    numbers = forecast({key: np.where(opens, 10.0, 0.0)}, grain=Grain.HALF_HOUR)
    usual, closed = (plan_of([p], [], numbers)[1].pools[0].need for p in (desk, shut))
    assert closed.need[48:96].sum() == closed.capacity[48:96].sum() == 0.0
    assert usual.need[48:96].sum() > 0.0
    assert (closed.need[96:] == usual.need[96:]).all()
