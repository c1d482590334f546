"""The board on the page."""

import pytest
from tests.cast import sign_in

from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def numbers(client, query=""):
    return [row.account_number for row in client.get(f"/board/?{query}").context["rows"]]


def test_the_shortest_stands_first_and_each_row_asks_why(client, scene):
    sign_in(client, "alice")
    assert numbers(client)[0] == "ACME"
    assert client.get("/board/").content.decode().count('class="why"') == 3


def test_sort_filter_and_search(client, scene):
    sign_in(client, "alice")
    assert numbers(client, "only_short=on") == ["ACME"]
    assert numbers(client, "tier=key") == ["BOLT"]
    assert numbers(client, "search=crum") == ["CRUMB"]
    assert numbers(client, "sort=account") == ["ACME", "BOLT", "CRUMB"]
    assert client.get("/board/?sort=nonsense").status_code == 422


def test_bob_sees_his_own_row(client, scene, bob):
    sign_in(client, "bob")
    assert numbers(client) == ["ACME"]
    assert b"BOLT" not in b"".join(client.get("/board/?format=csv").streaming_content)


def test_the_board_is_one_select_beside_its_count(client, scene, django_assert_max_num_queries):
    sign_in(client, "alice")
    client.get("/board/")  # The first page of a session reads how its person wants pages to look.
    # One of them asks for the views that the reader keeps of this list, two for operations without a plan in force.
    with django_assert_max_num_queries(9):
        client.get("/board/")
