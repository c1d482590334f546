"""A recipe is edited with its effect in view: what real rows become shows while one writes, and nothing is stored."""

import pytest
from playwright.sync_api import expect
from tests.cast import enter
from tests.stories.accessibility import faults

from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.tests.small import call, load, write_calls
from closeknit.rooms.sensing.tests.test_recipes import BROKEN, WORDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def loaded(transactional_db, tmp_path):
    load(write_calls(tmp_path, [call(1), call(2, calls="two")]), enter("alice"))


def test_what_real_rows_become_is_shown_while_one_writes(desk, loaded):
    place = desk("alice")
    place.open("/feeds/small/recipe/")
    page, text = place.page, place.page.get_by_role("textbox", name="Recipe")
    state, rows = page.locator("#recipe-state"), page.locator("#recipe-rows")
    expect(state).to_contain_text("can be read")
    expect(state).to_contain_text(": 1 row accepted, 1 refused")
    text.fill(BROKEN)
    expect(state).to_contain_text("cannot be read")
    expect(state).to_contain_text("ocurred_at")
    expect(rows.locator("table")).to_have_count(0)
    # A rule for the word that is refused: its row is accepted by it, and that is seen before anything is saved.
    text.fill(WORDS)
    expect(state).to_contain_text(": 2 rows accepted, 0 refused, 1 read otherwise than now")
    expect(rows.get_by_role("region", name="Rows of calls").first).to_contain_text("quantity 2")
    assert text.evaluate("field => field === document.activeElement"), "who writes keeps the place"
    assert len(reads.list_recipe_versions("small", by=enter("alice"))) == 1
    assert faults(page) == []
    assert place.troubles == []
