"""What is assumed of peak times: recorded, tried in scenarios that nothing is planned by, and checked afterwards."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN, load

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.check_assumptions import check_assumptions
from closeknit.rooms.demand.actions.record_assumption import record_assumption
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.request_scenario import request_scenario
from closeknit.rooms.demand.actions.withdraw_assumption import withdraw_assumption
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustmentKind,
    AssumptionState,
    RunPurpose,
    WantedAssumption,
)
from closeknit.rooms.demand.models import Assumption, ForecastRun
from closeknit.rooms.demand.tests.actions.test_measure_overrides import let_days_pass
from closeknit.rooms.demand.tests.overriding import MONDAY, forecast
from closeknit.rooms.org.reads import system_actor

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
WANTED = WantedAssumption(
    operation="warehouse",
    scenario="spring peak",
    statement="Acme brings two fifths more in its campaign.",
    place=AdjustedPlace(service="picking", account_number="ACME"),
    kind=AdjustmentKind.MULTIPLY,
    size=1.4,
    from_on=MONDAY,
    to_on=MONDAY + 2 * WEEK,
)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return tmp_path


def assume(name="alice", at=AT, **changes):
    return record_assumption(replace(WANTED, **changes), by=enter(name), at=at)


def try_scenario(name="spring peak"):
    alice = enter("alice")
    thread_id = request_scenario("warehouse", name, weeks=3, by=alice)
    made = {"purpose": RunPurpose.SCENARIO, "scenario": name}
    return refresh_forecast("warehouse", as_of=None, weeks=3, thread_id=thread_id, by=alice, at=AT + MINUTE, **made)


def test_an_assumption_changes_scenarios_and_not_what_is_planned_by(company, alice):
    before = forecast()
    made = assume()
    assert forecast() == before
    run = try_scenario()
    plain, tried = (reads.get_numbers(run_id, by=alice).panels[0] for run_id in (before, run))
    acme = next(i for i, key in enumerate(tried.keys) if key.account_number == "ACME")
    assert tried.mean[acme, :14] == pytest.approx(1.4 * plain.mean[acme, :14])
    assert reads.find_current_run("warehouse", by=alice).run_id == before
    card = reads.get_assumption(made, by=alice)
    assert (card.used_in, card.what, card.state) == ((run,), "+40 %", AssumptionState.OPEN)
    assert reads.list_scenarios("warehouse", by=alice) == ["spring peak"]


def test_a_scenario_is_asked_for_in_a_thread_of_its_own(company, alice):
    forecast()
    assume()
    run = ForecastRun.objects.get(pk=try_scenario())
    assert (run.purpose, run.scenario) == ("scenario", "spring peak")
    kinds = [line.kind for line in decisions.get_thread(run.thread_id, by=alice)]
    assert kinds == ["scenario.requested", "forecast.tried"]


def test_after_the_event_it_held_with_numbers(company, alice):
    forecast()
    made = assume()
    assert check_assumptions("warehouse", by=system_actor(), at=AT) == 0
    let_days_pass(company, 14)
    assert check_assumptions("warehouse", by=system_actor(), at=AT) == 1
    assert check_assumptions("warehouse", by=system_actor(), at=AT) == 0
    card = reads.get_assumption(made, by=alice)
    assert card.state is AssumptionState.HELD
    assert card.units_assumed == pytest.approx(1.4 * card.units_forecast)
    assert abs(card.off_share) < 0.05
    lines = decisions.get_thread(card.thread_id, by=alice)
    assert [line.kind for line in lines] == ["assumption.recorded", "assumption.checked"]
    assert "The assumption held: Acme brings two fifths more" in lines[-1].sentence


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"size": 2.2}, AssumptionState.NOT_HELD),
        ({"size": 910.0, "kind": AdjustmentKind.SET, "is_peak": True}, AssumptionState.HELD),
        ({"size": 1200.0, "kind": AdjustmentKind.SET, "is_peak": True}, AssumptionState.NOT_HELD),
        ({"size": 260.0, "kind": AdjustmentKind.ADD}, AssumptionState.HELD),
        ({"from_on": MONDAY, "to_on": MONDAY + WEEK, "size": 1.0}, AssumptionState.NOT_HELD),
    ],
)
def test_what_was_assumed_is_compared_with_what_came(company, alice, changes, state):
    forecast()
    made = assume(**changes)
    let_days_pass(company, 14)
    check_assumptions("warehouse", by=system_actor(), at=AT)
    card = reads.get_assumption(made, by=alice)
    assert card.state is state, card.verdict


def test_the_tolerance_is_a_setting_of_the_place(company, alice):
    from closeknit.rooms.demand.contracts import ASSUMPTION_TOLERANCE
    from closeknit.rooms.org.actions.set_setting import set_setting

    forecast()
    made = assume(size=2.2)
    where = {"level": "account", "place": "ACME", "reason": "Wild.", "by": enter("erin"), "at": AT - MINUTE}
    set_setting(ASSUMPTION_TOLERANCE.key, 0.5, **where)
    let_days_pass(company, 14)
    check_assumptions("warehouse", by=system_actor(), at=AT)
    card = reads.get_assumption(made, by=alice)
    assert (card.state, card.tolerance_share) == (AssumptionState.HELD, 0.5)


def test_without_a_forecast_before_it_nothing_can_be_said(company, alice):
    made = assume()
    let_days_pass(company, 14)
    check_assumptions("warehouse", by=system_actor(), at=AT)
    card = reads.get_assumption(made, by=alice)
    assert (card.state, card.units_actual) == (AssumptionState.UNCHECKED, None)


def test_one_may_assume_only_of_ones_own(company, bob, frank):
    with acting_as(bob):
        mine = assume("bob")
        for place, refusal in ((AdjustedPlace(), Denied), (AdjustedPlace(account_number=FOREIGN), NotFound)):
            with pytest.raises(refusal):
                assume("bob", place=place)
        assert [card.assumption_id for card in reads.list_assumptions(by=bob)] == [mine]
    with pytest.raises(Denied):
        assume("frank")
    assume(place=AdjustedPlace(account_number=FOREIGN))
    with acting_as(bob):
        assert Assumption.objects.count() == 1
        assert reads.count_assumptions(by=bob)["open"] == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"statement": " "}, "statement"),
        ({"scenario": ""}, "scenario"),
        ({"size": -1.0}, "size"),
        ({"size": float("nan")}, "size"),
        ({"size": -1.0, "kind": AdjustmentKind.SET}, "size"),
        ({"to_on": MONDAY}, "to_on"),
        ({"from_on": MONDAY - WEEK}, "from_on"),
    ],
)
def test_what_cannot_be_assumed_is_refused(company, changes, where):
    forecast()
    with pytest.raises(Invalid) as refused:
        assume(**changes)
    assert refused.value.where == where


def test_one_taken_back_is_tried_and_checked_no_more(company, alice):
    forecast()
    made = assume()
    with pytest.raises(Invalid):
        withdraw_assumption(made, reason="", by=alice, at=AT)
    withdraw_assumption(made, reason="No campaign.", by=alice, at=AT)
    with pytest.raises(Conflict, match="withdrawn"):
        withdraw_assumption(made, reason="Again.", by=alice, at=AT)
    with pytest.raises(Invalid, match="No open assumption"):
        request_scenario("warehouse", "spring peak", weeks=3, by=alice)
    let_days_pass(company, 14)
    assert check_assumptions("warehouse", by=system_actor(), at=AT) == 0
