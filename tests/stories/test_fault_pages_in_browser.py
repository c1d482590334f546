"""Error pages in a real browser: both themes, a phone and a desk, readable by WCAG's rules."""

import os
from typing import Any

import pytest
from tests.stories.accessibility import faults as breaches

from closeknit.web import faults

pytestmark = pytest.mark.browser
# The widest words of them, and one of each shape: with and without another try.
ADDRESSES = {"/no-such-page/": faults.NOT_FOUND, "/sign-out/": faults.OTHER_METHOD, "/plans/": faults.NO_DATABASE}


@pytest.fixture
def _no_database_behind_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg
    from django.db import OperationalError

    from closeknit.rooms.capacity import reads

    def fail(**_: Any) -> None:
        raise OperationalError("gone") from psycopg.OperationalError("gone")

    monkeypatch.setattr(reads, "list_plans", fail)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
@pytest.mark.usefixtures("_no_database_behind_plans")
def test_error_pages_are_whole_in_both_themes(desk, scheme, width):
    at = desk("alice", scheme, width)
    grounds = set()
    for address, fault in ADDRESSES.items():
        at.page.goto(at.base_url + address)
        assert at.page.locator("h1").inner_text() == fault.title
        assert at.page.evaluate("document.documentElement.dataset.theme") == scheme
        assert len(at.page.locator("dd.mono").inner_text()) == 12
        grounds.add(at.page.evaluate("getComputedStyle(document.querySelector('.fault')).backgroundColor"))
        at.keep(f"fault-{fault.status}")
        assert breaches(at.page) == []
    # One face: each of them stands on the same ground, which is light or dark as the theme says.
    assert len(grounds) == 1
    shade = sum(int(part) for part in grounds.pop()[4:-1].split(","))
    assert (shade > 600) == (scheme == "light"), os.linesep.join(at.troubles)
    at.page.get_by_role("link", name="Go to Today").click()
    at.page.wait_for_url(f"{at.base_url}/")
