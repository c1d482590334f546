"""Routine adjustment: what a draft takes from a tier or an account, within limits by rule, else for a planner."""

import pytest
from tests.cast import enter
from tests.small_company import AT, build, draft

from closeknit.rooms.capacity.compute.adjust import cuts, short_shares
from closeknit.rooms.capacity.contracts.adjust import ROUTINE_CUT_SHARE, Adjustment
from closeknit.rooms.capacity.models import ClaimWeekRow, Pool
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.decisions.reads import list_entries
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import SettingLevel


def claim(tier, account, need, short):
    return {"tier": tier, "account_number": account, "need_hours": need, "short_hours": short}


def test_shares_are_of_all_weeks_and_pools_together():
    rows = [claim("key", "K", 10.0, 1.0), claim("key", "K", 30.0, 9.0), claim("volume", "", 5.0, 0.0)]
    assert short_shares(rows) == {("key", "K"): 0.25, ("volume", ""): 0.0}
    assert short_shares([claim("key", "K", 0.0, 0.0)]) == {}


def test_only_what_is_worse_counts_and_who_is_new_was_not_short():
    before = {("standard", ""): 0.2, ("volume", ""): 0.1}
    now = {("standard", ""): 0.1, ("volume", ""): 0.25, ("key", "K"): 0.05, ("none", ""): 0.001}
    assert cuts(now, before) == {("key", "K"): 0.05, ("volume", ""): 0.15}
    assert cuts(before, before) == {}


def test_the_limit_itself_is_routine():
    assert Adjustment("standard", "", 0.1, 0.1).is_routine
    assert not Adjustment("standard", "", 0.1001, 0.1).is_routine


@pytest.fixture
def adjusted(db, tmp_path):
    """Return a function that drafts anew, with slower work, against a plan in force in which nobody was short."""
    company = build(tmp_path)
    ClaimWeekRow.objects.filter(plan_id=company.plan_id).update(short_hours=0.0)

    def again():
        Pool.objects.update(handle_minutes=Pool.objects.earliest("pk").handle_minutes * 1.2)
        return draft()

    return again


def allow(level, place, share):
    set_setting(ROUTINE_CUT_SHARE.key, level=level, place=place, value=share, reason="Tried.", by=enter("erin"), at=AT)


def verdict(made):
    verdicts = Proposal.objects.get(pk=made.proposal_id).verdicts
    return next(each for each in verdicts if each["rule"] == "routine")


def told(made):
    lines = list_entries(by=enter("hana"), thread_id=made.thread_id, limit=200)
    return [line for line in lines if line.kind in ("tier.adjusted", "account.adjusted")]


def test_a_first_plan_adjusts_nobody(db, tmp_path):
    company = build(tmp_path)
    assert verdict(company) == {"rule": "routine", "holds": True, "sentence": "There is no plan in force to adjust."}
    assert told(company) == []


def test_top_tiers_go_to_a_planner_and_every_cut_is_on_record(adjusted):
    made = adjusted()
    cut = told(made)
    assert {line.kind for line in cut} >= {"account.adjusted"}
    assert all(line.evidence["limit_share"] == 0.0 for line in cut if line.evidence["tier"] == "strategic")
    beyond = sum(not line.evidence["is_routine"] for line in cut)
    assert beyond >= 1
    assert verdict(made)["holds"] is False
    assert verdict(made)["sentence"].startswith(f"{beyond} tiers or accounts are cut")
    seen = list_entries(by=enter("bob"), thread_id=made.thread_id, limit=200)
    assert "tier.adjusted" not in {line.kind for line in seen}
    assert not [line for line in seen if line.kind == "account.adjusted" and "ACME" not in line.sentence]


def test_a_limit_of_its_own_makes_a_tier_or_an_account_routine(adjusted):
    allow(SettingLevel.TIER, "strategic", 1.0)
    allow(SettingLevel.TIER, "volume", 1.0)
    made = adjusted()
    assert told(made)
    assert verdict(made) == {
        "rule": "routine",
        "holds": True,
        "sentence": "Nobody is served less than routine adjustment allows.",
    }


def test_red_twin_a_limit_for_everyone_frees_no_top_tier(adjusted):
    allow(SettingLevel.GLOBAL, "", 1.0)
    made = adjusted()
    beyond = [line.evidence["tier"] for line in told(made) if not line.evidence["is_routine"]]
    assert beyond
    assert set(beyond) <= {"strategic", "key"}
    assert verdict(made)["holds"] is False
