"""Feeds on the page: balances, quarantine, assumptions."""

import pytest
from tests.cast import sign_in

from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def test_the_balance_is_shown_and_adds_up(client, scene):
    sign_in(client, "alice")
    (feed,) = client.get("/feeds/").context["feeds"]
    bar = feed["bar"]
    assert bar["accepted"] + bar["quarantined"] + bar["duplicate"] == pytest.approx(100)
    assert b"balances" in client.get("/feeds/").content


def test_a_refused_row_shows_its_reason_place_and_raw_content_as_text(client, scene):
    sign_in(client, "alice")
    html = client.get("/feeds/orders/").content.decode()
    assert "30 February does not exist." in html
    assert "line 7" in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "Tiers follow order value." in html


def test_quarantine_waits_on_today(client, scene):
    sign_in(client, "alice")
    html = client.get("/tiles/feeds/").content.decode()
    assert "1 of 10 rows wait in quarantine" in html


def test_who_sees_some_accounts_only_sees_no_feed(client, scene, bob):
    sign_in(client, "bob")
    assert client.get("/feeds/").status_code == 403
    assert client.get("/feeds/orders/").status_code == 403


def test_an_empty_house_says_what_to_do_next(client, alice):
    sign_in(client, "alice")
    assert b"./run closeknit load" in client.get("/feeds/").content
    assert b"./run closeknit load" in client.get("/tiles/feeds/").content
