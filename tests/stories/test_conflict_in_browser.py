"""Two feeds disagree on a time zone: a steward sees what a rule would change, and ends it by a button."""

import pytest
from tests.cast import enter
from tests.stories.accessibility import faults

from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.tests.small import AT, RECIPE, call, load, write_calls

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.fixture
def conflict(transactional_db, tmp_path):
    alice = enter("alice")
    load(write_calls(tmp_path, [call(1)]), alice)
    other = RECIPE.replace("recipe: small", "recipe: second").replace("Europe/Berlin", "UTC")
    register_feed(other, place="second", by=alice, at=AT)
    find_conflicts("second", by=alice, at=AT)
    (card,) = reads.list_conflicts(by=alice)
    return card


def test_a_steward_ends_a_conflict_by_a_button(desk, conflict):
    place = desk("alice", "dark")
    page = place.page
    page.goto(f"{place.base_url}/feed-conflicts/{conflict.conflict_id}/")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 860})
        assert not page.evaluate(TOO_WIDE)
        assert faults(page) == []
    assert "zone: Europe/Berlin" in page.inner_text("main")
    form = page.locator("form[action$='/apply/']").first
    form.locator("[name=why]").fill("All desks are in Berlin.")
    form.get_by_role("button", name="Let second follow small").click()
    page.wait_for_selector("text=The feeds agree now.")
    assert "reconciled" in page.inner_text("main")
    assert faults(page) == []
    assert place.troubles == []
