"""What was bought, on the board: by currency, never mixed, and as it was ordered, not as the plan is paid."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from tests.cast import enter, sign_in
from tests.small_company import AT, build

from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.outcomes import reads
from closeknit.rooms.outcomes.actions import refresh_board as board
from closeknit.rooms.outcomes.actions.refresh_board import refresh_board
from closeknit.rooms.outcomes.contracts import BoughtAmount

pytestmark = pytest.mark.django_db
MANY_YEN = Decimal(7_000_000)


@pytest.fixture
def company(tmp_path, alice, carol):
    return build(tmp_path)


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def rows(company, who="alice", **chosen):
    refresh_board(company.plan_id, thread_id=company.thread_id, by=enter("erin"), at=AT)
    return {row.account_number: row for row in reads.list_board(by=enter(who), **chosen)}


@pytest.fixture
def two_currencies(company, erin):
    """A pool paid in dollars, orders in euros, and ACME's last three days of orders in yen."""
    Plan.objects.update(currency="USD")
    since = AT - timedelta(days=3)
    changed = run(
        "update sensing_work set currency = 'JPY', amount = %s where account_number = 'ACME' and occurred_at >= %s",
        MANY_YEN,
        since,
    )
    assert changed > 0
    return company, changed


def test_what_was_bought_stands_in_the_currency_of_the_orders(two_currencies):
    company, changed = two_currencies
    found = rows(company)
    acme = found["ACME"]
    assert (acme.currency, acme.amount_last_52_weeks) == ("EUR", Decimal(90 * (56 - changed)))
    assert acme.other_amounts == (BoughtAmount("JPY", changed * MANY_YEN),)
    assert (found[company.foreign].currency, found[company.foreign].other_amounts) == ("EUR", ())


def test_mixed_amounts_would_be_seen(two_currencies, monkeypatch):
    """The red twin: with one sum over all currencies the euros read as millions."""
    company, _ = two_currencies

    def mixed(one, other):
        return {next(iter({**one, **other})): sum([*one.values(), *other.values()], Decimal(0))}

    monkeypatch.setattr(board, "_added", mixed)
    acme = rows(company)["ACME"]
    assert acme.amount_last_52_weeks > MANY_YEN
    assert not acme.other_amounts


def test_page_export_and_order_keep_currencies_apart(two_currencies, client):
    company, changed = two_currencies
    run("update sensing_work set currency = 'CHF' where account_number = %s", company.foreign)
    order = list(rows(company, sort="amount"))
    assert order[0] == company.foreign
    sign_in(client, "alice")
    page = client.get("/board/").content.decode()
    assert f"and {changed * 7_000_000:,} JPY" in page
    assert "$" not in page
    export = b"".join(client.get("/board/?format=csv").streaming_content).decode()
    assert f"JPY {changed * MANY_YEN}" in export


def test_an_account_without_known_money_has_no_currency(company, erin, client):
    run("update sensing_work set amount = null where account_number = 'ACME'")
    acme = rows(company)["ACME"]
    assert (acme.currency, acme.amount_last_52_weeks, acme.other_amounts) == ("", Decimal(0), ())
    sign_in(client, "alice")
    assert "No money is known of this account" in client.get("/board/?search=ACME").content.decode()


@pytest.fixture
def drafted(company):
    """The only plan is a draft again; a plan of another operation was put in force."""
    Plan.objects.update(state="draft")
    return company


def test_what_was_bought_counts_without_a_plan_in_force_and_the_draft_is_named(drafted, erin, bob, client):
    acme = rows(drafted)["ACME"]
    assert (acme.currency, acme.amount_last_52_weeks) == ("EUR", Decimal(90 * 56))
    assert (acme.units_last_4_weeks > 0, acme.need_hours, acme.operations) == (True, 0.0, ("warehouse",))
    (missing,) = reads.list_not_in_force(by=enter("bob"))
    assert (missing.operation, missing.draft_id) == ("warehouse", drafted.plan_id)
    sign_in(client, "alice")
    (told,) = client.get("/api/v1/board/not-in-force").json()
    assert (told["operation"], told["draft_id"]) == ("warehouse", str(drafted.plan_id))
    assert told["sentence"] == missing.sentence
    page = client.get("/board/").content.decode()
    assert "warehouse has only a draft" in page
    assert f"/plans/{drafted.plan_id}/" in page


def test_nothing_is_said_of_a_plan_in_force_and_an_operation_without_any_is_named(company, alice, client):
    assert reads.list_not_in_force(by=alice) == []
    sign_in(client, "alice")
    assert client.get("/api/v1/board/not-in-force").json() == []
    assert "only a draft" not in client.get("/board/").content.decode()
    Plan.objects.update(state="superseded")
    (missing,) = reads.list_not_in_force(by=alice)
    assert (missing.draft_id, missing.sentence) == (None, "warehouse has no plan yet: its hours are not here.")
