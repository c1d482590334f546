"""A demotion waits, escalates past an absent approver, is approved by delegation, and its receipt verifies outside.

All of it over HTTP and with the real worker; the verifier runs as a program of its own, far from our code.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import receipts
from tests.cast import enter, open_account
from tests.stories.conftest import Program

WHY = "Its volume has halved for two quarters."


@pytest.fixture
def people(live_server):
    """Bob proposes; Carol, the only service lead, goes away; Olga is the executive; Dana the one she lends to."""
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.models import Person

    for username, name, roles in (("olga", "Olga Head", ["executive"]), ("dana", "Dana Deputy", ["planner"])):
        user = get_user_model().objects.create(username=username)
        Person.objects.create(user=user, name=name, roles=roles)
    open_account("ACME", "standard", "North")
    for username in ("bob", "carol", "frank", "gina"):
        enter(username)
    return {name: program(live_server, name) for name in ("bob", "carol", "frank", "gina")}


def program(live_server, username: str) -> Program:
    """A program with a token for all that this person may do now, by own roles or borrowed."""
    from closeknit.rooms.org.actions.issue_token import issue_token
    from closeknit.rooms.org.contracts import NEVER_BY_TOKEN, Permission

    actor = actor_of(username)
    scopes = {p for p in Permission if actor.may(p)} - NEVER_BY_TOKEN
    return Program(live_server.url, issue_token(label="story", scopes=scopes, by=actor).token)


def let_the_timer_run_out(escalation_id: str) -> None:
    """Four hours pass for this escalation: the only thing that the story does not wait for."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "update decisions_escalation set next_level_at = transaction_timestamp() where id = %s", [escalation_id]
        )


def test_a_demotion_goes_past_who_is_away_to_who_stands_in_and_is_proved_outside(
    people, closeknit, worker, live_server, eventually, tmp_path
):
    bob, carol, frank = (people[name] for name in ("bob", "carol", "frank"))
    proposal_id = propose(bob, people["gina"])
    escalation = first_level_asks_carol(frank, carol, proposal_id)
    carol_goes_away(carol)
    # No program may give rights away: Olga does it herself.
    lent = closeknit("org", "delegate", "dana", "--until", in_days(2), "--reason", "At the fair.", "--as", "olga")
    assert lent["delegation"]["lender_name"] == "Olga Head"
    dana = program(live_server, "dana")
    let_the_timer_run_out(escalation["escalation_id"])
    asked_again = eventually(lambda: next_level(frank, escalation))
    assert "Carol Lead" not in asked_again["asked"], "Carol is away"
    assert {"Olga Head", "Dana Deputy"} & set(asked_again["asked"])
    assert any(item["escalation_id"] == escalation["escalation_id"] for item in dana.get("/escalations").body)

    waits = [item for item in dana.get("/inbox").body["items"] if item["item_id"] == proposal_id]
    assert waits, "the inbox of who stands in has it"
    decide(bob, dana, proposal_id)
    account = eventually(lambda: (a := frank.get("/accounts/ACME").body)["tier"] == "volume" and a)
    assert WHY in account["tier_reason"]
    closed = eventually(lambda: (e := get_escalation(frank, escalation))["state"] == "closed" and e)
    assert closed["cause"] == f"proposal:{proposal_id}"
    assert_thread_tells_the_story(frank, proposal_id)
    prove_outside(frank, proposal_id, eventually, tmp_path)


def propose(bob: Program, gina: Program) -> str:
    """Bob asks; nothing changes; the customer's own reader knows nothing of it."""
    said = bob.post("/tier-changes", {"account_number": "ACME", "tier": "volume", "reason": WHY})
    assert said.status == 201, said
    proposal_id = said.body["proposal_id"]
    card = bob.get(f"/proposals/{proposal_id}").body
    assert (card["state"], card["kind"]) == ("waiting", "tier")
    assert bob.get("/accounts/ACME").body["tier"] == "standard"
    assert gina.get(f"/proposals/{proposal_id}").status in (403, 404)
    own = bob.post(f"/proposals/{proposal_id}/approve", {"reason": "I know best."})
    assert own.status == 403, "nobody approves their own"
    return proposal_id


def first_level_asks_carol(frank: Program, carol: Program, proposal_id: str) -> dict:
    (escalation,) = [e for e in frank.get("/escalations").body if e["cause"] == f"proposal:{proposal_id}"]
    assert (escalation["state"], escalation["level"]) == ("open", 1)
    assert escalation["asked"] == ["Carol Lead"]
    assert any("ACME" in notice["title"] or "Acme" in notice["title"] for notice in carol.get("/notices").body)
    return escalation


def carol_goes_away(carol: Program) -> None:
    away = carol.post("/absences", {"ends_at": in_days(7), "reason": "On holiday."})
    assert away.status == 201, away


def next_level(frank: Program, escalation: dict) -> dict | None:
    found = get_escalation(frank, escalation)
    return found if found["level"] > 1 else None


def get_escalation(frank: Program, escalation: dict) -> dict:
    return frank.get(f"/escalations/{escalation['escalation_id']}").body["escalation"]


def decide(bob: Program, dana: Program, proposal_id: str) -> None:
    """Dana, who may not decide by her own roles, approves for Olga; a second answer comes too late."""
    approved = dana.post(f"/proposals/{proposal_id}/approve", {"reason": "Agreed with sales."})
    assert approved.status == 200, approved
    assert approved.body["state"] == "approved"
    assert approved.body["decided_by"] == "Dana Deputy for Olga Head"
    late = dana.post(f"/proposals/{proposal_id}/reject", {"reason": "On second thoughts."})
    assert (late.status, late.body["code"]) == (409, "conflict")
    assert bob.get(f"/proposals/{proposal_id}").body["state"] == "approved"


def assert_thread_tells_the_story(frank: Program, proposal_id: str) -> None:
    thread = frank.get(f"/proposals/{proposal_id}").body["thread_id"]
    lines = frank.get(f"/threads/{thread}").body
    kinds = [line["kind"] for line in lines]
    steps = ["tier.proposed", "escalation.raised", "escalation.moved", "tier.approved", "account.tier-changed"]
    places = [kinds.index(step) for step in steps]
    assert places == sorted(places), kinds
    assert "escalation.closed" in kinds
    assert frank.get(f"/threads/{thread}/replay").body["same"]


def prove_outside(frank: Program, proposal_id: str, eventually, folder: Path) -> None:
    """The receipt of the approval holds for a program without database or code of ours; a spoilt one does not."""
    thread = frank.get(f"/proposals/{proposal_id}").body["thread_id"]
    line = next(line for line in frank.get(f"/threads/{thread}").body if line["kind"] == "tier.approved")
    receipt = eventually(lambda: (a := frank.get(f"/ledger/{line['entry_id']}/receipt")).status == 200 and a.body)
    said = receipts.hold_outside(receipt, "receipt", folder)
    assert "Dana Deputy" in said + json.dumps(receipt)
    receipts.spoilt_is_refused(receipt, folder)


def actor_of(username: str):
    from closeknit.rooms.org.reads import find_actor_by_username

    actor = find_actor_by_username(username)
    assert actor is not None
    return actor


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()
