"""The thread of one customer by hand: two sources disagree, a wrong merge is undone, a fact put right, a tier moves."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect
from tests.cast import enter

from closeknit.kernel import clock

pytestmark = pytest.mark.browser
BEFORE, AFTER = "2026-03-01", "2026-03-02"
DRAIN = "from closeknit.web import boot; boot.prepare(); from closeknit.kernel import jobs; jobs.run_until_idle()"


@pytest.fixture
def post(environment):
    """Let what is under way be done, by a process of its own, as the worker would."""
    return lambda: subprocess.run([sys.executable, "-c", DRAIN], env=environment, check=True, timeout=240)


def test_from_two_sources_that_disagree_to_a_tier_that_moves(company, closeknit, post, desk):
    closeknit("load", "sample-company", company)
    alice, carol = desk("alice"), desk("carol")
    number, field, other = where_sources_disagree()
    both_sources_are_named(alice, number, field)
    wrongly_merged(alice, post, number, other)
    closeknit("customers", "values", "refresh", "--on", BEFORE)
    split_again(alice, number, other)
    put_right(alice, carol, number, field)
    closeknit("org", "settings", "set", "customers.tiers_follow_scores", "yes", "--reason", "Two months of trust.")
    closeknit("customers", "values", "refresh", "--on", AFTER)
    the_score_says_what_moved_it(alice, number)
    it_leads_to_the_rows(alice, number)
    moved = a_demotion_is_approved(carol, post)
    the_ledger_tells_it(desk("frank"), moved)
    for place in (alice, carol):
        assert place.troubles == []


def where_sources_disagree() -> tuple[str, str, str]:
    """An account below the top tiers of which two systems say different things, the field, and another account."""
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.contracts import Tier

    alice, at = enter("alice"), clock.now()
    low = [each for each in reads.list_accounts(by=alice, limit=100) if each.tier is Tier.VOLUME]
    for account in low:
        for fact in reads.get_profile(account.account_number, by=alice, at=at).fields:
            if fact.field in ("city", "street") and fact.is_disputed_by_sources and fact.survives.value:
                other = next(each for each in reversed(low) if each is not account)
                return account.account_number, fact.field, other.account_number
    raise AssertionError("no two sources disagree about an account below the top tiers")


def fact_row(place, field: str):
    """The row of a field among the facts of the profile."""
    return (
        place.page.get_by_role("region", name="Facts")
        .get_by_role("row")
        .filter(has=place.page.get_by_role("rowheader", name=field, exact=True))
    )


def both_sources_are_named(alice, number: str, field: str) -> None:
    alice.open(f"/accounts/{number}/")
    alice.page.get_by_role("link", name="Who says so").click()
    row = fact_row(alice, field)
    row.get_by_text("not all alike").click()
    # The word that counts and the one that lost both lead to a file and a line of it.
    expect(row.get_by_text("line ")).to_have_count(2)
    expect(row.locator("a[href='/feeds/sample-company/']")).to_have_count(2)
    alice.keep("customer-1-sources-disagree")


def wrongly_merged(alice, post, number: str, other: str) -> None:
    page = alice.page
    page.get_by_label("Number of an account that is this one").fill(other)
    page.get_by_label("How you know").fill("Same letterhead.")
    page.get_by_role("button", name="Propose the merge").click()
    expect(page.get_by_text("The merge was proposed.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    post()
    alice.open(f"/accounts/{other}/profile/")
    expect(page.get_by_text(f"Also known as {other}")).to_be_visible()
    assert page.url.endswith(f"/accounts/{number}/profile/")


def split_again(alice, number: str, other: str) -> None:
    page = alice.page
    alice.keep("customer-2-merged")
    page.get_by_label("Why they are two").fill("Two companies in one building.")
    page.get_by_role("button", name="Split them again").click()
    expect(page.get_by_text(f"{other} stands for itself again.").first).to_be_visible()
    alice.open(f"/accounts/{number}/profile/")
    expect(page.get_by_text("Two companies in one building.")).to_be_visible()
    expect(page.get_by_text("Also known as")).to_have_count(0)


def put_right(alice, carol, number: str, field: str) -> None:
    """Alice says that it is wrong; whoever answers for the field corrects it, and no word is lost."""
    page = alice.page
    fact_row(alice, field).get_by_role("link", name="This is wrong").click()
    page.get_by_label("What is wrong").fill("They moved last year.")
    page.get_by_label("What would be right, if you know").fill("Elsewhere")
    page.get_by_role("button", name="Tell the steward").click()
    expect(page.get_by_text("Its steward hears of it and answers.")).to_be_visible()
    carol.open(page.url.removeprefix(alice.base_url))
    carol.page.get_by_label("The fact").select_option("corrected")
    carol.page.get_by_label("The right value, where it was wrong").fill("Elsewhere")
    carol.page.get_by_label("How you know").fill("I asked their office.")
    carol.page.get_by_role("button", name="Answer", exact=True).click()
    expect(carol.page.get_by_text("Right is")).to_be_visible()
    carol.keep("customer-3-put-right")
    alice.open(f"/accounts/{number}/profile/")
    row = fact_row(alice, field)
    expect(row.get_by_role("cell").first).to_contain_text("Elsewhere")
    expect(row).to_contain_text("steward")
    row.get_by_text("not all alike").click()
    expect(row.get_by_text("line ").first).to_be_visible()


def the_score_says_what_moved_it(alice, number: str) -> None:
    alice.open(f"/accounts/{number}/")
    tile = alice.page.locator("section", has=alice.page.get_by_role("heading", name="Value and score"))
    expect(tile.get_by_role("heading", name="What moved it")).to_be_visible()
    expect(tile.get_by_role("rowheader", name="Score")).to_be_visible()
    alice.keep("customer-4-score")


def it_leads_to_the_rows(alice, number: str) -> None:
    alice.page.get_by_role("link", name="Where it came from").first.click()
    expect(alice.page.get_by_role("heading", level=1)).to_be_visible()
    expect(alice.page.get_by_role("main")).to_contain_text("order_lines.csv")
    expect(alice.page.get_by_role("main")).to_contain_text(number)
    alice.keep("customer-5-rows")


def a_demotion_is_approved(carol, post) -> str:
    """Who would leave a top tier waits for people; approved, it moves. Returns the account's number."""
    page = carol.page
    carol.open(f"/tiers/?on={AFTER}")
    row = (
        page.get_by_role("region", name="Tier changes")
        .get_by_role("row")
        .filter(has=page.get_by_role("link", name="waiting"))
    )
    url = row.first.get_by_role("rowheader").get_by_role("link").first.get_attribute("href")
    says = row.first.get_by_role("cell").nth(1).inner_text().strip().lower()
    carol.keep("customer-6-tiers")
    row.first.get_by_role("link", name="waiting").click()
    page.get_by_placeholder("Reason").fill("They order less, and have said why.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Carol Lead approved")).to_be_visible()
    carol.keep("customer-7-approved")
    post()
    carol.open(url)
    expect(page.locator("dl.figures").first).to_contain_text(says, ignore_case=True)
    return url.strip("/").rpartition("/")[2]


def the_ledger_tells_it(frank, number: str) -> None:
    frank.open(f"/ledger/?account={number}")
    expect(frank.page.get_by_role("main")).to_contain_text("tier")
    frank.keep("customer-8-ledger")
    assert frank.troubles == []
