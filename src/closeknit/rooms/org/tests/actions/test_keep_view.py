"""Views of lists: each person's own, replaced by name, not too many, forgotten by nobody else."""

import pytest
from tests.cast import sign_in

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.keep_view import forget_view, keep_view
from closeknit.rooms.org.contracts import MOST_VIEWS

pytestmark = pytest.mark.django_db


def keep(by, name="Key ones", query="tier=key", place="account-list"):
    return keep_view(place=place, name=name, query=query, by=by)


def test_a_view_is_ones_own_and_of_one_list(alice, bob):
    keep(alice)
    keep(alice, place="board", name="Short", query="only_short=on")
    (view,) = reads.list_views("account-list", by=alice)
    assert (view.name, view.query) == ("Key ones", "tier=key")
    assert [view.place for view in reads.list_views(by=alice)] == ["account-list", "board"]
    assert reads.list_views(by=bob) == []


def test_the_same_name_again_replaces_what_it_asked(alice):
    first, second = keep(alice), keep(alice, query="tier=strategic", name=" Key ones ")
    assert first.view_id == second.view_id
    assert [view.query for view in reads.list_views(by=alice)] == ["tier=strategic"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"place": "//elsewhere"}, "place"),
        ({"query": "x" * 2001}, "query"),
        ({"query": "a\x00"}, "query"),
    ],
)
def test_what_no_list_can_be_asked_is_refused(alice, wrong, where):
    with pytest.raises(Invalid) as refusal:
        keep(alice, **wrong)
    assert refusal.value.where == where


def test_a_list_has_so_many_views_and_no_more(alice):
    for number in range(MOST_VIEWS):
        keep(alice, name=f"View {number}")
    with pytest.raises(Invalid, match=str(MOST_VIEWS)):
        keep(alice, name="One more")
    keep(alice, name="View 3", query="")
    keep(alice, place="board", name="One more")


def test_only_its_owner_forgets_a_view(alice, bob):
    view = keep(alice)
    with pytest.raises(NotFound):
        forget_view(view.view_id, by=bob)
    assert forget_view(view.view_id, by=alice) == view
    assert reads.list_views(by=alice) == []


def test_the_console_keeps_none():
    with pytest.raises(Denied):
        keep(reads.console_actor())
    assert reads.list_views(by=reads.console_actor()) == []


def test_a_view_is_kept_on_the_page_found_again_and_forgotten(client, accounts, alice):
    sign_in(client, "alice")
    asked = "sort=-tier&column=name&column=tier&tier=key&after=BOLT"
    kept = client.post("/you/views/keep/", {"place": "account-list", "name": "Key ones", "query": asked})
    assert kept["Location"] == "/accounts/?sort=-tier&column=name&column=tier&tier=key"
    html = client.get(kept["Location"]).content.decode()
    assert '<span class="muted">Key ones</span>' in html
    assert "BOLT" in html
    assert "ACME" not in html
    (view,) = reads.list_views(by=alice)
    assert 'aria-current="true"' not in client.get("/accounts/").content.decode().split('class="menu views"')[1]
    assert client.post(f"/you/views/{view.view_id}/forget/")["Location"] == "/accounts/"
    assert reads.list_views(by=alice) == []


@pytest.mark.parametrize("place", ["//elsewhere.example", "account-detail", "nowhere", ""])
def test_a_view_leads_to_a_list_of_this_program_only(client, alice, place):
    sign_in(client, "alice")
    answer = client.post("/you/views/keep/", {"place": place, "name": "x", "query": ""})
    assert answer.status_code == 422
    assert reads.list_views(by=alice) == []
