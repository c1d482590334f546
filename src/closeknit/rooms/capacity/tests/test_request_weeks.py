"""The first week in which a request can be done, found with most weeks unplanned: as planning every week finds it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from closeknit.rooms.capacity.compute.allocation import least_short
from closeknit.rooms.capacity.compute.what_if import WhatIf, answer_request, plan_with, pools_of_request, quote
from closeknit.rooms.capacity.compute.what_if import request as requests
from closeknit.rooms.capacity.compute.what_if.demand import with_request
from closeknit.rooms.capacity.compute.what_if.quote import verdict_of
from closeknit.rooms.capacity.compute.what_if.request import GOOD, RequestNumbers
from closeknit.rooms.capacity.compute.what_if.result import needs_with
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, UnitRequest
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

WEEKS = 5
OWN = (("ACME", "strategic"), ("BETA", "key"), ("NEW", "volume"))


def company(seed):
    """A pool of five weeks that is short in some, three accounts and a tier, and promises of several days."""
    rng = np.random.default_rng(seed)
    interval = seed % 3 == 0
    per_day, grain = (48, Grain.HALF_HOUR) if interval else (1, Grain.DAY)
    week = np.repeat(rng.uniform(0.2, 2.0, WEEKS), 7 * per_day)
    hour = np.arange(week.size) % per_day / 2
    rate = week * np.where((hour >= 9) & (hour < 17), 1.0, 0.0) * 6.0 if interval else week * 45.0
    series = {
        ("picking", "north", "strategic", "ACME"): 0.4 * rate,
        ("picking", "north", "key", "BETA"): 0.5 * rate * rng.uniform(0.5, 1.5),
        ("picking", "north", "standard", ""): rate,
    }
    terms = (
        term("ALL", minutes=2880.0),
        term("A", account="ACME", minutes=float(rng.choice([0, 1440, 2880])), credit="20"),
        term("B", account="BETA", minutes=5760.0, credit="3"),
    )
    crew = pool(
        heads=float(rng.uniform(1.5, 5.0)),
        staffing="interval" if interval else "deadline",
        overtime_share=float(rng.choice([0.0, 0.1, 0.3])),
    )
    given = replace(inputs([crew], terms, weeks=WEEKS), fewest_hours=seed % 2 == 1)
    return given, forecast(series, grain=grain, weeks=WEEKS, spread=1.1), rng


def every_week_planned(given, numbers, request, tiers, before, pools):
    """The plain way: plan the asked week, then each later one until one is good."""
    asked = in_week(given, numbers, request, tiers, before, pools)
    if asked.verdict in GOOD:
        return asked, None
    for week in range(WEEKS):
        moved = replace(request, week_on=MONDAY + timedelta(days=7 * week))
        if moved.week_on > request.week_on:
            later = in_week(given, numbers, moved, tiers, before, pools)
            if later.verdict in GOOD:
                return asked, later
    return asked, None


def in_week(given, numbers, request, tiers, before, pools):
    after = plan_with(given, numbers, PlanChanges(requests=(request,)), pools=pools, tiers=tiers)
    found, was = (quote(WhatIf(before, side, "", ""), request.account_number) for side in (after, before))
    more = found.own_short_hours - was.own_short_hours
    verdict = verdict_of(more, bool(found.sufferers), found.overtime_hours_more)
    return RequestNumbers(request.week_on, verdict, sum(row.pool_hours_more or 0.0 for row in found.pools), found)


@pytest.mark.parametrize("seed", range(24))
def test_the_first_week_found_is_that_of_planning_every_week(seed):
    given, numbers, rng = company(seed)
    for units in rng.uniform(1.0, 200.0, 3):
        account, tier = OWN[int(rng.integers(0, 3))]
        week_on = MONDAY + timedelta(days=7 * int(rng.integers(0, 3)))
        request = UnitRequest(account, "picking", float(units), week_on, "north")
        pools = pools_of_request(given, numbers, request)
        before = plan_with(given, numbers, PlanChanges(), pools=pools)
        tiers = {account: tier}
        found = answer_request(given, numbers, request, tiers=tiers, before=before, pools=pools)
        assert found == every_week_planned(given, numbers, request, tiers, before, pools)


def test_weeks_without_room_are_not_planned(monkeypatch):
    given = inputs([pool(heads=4.0, overtime_share=0.0)], (term("ALL", minutes=0.0),), weeks=WEEKS)
    day = np.arange(7 * WEEKS)
    rate = np.where(day < 7 * 3, 300.0, 20.0) * (day % 7 < 5)
    own, rest = ("picking", "north", "strategic", "ACME"), ("picking", "north", "standard", "")
    numbers = forecast({own: rate / 2, rest: rate / 2}, weeks=WEEKS)
    request = UnitRequest("ACME", "picking", 60.0, MONDAY, "north")
    pools = pools_of_request(given, numbers, request)
    before = plan_with(given, numbers, PlanChanges(), pools=pools)
    planned = []
    plan_of_needs = requests.plan_of_needs
    monkeypatch.setattr(requests, "plan_of_needs", lambda *a, **k: planned.append(1) or plan_of_needs(*a, **k))
    asked, later = answer_request(given, numbers, request, tiers={"ACME": "strategic"}, before=before, pools=pools)
    assert asked.verdict not in GOOD
    assert later is not None
    assert later.week_on == MONDAY + timedelta(days=7 * 4)
    # The asked week, the one into which the full ones still reach, and the free one.
    assert len(planned) == 3


@pytest.mark.parametrize("account", ["ACME", "NEW"])
def test_a_request_adds_to_its_series_its_group_and_their_weeks_alone(account):
    _, numbers, _ = company(1)
    week_on = MONDAY + timedelta(days=14)
    (was,), (now,) = numbers.panels, with_request(numbers, UnitRequest(account, "picking", 30.0, week_on), "key").panels
    row = next(i for i, key in enumerate(now.keys) if key.account_number == account)
    days = (now.local_starts >= np.datetime64(week_on)) & (
        now.local_starts < np.datetime64(week_on + timedelta(days=7))
    )
    old = np.zeros_like(now.mean)
    old[: len(was.keys)] = was.mean
    more = now.mean - old
    assert more[row, days].sum() == pytest.approx(30.0)
    assert not more[row, ~days].any()
    assert not np.delete(more, row, axis=0).any()
    assert (now.total_mean - was.total_mean).sum() == pytest.approx(30.0)
    assert (now.total_quantiles - was.total_quantiles)[:, 0, days].sum(axis=1) == pytest.approx([30.0, 30.0])
    assert (now.total_weekly_mean - was.total_weekly_mean)[0] == pytest.approx([0.0, 0.0, 30.0, 0.0, 0.0])


@pytest.mark.parametrize("fewest_hours", [True, False], ids=["fewest hours", "as before"])
@pytest.mark.parametrize("seed", range(6))
def test_what_pools_need_is_the_same_whether_or_not_it_is_worked_out_who_asks(seed, fewest_hours):
    given, numbers, _ = company(seed)
    given = replace(given, fewest_hours=fewest_hours, terms_by_week=True)
    changes = PlanChanges(requests=(UnitRequest("ACME", "picking", 80.0, MONDAY + timedelta(days=7), "north"),))
    told = {"pools": {"pickers"}, "tiers": {"ACME": "strategic"}}
    _, [whole] = needs_with(given, numbers, changes, **told)
    _, [bare] = needs_with(given, numbers, changes, **told, only_need=True)
    np.testing.assert_array_equal(bare.need, whole.need)
    np.testing.assert_array_equal(bare.capacity, whole.capacity)
    assert bare.claimants == whole.claimants
    np.testing.assert_allclose(bare.claims.sum(axis=0), whole.claims.sum(axis=0), rtol=1e-12, atol=1e-9)
    assert least_short([bare], given) == pytest.approx(least_short([whole], given), abs=1e-9)
