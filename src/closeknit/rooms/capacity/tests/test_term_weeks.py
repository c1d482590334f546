"""Each week of a plan is made for the promises in force in it: what begins in week 3 changes nothing before."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN_SMALL, build, draft, load

from closeknit.engine.queueing import edf_lateness
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements.contracts import Measure
from closeknit.rooms.agreements.models import TermRow
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.propose_plan import propose_plan
from closeknit.rooms.capacity.actions.replay_plan import replay_plan
from closeknit.rooms.capacity.compute import inputs_of, make_plan, snapshot_of, summarise
from closeknit.rooms.capacity.compute.what_if import quote, what_if
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, TermChange
from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, PoolWeekRow
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS, Grain
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.reads import system_actor

WEEKS = 4
LATER = ("terms_by_week", "guarantees", "fewest_hours")
ACME, REST = ("picking", "", "strategic", "ACME"), ("picking", "", "volume", "")
CALLS = {("phone", "", "strategic", "ACME"): 3.0, ("phone", "", "volume", ""): 9.0}
# ACME orders most on Wednesdays: a strict promise has to be kept on them, a loose one lets the days even out.
ORDERS = {ACME: np.tile([30.0, 30.0, 150.0, 30.0, 30.0, 0.0, 0.0], WEEKS + 2), REST: 40.0}
DESK = pool(staffing="interval", services=("phone",), handle_minutes=5.0, weekdays=range(7), hours=(0, 1440), heads=3)


def day(number):
    return MONDAY + timedelta(days=number)


def versions(begins, before, after, credit="0", **told):
    """ACME's promise, in minutes, until a day of the plan and from then on."""
    old = replace(term("A", account="ACME", minutes=before, credit=credit, **told), ends_on=begins)
    return [old, replace(term("A", account="ACME", minutes=after, credit=credit, **told), starts_on=begins)]


def planned(pools, terms, numbers):
    given = replace(inputs(pools, terms, weeks=WEEKS), terms_by_week=True)
    return make_plan(given, numbers)


def warehouse(terms):
    rest = term("V", tier="volume", minutes=3 * 1440.0)
    return planned([pool(heads=3, overtime_share=0.2)], [*terms, rest], forecast(ORDERS, weeks=WEEKS, tail_days=14))


def desk(terms):
    said = {"measure": Measure.ANSWER_WITHIN}
    rest = term("V", tier="volume", minutes=2.0, share=0.7, **said)
    return planned([DESK], [*terms, rest], forecast(CALLS, grain=Grain.HALF_HOUR, weeks=WEEKS))


def needs(plan, periods):
    """What is needed, by whom, and what an hour short costs, in some periods."""
    need = plan.need
    return [array[..., periods] for array in (need.need, need.claims, need.shortfall_cost_per_hour)]


def spent(plan):
    """What weeks 1 and 2 cost, also with one unit more or less, and what they are given."""
    hours = [np.bincount(plan.week_index, weights=given)[:2] for given in (*plan.served, plan.overtime)]
    return [*hours, *(cost[:2] for cost in (plan.week_cost, plan.week_cost_one_more, plan.week_cost_one_less))]


@pytest.mark.parametrize(("make", "old", "new", "periods"), [(warehouse, 5 * 1440.0, 0.0, 7), (desk, 1.0, 0.05, 336)])
def test_a_promise_that_begins_in_week_three_changes_the_plan_from_week_three_only(make, old, new, periods):
    said = {"measure": Measure.ANSWER_WITHIN if make is desk else Measure.SHIP_WITHIN}
    changed = make(versions(day(14), old, new, credit="40", **said)).pools[0]
    stays = make([term("A", account="ACME", minutes=old, credit="40", **said)]).pools[0]
    always = make([term("A", account="ACME", minutes=new, credit="40", **said)]).pools[0]
    before, from_then = slice(0, 2 * periods), slice(2 * periods, None)
    for mine, was in zip(needs(changed, before), needs(stays, before), strict=True):
        np.testing.assert_array_equal(mine, was)
    for mine, was in zip(spent(changed), spent(stays), strict=True):
        np.testing.assert_allclose(mine, was, rtol=1e-9, atol=1e-6, err_msg="it costs nothing before")
    assert changed.need.need[from_then].sum() > stays.need.need[from_then].sum()
    if make is desk:
        for mine, will in zip(needs(changed, from_then), needs(always, from_then), strict=True):
            np.testing.assert_array_equal(mine, will)


