"""Orders of this minute come in by the interface; within seconds page, pools and command say so.

How many seconds it took is printed. A slow machine breaks no law, so there is no limit but patience.
"""

import time
from datetime import UTC, datetime
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from tests.cast import enter, sign_in, token_of
from tests.stories.conftest import Program

from closeknit.demo import CompanySpec, generate
from closeknit.demo.spec import last_monday


@pytest.fixture
def company_of_now(tmp_path):
    today = datetime.now(tz=UTC).astimezone(ZoneInfo("Europe/Lisbon")).date()
    generate(CompanySpec(seed=5, accounts=40, weeks=16, ends_on=last_monday(today)), tmp_path)
    return tmp_path


def send(live_server, token: str, account: dict, first: int, count: int) -> None:
    """Have an account order now, `count` lines."""
    at = datetime.now(tz=UTC).isoformat(timespec="seconds")
    lines = [
        f'{{"order_number":"LIVE-{n}","line":"1","account_number":"{account["account_number"]}","ordered_at":"{at}",'
        f'"item":"PUMP-1","units":"1","amount":"10.00","currency":"USD","channel":"web",'
        f'"region":"{account["region"]}","kind":"order"}}'
        for n in range(first, first + count)
    ]
    call = Request(
        f"{live_server.url}/api/v1/feeds/sample-company/batches?stream=order-lines",
        data="\n".join(lines).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        method="POST",
    )
    with urlopen(call, timeout=240) as response:
        assert response.status == 201


def test_orders_of_this_minute_are_on_the_page_within_seconds(
    company_of_now, closeknit, worker, live_server, eventually, client
):
    closeknit("load", "sample-company", company_of_now)
    enter("alice")
    token = token_of("alice")
    alice = Program(live_server.url, token)
    alice.post("/plans", {"operation": "warehouse", "weeks": 2})
    eventually(lambda: alice.get("/plans").body)
    assert alice.get("/demand-today?operation=warehouse").status == 404
    account = next(a for a in alice.get("/accounts").body if a["tier"] == "strategic")

    def came() -> float:
        answer = alice.get("/demand-today?operation=warehouse")
        cards = answer.body["cards"] if answer.status == 200 else ()
        return sum(card["came_units"] for card in cards)

    send(live_server, token, account, 0, 5)
    eventually(lambda: came() == 5)
    began = time.monotonic()
    send(live_server, token, account, 5, 400)
    eventually(lambda: came() == 405)
    took = time.monotonic() - began
    print(f"400 orders were in the view {took:.1f} seconds after they were sent")

    sign_in(client, "alice")
    page = client.get("/demand/warehouse/today/").content.decode()
    assert "405" in page
    assert 'hx-trigger="every 5s"' in page
    tile = client.get("/tiles/need-today/?operation=warehouse").content.decode()
    assert "Pickers" in tile
    view = closeknit("demand", "today", "warehouse", "--as", "alice")["today"]
    mine = next(card for card in view["cards"] if card["region"] == account["region"])
    assert mine["day_units"] >= 405
    assert mine["level"] > 1.0
    thread = alice.get(f"/threads/{view['thread_id']}").body
    assert "intraday.refreshed" in [entry["kind"] for entry in thread]
    # Nothing new: the tile is told to stay as it is.
    seen = view["refreshed_at"].replace("+", "%2B").replace("Z", "%2B00:00")
    assert client.get(f"/tiles/demand-today/?operation=warehouse&seen={seen}").status_code == 204
