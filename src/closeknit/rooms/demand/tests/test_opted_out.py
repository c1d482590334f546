"""Who opts out is forecast with its tier, never below the standard, and what people know of it counts no more."""

import pytest
from tests.cast import enter
from tests.small_company import AT, build

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
from closeknit.rooms.customers.contracts import TIER_ORDER, Tier
from closeknit.rooms.customers.tests.knowing import NOW, WANTED, know
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.reads.inputs import get_forecast_inputs
from closeknit.rooms.demand.reads.unwanted import served_tiers
from closeknit.rooms.privacy.contracts import account
from closeknit.rooms.privacy.tests.saying import say


def inputs():
    return get_forecast_inputs("warehouse", as_of=None, weeks=2, by=enter("alice"), at=AT)


def test_it_has_no_series_of_its_own_and_keeps_its_tier(db, tmp_path, alice, bob):
    company = build(tmp_path)
    assert "ACME" in {card.key.account_number for card in reads.list_series(company.run_id, by=alice)}
    say("account-forecast", by=bob)
    run_id = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=company.thread_id, by=alice, at=AT)
    assert "ACME" not in {card.key.account_number for card in reads.list_series(run_id, by=alice)}
    assert inputs().tiers["ACME"] is Tier.STRATEGIC


def test_a_low_account_that_opts_out_is_planned_by_the_standard(db, tmp_path, alice, carol):
    build(tmp_path)
    small = next(number for number, tier in inputs().tiers.items() if tier is Tier.VOLUME)
    say("account-forecast", by=carol, subject=account(small))
    assert inputs().tiers[small] is Tier.STANDARD


@pytest.mark.parametrize("tier", Tier)
def test_nobody_is_served_worse_for_opting_out(tier):
    (served,) = served_tiers({"A": tier}, frozenset({"A"})).values()
    assert TIER_ORDER.index(served) <= min(TIER_ORDER.index(tier), TIER_ORDER.index(Tier.STANDARD))
    assert served_tiers({"A": tier}, frozenset()) == {"A": tier}


def test_what_people_know_and_its_tier_are_left_alone(acme, alice, bob):
    window = (WANTED.from_on, WANTED.to_on)
    know(bob)
    assert len(customers.list_insights_in_force(*window, by=alice, at=NOW)) == 1
    say("insight", by=bob, at=NOW)
    assert customers.list_insights_in_force(*window, by=alice, at=NOW) == []
    with pytest.raises(Conflict, match="withdrawn"):
        know(bob, size=0.1)
    say("tiering", by=bob, at=NOW)
    with pytest.raises(Conflict, match="withdrawn"):
        propose_tier_change("ACME", Tier.KEY, reason="Less work.", by=bob, at=clock.now())
