"""Which staff end a shortage: the fewest, from who can do the work and is not short itself; and rosters with them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from closeknit.rooms.capacity.compute.inputs import RosterInput
from closeknit.rooms.capacity.compute.moves import MovedStaff, with_moves
from closeknit.rooms.capacity.compute.need import rostered
from closeknit.rooms.capacity.compute.shortage import find_remedy, short_after
from closeknit.rooms.capacity.compute.what_if import plan_with_changes
from closeknit.rooms.capacity.contracts import PlanChanges, PoolChange
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

WEEK = timedelta(days=7)


def hall(heads_south=9.0, *, peak=1.0, services=("phone",), unit="agent"):
    """Two desks, open on workdays. North's calls double in its second of three weeks; South has few."""
    half_hours = np.arange(21 * 48)
    day, hour = half_hours // 48, half_hours % 48 // 2
    is_open = (hour >= 9) & (hour < 17) & (day % 7 < 5)
    calls = np.where(is_open, np.where((day >= 7) & (day < 14), 10.0 * peak, 10.0), 0.0)
    work = {
        ("phone", "north", "key", "ACME"): calls,
        (services[0], "south", "standard", ""): np.where(is_open, 4.0, 0.0),
    }
    pools = [
        replace(_desk("north", 5.0, ("phone",)), unit="agent"),
        replace(_desk("south", heads_south, services), unit=unit),
    ]
    promises = [term("K", tier="key", minutes=1.0, share=0.8), term("S", tier="standard", minutes=1.0, share=0.8)]
    return inputs(pools, promises, weeks=3), forecast(work, grain=Grain.HALF_HOUR, weeks=3)


def _desk(name, heads, services):
    return pool(name, staffing="interval", heads=heads, regions=(name,), services=services)


def remedy(given, numbers, **more):
    return find_remedy(given, numbers, not_before=MONDAY, **more)


def test_nobody_short_needs_no_remedy():
    assert remedy(*hall(peak=1.0)) is None


def test_the_fewest_units_for_the_weeks_that_are_short_and_everyone_is_kept_from_then_on():
    given, numbers = hall(peak=2.0)
    found = remedy(given, numbers)
    (move,) = found.moves
    assert (move.move.from_pool, move.move.to_pool) == ("south", "north")
    assert (move.move.from_on, move.move.until_on) == (MONDAY + WEEK, MONDAY + 2 * WEEK)
    assert (found.short_hours_after, found.lender_claimants_short, found.outside) == (0.0, 0, ())
    assert found.short_hours > 0
    assert (found.recovery_on, found.recovery_without_on) == (MONDAY + WEEK, MONDAY + 2 * WEEK)
    assert found.cost_after < found.cost_before
    fewer = found.moves[0].move.units - 1
    side = replace(found.moves[0].move, units=fewer) if fewer else None
    left = short_after(given, numbers, [side] if side else [])
    assert sum(row.after_hours for row in left) > 0, "with one fewer somebody stays short"
    assert found == remedy(given, numbers), "equal inputs, equal digests"
    lent = move.hours / 0.8
    assert float(move.cost) == pytest.approx(lent * 20.0, abs=0.01)


def test_the_remedy_agrees_with_the_whole_plan_made_again():
    given, numbers = hall(peak=2.0)
    found = remedy(given, numbers)
    changes = []
    for each in found.moves:
        when = {"from_on": each.move.from_on, "weeks": 1}
        changes += [
            PoolChange(each.move.to_pool, extra_units=each.move.units, **when),
            PoolChange(each.move.from_pool, extra_units=-each.move.units, **when),
        ]
    whole = plan_with_changes(given, numbers, PlanChanges(pools=tuple(changes)), measured=False)
    assert sum(float(plan.short.sum()) for plan in whole.pools) == pytest.approx(found.short_hours_after, abs=0.05)
    assert sum(float(plan.week_cost.sum()) for plan in whole.pools) == pytest.approx(float(found.cost_after), abs=0.01)


def test_a_lender_gives_no_more_than_it_can_spare_and_the_rest_is_told():
    given, numbers = hall(heads_south=4.0, peak=4.0)
    found = remedy(given, numbers)
    assert sum(each.move.units for each in found.moves) <= 3
    assert found.lender_claimants_short == 0
    assert found.short_hours_after > 0
    ((lacking_at, units),) = found.outside
    assert (lacking_at, units > 0) == ("north", True)
    hired = remedy(given, numbers, outside_cost_per_hour=Decimal(31))
    assert (hired.short_hours_after, hired.outside) == (0.0, ())
    (outside,) = [each for each in hired.moves if not each.move.from_pool]
    assert outside.move.units == units
    assert float(outside.cost) == pytest.approx(outside.hours / 0.8 * 31, abs=0.01)


@pytest.mark.parametrize("other", [{"services": ("mail",)}, {"unit": "engineer"}])
def test_who_lacks_the_skill_lends_nobody(other):
    assert remedy(*hall(peak=2.0, **other)).moves == ()


def test_weeks_that_have_begun_stay_as_they_are():
    given, numbers = hall(peak=2.0)
    late = find_remedy(given, numbers, not_before=MONDAY + 2 * WEEK)
    assert late.moves == ()
    assert late.short_hours_after == late.short_hours


def test_a_shortage_to_the_last_week_has_no_recovery_in_the_plan():
    given, numbers = hall(peak=2.0)
    given = replace(given, weeks=2, pools=given.pools[:1])
    found = remedy(given, numbers)
    assert (found.recovery_on, found.recovery_without_on, found.moves) == (None, None, ())


LINES = (
    RosterInput(0, 540, 1020, 4.0, date(2020, 1, 1), None),
    RosterInput(0, 780, 1260, 2.0, date(2020, 1, 1), date(2026, 3, 9)),
)


def heads_on(roster, day):
    starts = np.datetime64(day, "m") + np.arange(48) * np.timedelta64(30, "m")
    return rostered(roster, starts, 30)[0] * 2.0


def test_moved_staff_work_the_hours_of_the_pool_in_their_days_and_no_others():
    move = MovedStaff("south", "north", 3, MONDAY, MONDAY + WEEK)
    before = heads_on(LINES, MONDAY)
    lent_in = with_moves("north", LINES, [move])
    assert np.array_equal(heads_on(lent_in, MONDAY), before + 3.0 * (before > 0))
    assert np.array_equal(heads_on(lent_in, MONDAY + WEEK), heads_on(LINES, MONDAY + WEEK))
    assert with_moves("east", LINES, [move]) == LINES
    lent_out = heads_on(with_moves("south", LINES, [move]), MONDAY)
    assert np.array_equal(lent_out, np.maximum(before - 3.0, 0.0)), "never more than are there"
