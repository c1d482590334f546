"""Work that may wait asks the fewest hours of all weeks together; plans of before ask what they did."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from closeknit.engine.queueing import edf_lateness
from closeknit.rooms.agreements.contracts import Clock
from closeknit.rooms.capacity.compute import RosterInput, inputs_of, make_plan, snapshot_of, summarise
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term

WEEKS = 3
REST = ("picking", "", "volume", "")
ACME = ("picking", "", "strategic", "ACME")
WORKDAYS = np.arange(7 * WEEKS + 14) % 7 < 5
# 3.5, 14 and 3.5 hours a day at 6 minutes each
BUSY = np.where(WORKDAYS, np.repeat([35.0, 140.0, 35.0, 35.0, 35.0], 7), 0.0)


def plan_of(pools, terms, numbers, *, fewest_hours=True):
    given = replace(inputs(pools, terms, weeks=WEEKS), terms_by_week=True, fewest_hours=fewest_hours)
    return given, make_plan(given, numbers)


def by_week(need):
    return need.reshape(-1, 7).sum(axis=1).round(9).tolist()


@pytest.mark.parametrize("clock", [Clock.BUSINESS, Clock.CALENDAR])
def test_a_busy_week_asks_nothing_of_the_quiet_ones_beside_it(clock):
    terms, numbers = [term("T", clock=clock)], forecast({REST: BUSY}, weeks=WEEKS, tail_days=14)
    assert by_week(plan_of([pool()], terms, numbers)[1].pools[0].need.need) == [17.5, 70.0, 17.5]
    before = plan_of([pool()], terms, numbers, fewest_hours=False)[1].pools[0].need.need
    assert by_week(before)[2] > 55.0, "as plans of before asked it"


def test_plans_of_before_keep_their_snapshot_and_replay_as_they_were():
    numbers = forecast({REST: BUSY}, weeks=WEEKS, tail_days=14)
    given, before = plan_of([pool()], [term("T", clock=Clock.BUSINESS)], numbers, fewest_hours=False)
    assert b"fewest_hours" not in snapshot_of(given)
    assert make_plan(inputs_of(snapshot_of(given)), numbers).digest == before.digest
    assert before.pools[0].need.need[:21:7] == pytest.approx([70 / 6, 14.0, 70 / 6])
    later = replace(given, fewest_hours=True)
    assert inputs_of(snapshot_of(later)) == later


def test_a_pool_whose_roster_begins_after_the_plan_is_short_of_all_that_is_due():
    later = MONDAY + timedelta(days=7 * WEEKS)
    empty = replace(pool(), roster=tuple(RosterInput(day, 540, 1020, 2.0, later, None) for day in range(5)))
    numbers = forecast({REST: np.where(WORKDAYS, 40.0, 0.0)}, weeks=WEEKS, tail_days=14)
    _, result = plan_of([empty], [term("T")], numbers)
    need = result.pools[0].need
    assert by_week(need.need) == [20.0] * WEEKS
    assert need.capacity.sum() == 0.0
    assert summarise(result, "EUR").short_hours == pytest.approx(60.0)
    assert plan_of([empty], [term("T")], numbers, fewest_hours=False)[1].pools[0].need.need.sum() == 0.0


def test_a_week_without_a_roster_has_its_own_need_and_a_closed_one_has_none():
    # The roster pauses in the second week of the plan.
    pause, after = MONDAY + timedelta(days=7), MONDAY + timedelta(days=14)
    lines = [RosterInput(day, 540, 1020, 2.0, date(2020, 1, 1), pause) for day in range(5)]
    lines += [RosterInput(day, 540, 1020, 2.0, after, None) for day in range(5)]
    numbers = forecast({REST: np.where(WORKDAYS, 40.0, 0.0)}, weeks=WEEKS, tail_days=14)
    paused = plan_of([replace(pool(), roster=tuple(lines))], [term("T")], numbers)[1].pools[0].need
    assert by_week(paused.need) == [20.0, 20.0, 20.0]
    assert by_week(paused.capacity)[1] == 0.0
    shut = replace(pool(), roster=tuple(lines), closed_on=tuple(pause + timedelta(days=d) for d in range(7)))
    closed = plan_of([shut], [term("T")], numbers)[1].pools[0].need
    assert by_week(closed.need)[1] == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_every_promise_is_kept_and_no_plan_of_before_took_fewer_hours(seed):
    rng = np.random.default_rng(seed)
    days = 7 * WEEKS + 14
    series = {
        ACME: rng.poisson(40, days) * WORKDAYS,
        REST: rng.poisson(80, days) * WORKDAYS * rng.uniform(0.3, 2, days),
    }
    terms = [term("A", account="ACME", minutes=1440.0 * (seed % 2)), term("V", tier="volume", minutes=4 * 1440.0)]
    numbers = forecast(series, weeks=WEEKS, tail_days=14)
    given, result = plan_of([pool(heads=5)], terms, numbers)
    need = result.pools[0].need
    work = np.array([series[ACME], series[REST]])[:, : 7 * WEEKS] * 0.1
    late = edf_lateness(work, [seed % 2, 4], need.need, is_open=WORKDAYS[: 7 * WEEKS])
    assert late.late_hours.sum() <= 1e-7
    assert need.claims.sum(axis=0) == pytest.approx(need.need, abs=1e-9)
    before = make_plan(replace(given, fewest_hours=False), numbers).pools[0].need
    assert need.need.sum() <= before.need.sum() + 1e-9
