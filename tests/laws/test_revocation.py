"""Rights are asked for at each request and each step of background work: what is lost counts at the next one."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.cast import NORTH, enter, sign_in
from tests.small_company import build, deliver_all, load

from closeknit.kernel import clock, jobs
from closeknit.kernel.errors import Conflict, Denied
from closeknit.kernel.models import JobFailure
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person
from closeknit.rooms.org.actions.delegate import delegate, end_delegation
from closeknit.rooms.org.actions.place_accounts import place_accounts
from closeknit.rooms.org.contracts import GrantCard, Permission, Role

WHY = "She moved to another desk."


def sees(client: Client, address: str = "/api/v1/accounts") -> set[str]:
    """The accounts in an answer; none where it is refused."""
    answer = client.get(address)
    return {row["account_number"] for row in answer.json()} if answer.status_code == 200 else set()


def test_a_grant_taken_away_counts_at_the_next_request(accounts, client, bob, erin):
    sign_in(client, "bob")
    assert sees(client) == {"ACME"}
    change_roles(bob.key, roles=[Role.ACCOUNT_MANAGER], grants=[GrantCard(region="south")], reason=WHY, by=erin)
    assert sees(client) == {"BOLT", "CRUMB"}
    change_roles(bob.key, roles=[], reason=WHY, by=erin)
    assert client.get("/api/v1/accounts").status_code == 403
    assert client.get("/accounts/BOLT/").status_code == 403


def test_who_is_shut_out_is_out_at_the_next_request(accounts, client, bob, erin):
    sign_in(client, "bob")
    assert sees(client) == {"ACME"}
    disable_person(bob.key, reason=WHY, by=erin)
    assert client.get("/api/v1/accounts").status_code == 401
    assert client.get("/accounts/").status_code == 302


def test_lent_rights_are_gone_when_the_loan_is_ended(accounts, client, bob, dave):
    sign_in(client, "dave")
    assert client.get("/accounts/").status_code == 403
    now = clock.now()
    loan = delegate(dave.key, starts_at=now, ends_at=now + timedelta(days=1), reason="Away.", by=bob, at=now)
    assert sees(client) == {"ACME"}
    end_delegation(loan, by=bob, at=clock.now() - timedelta(seconds=1))
    assert client.get("/accounts/").status_code == 403


@pytest.mark.parametrize("address", ["/api/v1/accounts", "/api/v1/board", "/api/v1/terms", "/api/v1/ledger"])
def test_an_account_that_moves_takes_its_history_along(tmp_path, db, client, address):
    """The former team sees nothing of it any more: not the account, its terms, its line of the board, its decisions."""
    build(tmp_path)
    sign_in(client, "bob")
    found = client.get(address).json()
    mine = {row["account_number"] for row in (found["lines"] if isinstance(found, dict) else found)} - {""}
    assert mine <= {"ACME"}
    assert mine or address == "/api/v1/ledger"
    place = org.place_of("ACME")
    place_accounts([type(place)("ACME", None, "elsewhere")], by=org.system_actor())
    found = client.get(address).json()
    assert {row["account_number"] for row in (found["lines"] if isinstance(found, dict) else found)} <= {""}


@pytest.mark.django_db(transaction=True)
def test_work_goes_on_with_the_rights_of_now_and_is_refused_on_record(tmp_path):
    """Alice asks for a plan and loses the right to before the worker gets to it (A11)."""
    from closeknit.rooms.capacity.actions.start_plan import start_plan

    load(tmp_path)
    alice, erin, frank = enter("alice"), enter("erin"), enter("frank")
    thread_id = start_plan("warehouse", weeks=2, by=alice)
    change_roles(alice.key, roles=[Role.ACCOUNT_MANAGER], grants=[GrantCard(team=NORTH)], reason=WHY, by=erin)
    with pytest.raises(Conflict, match="may not do this"):
        jobs.run_until_idle()
    failure = JobFailure.objects.get()
    assert failure.error.startswith("Denied")
    deliver_all()
    lines = {line.kind: line for line in decisions.list_entries(thread_id=thread_id, by=frank)}
    assert "forecast.refreshed" not in lines
    assert lines["work.refused"].subject == alice.key
    assert lines["work.refused"].evidence["where"] == "permission plan.run"


@pytest.mark.django_db(transaction=True)
def test_work_of_who_was_shut_out_is_refused_but_what_they_did_is_recorded(tmp_path):
    from closeknit.rooms.capacity.actions.start_plan import start_plan

    load(tmp_path)
    alice, erin, frank = enter("alice"), enter("erin"), enter("frank")
    thread_id = start_plan("warehouse", weeks=2, by=alice)
    dave, now = enter("dave"), clock.now()
    delegate(dave.key, starts_at=now, ends_at=now + timedelta(days=1), reason="Away.", by=alice, at=now)
    disable_person(alice.key, reason=WHY, by=erin)
    with pytest.raises(Conflict, match="may not do this"):
        jobs.run_until_idle()
    deliver_all()
    kinds = {line.kind for line in decisions.list_entries(by=frank, limit=1000)}
    assert {"delegation.began", "rights.changed", "work.refused"} <= kinds
    assert not {"forecast.refreshed", "plan.drafted"} & kinds
    assert thread_id in {line.thread_id for line in decisions.list_entries(by=frank) if line.kind == "work.refused"}


@pytest.mark.django_db(transaction=True)
def test_red_twin_as_the_system_the_work_would_go_through(tmp_path, monkeypatch):
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.demand import jobs as demand

    load(tmp_path)
    alice, erin, frank = enter("alice"), enter("erin"), enter("frank")
    start_plan("warehouse", weeks=2, by=alice)
    change_roles(alice.key, roles=[Role.ACCOUNT_MANAGER], grants=[GrantCard(team=NORTH)], reason=WHY, by=erin)
    monkeypatch.setattr(demand.org, "get_requester", lambda _: org.system_actor())
    monkeypatch.setattr("closeknit.kernel.events.actor_of", lambda _: org.system_actor())
    jobs.run_until_idle()
    assert "forecast.refreshed" in {line.kind for line in decisions.list_entries(by=frank, limit=1000)}


def test_an_actor_held_for_long_is_not_asked_twice(accounts, bob, erin):
    """Actors are values: who keeps one over a change of rights keeps old rights. So entrances make one per request."""
    change_roles(bob.key, roles=[], reason=WHY, by=erin)
    assert bob.may(Permission.READ_ACCOUNTS)
    with pytest.raises(Denied):
        org.get_actor(bob.key).require(Permission.READ_ACCOUNTS)


def test_what_is_done_by_lent_rights_says_for_whom(tmp_path, db):
    from closeknit.rooms.capacity.actions.start_plan import start_plan

    load(tmp_path)
    alice, dave, frank, now = enter("alice"), enter("dave"), enter("frank"), clock.now()
    delegate(dave.key, starts_at=now, ends_at=now + timedelta(days=1), reason="Away.", by=alice, at=now)
    thread_id = start_plan("warehouse", weeks=2, by=org.get_actor(dave.key, at=now))
    (line,) = [e for e in decisions.list_entries(thread_id=thread_id, by=frank) if e.kind == "plan.requested"]
    assert line.sentence == "Dave Outside for Alice Planner asked for a plan of warehouse, 2 weeks."
    assert line.actor_key == dave.key
