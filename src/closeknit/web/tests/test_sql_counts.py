"""How many times a page asks the database: each has a most, which is lowered when a page gets leaner, and not raised.

Two more than were counted: who looks for the first time, or with one more right, may ask a little more.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import sign_in

from closeknit.web.tests.scene import Scene, build

MOST = {
    "/": 6,
    "/accounts/": 10,
    "/accounts/ACME/": 7,
    "/terms/": 9,
    "/contracts/": 8,
    "/demand/": 7,
    "/plans/": 11,
    "/plans/{plan}/": 12,
    "/board/": 9,
    "/threads/": 9,
    "/threads/{thread}/": 8,
    "/ledger/": 11,
    "/feeds/": 21,
    "/feeds/orders/": 23,
    "/exceptions/": 15,
    "/inbox/": 13,
    reverse("work"): 9,
    "/tiles/agenda/": 28,
    "/tiles/inbox/": 6,
    "/tiles/plans/": 8,
    "/tiles/feeds/": 9,
    "/tiles/promises-today/": 11,
    "/tiles/account-capacity/?account=ACME": 13,
}


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def asked_by(client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_no_page_asks_more_than_it_did(client, scene):
    sign_in(client, "alice")
    counts = {}
    for address in MOST:
        filled = address.format(plan=scene.plan_id, thread=scene.thread_id)
        asked_by(client, filled)
        counts[address] = asked_by(client, filled)
    too_many = {address: (count, MOST[address]) for address, count in counts.items() if count > MOST[address]}
    assert not too_many, f"asked more often than before: find out why, do not raise the most: {too_many}"


def test_more_accounts_do_not_mean_more_questions(client, scene):
    from tests.cast import open_account

    sign_in(client, "alice")
    asked_by(client, "/accounts/")
    before = asked_by(client, "/accounts/")
    for number in range(20):
        open_account(f"N{number:02}", "key", "North")
    assert asked_by(client, "/accounts/") == before
