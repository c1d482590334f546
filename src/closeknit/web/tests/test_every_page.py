"""What holds for every page and tile: who gets in, and that nothing in it needs a weaker security policy."""

import csv
import io
import re
from dataclasses import dataclass

import pytest
from django.test import Client
from tests.cast import sign_in

from closeknit.rooms.sensing.sources import ExcelFile
from closeknit.web.tests.scene import Scene, build

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
    "/demand/overrides/",
    "/demand/overrides/new/",
    "/demand/overrides/value/",
    "/demand/assumptions/",
    "/demand/assumptions/new/",
    "/demand/accuracy/",
    "/demand/exceptions/",
    "/demand/exceptions/{off}/",
    "/demand/changes/",
    "/demand/sharing/",
    "/demand/warehouse/today/",
    "/demand/{run}/explore/",
    "/demand/{run}/replay/",
    "/plans/",
    "/staffing/",
    "/plans/{plan}/",
    "/board/",
    "/threads/",
    "/threads/{thread}/",
    "/threads/{thread}/replay/",
    "/ledger/",
    "/feeds/",
    "/feeds/orders/",
    "/lineage/plan/{plan}/",
    "/feed-conflicts/",
    "/feeds/orders/upload/",
    "/feeds/orders/recipe/",
    "/feeds/orders/quarantine/",
    "/feeds/orders/connectors/",
    "/work/",
    "/you/",
    "/you/password/",
    "/sign-in/again/",
    "/plans/progress/{thread}/",
    "/inbox/",
    "/ledger/keys/",
    "/ledger/check/",
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
    "/settings/",
    "/stewards/",
    "/settings/deviations/",
    "/settings/capacity.planning_weeks/",
    "/access/",
    "/escalations/",
    "/escalations/{escalation}/",
    "/escalations/paths/",
    "/escalations/duty/",
    "/escalations/duty/operations/",
)
TILES = (
    "/tiles/escalations/",
    "/tiles/duties/",
    "/tiles/inbox/",
    "/tiles/agenda/",
    "/tiles/promises-today/",
    "/tiles/exceptions/",
    "/tiles/forecast-exceptions/",
    "/tiles/forecast-exceptions/?account=ACME",
    "/tiles/demand-today/?operation=warehouse",
    "/tiles/need-today/?operation=warehouse",
    "/tiles/plans/",
    "/tiles/pipeline-differences/",
    "/tiles/feeds/",
    "/tiles/work/",
    "/tiles/account-terms/?account=ACME",
    "/tiles/account-capacity/?account=ACME",
    "/tiles/account-buffers/?account=ACME",
    "/tiles/account-decisions/?account=ACME",
    "/tiles/account-demand/?account=ACME",
    "/tiles/account-worth/?account=ACME",
    "/tiles/account-insights/?account=ACME",
    "/tiles/account-privacy/?account=ACME",
    "/tiles/proposal/?subject=plan:{plan}",
    "/tiles/thread-plans/?thread={thread}",
    "/tiles/thread-demand/?thread={thread}",
)
EXPORTS = (
    "/values/",
    "/demand/overrides/",
    "/plans/differences/",
    "/demand/exceptions/",
    "/demand/accuracy/",
    "/demand/changes/",
    "/demand/warehouse/today/",
    "/insights/",
    "/exceptions/",
    "/escalations/",
    "/duties/",
    "/accounts/",
    "/terms/",
    "/board/",
    "/ledger/",
    "/plans/{plan}/",
    "/demand/{run}/",
    "/threads/",
    "/contracts/",
    "/feeds/",
    "/feeds/orders/",
    "/settings/deviations/",
    "/access/",
)
OPEN_TO_ALL = ("/", "/notices/", "/notices/preferences/", "/you/", "/you/password/", "/sign-in/again/")
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(?:src=|type=\"application/json\"))", re.I)


@dataclass(frozen=True)
class Stage:
    client: Client
    scene: Scene

    def get(self, address: str, **headers: str):
        scene = self.scene
        return self.client.get(
            address.format(
                run=scene.run_id,
                off=scene.forecast_exception_id,
                plan=scene.plan_id,
                thread=scene.thread_id,
                escalation=scene.escalation_id,
                proposal=scene.proposal_id,
            ),
            headers=headers,
        )


@pytest.fixture
def stage(client, accounts, alice) -> Stage:
    return Stage(client, build(accounts, alice))


@pytest.mark.parametrize("address", PAGES)
def test_a_planner_gets_a_whole_page_with_one_heading_and_landmarks(stage, address):
    sign_in(stage.client, "alice")
    response = stage.get(address)
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert 'href="#main"' in html
    assert "<title>" in html


@pytest.mark.parametrize("address", [*PAGES, *TILES])
def test_nothing_is_inline(stage, address):
    sign_in(stage.client, "alice")
    response = stage.get(address)
    assert response.status_code in (200, 286)
    assert not INLINE.findall(response.content.decode())
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.parametrize("address", [a for a in PAGES if a not in OPEN_TO_ALL])
def test_dave_gets_no_page(stage, address):
    sign_in(stage.client, "dave")
    response = stage.get(address)
    assert response.status_code == 403
    assert b"What to do" in response.content


@pytest.mark.parametrize("address", TILES)
def test_dave_gets_no_tile(stage, address):
    sign_in(stage.client, "dave")
    assert stage.get(address).status_code == 403


@pytest.mark.parametrize("address", EXPORTS)
def test_dave_gets_no_export(stage, address):
    sign_in(stage.client, "dave")
    assert stage.get(address + "?format=csv").status_code == 403


def test_dave_sees_nothing_but_the_way_to_a_role_on_today(stage):
    sign_in(stage.client, "dave")
    html = stage.get("/").content.decode()
    assert "no role yet" in html
    assert "hx-get" not in html
    assert "/accounts/" not in html


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_sent_to_sign_in_and_back(stage, address):
    response = stage.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("address", TILES)
def test_a_tile_of_an_ended_session_sends_the_whole_page_to_sign_in(stage, address):
    response = stage.get(address, **{"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, "/sign-in/")


@pytest.mark.parametrize("address", EXPORTS)
def test_exports_are_csv_with_a_head(stage, address):
    sign_in(stage.client, "alice")
    response = stage.get(address + "?format=csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    assert "," in text.splitlines()[0]


@pytest.mark.parametrize("address", EXPORTS)
def test_exports_are_the_same_tables_as_workbooks(stage, address, tmp_path):
    sign_in(stage.client, "alice")
    taken = b"".join(stage.get(address + "?format=csv").streaming_content).decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(taken, newline=""))
    response = stage.get(address + "?format=xlsx")
    assert response["Content-Disposition"].endswith('.xlsx"')
    (tmp_path / "taken.xlsx").write_bytes(b"".join(response.streaming_content))
    book = ExcelFile(tmp_path / "taken.xlsx")
    assert list(book.columns) == head
    assert sum(len(chunk) for chunk in book.read(0, 500)) == sum(any(line) for line in lines)
