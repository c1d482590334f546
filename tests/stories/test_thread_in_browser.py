"""The whole thread by hand: a planner asks for a plan, a lead approves it, everyone sees what is theirs."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGES = {
    "today": "/",
    "accounts": "/accounts/",
    "promises": "/terms/",
    "demand": "/demand/",
    "capacity": "/plans/",
    "board": "/board/",
    "threads": "/threads/",
    "ledger": "/ledger/",
    "feeds": "/feeds/",
    "feed": "/feeds/sample-company/",
    "work": "/work/",
}


def test_a_plan_from_the_button_to_the_board(company, closeknit, worker, desk, live_server):
    closeknit("load", "sample-company", company)
    alice = desk("alice")
    plan_url = alice_asks_for_a_plan(alice)
    carol = desk("carol")
    carol_approves(carol, plan_url)
    account_url, plan_thread = alice_reads_the_board(alice, plan_url)
    details = {"plan": plan_url, "account": account_url, "thread": plan_thread}
    every_page_is_kept(desk, live_server, details)
    outsider_sees_nothing(desk, plan_url, account_url)
    for place in (alice, carol):
        assert place.troubles == []


def alice_asks_for_a_plan(alice) -> str:
    page = alice.page
    expect(page.get_by_role("heading", name="What needs me today?")).to_be_visible()
    expect(page.get_by_text("wait in quarantine")).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="warehouse")
    row.get_by_role("button", name="Plan").click()
    expect(page.get_by_role("heading", name="How far is the plan?")).to_be_visible()
    page.get_by_role("link", name="Open the plan").click(timeout=90_000)
    expect(page.get_by_role("heading", name=re.compile("^warehouse"))).to_be_visible()
    expect(page.get_by_role("heading", name="Approval")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.get_by_role("heading", name="Assumed, not observed")).to_be_visible()
    expect(page.locator("figure.chart .plot svg").first).to_be_visible()
    page.locator("table.heat a.cell").first.click()
    drill = page.locator("#drill")
    drill.get_by_text("Every period with its price").click()
    expect(drill.get_by_role("table").first).to_be_visible()
    return page.url.partition("?")[0]


def carol_approves(carol, plan_url: str) -> None:
    page = carol.page
    expect(page.get_by_role("link", name="Plan of warehouse").first).to_be_visible()
    page.goto(plan_url)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("A rejection needs a reason.")).to_be_visible()
    page.goto(plan_url)
    page.get_by_placeholder("Reason").fill("Temps cover the gap until the new shift starts.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Carol Lead approved it")).to_be_visible()


def alice_reads_the_board(alice, plan_url) -> tuple[str, str]:
    page = alice.page
    for _ in range(60):
        alice.open("/board/")
        if page.get_by_role("row").count() > 10:
            break
        page.wait_for_timeout(500)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_text("What did we promise this account")).to_be_visible()
    expect(page.get_by_role("heading", name="Promises in force")).to_be_visible()
    account_url = page.url
    page.goto(plan_url)
    page.locator("a.why[href^='/threads/']").first.click()
    expect(page.get_by_role("heading", name="Why is it so?")).to_be_visible()
    for word in ("asked for a plan", "Forecast warehouse", "Drafted a plan", "Carol Lead approved", "is in force"):
        expect(page.get_by_text(word).first).to_be_visible()
    return account_url, page.url


def every_page_is_kept(desk, live_server, details: dict[str, str]) -> None:
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        place = desk("alice", scheme, width)
        for name, path in {**PAGES, **{k: v.removeprefix(live_server.url) for k, v in details.items()}}.items():
            place.open(path)
            expect(place.page.get_by_role("heading", level=1)).to_be_visible()
            place.keep(name)
        assert place.troubles == []


def outsider_sees_nothing(desk, plan_url: str, account_url: str) -> None:
    dave = desk("dave")
    for url in (plan_url, account_url):
        answer = dave.page.goto(url)
        assert answer is not None
        assert answer.status in (403, 404)
    expect(dave.page.get_by_role("heading", level=1)).to_be_visible()
    dave.keep("denied")
