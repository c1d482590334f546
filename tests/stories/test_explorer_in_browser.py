"""A planner explores a forecast, pulls a week up in the chart, sees the effect, and the forecast follows."""

import pytest

from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import Branch
from closeknit.rooms.demand.tests.coming import forecast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _newer_than(run_id, by):
    run = reads.find_current_run("warehouse", by=by)
    return run if run and run.run_id != run_id else None


def _reload_with_the_dots_script_late(page):
    held = []
    page.route("**/pull*.js", lambda route: held.append(route))  # a plain method of C takes no mark
    page.reload(wait_until="commit")
    page.wait_for_selector("[data-pull] [data-drawn]")
    assert held, "The page asks for the script of the dots."
    assert page.locator(".pull-layer circle").count() == 0
    for route in held:
        route.continue_()
    page.unroute("**/pull*.js")
    page.wait_for_selector(".pull-layer circle")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1920)])
def test_a_pulled_week_becomes_an_override_and_the_next_forecast_has_it(
    desk, tmp_path, alice, eventually, request, scheme, width
):
    run_id = forecast(tmp_path)
    before = reads.get_branch(run_id, Branch(account_number="ACME"), by=alice)
    coming = [week for week in before.weeks if week.mean is not None]
    place = desk("alice", scheme, width)
    page = place.page
    place.open("/demand/explore/warehouse/")
    page.get_by_role("link", name="strategic", exact=True).click()
    page.get_by_role("link", name="ACME", exact=True).click()
    page.wait_for_selector(".pull-layer circle")
    place.keep("explorer")
    assert page.locator(".pull-layer circle").count() == len(coming)
    _reload_with_the_dots_script_late(page)
    assert page.locator(".pull-layer circle").count() == len(coming)

    dot = page.locator(".pull-layer circle").first
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 30, steps=4)
    page.mouse.up()
    assert page.locator("[name=from_on]").input_value() == coming[0].week_on.isoformat()
    units = float(page.locator("[name=size]").input_value())
    assert units > coming[0].mean * 1.02

    page.get_by_role("button", name="See the effect").click()
    page.get_by_role("heading", name="Change a forecast").wait_for()
    place.keep("override-effect")
    request.getfixturevalue("worker")
    page.get_by_label("Reason", exact=True).fill("They told us of a fair.")
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("The forecast is changed").wait_for()

    now = eventually(lambda: _newer_than(run_id, alice))
    after = reads.get_branch(now.run_id, Branch(account_number="ACME"), by=alice)
    changed = [week for week in after.weeks if week.mean is not None]
    assert changed[0].mean == pytest.approx(units, rel=1e-6)
    assert changed[0].statistical == pytest.approx(coming[0].mean, rel=1e-6)
    assert changed[1].mean == pytest.approx(coming[1].mean, rel=1e-6)
    place.open("/demand/explore/warehouse/?account_number=ACME")
    page.wait_for_selector(".plot[data-drawn] svg")
    assert page.get_by_text("Before people").first.is_visible()
    assert place.troubles == []


def test_a_seller_explores_only_the_own_accounts(client, tmp_path, bob):
    from tests.cast import sign_in

    run_id = forecast(tmp_path)
    sign_in(client, "bob")
    shown = client.get(f"/demand/{run_id}/explore/").content.decode()
    assert "ACME" in shown
    assert "BOLT" not in shown
    assert client.get(f"/demand/{run_id}/explore/?account_number=ACME").status_code == 200
    for hidden in ("account_number=BOLT", "service=picking", "tier=key", "account_number=*"):
        assert client.get(f"/demand/{run_id}/explore/?{hidden}").status_code == 404
