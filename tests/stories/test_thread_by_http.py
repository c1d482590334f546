"""The whole thread by program: files in, a plan by the worker, refused and approved over HTTP, the board, proof."""

import pytest
from tests.cast import token_of
from tests.stories.conftest import Program


def program(live_server, username: str) -> Program:
    return Program(live_server.url, token_of(username))


def test_from_files_to_a_committed_priced_plan(company, closeknit, worker, live_server, eventually):
    loaded = closeknit("load", "sample-company", company)
    totals = loaded["batch"]["counts"]
    assert totals["read"] == totals["accepted"] + totals["quarantined"] + totals["duplicate"]
    assert totals["accepted"] > 10_000
    assert totals["quarantined"] > 0
    again = closeknit("load", "sample-company", company)
    assert again["batch"]["counts"]["accepted"] == 0
    assert again["batch"]["counts"]["read"] == totals["read"]

    alice, carol, dave = (program(live_server, name) for name in ("alice", "carol", "dave"))
    operations = sorted({pool["operation"] for pool in alice.get("/pools").body})
    assert operations == ["field-service", "service-desk", "warehouse"]
    threads = {}
    for operation in operations:
        started = alice.post("/plans", {"operation": operation, "weeks": 4})
        assert started.status == 202
        threads[operation] = started.body["thread_id"]
    plans = eventually(lambda: (found := alice.get("/plans").body) and len(found) == 3 and found)
    for plan in plans:
        proposed = alice.get(f"/threads/{plan['thread_id']}").body
        kinds = [entry["kind"] for entry in proposed]
        assert kinds[:3] == ["plan.requested", "forecast.refreshed", "plan.drafted"]
        assert plan["thread_id"] == threads[plan["operation"]]
        assert plan["need_hours"] > 0
        assert abs(plan["optimality_gap"]) < 1e-6
        weeks = alice.get(f"/plans/{plan['plan_id']}/weeks").body
        assert sum(week["need_hours"] for week in weeks) == pytest.approx(plan["need_hours"])

    approve_what_waits(alice, carol)
    eventually(lambda: all(p["state"] == "committed" for p in alice.get("/plans").body))
    board = eventually(
        lambda: (
            len({o for row in alice.get("/board").body for o in row["operations"]}) == 3 and alice.get("/board").body
        )
    )
    top = next(row for row in board if row["tier"] == "strategic")
    assert top["need_hours"] > 0
    eventually(lambda: alice.get(f"/threads/{top['thread_id']}").body[-1]["kind"] == "board.refreshed")
    for plan in plans:
        replay = alice.get(f"/plans/{plan['plan_id']}/replay").body
        assert replay["same"], replay

    outsider_sees_nothing(dave, plans[0]["plan_id"], top)
    seller_sees_his_own(live_server, alice, board)


def approve_what_waits(alice: Program, carol: Program) -> None:
    for card in alice.get("/proposals?state=waiting").body:
        refused = alice.post(f"/proposals/{card['proposal_id']}/approve", {"reason": ""})
        assert refused.status == 403
        assert refused.content_type == "application/problem+json"
        assert refused.body["code"] == "denied"
        approved = carol.post(f"/proposals/{card['proposal_id']}/approve", {"reason": "The week is covered by temps."})
        assert approved.status == 200
        twice = carol.post(f"/proposals/{card['proposal_id']}/approve", {"reason": ""})
        assert (twice.status, twice.body["code"]) == (409, "conflict")


def outsider_sees_nothing(dave: Program, plan_id: str, account: dict) -> None:
    number = account["account_number"]
    for path in (
        "/plans",
        f"/plans/{plan_id}",
        f"/plans/{plan_id}/weeks",
        f"/plans/{plan_id}/claims",
        "/pools",
        "/forecasts",
        "/board",
        "/accounts",
        f"/accounts/{number}",
        "/terms",
        "/feeds",
        "/ledger",
        f"/threads/{account['thread_id']}",
        "/proposals",
    ):
        answer = dave.get(path)
        assert answer.status in (403, 404), (path, answer)
        assert number not in str(answer.body).replace(path, "")


def seller_sees_his_own(live_server, alice: Program, board: list[dict]) -> None:
    from closeknit.rooms.org.models import Grant, Person, Team

    bob = program(live_server, "bob")
    assert bob.get("/board").body == []
    team = next(row["team"] for row in board if row["tier"] == "strategic")
    own = Grant.objects.filter(person=Person.objects.get(user__username="bob"))
    own.update(team=Team.objects.get(name=team))
    mine = {row["account_number"] for row in bob.get("/board").body}
    assert mine == {row["account_number"] for row in board if row["team"] == team}
    foreign = next(row["account_number"] for row in board if row["team"] != team)
    assert bob.get(f"/accounts/{foreign}").status == 404
    assert bob.get("/accounts/no-such-account").status == 404
    for plan in alice.get("/plans").body:
        claims = bob.get(f"/plans/{plan['plan_id']}/claims").body
        assert {claim["account_number"] for claim in claims} <= mine
        assert all(claim["shortfall_cost"] is None for claim in claims)
        assert bob.get(f"/plans/{plan['plan_id']}/weeks").body[0]["price_per_hour"] is None
