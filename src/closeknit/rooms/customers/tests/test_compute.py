from datetime import UTC, datetime
from decimal import Decimal

from closeknit.rooms.customers.compute import rank_tiers
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.sensing.contracts import AccountRule, WorkTotal

RULE = AccountRule("amount", (("strategic", 0.01), ("key", 0.04), ("standard", 0.25)), "volume")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def totals(amounts):
    return {
        f"A{n:05}": WorkTotal("", f"A{n:05}", 1.0, {"EUR": Decimal(amount)}, AT, AT) for n, amount in enumerate(amounts)
    }


def test_shares_are_of_all_accounts_rounded_up_on_the_running_sum():
    found = rank_tiers(totals(range(3658, 0, -1)), RULE)
    counts = {tier: sum(t is tier for t, _ in found.values()) for tier in Tier}
    assert counts == {Tier.STRATEGIC: 37, Tier.KEY: 146, Tier.STANDARD: 915, Tier.VOLUME: 2560}
    assert found["A00011"] == (Tier.STRATEGIC, "12th of 3,658 by order value: top 1 %.")
    assert found["A00037"][1] == "38th of 3,658 by order value: top 5 %."
    assert found["A03657"][1] == "3,658th of 3,658 by order value: below the top 30 %."


def test_ties_go_by_account_number_whatever_the_order_given():
    given = totals([5] * 200)
    backwards = dict(reversed(given.items()))
    assert rank_tiers(given, RULE) == rank_tiers(backwards, RULE)
    assert rank_tiers(given, RULE)["A00000"][0] is Tier.STRATEGIC


def test_no_accounts_no_tiers():
    assert rank_tiers({}, RULE) == {}


def test_order_values_of_two_currencies_are_never_compared():
    """Yen are not more than euros for being more digits: each currency has its own largest."""
    euros = {f"E{n}": WorkTotal("", f"E{n}", 1.0, {"EUR": Decimal(100 - n)}, AT, AT) for n in range(5)}
    yen = {f"Y{n}": WorkTotal("", f"Y{n}", 1.0, {"JPY": Decimal(9000 - n)}, AT, AT) for n in range(5)}
    found = rank_tiers(euros | yen, AccountRule("amount", (("strategic", 0.2), ("key", 0.2)), "volume"))
    assert {number for number, (tier, _) in found.items() if tier is Tier.STRATEGIC} == {"E0", "Y0"}
    assert {number for number, (tier, _) in found.items() if tier is Tier.KEY} == {"E1", "Y1"}
    assert found["Y0"][1] == "2nd of 10 by order value among those in its currency: top 20 %."


def test_an_account_without_known_money_stands_below_those_that_ordered():
    given = totals([5, 4, 3]) | {"NONE": WorkTotal("", "NONE", 9.0, {}, AT, AT)}
    found = rank_tiers(given, AccountRule("amount", (("strategic", 0.75),), "volume"))
    assert found["NONE"] == (Tier.VOLUME, "4th of 4 by order value: below the top 75 %.")
