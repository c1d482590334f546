"""Buffers: need taken apart adds up again, pooling is measured, looser promises are planned again, scope holds."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from closeknit.rooms.agreements.contracts import Measure
from closeknit.rooms.capacity.compute.buffers import alone_hours, cushion_of, parts_of, share_of_part
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours
from closeknit.rooms.capacity.compute.loosening import Looseness, WantedTime, key_of, pool_buffer
from closeknit.rooms.capacity.compute.plan import make_plan
from closeknit.rooms.capacity.contracts.buffers import BufferKind, LooserBy
from closeknit.rooms.capacity.tests.builders import forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import ForecastKey, Grain

HOUR = (np.arange(14 * 48) % 48) // 2
OPEN = np.where((HOUR >= 9) & (HOUR < 17) & ((np.arange(14 * 48) // 48) % 7 < 5), 1.0, 0.0)
ACME = ("phone", "", "strategic", "ACME")
REST = ("phone", "", "volume", "")


def desk(*, strict=0.95, lax=0.8, strategic=10.0, volume=30.0, spread=1.2):
    """A queue of two: calls from nine to five on workdays, the account promised more than the rest."""
    terms = (
        term("A", account="ACME", minutes=0.5, share=strict, measure=Measure.ANSWER_WITHIN),
        term("V", tier="volume", minutes=0.5, share=lax, measure=Measure.ANSWER_WITHIN),
    )
    queue = pool("desk", staffing="interval", heads=20.0, shrinkage=("0.2",), services=("phone",))
    told = forecast({ACME: strategic * OPEN, REST: volume * OPEN}, grain=Grain.HALF_HOUR, spread=spread)
    return inputs([queue], terms), told


def shop(*, days=1.0, spread=1.3):
    """A day pool: 300 lines each Monday and 20 on other days; ACME's are due so many days later."""
    mondays = np.where(np.arange(14) % 7 == 0, 300.0, 20.0)
    terms = (term("A", account="ACME", minutes=1440.0 * days), term("V", tier="volume", minutes=1440.0 * 4))
    series = {("picking", "", "strategic", "ACME"): mondays, ("picking", "", "volume", ""): 20.0}
    return inputs([pool(heads=12.0)], terms), forecast(series, spread=spread)


def cushion(given):
    found = cushion_of(given[0], given[1], given[0].pools[0])
    assert found is not None
    return found


@pytest.mark.parametrize("given", [desk(), shop()], ids=["queue", "days"])
def test_what_is_expected_and_buffers_add_up_to_the_plans_own_need(given):
    told, plan = cushion(given), make_plan(*given).pools[0]
    weeks = given[0].weeks
    assert told.claimed.sum() == pytest.approx(plan.need.need.sum() / weeks)
    handle = given[0].pools[0].handle_minutes / 60
    units = given[1].panels[0].mean
    np.testing.assert_allclose(sorted(told.expected), sorted(units.sum(axis=1) * handle / weeks))
    rows = parts_of(told, "EUR")
    assert sum(row.buffer_units + row.expected_units for row in rows) == pytest.approx(told.claimed.sum())
    paid = 20 / 0.8
    for row in rows:
        assert float(row.cost_per_week) == pytest.approx(row.buffer_units * paid, abs=0.006)
        assert row.varying_units > 0.0
        assert row.unit == "hours"
        assert row.promise
    assert told.varying.sum() < told.buffers.sum()


def test_what_is_kept_because_demand_varies_is_nothing_where_it_is_known():
    known = cushion(desk(spread=1.0))
    np.testing.assert_allclose(known.varying, 0.0, atol=1e-9)
    assert known.buffers.sum() > 0.0, "a queue needs more than its load even so"
    assert cushion(desk(spread=1.6)).varying.sum() > cushion(desk(spread=1.3)).varying.sum() > 0.0


