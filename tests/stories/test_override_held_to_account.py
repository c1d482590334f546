"""Alice overrides Acme by 40 %: the plan follows, the weeks come, and the policy says what it was worth."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.cast import enter, token_of
from tests.small_company import ACCOUNTS, DAYS, FIRST_ON, FOREIGN, load

from closeknit.kernel import jobs
from closeknit.rooms.demand.actions.request_forecast import request_forecast

MONDAY = FIRST_ON + timedelta(days=DAYS)
WANTED = {
    "operation": "warehouse",
    "service": "picking",
    "account_number": "ACME",
    "kind": "multiply",
    "size": 1.4,
    "from_on": (MONDAY + timedelta(days=7)).isoformat(),
    "to_on": (MONDAY + timedelta(days=21)).isoformat(),
    "expires_on": (MONDAY + timedelta(days=21)).isoformat(),
    "reason_kind": "promotion",
    "reason": "Their spring campaign.",
}


@pytest.fixture
def call(client: Client):
    """Call the API as someone."""

    def call(who: str, path: str, body: dict | str | None = None):
        headers = {"authorization": f"Bearer {token_of(who)}"}
        if body is None:
            return client.get(f"/api/v1{path}", headers=headers)
        sent = body if isinstance(body, str) else json.dumps(body)
        return client.post(f"/api/v1{path}", sent, content_type="application/json", headers=headers)

    return call


def orders(weeks: int) -> str:
    """The next weeks of orders; from the second on ACME's are 1.4 of the usual."""
    return "\n".join(
        json.dumps(
            {
                "order": f"{number}-{day}",
                "at": f"{FIRST_ON + timedelta(days=day)}T10:00:00",
                "account": number,
                "lines": str(round((size + day % 7) * (1.4 if number == "ACME" and day >= DAYS + 7 else 1.0))),
                "amount": f"{size}.00",
            }
        )
        for day in range(DAYS, DAYS + 7 * weeks)
        for number, _, _, _, size in ACCOUNTS
    )


def weeks_of(call, who, account):
    run = call("alice", "/forecasts?operation=warehouse&limit=1").json()[0]
    points = call(who, f"/forecasts/{run['run_id']}/weeks?account_number={account}").json()
    return run, {point["week_on"]: point["mean"] for point in points if point["mean"] is not None}


def test_from_an_override_to_its_worth(transactional_db, tmp_path, call, bob):
    load(tmp_path)
    request_forecast("warehouse", weeks=4, by=enter("alice"))
    jobs.run_until_idle()
    first, before = weeks_of(call, "bob", "ACME")
    _, others = weeks_of(call, "alice", FOREIGN)
    assert call("alice", "/overrides", {**WANTED, "reason": " "}).status_code == 422

    made = call("alice", "/overrides", WANTED)
    assert made.status_code == 201
    override = made.json()
    jobs.run_until_idle()
    second, after = weeks_of(call, "bob", "ACME")
    assert second["run_id"] != first["run_id"]
    assert second["thread_id"] == override["thread_id"]
    changed = {week for week in before if after[week] != before[week]}
    assert changed == {(MONDAY + timedelta(days=days)).isoformat() for days in (7, 14)}
    assert all(after[week] == pytest.approx(1.4 * before[week]) for week in changed)
    assert weeks_of(call, "alice", FOREIGN)[1] == others
    kinds = [line["kind"] for line in call("alice", f"/threads/{override['thread_id']}").json()]
    assert kinds[:4] == ["forecast.overridden", "plan.requested", "forecast.refreshed", "plan.drafted"]

    assert call("bob", "/overrides", {**WANTED, "account_number": FOREIGN}).status_code == 404
    theirs = call("bob", "/overrides", {**WANTED, "size": 1.1, "reason": "And a fair."})
    assert theirs.status_code == 201
    jobs.run_until_idle()
    third, _ = weeks_of(call, "bob", "ACME")
    assert third["run_id"] not in (first["run_id"], second["run_id"])
    path = f"/overrides/{theirs.json()['override_id']}/withdraw"
    assert call("bob", path, {"reason": "The fair is off."}).json()["state"] == "withdrawn"
    jobs.run_until_idle()
    assert weeks_of(call, "bob", "ACME") == (second, after)

    sent = call("alice", "/feeds/small-company/batches?stream=orders", orders(3))
    assert sent.json()["counts"]["accepted"] == 3 * 7 * 3
    jobs.run_until_idle()
    card = call("bob", f"/overrides/{override['override_id']}").json()
    assert card["worth"]["weeks"] == 2
    assert card["worth"]["error_after"] < 0.2 * card["worth"]["error_before"]
    (row,) = call("alice", "/override-value").json()
    assert (row["name"], row["overrides"], row["better"], row["verdict"]) == ("increases of picking", 1, 1, "unknown")
    lines = call("bob", f"/threads/{override['thread_id']}").json()
    assert "override.measured" in [line["kind"] for line in lines]
