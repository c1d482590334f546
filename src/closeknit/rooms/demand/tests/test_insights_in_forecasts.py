"""What people know counts in the next forecast, by their record; what came of it goes back into that record."""

from datetime import date, timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN, load

from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import InsightDirection, InsightMeasure, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.tests.knowing import know
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.settle_insights import settle_insights
from closeknit.rooms.demand.contracts import AdjustmentKind, AdjustmentSource
from closeknit.rooms.demand.reads.insights import insight_adjustments
from closeknit.rooms.demand.tests.coming import come_in
from closeknit.rooms.demand.tests.overriding import MONDAY, forecast
from closeknit.rooms.org.reads import system_actor

WINDOW = {"from_on": MONDAY + timedelta(days=1), "to_on": MONDAY + timedelta(days=15)}


@pytest.fixture
def company(tmp_path, db):
    load(tmp_path)


def tell(name="bob", **changes):
    return know(enter(name), at=AT, **{**WINDOW, "probability": 0.5, "size": 0.4, **changes})


def test_a_share_is_a_factor_with_its_chance_and_units_are_added(company, alice):
    share = tell()
    units = tell(measure=InsightMeasure.UNITS_PER_WEEK, size=70.0, direction=InsightDirection.DOWN)
    found = {
        a.adjustment_id: a
        for a in insight_adjustments("warehouse", MONDAY, MONDAY + timedelta(days=28), by=alice, at=AT)
    }
    assert set(found) == {str(share), str(units)}
    one, other = found[str(share)], found[str(units)]
    assert (one.source, one.kind, one.size, one.probability) == (
        AdjustmentSource.INSIGHT,
        AdjustmentKind.MULTIPLY,
        pytest.approx(1.4),
        0.5,
    )
    assert (one.place.account_number, one.place.tier) == ("ACME", "strategic")
    assert (other.kind, other.size) == (AdjustmentKind.ADD, -70.0)
    assert "spring" not in one.reason


def test_units_are_not_added_where_the_account_brings_no_work(company, alice):
    tell(measure=InsightMeasure.UNITS_PER_WEEK, size=70.0)
    assert insight_adjustments("elsewhere", MONDAY, MONDAY + timedelta(days=28), by=alice, at=AT) == []


def test_a_forecast_expects_the_share_times_its_chance(company, alice):
    before = reads.get_numbers(forecast(), by=alice)
    tell()
    run_id = forecast()
    (applied,) = [
        one
        for one in reads.list_applied_adjustments(run_id, by=alice)
        if one.adjustment.source is AdjustmentSource.INSIGHT
    ]
    was = sum(week.units_before for week in applied.weeks)
    assert applied.units_change == pytest.approx(0.2 * was, rel=1e-6)
    after = reads.get_numbers(run_id, by=alice)
    gain = sum(p.mean.sum() for p in after.panels) - sum(p.mean.sum() for p in before.panels)
    assert gain == pytest.approx(applied.units_change, rel=1e-6)


def test_an_insight_out_of_scope_does_not_show(company, alice, bob):
    tell("alice", account_number=FOREIGN)
    mine = tell()
    seen = reads.list_standing_adjustments("warehouse", MONDAY, MONDAY + timedelta(days=28), by=bob, at=AT)
    assert [a.adjustment_id for a in seen] == [str(mine)]


@pytest.mark.parametrize(("factor", "happened"), [(1.4, 1.0), (1.0, 0.0), (0.7, 0.0)])
def test_what_came_settles_it_by_the_forecast_without_it(company, tmp_path, factor, happened):
    insight_id = tell()
    unused = tell("alice", size=0.9, from_on=date(2026, 9, 1), to_on=date(2026, 9, 8))
    forecast()
    come_in(tmp_path, weeks=3, factor=factor, only="ACME")
    later = AT + timedelta(days=25)
    by = system_actor()
    assert settle_insights("warehouse", by=by, at=AT + timedelta(days=3)) == 0
    assert settle_insights("warehouse", by=by, at=later) == 1
    assert settle_insights("warehouse", by=by, at=later) == 0
    card = customers.get_insight(insight_id, by=by, at=later)
    assert (card.state, card.happened_share) == (InsightState.SETTLED, happened)
    assert card.actual_size == pytest.approx(factor - 1, abs=0.08)
    assert "were forecast without it" in card.end_reason
    assert Insight.objects.get(pk=unused).state == "standing"
    assert customers.get_author_record(enter("bob").key, by=by, at=later).settled == 1
