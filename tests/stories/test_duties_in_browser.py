"""Notices, duties and endpoints in a real browser, with content: whole at every width, reachable by keyboard."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from tests.cast import enter
from tests.stories.test_pages_in_browser import Visit, _chart_library, browser, pytestmark, scene  # noqa: F401

from closeknit.kernel import clock, ids

PICTURES = os.environ.get("CLOSEKNIT_PICTURES", "")


@pytest.fixture
def told(scene: Any) -> Any:  # noqa: F811 - the scene of the pages
    """Alice was told of two matters; a duty of hers is due; Erin set up an endpoint."""
    from closeknit.rooms.decisions.actions.add_duty import add_duty, install_duty_templates
    from closeknit.rooms.decisions.actions.keep_duties import gather_evidence, open_due_dates
    from closeknit.rooms.decisions.actions.notify import notify_people
    from closeknit.rooms.decisions.contracts import Cadence, DutyRule
    from closeknit.rooms.decisions.models import Dispatch, DutyOccurrence, WebhookEndpoint

    now, alice, erin = clock.now(), enter("alice"), enter("erin")
    for number, urgent in enumerate((True, False)):
        with transaction.atomic():
            about = {"title": f"ACME is short in week {number + 20}", "body": "14.2 hours.", "link": "/duties/"}
            more = {"urgent": urgent, "thread_id": ids.new_id(), "account_number": "ACME"}
            notify_people(to=[alice.key], cause=f"c{number}", **about, **more, by=erin, at=now)
    endpoint = WebhookEndpoint.objects.create(
        id=ids.new_id(),
        name="Chat of operations",
        url="https://hooks.example.com/services/closeknit/with/a/long/path/0123456789abcdef0123456789",
        secret=b"x",
        created_at=now,
        created_by_name="Erin Admin",
        thread_id=ids.new_id(),
        failures=3,
    )
    for state in ("sent", "dead", "pending", "dropped"):
        Dispatch.objects.create(
            id=ids.new_id(),
            channel="webhook",
            kind="notice",
            person_key=alice.key,
            endpoint=endpoint,
            state=state,
            tries=3,
            outcome="Answered 503.",
        )
    install_duty_templates(starts_on=now.date() - timedelta(days=14), by=erin, at=now)
    rule = DutyRule(Cadence.WEEKLY, weekday=now.isoweekday() % 5 + 1, days_to_sign=20)
    add_duty(
        name="Weekly look at what is short",
        owner=alice.key,
        rule=rule,
        evidence=["accounts", "account-promises", "plans"],
        statement="I looked at every account that is short.",
        starts_on=now.date() - timedelta(days=7),
        about="What runs short next, and who was told?",
        by=erin,
        at=now,
    )
    open_due_dates(by=erin)
    gather_evidence(by=erin)
    return DutyOccurrence.objects.get(owner_key=alice.key, duty__name__startswith="Weekly look"), endpoint


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_pages_with_content_are_whole(browser, live_server, told, width, theme):  # noqa: F811
    due, endpoint = told
    wide = []
    for person, addresses in (
        ("alice", ("/notices/", "/notices/preferences/", "/duties/", f"/duties/{due.pk}/")),
        ("erin", ("/webhooks/", f"/webhooks/{endpoint.pk}/", "/duties/")),
    ):
        visit = Visit(browser, live_server.url, person, width=width, theme=theme)
        for address in addresses:
            visit.go(address)
            if visit.is_too_wide():
                wide.append(address)
            if PICTURES:
                name = (
                    f"{person}{address.replace(str(due.pk), 'due').replace(str(endpoint.pk), 'one').replace('/', '-')}"
                )
                visit.page.screenshot(path=str(Path(PICTURES) / f"{name}{width}-{theme}.png"), full_page=True)
        assert visit.complaints == []
    assert wide == []


def test_a_duty_is_signed_by_keyboard_and_a_notice_is_read(browser, live_server, told):  # noqa: F811
    due, _ = told
    visit = Visit(browser, live_server.url, "alice")
    unread = int(visit.page.locator(".bell .count").inner_text())
    assert unread >= 3
    visit.page.locator("main").focus()
    visit.page.keyboard.press("g")
    visit.page.keyboard.press("u")
    visit.page.wait_for_url("**/duties/")
    visit.page.get_by_role("link", name="Look and sign").focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"**/duties/{due.pk}/")
    visit.page.get_by_label("Remark (what you found)").focus()
    visit.page.keyboard.type("All were told.")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_text("Signed by Alice Planner").wait_for()
    assert visit.page.locator(".bell .count").inner_text() == str(unread - 1)
    visit.go("/notices/?unread=1")
    visit.page.get_by_role("button", name="Mark as read: ACME is short in week 20", exact=True).click()
    visit.page.wait_for_url("**/notices/")
    assert visit.page.locator(".bell .count").inner_text() == str(unread - 2)
    assert visit.complaints == []
