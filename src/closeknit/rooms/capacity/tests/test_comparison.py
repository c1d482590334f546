"""A draft beside the plan in force: figures of a week, and who gains and loses."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.capacity.compute.comparison import PlanSide, account_changes, describe

DRAFT = PlanSide(
    first_on=date(2026, 3, 2),
    weeks=2,
    coverage_share=0.9,
    short_hours=20.0,
    overtime_hours=4.0,
    cost=Decimal(1000),
    shortfall_cost=Decimal(300),
    accounts_short=2,
    top_tier_accounts_short=1,
    currency="EUR",
    claims=(("A", 6.0, Decimal(60)), ("A", 4.0, Decimal(40)), ("B", 0.0, Decimal(0)), ("", 10.0, Decimal(200))),
)


def changes(draft, before):
    return {c.account_number: c.amount for c in account_changes(draft, before)}


def test_without_a_plan_in_force_what_is_short_is_the_loss():
    (change,) = account_changes(DRAFT, None)
    assert (change.account_number, change.amount, change.sentence) == (
        "A",
        Decimal("-100.00"),
        "5.0 hours short a week.",
    )


def test_plans_of_different_length_compare_by_the_week():
    before = replace(DRAFT, weeks=4, claims=(("A", 40.0, Decimal(400)), ("C", 4.0, Decimal(8))))
    assert changes(DRAFT, before) == {"A": Decimal("100.00"), "C": Decimal("4.00")}
    assert account_changes(DRAFT, before)[1].sentence == "5.0 hours short a week, was 10.0."


def test_money_of_another_currency_is_not_subtracted():
    before = replace(DRAFT, currency="USD", claims=(("A", 40.0, Decimal(400)),))
    assert changes(DRAFT, before) == {"A": Decimal("-100.00")}


def test_each_side_is_described_by_the_week():
    assert describe(None) == {}
    assert describe(DRAFT)["hours short a week"] == "10.0"
    assert describe(DRAFT)["cost a week"] == "EUR 500.00"
    assert list(describe(DRAFT)) == list(describe(replace(DRAFT, weeks=5)))


claims = st.lists(
    st.tuples(st.sampled_from(["", "A", "B", "C"]), st.floats(0, 100), st.decimals(0, 1000, places=2)), max_size=8
).map(tuple)


@given(claims)
def test_a_plan_changes_nothing_against_itself(made):
    draft = replace(DRAFT, claims=made)
    assert account_changes(draft, draft) == ()


@given(claims, claims)
def test_what_one_gains_by_the_draft_one_loses_by_going_back(now, then):
    draft, before = replace(DRAFT, claims=now), replace(DRAFT, claims=then)
    there, back = changes(draft, before), changes(before, draft)
    assert there == {number: -amount for number, amount in back.items()}
