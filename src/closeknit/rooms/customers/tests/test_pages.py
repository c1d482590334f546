"""Accounts on the page: scope, paging, odd numbers, and a cost that does not grow with rows."""

import pytest
from django.urls import resolve, reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.cast import NORTH, open_account, sign_in


def numbers_on(client, address="/accounts/"):
    return {a.account_number for a in client.get(address).context["accounts"]}


def test_bob_sees_his_teams_accounts_and_alice_sees_all(client, accounts, alice, bob):
    sign_in(client, "alice")
    assert numbers_on(client) == {"ACME", "BOLT", "CRUMB"}
    sign_in(client, "bob")
    assert numbers_on(client) == {"ACME"}
    assert client.get("/accounts/ACME/").status_code == 200
    assert client.get("/accounts/BOLT/").status_code == 404
    exported = b"".join(client.get("/accounts/?format=csv").streaming_content)
    assert b"ACME" in exported
    assert b"BOLT" not in exported


def test_search_and_tier_filter(client, accounts, alice):
    sign_in(client, "alice")
    assert numbers_on(client, "/accounts/?search=olt") == {"BOLT"}
    assert numbers_on(client, "/accounts/?tier=volume") == {"CRUMB"}
    assert client.get("/accounts/?search=ACME")["Location"] == "/accounts/ACME/"


def test_pages_follow_each_other_without_a_gap(client, alice, db):
    for i in range(230):
        open_account(f"N{i:04}", "volume", NORTH)
    sign_in(client, "alice")
    seen, address = [], "/accounts/"
    while True:
        context = client.get(address).context
        seen += [a.account_number for a in context["accounts"]]
        if not context["more"]:
            break
        address = f"/accounts/?after={context['more']}"
    assert seen == [f"N{i:04}" for i in range(230)]


def test_the_list_costs_the_same_for_three_rows_and_for_a_hundred(
    client, accounts, alice, django_assert_max_num_queries
):
    sign_in(client, "alice")
    client.get("/accounts/")  # The first page of a session reads how its person wants pages to look.
    with django_assert_max_num_queries(8):
        client.get("/accounts/")
    for i in range(100):
        open_account(f"N{i:04}", "volume", NORTH)
    with django_assert_max_num_queries(8):
        client.get("/accounts/")


@given(st.text(min_size=1, max_size=40).filter(lambda t: "\x00" not in t and t.encode("utf-8", "ignore").decode() == t))
def test_any_account_number_has_an_address_that_leads_back(number):
    address = reverse("account-detail", kwargs={"account_number": number})
    assert resolve(address).kwargs == {"account_number": number}
    part = address.removeprefix("/accounts/").removesuffix("/")
    assert part.replace("~", "").replace("-", "").replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize("number", ["../../etc", "..", "a/b", "a b", "ünï", "%2e%2e", "=1+1", "~x", "<b>"])
def test_odd_numbers_reach_their_page_and_are_shown_as_text(client, alice, db, number):
    open_account(number, "key", NORTH)
    sign_in(client, "alice")
    response = client.get(reverse("account-detail", kwargs={"account_number": number}))
    assert response.status_code == 200
    assert response.context["account"].account_number == number
    assert b"<b>" not in response.content
