"""The list of accounts in every order: each row once, page by page, and by an index."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import sign_in, token_of

from closeknit.kernel.errors import Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.models import Account
from closeknit.rooms.customers.reads.accounts import ACCOUNT_ORDERS
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db
ORDERS = [way + name for name in ACCOUNT_ORDERS for way in ("", "-")]


@pytest.fixture
def many(accounts):
    """Twelve accounts: names, regions, tiers and beginnings meet in ties; some have no beginning."""
    tiers = ("volume", "standard", "key", "strategic")
    Account.objects.bulk_create(
        Account(
            account_number=f"M{number:02d}",
            name=f"Firm {number % 5}",
            tier=tiers[number % 4],
            tier_reason="Stated.",
            region=("north", "", "south")[number % 3],
            source_feed="tests",
            since_at=datetime(2020, 1, 1 + number % 4, tzinfo=UTC) if number % 3 else None,
        )
        for number in range(12)
    )


def pages_of(by, sort, limit=4):
    found, after = [], ""
    while rows := reads.list_accounts(by=by, sort=sort, after=after, limit=limit):
        found += rows
        after = rows[-1].account_number
    return found


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_in_any_order_hold_every_account_once_and_as_the_whole_list_has_them(alice, many, sort):
    paged = [a.account_number for a in pages_of(alice, sort)]
    assert paged == [a.account_number for a in reads.list_accounts(by=alice, sort=sort)]
    assert sorted(paged) == sorted(key.account_number for key in reads.list_account_keys(by=alice))


def test_orders_mean_what_they_say(alice, many):
    closest = [a.tier for a in reads.list_accounts(by=alice, sort="tier")]
    assert closest == sorted(closest, key=["strategic", "key", "standard", "volume"].index)
    assert [a.tier for a in reads.list_accounts(by=alice, sort="-tier")] == closest[::-1]
    latest = [a.since_at for a in reads.list_accounts(by=alice, sort="-since")]
    known = [at for at in latest if at]
    assert known == sorted(known, reverse=True)
    assert latest[: len(known)] == known, "what has no beginning comes last either way"
    assert [a.since_at for a in reads.list_accounts(by=alice, sort="since")][: len(known)] == known[::-1]


def test_an_unknown_order_and_a_row_out_of_sight_are_refused(alice, bob, many):
    with pytest.raises(Invalid) as refused:
        reads.list_accounts(by=alice, sort="worth")
    assert "number, name, tier" in refused.value.todo
    for gone in ("NOBODY", "BOLT"):
        with pytest.raises(Invalid) as refused:
            reads.list_accounts(by=bob, sort="name", after=gone)
        assert refused.value.where == "after"
    assert reads.list_accounts(by=bob, sort="number", after="AB"), "by number, any text has its place"


@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_is_read_from_an_index(alice, many, sort):
    with CaptureQueriesContext(connection) as asked:
        reads.list_accounts(by=alice, sort=sort, limit=2)
    listing = next(q["sql"] for q in asked.captured_queries if "LIMIT" in q["sql"] and "customers_account" in q["sql"])
    with connection.cursor() as cursor:
        # A table this small is sorted sooner than read in order: forbidden that, the plan tells whether an index fits.
        cursor.execute("set local enable_sort = off; set local enable_incremental_sort = off")
        cursor.execute("explain " + listing.replace("%", "%%"))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Sort" not in plan, plan


def test_the_page_sorts_shows_chosen_columns_and_keeps_both(client, alice, many):
    sign_in(client, "alice")
    page = client.get("/accounts/?sort=-name&column=tier&search=Firm").content.decode()
    assert 'aria-sort="descending"' in page
    assert ">Region</a>" not in page
    assert '<input type="hidden" name="sort" value="-name">' in page
    assert '<input type="hidden" name="column" value="tier">' in page
    assert page.index("Firm 4") < page.index("Firm 0")
    assert ">Region</a>" in client.get("/accounts/?column=nothing").content.decode()
    refused = client.get("/accounts/?sort=worth")
    assert (refused.status_code, "cannot be sorted" in refused.content.decode()) == (422, True)


def test_the_export_and_the_api_have_the_order_too(client, alice, many):
    sign_in(client, "alice")
    lines = b"".join(client.get("/accounts/?format=csv&sort=-number").streaming_content).decode().splitlines()
    assert lines[1].startswith("M11,")
    bearer = {"Authorization": f"Bearer {token_of('alice')}"}
    answer = client.get("/api/v1/accounts?sort=-number&limit=2&after=M11", headers=bearer)
    assert [account["account_number"] for account in answer.json()] == ["M10", "M09"]
    assert client.get("/api/v1/accounts?sort=worth", headers=bearer).status_code == 422


def test_the_command_says_how_to_go_on_in_the_same_order(many, alice, capsys, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda *_, **__: None)

    def run(*arguments):
        assert cli.main(["customers", "list", "--as", "alice", *arguments]) == 0
        return capsys.readouterr().out

    last = reads.list_accounts(by=alice, sort="-name", limit=4)[-1].account_number
    assert f"Go on with --sort=-name --after {last}" in run("--sort=-name", "--limit", "4")
    assert "Go on with --after" in run("--limit", "4")
    assert "Go on" not in run("--after", "Z")
