"""Sharing between departments: a rule takes fields away by page, API and export, and gives none."""

from datetime import timedelta

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import change_roles
from closeknit.rooms.org.actions.share_with_department import share_again, withhold_from_department
from closeknit.rooms.org.contracts import GrantCard, Role


def withhold(domain="customers", field="", department="sales", **more):
    given = {"reason": "Not theirs.", "by": enter("erin"), "at": clock.now()} | more
    return withhold_from_department(domain, field, department=department, **given)


def reason_of(by):
    return customers.get_account("ACME", by=by).tier_reason


def test_a_withheld_field_is_empty_for_that_department_only(accounts, alice, bob):
    assert reason_of(bob) == reason_of(alice) == "Stated for the tests."
    rule = withhold()
    assert reason_of(enter("bob")) is None
    assert reason_of(enter("alice")) == "Stated for the tests."
    share_again(rule, reason="They need it.", by=enter("erin"), at=clock.now())
    assert reason_of(enter("bob")) == "Stated for the tests."


def test_one_field_leaves_the_others(accounts, bob):
    withhold(field="tier_reason")
    card = customers.get_account("ACME", by=enter("bob"))
    assert card.tier_reason is None
    assert card.source_feed == "tests"


def test_finance_is_money_wherever_it_stands(alice):
    fields = reads.list_withholdable_fields(by=alice)
    assert "credit_per_miss" in fields["finance"]
    assert "credit_per_miss" in fields["agreements"]
    assert "tier_reason" not in fields["finance"]


def test_pages_api_and_export_withhold_alike(client, accounts, bob):
    sign_in(client, "bob")
    addresses = ("/api/v1/accounts/ACME", "/accounts/ACME/", "/accounts/?format=csv")
    assert any(b"Stated for the tests." in client.get(address).content for address in addresses)
    withhold()
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"Stated for the tests." not in content


def test_who_works_for_two_departments_sees_what_one_of_them_gets(accounts, bob, erin):
    withhold()
    held = reads.get_person(bob.key, by=erin)
    change_roles(bob.key, roles=[*held.roles, Role.PLANNER], grants=[GrantCard(team="North")], reason="Both.", by=erin)
    assert enter("bob").withheld == frozenset()
    withhold(department="operations", field="tier_reason")
    assert enter("bob").withheld == frozenset()
    withhold(department="operations")
    assert enter("bob").withheld == {"customers."}


def test_who_works_for_all_gets_everything(accounts, erin, frank, hana):
    for department in ("sales", "operations", "finance"):
        withhold(department=department)
    assert [enter(name).withheld for name in ("erin", "frank", "hana")] == [frozenset()] * 3
    assert enter("alice").withheld == {"customers."}


def test_a_rule_of_later_acts_later(accounts, bob):
    now = clock.now()
    withhold(starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=4))
    at = [reads.get_actor(bob.key, at=now + timedelta(days=days)).withheld for days in (0, 3, 5)]
    assert at == [frozenset(), {"customers."}, frozenset()]


def test_what_cannot_be_withheld_is_refused(accounts, alice):
    for domain, field, department, words in (
        ("customers", "name", "sales", "every reader"),
        ("customers", "", "kitchen", "no department"),
        ("feedback", "", "sales", "No field"),
        ("horses", "", "sales", "no domain"),
    ):
        with pytest.raises(Invalid, match=words):
            withhold(domain, field, department)
    withhold()
    with pytest.raises(Conflict, match="withheld already"):
        withhold()
    with pytest.raises(Denied):
        withhold(by=alice)
