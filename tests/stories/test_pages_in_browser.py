"""Every page in a real browser: themes, widths, no breach of the security policy, no sideways scroll."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cast import PASSWORD, enter, open_account
from tests.stories.accessibility import faults

from closeknit.web.tests.scene import Scene, build

CHROMIUM = os.environ.get("CLOSEKNIT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WATCH = """document.addEventListener('securitypolicyviolation',
    e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile))"""
# Waiting for what must come, tiles and charts, is sooner than waiting for silence, and says which page never came.
AT_REST = """() => document.readyState === 'complete' && !document.querySelector(
    '[data-tile] .loading, .htmx-request, .plot[data-spec]:not([data-drawn])')"""
PAGES = (
    "/",
    "/accounts/",
    "/accounts/ACME/",
    "/terms/",
    "/contracts/",
    "/contracts/new/",
    "/contracts/chains/",
    "/clocks/",
    "/contracts/tolerances/",
    "/needs/",
    "/expectations/",
    "/contracts/templates/",
    "/accounts/ACME/adherence/",
    "/demand/",
    "/demand/{run}/",
    "/demand/accuracy/",
    "/demand/exceptions/",
    "/demand/exceptions/{off}/",
    "/demand/changes/",
    "/demand/sharing/",
    "/stewards/",
    "/demand/overrides/",
    "/demand/overrides/new/",
    "/demand/overrides/value/",
    "/demand/assumptions/",
    "/demand/assumptions/new/",
    "/demand/{run}/explore/",
    "/demand/warehouse/today/",
    "/demand/{run}/replay/",
    "/plans/",
    "/staffing/",
    "/plans/{plan}/",
    "/board/",
    "/threads/",
    "/threads/{thread}/",
    "/threads/{thread}/replay/",
    "/ledger/",
    "/ledger/keys/",
    "/ledger/check/",
    "/feeds/",
    "/feeds/orders/",
    "/feeds/orders/connectors/",
    "/feeds/orders/quarantine/",
    "/feed-conflicts/",
    "/feeds/orders/upload/",
    "/feeds/orders/recipe/",
    "/work/",
    "/inbox/",
    "/proposals/{proposal}/",
    "/policy/",
    "/exceptions/",
    "/exceptions/new/",
    "/accounts/ACME/tier/",
    "/values/",
    "/tiers/",
    "/insights/",
    "/intimacy/",
    "/journey/",
    "/accounts/ACME/intimacy/",
    "/privacy/",
    "/privacy/consents/",
    "/privacy/requests/",
    "/privacy/holds/",
    "/privacy/keeping/",
    "/privacy/copies/",
    "/insights/new/",
    "/accounts/ACME/profile/",
    "/accounts/ACME/wrong/",
    "/matches/",
    "/disputes/",
    "/survivorship/",
    "/plans/differences/",
    "/quotes/",
    "/quotes/request/",
    "/buffers/",
    "/prices/",
    "/prices/offer/",
    "/prices/dedicated/",
    "/plans/scenarios/",
    "/plans/levels/",
    "/rosters/",
    "/rosters/training/",
    "/shortages/",
    "/stock/",
    "/demand/pipeline/",
    "/escalations/",
    "/escalations/{escalation}/",
    "/escalations/paths/",
    "/escalations/duty/",
    "/escalations/duty/operations/",
    "/duties/",
    "/notices/",
    "/notices/preferences/",
    "/settings/",
    "/settings/deviations/",
    "/settings/capacity.planning_weeks/",
    "/access/",
    "/you/",
    "/you/password/",
    "/sign-in/again/",
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; CI installs it"),
]


@pytest.fixture(scope="session", autouse=True)
def _chart_library() -> None:
    from django.conf import settings

    from closeknit.web.assets import ensure_vega_bundle

    ensure_vega_bundle(settings.HOME)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def scene(transactional_db) -> Scene:
    teams = (("ACME", "strategic", "North"), ("BOLT", "key", "South"), ("CRUMB", "volume", "South"))
    accounts = {number: open_account(number, tier, team) for number, tier, team in teams}
    for name in ("carol", "dave"):
        enter(name)
    return build(accounts, enter("alice"))


class Visit:
    """A signed-in browser page that remembers what its console complained of."""

    def __init__(self, browser: Any, url: str, username: str, *, width: int = 1280, theme: str = "light") -> None:
        self.url = url
        self.complaints: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme)
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda failure: self.complaints.append(str(failure)))
        self.go("/sign-in/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("#sign-in button")
        self.page.wait_for_url(url + "/")

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def go(self, address: str) -> None:
        self.page.goto(self.url + address)
        self.page.wait_for_function(AT_REST)

    def is_too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1920, "dark"), (390, "light"), (390, "dark")])
def test_every_page_is_whole_at_every_width_and_in_both_themes(browser, live_server, scene, width, theme):
    visit = Visit(browser, live_server.url, "alice", width=width, theme=theme)
    wide, amiss = [], []
    for address in PAGES:
        visit.go(
            address.format(
                run=scene.run_id,
                off=scene.forecast_exception_id,
                plan=scene.plan_id,
                thread=scene.thread_id,
                escalation=scene.escalation_id,
                proposal=scene.proposal_id,
            )
        )
        assert visit.page.evaluate("document.documentElement.dataset.theme") == theme
        assert visit.page.locator("[data-tile] .loading").count() == 0, address
        if visit.is_too_wide():
            wide.append(address)
        if width > 600:
            amiss += [f"{address} {line}" for line in faults(visit.page, colours_only=theme == "dark")]
    assert wide == []
    assert not amiss, "\n".join(amiss)
    assert visit.complaints == []


def test_charts_are_drawn_and_follow_the_theme(browser, live_server, scene):
    visit = Visit(browser, live_server.url, "alice")
    visit.go(f"/plans/{scene.plan_id}/")
    visit.page.wait_for_selector(".plot[data-drawn] svg")
    before = visit.page.locator(".plot svg").first.inner_html()
    visit.page.click("details.person summary")
    visit.page.select_option("[data-choose=theme]", "dark")
    visit.page.wait_for_function("b => document.querySelector('.plot svg').innerHTML !== b", arg=before)
    visit.page.reload()
    assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert visit.complaints == []


def test_the_keyboard_goes_everywhere(browser, live_server, scene):
    visit = Visit(browser, live_server.url, "alice")
    visit.page.keyboard.press("/")
    assert visit.page.evaluate("document.activeElement.id") == "search"
    visit.page.keyboard.type("ACME")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/accounts/ACME/")
    visit.page.keyboard.press("g")
    visit.page.keyboard.press("b")
    visit.page.wait_for_url("**/board/")
    visit.page.keyboard.press("?")
    assert visit.page.locator("#keys").is_visible()
    visit.page.keyboard.press("Escape")
    assert not visit.page.locator("#keys").is_visible()
    visit.page.keyboard.press("Tab")
    visit.go("/")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"


def test_carol_approves_from_today(browser, live_server, scene):
    visit = Visit(browser, live_server.url, "carol")
    visit.page.fill("[name=reason]", "Agreed for two weeks.")
    visit.page.click("button[value=approve]")
    visit.page.wait_for_selector(".notice.good")
    visit.go(f"/threads/{scene.thread_id}/")
    assert visit.page.locator("text=Agreed for two weeks.").first.is_visible()


def test_dave_finds_the_way_to_a_role_and_nothing_else(browser, live_server, scene):
    visit = Visit(browser, live_server.url, "dave")
    assert visit.page.locator("text=have no role yet").is_visible()
    assert visit.page.locator("nav a").count() == 1
