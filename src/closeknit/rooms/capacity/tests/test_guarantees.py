"""Guaranteed hours are held ready in their weeks, and named where a pool cannot hold them all."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.small_company import AT, build, draft

from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.contracts.deals import ContractState, read_contract
from closeknit.rooms.agreements.models import ContractVersion
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.propose_plan import propose_plan
from closeknit.rooms.capacity.actions.replay_plan import replay_plan
from closeknit.rooms.capacity.compute import inputs_of, make_plan, snapshot_of
from closeknit.rooms.capacity.compute.holding import HELD
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours
from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, PoolWeekRow
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.decisions.reads import list_entries

WEEKS = 4
TERMS = [term("ALL", minutes=3 * 1440.0)]
SERIES = {("picking", "", "strategic", "ACME"): 20.0, ("picking", "", "volume", ""): 60.0}


def day(number):
    return MONDAY + timedelta(days=number)


def held(account="ACME", hours=60.0, starts=0, ends=None, *, contract="K-1", tier="strategic", version=1):
    until = None if ends is None else day(ends)
    return GuaranteedHours(contract, version, account, tier, "", hours, day(starts), until)


def planned(*guarantees, heads=6):
    given = replace(
        inputs([pool(heads=heads, overtime_share=0.0)], TERMS, weeks=WEEKS), terms_by_week=True, guarantees=guarantees
    )
    return make_plan(given, forecast(SERIES, weeks=WEEKS))


def by_week(plan, account):
    """Hours that an account asks of the one pool, week by week."""
    need = plan.pools[0].need
    rows = [i for i, claimant in enumerate(need.claimants) if claimant.account_number == account]
    week = (need.starts.astype("datetime64[D]") - np.datetime64(MONDAY)).astype(int) // 7
    return np.bincount(week, weights=need.claims[rows].sum(axis=0), minlength=WEEKS)


def test_hours_are_held_from_the_week_in_which_they_are_guaranteed_and_cost_nothing_before():
    plain, changed = planned(), planned(held(starts=14))
    own = by_week(plain, "ACME")
    assert own.max() < 60.0
    np.testing.assert_allclose(by_week(changed, "ACME"), [own[0], own[1], 60.0, 60.0])
    np.testing.assert_allclose(by_week(changed, ""), by_week(plain, ""), err_msg="nobody else's work changes")
    need = changed.pools[0].need
    np.testing.assert_allclose(need.need.sum() - plain.pools[0].need.need.sum(), 120.0 - own[2:].sum())
    assert [HELD in said for said in need.binding] == [False, False, True, True]
    (words,) = [need.terms[i] for i, c in enumerate(need.claimants) if c.account_number == "ACME"]
    assert "held ready for ACME: 60 hours a week" in words[2]
    assert "held ready" not in words[1]
    assert "ACME" not in "".join(need.binding), "the pool's own line names nobody"


def test_work_that_comes_anyway_counts_towards_what_is_guaranteed():
    plain, changed = planned(), planned(held(hours=1.0))
    np.testing.assert_array_equal(changed.pools[0].need.need, plain.pools[0].need.need)
    np.testing.assert_array_equal(by_week(changed, "ACME"), by_week(plain, "ACME"))


def test_an_account_planned_with_its_tier_has_its_hours_on_top():
    plain, changed = planned(), planned(held("BOLT", 30.0, tier="key"))
    np.testing.assert_allclose(by_week(changed, "BOLT"), [30.0] * WEEKS)
    np.testing.assert_allclose(by_week(changed, ""), by_week(plain, ""))


def test_of_two_versions_in_one_week_the_larger_holds_and_two_contracts_add_up():
    changed = planned(held(hours=60.0, ends=10), held(hours=80.0, starts=10, version=2))
    np.testing.assert_allclose(by_week(changed, "ACME"), [60.0, 80.0, 80.0, 80.0])
    both = planned(held(hours=60.0), held(hours=30.0, contract="K-2"))
    np.testing.assert_allclose(by_week(both, "ACME"), [90.0] * WEEKS)


def test_guarantees_that_the_pool_cannot_all_hold_are_named_with_what_it_has():
    have = 2 * 8 * 5 * 0.8
    assert planned(held(hours=have - 4.0), heads=2).conflicts == ()
    two = [held(hours=40.0), held("BOLT", 40.0, contract="K-2", tier="key", starts=7)]
    (conflict,) = planned(*two, heads=2).conflicts
    assert (conflict.pool, conflict.accounts, conflict.contracts) == ("pickers", ("ACME", "BOLT"), ("K-1", "K-2"))
    assert conflict.week_on == day(7)
    assert conflict.need_hours > conflict.have_hours
    for one in two:
        assert planned(one, heads=2).conflicts == (), "either could be held alone"


def test_snapshots_of_before_keep_their_bytes_and_new_ones_come_back_whole():
    given = replace(inputs([pool()], TERMS), terms_by_week=True)
    assert b"guarantees" not in snapshot_of(given)
    with_one = replace(given, guarantees=(held(ends=14),))
    assert inputs_of(snapshot_of(with_one)) == with_one


def signed(by, hours, starts_on):
    """A contract with ACME that guarantees hours, as signing leaves it."""
    clause = {"term_number": "N", "operation": "else", "measure": "ship_within", "within_minutes": 60}
    wanted = {
        "contract_number": "K-9",
        "title": "Held ready",
        "account_number": "ACME",
        "starts_on": starts_on.isoformat(),
        "clauses": [{**clause, "target_share": 0.9}],
        "guarantees": [{"kind": "hours per week", "operation": "warehouse", "service": "picking", "amount": hours}],
    }
    version_id = draft_contract(read_contract(wanted), by=by, at=AT)
    ContractVersion.objects.filter(pk=version_id).update(state=ContractState.SIGNED.value)


@pytest.mark.parametrize(("hours", "fits"), [(25.0, True), (160.0, False)])
def test_a_signed_guarantee_is_planned_with_said_and_replayed(tmp_path, db, alice, bob, frank, hours, fits):
    build(tmp_path)
    before = draft(weeks=WEEKS)
    signed(alice, hours, day(14))
    plan_id = propose_plan(before.run_id, thread_id=before.thread_id, by=alice, at=AT)
    assert plan_id != before.plan_id
    claims = {
        row.week_on: row.need_hours for row in ClaimWeekRow.objects.filter(plan_id=plan_id, account_number="ACME")
    }
    own = ClaimWeekRow.objects.get(plan_id=before.plan_id, account_number="ACME", week_on=day(14)).need_hours
    assert claims[day(14)] == pytest.approx(max(own, hours), abs=0.01)
    assert claims[day(7)] < 160.0
    sentence = ClaimWeekRow.objects.get(plan_id=plan_id, account_number="ACME", week_on=day(14)).sentence
    assert "held ready for ACME" in sentence
    assert not PoolWeekRow.objects.filter(plan_id=plan_id, binding_term__contains="ACME: ").exists()
    assert any("held ready" in said for said in reads.get_plan(plan_id, by=alice).assumptions)
    told = [line for line in list_entries(thread_id=before.thread_id, by=bob) if line.kind == "guarantee.not-held"]
    assert bool(told) is not fits
    assert all(line.account_number == "ACME" for line in told)
    assert replay_plan(plan_id, by=frank).same
    assert inputs_of(bytes(Plan.objects.get(pk=plan_id).snapshot)).guarantees[0].hours_per_week == hours