def test_the_stricter_promise_carries_more_for_each_hour_of_work():
    told = cushion(desk())
    each = dict(zip([c.account_number for c in told.claimants], told.buffers / told.expected, strict=True))
    assert each["ACME"] > each[""]
    alike = cushion(desk(strict=0.8))
    even = alike.buffers / alike.expected
    assert even[0] == pytest.approx(even[1])


def test_kinds_say_what_is_kept():
    assert {row.kind for row in parts_of(cushion(desk()), "EUR")} == {BufferKind.ANSWERS}
    assert {row.kind for row in parts_of(cushion(shop()), "EUR")} == {BufferKind.DUE_DATES}
    given, told = shop()
    visits = tuple(replace(t, measure=Measure.VISIT_WITHIN) for t in given.terms)
    assert {row.kind for row in parts_of(cushion((replace(given, terms=visits), told)), "EUR")} == {BufferKind.VISITS}


def test_hours_that_a_contract_holds_beyond_the_claim_are_a_kind_of_their_own():
    given, told = shop()
    bare = cushion((given, told))
    own = dict(zip([c.account_number for c in bare.claimants], bare.claimed.tolist(), strict=True))["ACME"]
    held = GuaranteedHours("C", 1, "ACME", "strategic", "picking", own + 10.0, date(2020, 1, 1), None)
    with_hold = cushion((replace(given, guarantees=(held,)), told))
    rows = [row for row in parts_of(with_hold, "EUR") if row.kind is BufferKind.GUARANTEED]
    assert [row.account_number for row in rows] == ["ACME"]
    assert rows[0].buffer_units == pytest.approx(10.0, abs=0.5)
    plan, without = make_plan(replace(given, guarantees=(held,)), told).pools[0], make_plan(given, told).pools[0]
    more = (plan.need.need.sum() - without.need.need.sum()) / given.weeks
    assert rows[0].buffer_units == pytest.approx(more)
    assert rows[0].varying_units == 0.0


def test_pooling_is_measured_against_each_alone():
    given, told = desk(strict=0.8)
    pooled = cushion((given, told))
    alone = alone_hours(given, told, pooled)
    apart = 0.0
    for kept in (ACME, REST):
        volume = 10.0 if kept == ACME else 30.0
        one = (given, forecast({kept: volume * OPEN}, grain=Grain.HALF_HOUR, spread=1.0))
        apart += cushion(one).claimed.sum()
    certain = cushion((given, forecast({ACME: 10.0 * OPEN, REST: 30.0 * OPEN}, grain=Grain.HALF_HOUR, spread=1.0)))
    sure = (given, forecast({ACME: 10.0 * OPEN, REST: 30.0 * OPEN}, grain=Grain.HALF_HOUR, spread=1.0))
    assert alone_hours(*sure, certain) == pytest.approx(apart)
    assert alone > pooled.claimed.sum()


def held_against(given, target, looseness=None):
    return pool_buffer(*given, cushion(given), target_share=target, looseness=looseness or Looseness())


def test_within_the_target_no_way_is_looked_for():
    row = held_against(desk(), 0.9)
    assert not row.is_above
    assert row.ways == ()
    assert "within the 90% that may be" in row.sentence
    assert row.need_hours == pytest.approx(row.expected_hours + row.buffer_hours)
    assert row.buffer_share == pytest.approx(row.buffer_hours / row.need_hours)


def test_above_it_each_way_is_what_the_plan_with_those_terms_needs():
    given = desk()
    bare = held_against(given, 0.9)
    row = held_against(given, bare.buffer_share - 0.02)
    assert row.is_above
    assert row.ways
    way = next(way for way in row.ways if way.by is LooserBy.NEXT)
    lax = make_plan(desk(strict=0.8)[0], given[1]).pools[0]
    before = make_plan(*given).pools[0]
    assert way.saved_hours == pytest.approx((before.need.need.sum() - lax.need.need.sum()) / given[0].weeks)
    left = row.need_hours - way.saved_hours
    assert way.buffer_share_after == pytest.approx((left - row.expected_hours) / left)
    assert way.accounts == ("ACME",)
    assert float(way.saved_cost) == pytest.approx(way.saved_hours * 25.0, abs=0.006)
    for each in row.ways:
        assert each.brings_back is (each.buffer_share_after <= row.target_share)
    backs = [each.brings_back for each in row.ways]
    assert backs == sorted(backs, reverse=True), "what brings it back stands first"


