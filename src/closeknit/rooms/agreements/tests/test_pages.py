"""Promises on the page."""

import pytest
from tests.cast import sign_in

from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def test_a_term_reads_as_a_promise(client, scene):
    sign_in(client, "alice")
    html = client.get("/terms/").content.decode()
    assert "99% shipped within 24 hours" in html
    assert "€50.00" in html


def test_terms_of_an_account_out_of_scope_are_not_found(client, scene, bob):
    sign_in(client, "bob")
    assert client.get("/tiles/account-terms/?account=BOLT").status_code == 404
    assert b"its own contract C-1" in client.get("/tiles/account-terms/?account=ACME").content


def test_a_date_before_the_contract_finds_nothing(client, scene):
    sign_in(client, "alice")
    assert client.get("/terms/?on=2019-12-31").context["terms"] == []
    assert len(client.get("/terms/?on=2020-01-01").context["terms"]) == 1
