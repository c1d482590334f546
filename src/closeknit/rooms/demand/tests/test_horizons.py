"""Horizons and frozen periods follow from lead times, by place, and change what people may do."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.contracts import PLANNING_WEEKS
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.contracts import LEAD_DAYS, REVIEW_DAYS, LeadStep, Resource
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import Level

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
DEFAULTS = {step: (int(setting.default), "") for step, setting in LEAD_DAYS.items()}


def horizon(review_days=7, **days):
    taken = DEFAULTS | {LeadStep(step): (count, "everywhere") for step, count in days.items()}
    return compute.horizon_of(("warehouse", "", ""), MONDAY, taken, review_days)


def test_the_horizon_reaches_the_longest_lead_time_and_one_review_more():
    found = horizon()
    assert (found.weeks, found.longest_days, found.review_days) == (8, 49, 7), "hiring and training, then a plan"
    assert horizon(equipment=60).weeks == 10
    assert horizon(equipment=60, review_days=14).weeks == 11
    far = horizon(equipment=400)
    assert (far.weeks, far.wanted_weeks) == (26, 59)
    assert "59 weeks; forecasts reach 26 at most" in far.reason


def test_what_the_quickest_answer_cannot_reach_is_frozen_for_each_resource():
    found = horizon(overtime=3)
    assert found.frozen_until_on == MONDAY + timedelta(days=3)
    frozen = {freeze.resource: (freeze.frozen_until_on - MONDAY).days for freeze in found.freezes}
    assert frozen == {Resource.LABOUR: 3, Resource.EQUIPMENT: 42, Resource.SUPPLY: 21}
    assert "even announcing overtime comes later" in found.reason
    assert "Nothing is frozen" in horizon().reason


def test_one_horizon_serves_all_regions():
    here, there = horizon(overtime=5), horizon(overtime=2, equipment=90)
    both = compute.widest([here, there])
    assert (both.weeks, both.frozen_until_on) == (14, MONDAY + timedelta(days=2))
    both = compute.widest([horizon(overtime=5, equipment=90), horizon(overtime=2)])
    assert (both.weeks, both.frozen_until_on) == (14, MONDAY + timedelta(days=2)), "settled everywhere"


@pytest.mark.django_db
def test_places_deviate_and_say_where_the_value_was_set(alice, erin):
    _set(LEAD_DAYS[LeadStep.ROSTER], 21, Level.GLOBAL, "", erin)
    _set(LEAD_DAYS[LeadStep.EQUIPMENT], 120, Level.REGION, "dach", erin)
    everywhere = reads.get_horizons("warehouse", at=AT, by=alice)
    dach = reads.get_horizons("warehouse", "dach", at=AT, by=alice)
    assert (everywhere.weeks, dach.weeks) == (8, 19)
    sources = {lead.step: lead.set_for for lead in dach.leads}
    assert (sources[LeadStep.ROSTER], sources[LeadStep.EQUIPMENT], sources[LeadStep.SUPPLY]) == (
        "everywhere",
        "dach",
        "",
    )


@pytest.mark.django_db
def test_a_plan_covers_what_lead_times_ask_for_unless_somebody_said_how_many_weeks(alice, erin):
    assert capacity.get_planning_weeks("warehouse", at=AT, by=alice) == 8
    _set(REVIEW_DAYS, 14, Level.GLOBAL, "", erin)
    assert capacity.get_planning_weeks("warehouse", at=AT, by=alice) == 9
    assert capacity.get_planning_weeks(at=AT, by=alice) == PLANNING_WEEKS.default
    _set(PLANNING_WEEKS, 4, Level.GLOBAL, "", erin)
    assert capacity.get_planning_weeks("warehouse", at=AT, by=alice) == 4


def test_changes_are_counted_only_on_settled_days_that_both_forecasts_speak_of():
    before, now = panel(10.0, 28), panel(10.0, 28)
    now.total_mean[:, :3] += 2.0
    now.total_mean[:, 20:] += 100.0
    found = compute.frozen_changes(horizon(overtime=3), [before], [now], ("", ""))
    shares = {change.step: change.change_share for change in found}
    assert shares == {
        LeadStep.OVERTIME: pytest.approx(0.2),
        LeadStep.ROSTER: pytest.approx(6 / 140),
        LeadStep.SUPPLY: pytest.approx(106 / 210),
        LeadStep.HIRE: pytest.approx(806 / 280),
    }
    later = panel(10.0, 28, first="2026-03-09")
    assert compute.frozen_changes(horizon(overtime=3), [later], [now], ("", "")) == []


@pytest.mark.django_db
def test_outsiders_are_refused(dave, bob, accounts):
    with pytest.raises(Denied):
        reads.get_horizons("warehouse", at=AT, by=dave)
    from closeknit.kernel import ids
    from closeknit.web.tests import scene

    run = ids.new_id()
    scene.add_run(run, ids.new_id())
    with pytest.raises(NotFound):
        reads.list_frozen_changes(run, at=AT, by=bob)


def panel(units, days, first="2026-03-02"):
    from types import SimpleNamespace

    starts = np.datetime64(first, "m") + np.arange(days) * np.timedelta64(1440, "m")
    return SimpleNamespace(local_starts=starts, total_keys=(("picking", "dach"),), total_mean=np.full((1, days), units))


def _set(setting, value, level, place, by):
    set_setting(
        setting.key, value=value, level=level, place=place, reason="For the test.", by=by, at=AT - timedelta(days=1)
    )