def test_work_of_before_keeps_its_own_promise_when_a_stricter_one_begins():
    rng = np.random.default_rng(1)
    days = 7 * WEEKS
    for _ in range(60):
        open_days = np.array([1, 1, 1, 1, 1, 0, 0] * (WEEKS + 4))
        arrives = open_days if rng.integers(2) else np.ones_like(open_days)
        acme, rest = (rng.poisson(mean, open_days.size) * arrives for mean in (30, 40))
        before, after, others = rng.integers(0, 7, 3)
        begins = 7 * int(rng.integers(1, WEEKS))
        terms = versions(day(begins), 1440.0 * before, 1440.0 * after)
        terms.append(term("V", tier="volume", minutes=1440.0 * others))
        numbers = forecast({ACME: acme * 1.0, REST: rest * 1.0}, weeks=WEEKS, tail_days=28)
        need = planned([pool(heads=9)], terms, numbers).pools[0].need.need
        came = np.arange(days)
        hours = [np.where(came < begins, acme[:days], 0), np.where(came >= begins, acme[:days], 0), rest[:days]]
        is_open = open_days[:days] > 0
        late = edf_lateness(np.array(hours) * 0.1, [before, after, others], need * is_open, is_open=is_open)
        assert late.late_hours.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("before", "after"), [(5 * 1440.0, 0.0), (0.0, 5 * 1440.0)])
def test_the_week_of_a_change_is_planned_for_the_stricter_of_the_two(before, after):
    """A promise is kept on each of its days: from a Thursday on, or until a Wednesday, the whole week counts."""
    changed = warehouse(versions(day(17), before, after)).pools[0].need
    strict = warehouse([term("A", account="ACME", minutes=0.0)]).pools[0].need
    loose = warehouse([term("A", account="ACME", minutes=5 * 1440.0)]).pools[0].need
    week = slice(14, 21)
    assert changed.need[week] == pytest.approx(strict.need[week])
    assert changed.need[week].sum() > loose.need[week].sum()
    row = changed.claimants.index(next(c for c in changed.claimants if c.account_number))
    within = "0 seconds" if after == 0.0 else "24 hours"
    assert [within in said for said in changed.terms[row]] == (
        [False, False, True, True] if after == 0.0 else [False] * 4
    )


def test_why_names_the_version_and_its_days():
    plan = warehouse(versions(day(17), 5 * 1440.0, 0.0))
    rows = {r["week_on"]: r for r in summarise(plan, "EUR").claim_weeks if r["account_number"]}
    assert rows[day(7)]["term"] == f"95% shipped within 5 days (A until {day(16)})"
    assert rows[day(14)]["term"] == f"95% shipped within 0 seconds (A from {day(17)})"
    assert rows[day(14)]["term"] in rows[day(14)]["sentence"]
    weeks = {r["week_on"]: r for r in summarise(plan, "EUR").pool_weeks}
    assert f"from {day(17)}" in weeks[day(21)]["binding_term"]
    assert f"from {day(17)}" not in weeks[day(7)]["binding_term"]


def test_an_hour_short_costs_what_the_version_of_its_week_says():
    old, new = versions(day(14), 1440.0, 1440.0)
    plan = warehouse([old, replace(new, credit_per_miss=Decimal(90))]).pools[0].need
    row = plan.claimants.index(next(c for c in plan.claimants if c.account_number))
    # 10 units an hour at 90 a miss.
    assert (plan.shortfall_cost_per_hour[row, 14:] == 900.0).all()
    assert (plan.shortfall_cost_per_hour[row, :14] < 900.0).all()


def test_a_promise_that_ends_leaves_the_account_with_its_tiers_from_the_next_week_on():
    ends = replace(term("A", account="ACME", minutes=0.0), ends_on=day(9))
    own = term("S", tier="strategic", minutes=5 * 1440.0)
    plan = warehouse([ends, own]).pools[0].need
    row = plan.claimants.index(next(c for c in plan.claimants if c.account_number))
    assert plan.terms[row] == (
        f"95% shipped within 0 seconds (A until {day(8)})",
        f"95% shipped within 0 seconds (A until {day(8)})",
        "95% shipped within 5 days",
        "95% shipped within 5 days",
    )


def test_plans_of_before_keep_their_snapshot_and_their_digests():
    """They took the terms of their first day for all weeks, whatever their days; and a quote on them has its digest."""
    given, numbers = inputs([pool()], versions(day(7), 1440.0, 0.0)[:1]), forecast({ACME: 40.0, REST: 40.0})
    assert b"terms_by_week" not in snapshot_of(given)
    assert inputs_of(snapshot_of(given)) == given
    named = {f.name: getattr(given, f.name) for f in fields(given) if f.name not in LATER}
    assert snapshot_of(given) == canonical_bytes(named), "as it was written before"
    endless = replace(given, terms=tuple(replace(t, ends_on=None) for t in given.terms))
    assert make_plan(given, numbers).digest == make_plan(endless, numbers).digest
    later = replace(given, terms_by_week=True)
    assert inputs_of(snapshot_of(later)) == later
    with pytest.raises(Invalid, match="before plans knew"):
        what_if(given, numbers, PlanChanges(terms=(TermChange("ACME", 0.0, 0.95, starts_on=day(7)),)))