def test_a_step_of_each_promise_is_planned_again():
    given = desk()
    row = held_against(given, 0.9)
    assert [p.step for p in row.promises] == ["5 points less"] * 2
    of = {p.promise: p for p in row.promises}
    strict = next(p for text, p in of.items() if text.startswith("95%"))
    again = make_plan(desk(strict=0.9)[0], given[1]).pools[0]
    now = make_plan(*given).pools[0]
    assert strict.step_hours == pytest.approx((now.need.need.sum() - again.need.need.sum()) / given[0].weeks)
    assert strict.step_hours > 0.0
    assert float(strict.cost_per_point) == pytest.approx(float(strict.step_cost) / 5, abs=0.01)
    assert sum(p.buffer_hours for p in row.promises) == pytest.approx(row.buffer_hours)
    assert held_against(shop(), 0.9).promises[0].step == "one day more"


def test_promises_bend_as_far_as_they_may_and_no_further():
    given = shop(days=1.0)
    none = held_against(given, 0.0, Looseness())
    assert LooserBy.TOLERANCE not in {way.by for way in none.ways}
    little = held_against(given, 0.0, Looseness(bend_of_account=(("ACME", 0.5),)))
    assert LooserBy.TOLERANCE not in {way.by for way in little.ways}, "half a day more is no day more"
    twice = held_against(given, 0.0, Looseness(bend_of_account=(("ACME", 1.0),)))
    way = next(way for way in twice.ways if way.by is LooserBy.TOLERANCE)
    later = make_plan(shop(days=2.0)[0], given[1]).pools[0]
    assert way.saved_hours == pytest.approx(twice.need_hours - later.need.need.sum() / given[0].weeks)


def test_a_promise_sooner_than_customers_need_it_is_a_way():
    given = shop(days=1.0)
    wanted = WantedTime("picking", "", Measure.SHIP_WITHIN, 3 * 1440.0)
    row = held_against(given, 0.0, Looseness(wanted=(wanted,)))
    way = next(way for way in row.ways if way.by is LooserBy.EXPECTATION)
    assert way.from_promise.endswith("24 hours")
    assert way.to_promise.endswith("3 days")
    other = replace(wanted, service="packing")
    red = held_against(given, 0.0, Looseness(wanted=(other,)))
    assert LooserBy.EXPECTATION not in {each.by for each in red.ways}


def test_where_nothing_brings_it_back_it_is_said():
    row = held_against(desk(strategic=0.2, volume=0.2), 0.01)
    assert row.is_above
    assert not any(way.brings_back for way in row.ways)
    assert "No single looser promise brings it back" in row.sentence


def test_a_part_of_a_tiers_buffer_goes_by_its_share_of_the_work():
    told = cushion(desk())
    rest = next(row for row in parts_of(told, "EUR") if not row.account_number)
    key = ForecastKey("phone", "", "", "volume", "")
    mine = share_of_part(rest, told, {key: 0.25}, "SMALL")
    assert mine.account_number == "SMALL"
    assert mine.buffer_units == pytest.approx(rest.buffer_units / 4)
    assert float(mine.cost_per_week) == pytest.approx(float(rest.cost_per_week) / 4, abs=0.01)
    assert share_of_part(rest, told, {}, "NONE").buffer_units == 0.0


def test_terms_are_one_promise_where_a_pool_is_sized_alike_for_them():
    assert key_of(term("A", minutes=30.0)) == key_of(term("B", minutes=30.0, account="ACME"))
    assert key_of(term("A", minutes=30.0)) != key_of(term("A", minutes=30.0, share=0.9))
