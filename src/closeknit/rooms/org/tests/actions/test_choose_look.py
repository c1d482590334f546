"""How pages look is a person's own choice, and goes to every browser that she signs in with."""

import pytest
from django.test import Client
from tests.cast import sign_in

from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.choose_look import choose_look
from closeknit.rooms.org.contracts import LookCard

pytestmark = pytest.mark.django_db


def test_a_choice_is_ones_own_and_the_last_counts(alice, bob):
    assert reads.find_look(by=alice) is None
    choose_look(theme="dark", density="compact", by=alice)
    assert choose_look(theme="", density="roomy", by=alice) == reads.find_look(by=alice) == LookCard("", "roomy")
    assert reads.find_look(by=bob) is None


@pytest.mark.parametrize(("theme", "density", "where"), [("pink", "", "theme"), ("", "tight", "density")])
def test_what_pages_cannot_look_like_is_refused(alice, theme, density, where):
    with pytest.raises(Invalid) as refusal:
        choose_look(theme=theme, density=density, by=alice)
    assert refusal.value.where == where
    assert reads.find_look(by=alice) is None


def test_the_console_has_no_look():
    with pytest.raises(Denied):
        choose_look(theme="dark", density="", by=reads.console_actor())
    assert reads.find_look(by=reads.console_actor()) is None


def test_rows_are_as_dense_in_another_browser_as_where_it_was_chosen(client, alice, bob):
    sign_in(client, "alice")
    assert "data-density" not in client.get("/you/").content.decode(), "nothing was chosen: the browser's own counts"
    assert client.post("/you/look/", {"theme": "dark", "density": "compact"})["Location"] == "/you/"
    wanted = 'data-kept-theme="dark" data-kept-density="compact" data-theme="dark" data-density="compact"'
    assert wanted in client.get("/you/").content.decode()
    elsewhere = Client()
    sign_in(elsewhere, "alice")
    page = elsewhere.get("/you/").content.decode()
    assert wanted in page
    assert '<option value="compact" selected>' in page
    other = Client()
    sign_in(other, "bob")
    assert "data-kept-theme" not in other.get("/you/").content.decode()


def test_a_choice_made_on_the_page_answers_with_nothing_and_a_wrong_one_says_so(client, alice):
    sign_in(client, "alice")
    chosen = client.post("/you/look/", {"theme": "", "density": "roomy"}, headers={"HX-Request": "true"})
    assert (chosen.status_code, chosen.content) == (204, b"")
    page = client.get("/you/").content.decode()
    assert 'data-kept-theme="" data-kept-density="roomy" data-density="roomy"' in page
    assert client.post("/you/look/", {"density": "tight"}).status_code == 422
    assert reads.find_look(by=alice) == LookCard("", "roomy")