def test_a_term_quoted_from_a_day_on_counts_from_that_day():
    given = replace(inputs([pool(heads=3)], [term("ALL", minutes=5 * 1440.0)], weeks=WEEKS), terms_by_week=True)
    numbers = forecast(ORDERS, weeks=WEEKS, tail_days=14)
    change = TermChange("ACME", 0.0, 0.95, starts_on=day(14))
    found = what_if(given, numbers, PlanChanges(terms=(change,)))
    told = quote(found, "ACME")
    assert [week.own_hours_more for week in told.pools[:2]] == [0.0, 0.0]
    assert all(week.cost_more == 0 for week in told.pools[:2])
    assert all(week.own_hours_more > 0 for week in told.pools[2:])
    at_once = what_if(given, numbers, PlanChanges(terms=(replace(change, starts_on=None),)))
    assert at_once.inputs_digest != found.inputs_digest
    assert quote(at_once, "ACME").own_hours_more > told.own_hours_more
    with pytest.raises(Invalid, match="does not reach"):
        what_if(given, numbers, PlanChanges(terms=(replace(change, starts_on=day(28)),)))


def signed(starts_on, within_minutes):
    """ACME's next version as signing leaves it: the old one ends on its first day."""
    old = TermRow.objects.get(term_number="T-ACME")
    TermRow.objects.filter(pk=old.pk).update(ends_on=starts_on)
    old.pk, old.starts_on, old.threshold_minutes = None, starts_on, within_minutes
    old.save(force_insert=True)


def test_an_account_of_a_lower_tier_is_planned_by_a_promise_of_its_own(tmp_path, db, alice):
    load(tmp_path)
    common = TermRow.objects.get(term_number="T-ALL")
    assert not ClaimWeekRow.objects.filter(plan_id=draft(weeks=WEEKS).plan_id, account_number=FOREIGN_SMALL).exists()
    common.pk, common.term_number, common.account_number, common.tier = None, "T-CRUMBS", FOREIGN_SMALL, ""
    common.threshold_minutes = 120.0
    common.save(force_insert=True)
    plan_id = draft(weeks=WEEKS).plan_id
    own = ClaimWeekRow.objects.filter(plan_id=plan_id, account_number=FOREIGN_SMALL)
    assert own.count() == WEEKS
    assert all("2 h" in claim.sentence and claim.need_hours > 0 for claim in own), own.first().sentence
    assert replay_plan(plan_id, by=enter("frank")).same
    assert not any("planned with its tier" in said for said in reads.get_plan(plan_id, by=alice).assumptions)


def test_a_promise_to_an_account_with_too_little_work_is_said_to_be_its_tiers(tmp_path, db, alice):
    load(tmp_path)
    set_setting(OWN_SERIES_UNITS.key, 1_000_000, reason="Too small to tell.", by=system_actor(), at=AT)
    assert any("planned with its tier" in said for said in reads.get_plan(draft().plan_id, by=alice).assumptions)


def test_a_signed_contract_changes_the_next_plan_from_its_first_day_only(tmp_path, db, alice, frank):
    build(tmp_path)
    before = draft(weeks=WEEKS)
    signed(day(14), 60.0)
    after_id = propose_plan(before.run_id, thread_id=before.thread_id, by=alice, at=AT)
    assert after_id != before.plan_id
    pools, claims = (
        [
            list(rows.objects.filter(plan_id=plan).order_by("week_on", "pk").values())
            for plan in (before.plan_id, after_id)
        ]
        for rows in (PoolWeekRow, ClaimWeekRow)
    )
    for old, new in (pools, claims):
        left = [[{k: v for k, v in r.items() if k not in ("id", "plan_id")} for r in side] for side in (old, new)]
        early, late = (
            [[r for r in side if (r["week_on"] < day(14)) is first] for side in left] for first in (True, False)
        )
        words = [[{**r, "term": "", "sentence": "", "binding_term": ""} for r in side] for side in early]
        assert words[0] == words[1], "nothing changes and costs more before"
        assert late[0] != late[1]
    own = {r["week_on"]: r for r in claims[1] if r["account_number"] == "ACME"}
    assert f"T-ACME from {day(14)}" in own[day(14)]["sentence"]
    assert f"T-ACME until {day(13)}" in own[day(7)]["sentence"]
    assert any("begin or end within the plan" in said for said in reads.get_plan(after_id, by=alice).assumptions)
    for plan_id in (before.plan_id, after_id):
        assert replay_plan(plan_id, by=frank).same
    assert [
        t.starts_on for t in inputs_of(bytes(Plan.objects.get(pk=after_id).snapshot)).terms if t.term_number == "T-ACME"
    ][-1] == day(14)
