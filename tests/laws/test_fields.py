"""Which fields each role gets: the whole list, per contract, so that a field that loses its mark is seen."""

from dataclasses import fields
from typing import Any

import pytest
from django.test import Client
from tests.cast import enter
from tests.small_company import AT, SmallCompany, build

from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.capacity.contracts import ClaimWeek, IntervalCell, PlanCard, PoolCard, PoolWeek
from closeknit.rooms.customers.actions.assess_accounts import assess_accounts
from closeknit.rooms.customers.contracts import AccountCard, AccountScore, AccountValue, InsightCard, TierWeek
from closeknit.rooms.customers.tests.knowing import know
from closeknit.rooms.org.contracts import PERMISSIONS_OF, SEES_EVERY_ACCOUNT, Role, Sensitivity
from closeknit.rooms.org.contracts.fields import sensitive_fields, without
from closeknit.rooms.outcomes.contracts import BoardRow

MARKED: dict[type, dict[str, str]] = {
    AccountCard: {"internal": "tier_reason source_feed"},
    InsightCard: {"internal": "text", "personal": "sensitive_text"},
    AccountValue: {
        "money": "value low high previous_value factors margin_share spending",
        "internal": "chance_to_stay orders weeks_since_last model habit tier_reason",
    },
    AccountScore: {"internal": "score terms missing previous_score moves rule_version"},
    TierWeek: {"internal": "score because verdicts"},
    Term: {"money": "credit_per_miss"},
    BoardRow: {
        "internal": "units_next_4_weeks need_hours served_hours short_hours first_short_week_on is_own_series"
        " thread_id",
        "money": "amount_last_52_weeks other_amounts",
    },
    PoolCard: {"prices": "cost_per_hour overtime_cost_per_hour"},
    PlanCard: {"prices": "overtime_cost shortfall_cost regular_cost", "personal": "made_by"},
    PoolWeek: {"prices": "price_per_hour one_more_unit_worth one_less_unit_cost"},
    ClaimWeek: {"prices": "shortfall_cost"},
    IntervalCell: {"prices": "price_per_hour"},
}
ADDRESSES: dict[type, str] = {
    AccountCard: "/api/v1/accounts/ACME",
    InsightCard: "/api/v1/insights?account_number=ACME",
    AccountValue: "/api/v1/account-value?account_number=ACME&on=2026-03-02",
    AccountScore: "/api/v1/account-score?account_number=ACME&on=2026-03-02",
    TierWeek: "/api/v1/tier-weeks?account_number=ACME&moving_only=false&on=2026-03-02",
    Term: "/api/v1/terms?account_number=ACME",
    BoardRow: "/api/v1/board?search=ACME",
    PoolCard: "/api/v1/pools",
    PlanCard: "/api/v1/plans/{plan_id}",
    PoolWeek: "/api/v1/plans/{plan_id}/weeks",
    ClaimWeek: "/api/v1/plans/{plan_id}/claims?account_number=ACME",
    IntervalCell: "/api/v1/plans/{plan_id}/cells?pool=pickers&week_on=2026-03-02",
}
# What each role is refused whole (-), and of which kinds it gets the fields.
KINDS = {
    Role.PLANNER: "money prices internal personal",
    Role.ACCOUNT_MANAGER: "money internal personal",
    Role.SERVICE_LEAD: "money prices internal personal",
    Role.EXECUTIVE: "money prices internal personal",
    Role.STEWARD: "personal",
    Role.AUDITOR: "money prices internal personal",
    Role.ADMIN: "money prices internal personal",
    Role.CUSTOMER: "",
}
NO_CAPACITY = (Role.STEWARD, Role.CUSTOMER)
OF_WORTH = (AccountValue, AccountScore, TierWeek)
OF_CAPACITY = (PoolCard, PlanCard, PoolWeek, ClaimWeek, IntervalCell)
TOTALS_NEED_ALL = (PlanCard, PoolWeek, IntervalCell)
"""A reader of some accounts gets totals only as far as they tell nothing of the others: test_plan_leaks has those."""


