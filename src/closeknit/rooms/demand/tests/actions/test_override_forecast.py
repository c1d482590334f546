"""Overriding a forecast: with reason, size, window and expiry, over the accounts that one may adjust; shown before."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN, FOREIGN_SMALL, load

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.expire_overrides import expire_overrides
from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
from closeknit.rooms.demand.contracts import AdjustedPlace, AdjustmentKind, OverrideState
from closeknit.rooms.demand.models import ForecastRun, Override
from closeknit.rooms.demand.tests.overriding import MONDAY, WANTED, forecast, override
from closeknit.rooms.org.reads import system_actor

WEEK = timedelta(days=7)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return forecast()


def test_an_override_stands_with_all_that_was_said_and_a_ledger_line(company, alice):
    made = override()
    card = reads.get_override(made, by=alice)
    assert (card.state, card.author, card.place.tier) == (OverrideState.STANDING, "Alice Planner", "strategic")
    assert (card.what, card.where) == ("+40 %", "picking, account ACME")
    assert card.units_change > 0
    (line,) = [line for line in decisions.get_thread(card.thread_id, by=alice) if line.kind == "forecast.overridden"]
    assert "Alice Planner changed the forecast of warehouse, picking, account ACME: +40 %" in line.sentence
    assert line.evidence["reason_kind"] == "promotion"
    assert line.account_number == "ACME"


def test_it_stands_to_be_applied_until_it_expires_or_is_taken_back(company, alice):
    made = override()
    horizon = (MONDAY, MONDAY + 3 * WEEK)
    (standing,) = reads.list_standing_adjustments("warehouse", *horizon, by=alice, at=AT)
    assert standing.adjustment_id == str(made)
    before = AT - timedelta(seconds=1)
    assert reads.list_standing_adjustments("warehouse", *horizon, by=alice, at=before) == []
    assert reads.list_standing_adjustments("warehouse", MONDAY + 3 * WEEK, MONDAY + 4 * WEEK, by=alice, at=AT) == []
    later = AT + timedelta(hours=1)
    withdraw_override(made, reason="Called off.", replan=False, by=alice, at=later)
    assert reads.list_standing_adjustments("warehouse", *horizon, by=alice, at=later) == []
    assert len(reads.list_standing_adjustments("warehouse", *horizon, by=alice, at=AT)) == 1


def test_a_replan_is_asked_for_in_the_same_thread(company, alice):
    thread_id = reads.get_override(override(replan=True), by=alice).thread_id
    asked = EventRow.objects.get(name="ForecastRequested", thread_id=thread_id)
    assert (asked.body["operation"], asked.body["weeks"], asked.actor_key) == ("warehouse", 3, alice.key)
    kinds = [line.kind for line in decisions.get_thread(thread_id, by=alice)]
    assert kinds == ["forecast.overridden", "plan.requested"]


def test_without_a_plan_nothing_more_is_asked(company, alice):
    thread_id = reads.get_override(override(), by=alice).thread_id
    assert not EventRow.objects.filter(name="ForecastRequested", thread_id=thread_id).exists()


def test_an_account_manager_overrides_the_own_account_and_the_system_plans(company, bob):
    with acting_as(bob):
        made = override("bob", replan=True)
        card = reads.get_override(made, by=bob)
    assert card.author == "Bob Seller"
    assert EventRow.objects.get(name="ForecastRequested", thread_id=card.thread_id).actor_key == system_actor().key


@pytest.mark.parametrize("number", [FOREIGN, FOREIGN_SMALL, "NOBODY"])
def test_an_account_manager_cannot_reach_others(company, bob, number):
    with acting_as(bob), pytest.raises(NotFound):
        override("bob", place=AdjustedPlace(account_number=number))
    assert not Override.objects.exists()


@pytest.mark.parametrize("place", [AdjustedPlace(), AdjustedPlace(service="picking"), AdjustedPlace(tier="strategic")])
def test_an_account_manager_cannot_change_what_holds_others(company, bob, place):
    with acting_as(bob), pytest.raises(Denied, match="your own accounts"):
        override("bob", place=place)


@pytest.mark.parametrize("name", ["dave", "frank", "hana", "gina"])
def test_who_may_not_adjust_is_refused(company, name):
    with pytest.raises(Denied):
        override(name)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"reason": "  "}, "reason"),
        ({"size": 101.0}, "size"),
        ({"size": -0.5}, "size"),
        ({"size": float("nan")}, "size"),
        ({"size": float("inf"), "kind": AdjustmentKind.ADD}, "size"),
        ({"size": -1.0, "kind": AdjustmentKind.SET}, "size"),
        ({"size": 1e6, "kind": AdjustmentKind.ADD}, "size"),
        ({"size": -1e4, "kind": AdjustmentKind.ADD}, "size"),
        ({"to_on": MONDAY}, "to_on"),
        ({"to_on": MONDAY + timedelta(days=400), "expires_on": MONDAY + timedelta(days=400)}, "to_on"),
        ({"from_on": MONDAY - WEEK, "to_on": MONDAY, "expires_on": MONDAY}, "to_on"),
        ({"expires_on": MONDAY - timedelta(days=1)}, "expires_on"),
        ({"from_on": MONDAY - WEEK, "expires_on": MONDAY - timedelta(days=1)}, "expires_on"),
        ({"place": AdjustedPlace(service="packing")}, "place"),
        ({"from_on": MONDAY + 9 * WEEK, "to_on": MONDAY + 10 * WEEK, "expires_on": MONDAY + 10 * WEEK}, "place"),
    ],
)
def test_what_cannot_be_is_refused_and_says_where(company, changes, where):
    with pytest.raises(Invalid) as refused:
        override(**changes)
    assert refused.value.where == where
    assert refused.value.todo
    assert not Override.objects.exists()


def test_frozen_days_are_changed_only_by_who_decides(company, alice):
    ForecastRun.objects.filter(pk=company).update(frozen_until_on=MONDAY + WEEK)
    with pytest.raises(Denied, match="frozen"):
        override()
    override("carol")
    override(from_on=MONDAY + WEEK)


def test_a_preview_shows_the_effect_and_writes_nothing(company, alice):
    preview = reads.preview_override(WANTED, by=alice, at=AT)
    assert preview.units_after == pytest.approx(1.4 * preview.units_before)
    assert preview.is_own_series
    inside = [week for week in preview.weeks if week.week_on < MONDAY + 2 * WEEK]
    assert len(inside) == 2
    assert all(week.is_whole and week.after == pytest.approx(1.4 * week.before) for week in inside)
    assert all(week.before == week.after for week in preview.weeks if week not in inside)
    assert not Override.objects.exists()


def test_a_preview_of_an_account_without_a_series_is_its_share_of_the_tier_for_everybody_alike(company, alice):
    from closeknit.rooms.customers.models import Account
    from closeknit.rooms.org.models import AccountPlace

    wanted = replace(WANTED, place=AdjustedPlace(service="picking", account_number=FOREIGN_SMALL, tier="volume"))
    seen = reads.preview_override(wanted, by=alice, at=AT)
    assert not seen.is_own_series
    # Its only neighbour in the tier is nobody: so it has the whole of it.
    assert seen.units_before == pytest.approx(2 * 7 * 43, rel=0.05)
    north = Account.objects.get(account_number="ACME").team_id
    Account.objects.filter(account_number=FOREIGN_SMALL).update(team_id=north)
    AccountPlace.objects.filter(account_number=FOREIGN_SMALL).update(team_id=north)
    bob = enter("bob")
    with acting_as(bob):
        assert reads.preview_override(wanted, by=bob, at=AT) == seen


def test_a_preview_hides_what_the_actor_may_not_see(company, bob, dave):
    with acting_as(bob):
        assert reads.preview_override(WANTED, by=bob, at=AT).weeks
        for place in (AdjustedPlace(), AdjustedPlace(account_number=FOREIGN)):
            with pytest.raises(NotFound):
                reads.preview_override(replace(WANTED, place=place), by=bob, at=AT)
    with pytest.raises(Denied):
        reads.preview_override(WANTED, by=dave, at=AT)


def test_overrides_of_other_accounts_do_not_show(company, alice, bob):
    foreign = override(place=AdjustedPlace(account_number=FOREIGN))
    whole = override(place=AdjustedPlace(service="picking"))
    own = override()
    with acting_as(bob):
        assert [card.override_id for card in reads.list_overrides(by=bob)] == [own]
        assert reads.count_overrides(by=bob)["standing"] == 1
        for hidden in (foreign, whole):
            with pytest.raises(NotFound):
                reads.get_override(hidden, by=bob)
            with pytest.raises(NotFound):
                withdraw_override(hidden, reason="So.", by=bob, at=AT)
    assert reads.count_overrides(by=alice)["standing"] == 3


def test_the_database_itself_hides_them(company, bob, alice):
    override(place=AdjustedPlace(account_number=FOREIGN))
    with acting_as(bob):
        assert not Override.objects.exists()
    with acting_as(alice):
        assert Override.objects.count() == 1


def test_one_takes_back_only_what_stands_and_says_why(company, alice, bob, frank):
    made = override("bob")
    with pytest.raises(Denied):
        withdraw_override(made, reason="So.", by=frank, at=AT)
    with pytest.raises(Invalid):
        withdraw_override(made, reason=" ", by=bob, at=AT)
    withdraw_override(made, reason="Called off.", replan=False, by=bob, at=AT)
    card = reads.get_override(made, by=alice)
    assert (card.state, card.ended_by, card.end_reason) == (OverrideState.WITHDRAWN, "Bob Seller", "Called off.")
    with pytest.raises(Conflict, match="withdrawn"):
        withdraw_override(made, reason="Again.", by=bob, at=AT)


def test_an_override_expires_once_when_the_data_have_passed_its_day(company, alice):
    made = override(expires_on=MONDAY)
    Override.objects.create(**{**vars_of(made), "id": UUID(int=1), "expires_on": MONDAY - timedelta(days=1)})
    assert expire_overrides(by=system_actor(), at=AT) == 1
    assert expire_overrides(by=system_actor(), at=AT) == 0
    assert reads.get_override(made, by=alice).state is OverrideState.STANDING
    expired = reads.get_override(UUID(int=1), by=alice)
    assert expired.state is OverrideState.EXPIRED
    assert "override.expired" in [line.kind for line in decisions.get_thread(expired.thread_id, by=alice)]


def vars_of(override_id: UUID) -> dict:
    row = Override.objects.get(pk=override_id)
    return {field.attname: getattr(row, field.attname) for field in Override._meta.fields}
