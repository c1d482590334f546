"""What plans leave undone asks people once, by a stable cause, and ends when a later plan covers it."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from tests.cast import enter
from tests.small_company import AT, FOREIGN, build

from closeknit.kernel import ids
from closeknit.rooms.capacity.actions.escalate_plans import escalate_plans
from closeknit.rooms.capacity.compute.dangers import Claimed, cause_of, find_dangers, find_surge
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.models import Escalation

MONDAY, NEXT = date(2026, 3, 2), date(2026, 3, 9)
FINE = Claimed("p", ("pick",), MONDAY, "strategic", "A", 100.0, 100.0, 0.0, is_committed=False)
SHORT = replace(FINE, served_hours=90.0, short_hours=10.0)
TERM = SimpleNamespace(
    term_number="T",
    account_number="A",
    service="",
    target_share=0.95,
    sentence="95% shipped within 24 hours",
    starts_on=date(2026, 1, 1),
    ends_on=None,
)


def causes(*claims, terms=()):
    return [danger.cause for danger in find_dangers("w", claims, terms)]


def test_a_top_tier_account_that_is_short_is_a_shortfall_for_each_pool():
    assert causes(FINE, SHORT, replace(SHORT, week_on=NEXT), replace(SHORT, pool="q")) == [
        "shortfall:w:p:A",
        "shortfall:w:q:A",
    ]
    assert (
        causes(replace(SHORT, tier="volume"), replace(SHORT, short_hours=0.01), replace(SHORT, account_number="")) == []
    )


def test_a_term_is_held_against_the_weeks_in_which_it_is_in_force():
    lower, later = replace(SHORT, tier="standard"), SimpleNamespace(**{**vars(TERM), "starts_on": NEXT})
    ended = SimpleNamespace(**{**vars(TERM), "ends_on": NEXT, "target_share": 0.5})
    assert causes(lower, terms=[ended, later]) == []
    assert causes(lower, replace(lower, week_on=NEXT), terms=[ended, later]) == ["threatened-term:w:T"]
    assert causes(lower, replace(lower, week_on=NEXT), terms=[TERM, later]) == ["threatened-term:w:T"], "one cause"


def test_a_term_below_target_is_threatened_by_a_draft_and_contradicted_by_a_plan_in_force():
    lower = replace(SHORT, tier="standard")
    assert causes(lower, terms=[TERM]) == ["threatened-term:w:T"]
    assert causes(lower, replace(lower, is_committed=True), terms=[TERM]) == ["commitment-conflict:w:T"]
    assert causes(lower, terms=[SimpleNamespace(**{**vars(TERM), "target_share": 0.9})]) == []
    assert causes(lower, terms=[SimpleNamespace(**{**vars(TERM), "service": "other"})]) == []


def test_a_surge_is_growth_beyond_what_is_taken_as_normal():
    planned = {MONDAY: 100.0, NEXT: 100.0}
    assert find_surge("w", planned, {MONDAY: 115.0, NEXT: 90.0}, 0.15) is None
    found = find_surge("w", planned, {MONDAY: 100.0, NEXT: 130.0, date(2026, 3, 16): 900.0}, 0.15)
    assert (found.cause, "30%" in found.summary, str(NEXT) in found.summary) == ("surge:w", True, True)


def test_a_long_cause_is_still_stable_and_short_enough():
    long = cause_of("shortfall", "o" * 80, "p" * 120, "A")
    assert len(long) <= 200
    assert long == cause_of("shortfall", "o" * 80, "p" * 120, "A") != cause_of("shortfall", "o" * 80, "p" * 120, "B")


@pytest.fixture
def company(db, tmp_path):
    return build(tmp_path)


def open_causes():
    return sorted(Escalation.objects.exclude(state="closed").values_list("cause", flat=True))


def test_plans_escalate_once_and_end_what_they_cover(company):
    from closeknit.rooms.capacity.models import ClaimWeekRow

    raised = open_causes()
    assert "shortfall:warehouse:pickers:ACME" in raised
    assert any(cause.startswith("commitment-conflict:warehouse:T-") for cause in raised)
    assert not any(cause.startswith("threatened-term") for cause in raised), "the plan is in force, no draft any more"
    assert set(Escalation.objects.values_list("thread_id", flat=True)) == {company.thread_id}
    alice = enter("alice")
    again = {"thread_id": ids.new_id(), "by": alice, "at": AT}
    escalate_plans("warehouse", **again)
    assert open_causes() == raised
    ClaimWeekRow.objects.filter(account_number=FOREIGN).update(short_hours=0, served_hours=99999)
    escalate_plans("warehouse", **again)
    assert open_causes() == [cause for cause in raised if FOREIGN not in cause]


def test_bob_sees_the_escalations_of_his_accounts_only(company):
    seen = {card.account_number for card in decisions.list_escalations(by=enter("bob"))}
    assert seen == {"ACME"}
    everything = {card.account_number for card in decisions.list_escalations(by=enter("alice"))}
    assert everything - {""} == {"ACME", FOREIGN}