@pytest.mark.parametrize("contract", MARKED)
def test_the_marked_fields_are_these(contract):
    assert {str(kind): " ".join(names) for kind, names in sensitive_fields(contract).items()} == MARKED[contract]


@pytest.fixture
def company(tmp_path, db) -> SmallCompany:
    made = build(tmp_path)
    know(enter("alice"))
    assess_accounts(on=AT.date(), by=enter("alice"), at=AT)
    return made


def reader(role: Role) -> Client:
    """A browser of somebody with one role, granted ACME where the role needs a grant."""
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.models import Grant, Person

    user = get_user_model().objects.create(username=f"only-{role}")
    person = Person.objects.create(user=user, name=str(role), roles=[str(role)])
    if role not in SEES_EVERY_ACCOUNT:
        Grant.objects.create(person=person, account_number="ACME")
    client = Client()
    client.force_login(user)
    return client


def rows(client: Client, contract: type, company: SmallCompany) -> list[dict[str, Any]] | int:
    """The objects in an answer, or the status of the refusal."""
    answer = client.get(ADDRESSES[contract].format(plan_id=company.plan_id))
    if answer.status_code != 200:
        return answer.status_code
    found = answer.json()
    return found if isinstance(found, list) else [found]


def test_each_role_gets_exactly_its_fields(company):
    admin = reader(Role.ADMIN)
    everything = {contract: rows(admin, contract, company) for contract in MARKED}
    for role, kinds in KINDS.items():
        if role == Role.ADMIN:
            continue
        client = reader(role)
        for contract, whole in everything.items():
            assert isinstance(whole, list)
            assert whole, contract
            got = rows(client, contract, company)
            if contract in (*OF_CAPACITY, *OF_WORTH, InsightCard) and role in NO_CAPACITY:
                assert got == 403, (role, contract)
                continue
            if contract in TOTALS_NEED_ALL and role not in SEES_EVERY_ACCOUNT:
                continue
            assert isinstance(got, list)
            hidden = {
                name for kind, names in MARKED[contract].items() if kind not in kinds.split() for name in names.split()
            }
            expected = [{**row, **dict.fromkeys(hidden)} for row in whole]
            assert shown(got) == shown(expected), (role, contract)


def shown(rows: list[dict[str, Any]]) -> list[set[str]]:
    """The names of the fields that hold something."""
    return [{name for name, value in row.items() if value is not None} for row in rows]


def test_the_answer_has_every_field_of_its_contract_and_no_other(company):
    client = reader(Role.EXECUTIVE)
    for contract in MARKED:
        got = rows(client, contract, company)
        assert isinstance(got, list)
        assert {frozenset(row) for row in got} == {frozenset(field.name for field in fields(contract))}


def test_the_table_of_kinds_is_that_of_the_permissions():
    for role, kinds in KINDS.items():
        assert {p.partition(".")[0] for p in PERMISSIONS_OF[role]} & set(Sensitivity) == set(kinds.split())


def test_red_twin_a_field_without_its_mark_would_show(company, monkeypatch):
    from closeknit.rooms.org.reads import fields as module

    monkeypatch.setattr(module, "without", lambda card, _: card)
    row = rows(reader(Role.CUSTOMER), AccountCard, company)
    assert isinstance(row, list)
    assert row[0]["tier_reason"] is not None


def test_what_is_hidden_is_none_and_nothing_else():
    card = AccountCard("A", "N", "key", "why", 1, "t", "r", "z", "j", "f", None)  # type: ignore[arg-type]
    assert without(card, [Sensitivity.MONEY]) == card
    assert without(card, [Sensitivity.INTERNAL]) == AccountCard(
        "A", "N", "key", None, 1, "t", "r", "z", "j", None, None
    )  # type: ignore[arg-type]
