"""What the face promises beside its pages: paper, a still view when answers stop, views kept by name."""

import re
from typing import Any

import pytest
from tests.cast import enter, open_account

from closeknit.web.tests.scene import Scene, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT_REST = """() => document.readyState === 'complete' && !document.querySelector(
    '[data-tile] .loading, .htmx-request, .plot[data-spec]:not([data-drawn])')"""
CLIPPED = """() => [...document.querySelectorAll('.scroll, .card, main')].filter(e => e.offsetParent &&
    (e.scrollHeight > e.clientHeight + 2 && getComputedStyle(e).overflowY !== 'visible')).length"""
HIDDEN = ".rail, .bar, .page-actions, .filters, .why"
ASK = """() => { const part = document.querySelector('[data-tile][hx-trigger*=every]');
    const how = {source: part, target: part, swap: 'outerHTML'};
    return htmx.ajax('GET', part.getAttribute('hx-get'), how).catch(() => 0) }"""


@pytest.fixture
def scene(transactional_db) -> Scene:
    teams = (("ACME", "strategic", "North"), ("BOLT", "key", "South"), ("CRUMB", "volume", "South"))
    return build({number: open_account(number, tier, team) for number, tier, team in teams}, enter("alice"))


def pages_of(page: Any) -> int:
    """How many sheets the page takes."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))


@pytest.mark.parametrize("address", ["/plans/{plan}/", "/accounts/ACME/"])
def test_a_page_on_paper_is_whole_without_its_frame_and_dark_on_white(desk, scene, address):
    place = desk("alice", "dark")
    page = place.page
    page.goto(place.base_url + address.format(plan=scene.plan_id))
    page.wait_for_function(AT_REST)
    page.emulate_media(media="print")
    assert page.locator(HIDDEN).filter(visible=True).count() == 0
    assert page.evaluate(CLIPPED) == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.locator(".paper").inner_text().endswith("UTC, for Alice Planner")
    assert page.locator("text=ACME").first.is_visible()
    assert pages_of(page) >= 1
    assert place.troubles == []


def test_a_long_table_takes_as_many_sheets_as_it_needs(desk, transactional_db):
    for number in range(90):
        open_account(f"N{number:03}", "key", "North")
    place = desk("alice")
    page = place.page
    page.goto(place.base_url + "/accounts/?sort=number")
    assert page.evaluate(CLIPPED) > 0, "on the screen, the table scrolls"
    page.emulate_media(media="print")
    assert page.evaluate(CLIPPED) == 0
    assert page.get_by_text("N089", exact=True).first.is_visible()
    assert pages_of(page) >= 2


def test_a_live_part_that_gets_no_answer_stands_still_and_says_so(desk, scene):
    place = desk("alice")
    page = place.page
    page.goto(place.base_url + "/demand/warehouse/today/")
    page.wait_for_function(AT_REST)
    before = page.locator("[data-tile] h2").first.inner_text()
    page.route("**/tiles/demand-today/*", lambda route: route.abort())
    page.evaluate(ASK)
    page.get_by_text("Not live since").wait_for()
    assert page.locator("[data-tile] h2").first.inner_text() == before
    page.unroute("**/tiles/demand-today/*")
    page.route("**/tiles/demand-today/*", lambda route: route.fulfill(status=503, body="<h2>Gone</h2>"))
    page.evaluate(ASK)
    assert page.locator("[data-tile] h2").first.inner_text() == before
    assert page.locator(".still").count() == 1
    page.unroute("**/tiles/demand-today/*")
    page.evaluate(ASK)
    page.locator(".still").wait_for(state="detached")


def test_what_is_asked_of_a_list_is_kept_under_a_name_and_found_again(desk, scene):
    place = desk("alice")
    page = place.page
    page.goto(place.base_url + "/accounts/?tier=key&sort=-number&column=name&column=tier")
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Keep what you see as").fill("Key accounts")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.goto(place.base_url + "/accounts/")
    assert page.get_by_role("columnheader").count() > 2
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="Key accounts").click()
    page.wait_for_url("**/accounts/?tier=key*")
    assert page.get_by_role("columnheader").count() == 2
    assert page.get_by_role("rowheader").all_inner_texts() == ["Bolt"]
    assert place.troubles == []
