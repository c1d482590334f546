"""A second factor in a real browser: set up by its picture, used by a recovery code; no policy is broken."""

import os
import time

import pytest
from tests.cast import PASSWORD, enter
from tests.stories.test_pages_in_browser import (  # noqa: F401 - fixtures
    Visit,
    _chart_library,
    browser,
    pytestmark,
)

PAGES = ("/you/", "/you/password/", "/sign-in/again/")


def code_of(secret: str) -> str:
    """The code that an authenticator app shows now."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_second_factor_from_its_picture_to_its_end(
    browser,  # noqa: F811
    live_server,
    transactional_db,
    settings,
    tmp_path,
    width,
    theme,
):
    settings.SECOND_FACTOR_KEY = tmp_path / "key"
    enter("alice")
    visit = Visit(browser, live_server.url, "alice", width=width, theme=theme)
    page = visit.page
    for address in PAGES:
        visit.go(address)
        assert not visit.is_too_wide(), address
    visit.go("/you/")
    page.click("text=Set up an authenticator app")
    page.fill("#id_password", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url("**/you/authenticator/")
    picture = page.locator(".qr svg")
    box = picture.bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=2)
    assert box["width"] > 150
    drawn = page.evaluate("getComputedStyle(document.querySelector('.qr svg')).fill")
    ground = page.evaluate("getComputedStyle(document.querySelector('.qr')).backgroundColor")
    assert (drawn, ground) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    if folder := os.environ.get("CLOSEKNIT_LOOK"):
        page.screenshot(path=f"{folder}/totp-{theme}.png", full_page=True)
    assert not visit.is_too_wide()
    secret = page.locator("dl.pairs dd").inner_text().strip()
    page.fill("#id_code", code_of(secret))
    page.click("main form button.primary")
    page.wait_for_url("**/you/codes/")
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    assert not visit.is_too_wide()
    page.click("text=I have them")
    assert page.locator("text=authenticator app").first.is_visible()
    page.click("details.person summary")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in/")
    page.fill("#id_username", "alice")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code/")
    assert page.evaluate("document.activeElement.id") == "id_code"
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url(live_server.url + "/")
    visit.go("/you/")
    page.fill("#id_label", "nightly")
    page.click("main button:text-is('Issue a token')")
    assert page.locator("#token").inner_text().startswith("ck_")
    assert not visit.is_too_wide()
    assert visit.complaints == []
    if folder := os.environ.get("CLOSEKNIT_LOOK"):
        visit.go("/you/")
        page.screenshot(path=f"{folder}/you-{theme}.png", full_page=True)
