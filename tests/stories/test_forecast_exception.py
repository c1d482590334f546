"""Data arrive 60 % over the forecast: the program raises it, names it, and nobody closes it without a finding."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.cast import token_of
from tests.small_company import ACCOUNTS, DAYS, FIRST_ON

from closeknit.kernel import jobs
from closeknit.rooms.demand.tests.coming import forecast


@pytest.fixture
def call(client: Client):
    """Call the API as someone."""

    def call(who: str, path: str, body: str | None = None):
        headers = {"authorization": f"Bearer {token_of(who)}"}
        if body is None:
            return client.get(f"/api/v1{path}", headers=headers)
        return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)

    return call


def orders(week: int, factor: float) -> str:
    """A week of orders as the shop's system sends them; ACME's are `factor` of the usual."""
    return "\n".join(
        json.dumps(
            {
                "order": f"{number}-{day}",
                "at": f"{FIRST_ON + timedelta(days=day)}T10:00:00",
                "account": number,
                "lines": str(round((size + day % 7) * (factor if number == "ACME" else 1.0))),
                "amount": f"{size}.00",
            }
        )
        for day in range(DAYS + 7 * week, DAYS + 7 * week + 7)
        for number, _, _, _, size in ACCOUNTS
    )


def test_from_data_over_the_forecast_to_a_finding_in_the_ledger(transactional_db, tmp_path, call, bob, carol):
    forecast(tmp_path)
    jobs.run_until_idle()
    assert call("alice", "/forecast-exceptions").json() == []
    sent = call("alice", "/feeds/small-company/batches?stream=orders", orders(0, 1.6))
    assert (sent.status_code, sent.json()["counts"]["accepted"]) == (201, 21)
    jobs.run_until_idle()

    scores = call("alice", "/forecast-accuracy?operation=warehouse&group_by=account").json()
    off_by = {row["group"]: row["wape_share"] for row in scores}
    assert off_by["ACME"] > 0.3 > off_by["QZX7-1"]
    found = call("bob", "/forecast-exceptions").json()
    assert [x["account_number"] for x in found] == ["ACME"]
    exception = found[0]
    assert exception["deviation_share"] == pytest.approx(0.6, abs=0.1)
    assert exception["owner"] == "role:account-manager"
    assert exception["change"]["kind"] == "unknown"
    assert "too recent to say" in exception["change"]["sentence"]
    path = f"/forecast-exceptions/{exception['exception_id']}"

    refused = call("bob", f"{path}/close", json.dumps({"finding": "lasting change", "text": "   "}))
    assert (refused.status_code, refused.json()["where"]) == (422, "text")
    assert call("bob", path).json()["state"] == "open"
    said = {"finding": "lasting change", "text": "They opened a second shop."}
    assert call("bob", f"{path}/close", json.dumps(said)).json()["state"] == "closed"
    lines = call("bob", f"/threads/{exception['thread_id']}").json()
    assert [line["kind"] for line in lines] == ["forecast-exception.raised", "forecast-exception.closed"]
    assert lines[-1]["evidence"]["text"] == "They opened a second shop."

    again = call("alice", "/feeds/small-company/batches?stream=orders", orders(0, 1.6))
    assert again.json()["counts"]["accepted"] == 0
    jobs.run_until_idle()
    assert call("bob", "/forecast-exceptions").json() == []
    assert call("bob", path).json()["state"] == "closed"
