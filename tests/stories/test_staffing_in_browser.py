"""A planner tries a number by hand, has it verified, and staffs a day: in a real browser, both themes."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = "start,calls\n08:00,20\n08:30,90\n09:00,160\n09:30,60\n10:00,25"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_number_is_tried_verified_and_a_day_staffed(desk, scheme, width):
    place = desk("alice", scheme, width)
    page = place.page
    place.open("/plans/")
    page.get_by_role("link", name="Staffing calculator").click()
    page.get_by_label("Calls in the interval").fill("240")
    page.get_by_label("Patience").fill("2m")
    page.get_by_label("Given up at most").fill("2%")
    page.get_by_role("button", name="Compute").click()
    page.wait_for_selector(".plot[data-drawn] svg")
    said = page.locator(".notice").first.inner_text()
    assert "of calls within 20 s" in said
    assert "give up" in said
    page.get_by_role("button", name="Verify this number").click()
    page.get_by_text("agree with what was published").wait_for()
    assert page.locator("#verified .bad").count() == 0
    place.keep("staffing")
    page.get_by_label("or paste the lines").fill(DAY)
    with page.expect_download() as download:
        page.get_by_role("button", name="Staff the day").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("start,calls,agents,scheduled")
    assert len(lines) == 6
    assert place.troubles == []
