"""A shortage from its opening to its answer: who gives way, who may see it, who decides, and what is planned then."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from tests import two_halls
from tests.cast import enter, sign_in, token_of
from tests.small_company import AT, deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.check_recovery import check_recoveries
from closeknit.rooms.capacity.actions.open_shortage import open_shortage
from closeknit.rooms.capacity.actions.propose_plan import propose_plan
from closeknit.rooms.capacity.actions.propose_reassignment import propose_reassignment
from closeknit.rooms.capacity.actions.reassign_staff import reassign_staff
from closeknit.rooms.capacity.contracts import ShortageState
from closeknit.rooms.capacity.models import Plan, ShortageRow, StaffMove
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.org.reads import system_actor

MONDAY = date(2026, 3, 2)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def plan_id(tmp_path, db):
    return two_halls.build(tmp_path)


@pytest.fixture
def shortage_id(plan_id, alice):
    return open_shortage(plan_id, by=alice, at=AT)


def proposed(shortage_id, by):
    return propose_reassignment(shortage_id, reason="ACME doubled.", by=by, at=AT)


def approve(proposal_id):
    approve_proposal(proposal_id, reason="Yes.", by=enter("carol"), at=LATER)
    deliver_all()


def replan():
    """Plan again after the reassignment, as its event asks, and have it approved; return the plan."""
    thread_id = ShortageRow.objects.get(in_force_at__isnull=False).replan_thread_id
    run_id = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=thread_id, by=enter("alice"), at=LATER)
    made = propose_plan(run_id, thread_id=thread_id, by=enter("alice"), at=clock.now())
    proposal = decisions.find_proposal_about(f"plan:{made}", by=enter("alice"))
    if proposal.state is ProposalState.WAITING:
        approve(proposal.proposal_id)
    deliver_all()
    return Plan.objects.get(pk=made)


def test_it_says_who_gives_way_by_which_rule_at_what_price_and_what_would_end_it(plan_id, shortage_id, alice):
    card = reads.get_shortage(shortage_id, by=alice)
    assert (card.state, card.plan_id, card.first_short_on) == (ShortageState.OPEN, plan_id, MONDAY)
    assert {claim.account_number for claim in card.claims} == {"ACME"}
    assert card.claimants_short == 1
    assert card.short_hours == pytest.approx(sum(claim.short_hours for claim in card.claims))
    for claim in card.claims:
        assert claim.short_units == pytest.approx(claim.short_hours * 10, abs=0.01), "six minutes each"
        assert claim.short_hours_after == 0.0
    (move,) = card.moves
    assert (move.from_pool, move.to_pool, move.from_on) == ("south", "north", MONDAY)
    assert card.moves_cost == move.cost > 0
    assert (card.recovery_on, card.recovery_without_on) == (MONDAY, None)
    assert card.cost_after < card.cost_before
    assert all(week.one_more_unit_worth > 0 and week.pool == "north" for week in card.prices)
    assert [floor.tier for floor in card.floors] == ["strategic", "key", "standard", "volume"]
    lines = decisions.get_thread(card.thread_id, by=alice)
    assert [line.kind for line in lines][-2:] == ["shortage.opened", "account.deprioritised"]
    told = lines[-2].evidence
    assert told["recovery_on"] == "2026-03-02"
    assert told["prices"], "the price is in the ledger"
    assert open_shortage(plan_id, by=alice, at=AT) == shortage_id, "asked twice it is one"


def test_people_approve_and_then_it_is_planned_with_and_kept(plan_id, shortage_id, alice, carol):
    before = Plan.objects.get(pk=plan_id)
    proposal_id = proposed(shortage_id, alice)
    assert proposed(shortage_id, alice) == proposal_id
    card = decisions.get_proposal(proposal_id, by=carol)
    assert (card.kind, card.state) == ("capacity-loan", ProposalState.WAITING), "two weeks are no short loan"
    assert not StaffMove.objects.filter(in_force_at__isnull=False).exists(), "nothing before it is approved"
    with pytest.raises(Denied):
        approve_proposal(proposal_id, reason="My own.", by=alice, at=AT)
    approve(proposal_id)
    shown = reads.get_shortage(shortage_id, by=alice)
    assert (shown.state, shown.decided_by) == (ShortageState.IN_FORCE, "Carol Lead")
    lines = decisions.get_thread(shown.thread_id, by=alice)
    moved = next(line for line in lines if line.kind == "staff.reassigned")
    assert moved.evidence["moves"][0]["units"] == shown.moves[0].units
    assert decisions.get_thread(shown.replan_thread_id, by=alice)[0].kind == "plan.requested"
    assert check_recoveries(by=system_actor(), at=LATER) == [], "no plan was made with it yet"

    after = replan()
    assert before.short_hours > 0 == after.short_hours
    assert after.state == "committed"
    shown = reads.get_shortage(shortage_id, by=alice)
    assert (shown.state, bool(shown.checked_at)) == (ShortageState.RECOVERED, True)
    last = decisions.get_thread(shown.thread_id, by=alice)[-1]
    assert (last.kind, last.evidence["kept"]) == ("recovery.checked", True)
    assert check_recoveries(by=system_actor(), at=clock.now()) == [], "answered once, with the plan that says it"


def test_an_answer_of_no_is_an_answer_too(shortage_id, alice):
    approve(proposed(shortage_id, alice))
    StaffMove.objects.update(until_on=MONDAY + timedelta(days=1))  # As if they had gone back after a day.
    assert replan().short_hours > 0
    assert reads.get_shortage(shortage_id, by=alice).state is ShortageState.MISSED


def test_a_replan_that_never_comes_is_an_answer_after_a_week(shortage_id, alice):
    approve(proposed(shortage_id, alice))
    late = clock.now() + timedelta(days=8)
    assert check_recoveries(by=system_actor(), at=late) == [shortage_id]
    card = reads.get_shortage(shortage_id, by=alice)
    assert card.state is ShortageState.MISSED
    assert "no plan made since" in card.outcome_sentence


def test_what_people_reject_moves_nobody_and_may_be_opened_again(plan_id, shortage_id, alice, carol):
    reject_proposal(proposed(shortage_id, alice), reason="No.", by=carol, at=LATER)
    deliver_all()
    assert reads.get_shortage(shortage_id, by=alice).state is ShortageState.TURNED_DOWN
    assert not StaffMove.objects.filter(in_force_at__isnull=False).exists()
    with pytest.raises(Conflict, match="turned down"):
        proposed(shortage_id, alice)
    assert open_shortage(plan_id, by=alice, at=LATER) != shortage_id


def test_what_nobody_approved_is_not_carried_out(shortage_id, alice):
    proposal_id = proposed(shortage_id, alice)
    with pytest.raises(Conflict, match="Nobody approved"):
        reassign_staff(proposal_id, by=alice, at=LATER)


def test_people_from_outside_fill_what_no_pool_can_lend(plan_id, alice):
    from closeknit.rooms.capacity.compute.shortage import find_remedy
    from closeknit.rooms.capacity.reads.what_if import get_plan_to_change

    plan = get_plan_to_change(plan_id, by=alice)
    alone = replace(plan.inputs, pools=tuple(p for p in plan.inputs.pools if p.pool == "north"))
    told = find_remedy(alone, plan.numbers, not_before=MONDAY, outside_cost_per_hour=Decimal(35))
    assert [each.move.from_pool for each in told.moves] == [""]
    assert told.short_hours_after == 0.0
    first = open_shortage(plan_id, by=alice, at=AT)
    second = open_shortage(plan_id, outside_cost_per_hour=Decimal(35), by=alice, at=AT)
    assert first != second, "another question takes the place of one that nobody proposed"
    assert reads.get_shortage(first, by=alice).state is ShortageState.TURNED_DOWN


def test_who_sees_what(shortage_id, alice, bob, frank):
    whole = reads.get_shortage(shortage_id, by=frank)
    mine = reads.get_shortage(shortage_id, by=bob)
    assert [claim.account_number for claim in mine.claims] == [claim.account_number for claim in whole.claims]
    for name in ("claimants_short", "short_hours", "short_hours_after", "cost_before", "cost_after", "moves_cost"):
        assert getattr(mine, name) is None, name
    assert mine.moves == (), "what the south hall lends tells of those whom it serves"
    assert all(claim.shortfall_cost is None for claim in mine.claims)
    assert [card.shortage_id for card in reads.list_shortages(by=bob)] == [shortage_id]
    with pytest.raises(Denied):
        reads.list_shortages(by=enter("gina"))
    with pytest.raises(NotFound):
        propose_reassignment(shortage_id, reason="So.", by=bob, at=AT)
    with pytest.raises(Denied):
        open_shortage(operation="warehouse", by=bob, at=AT)


def test_an_account_manager_of_others_does_not_learn_of_it(shortage_id, bob):
    from closeknit.rooms.org.models import Grant, Team

    south = Team.objects.get(name="South")
    Grant.objects.filter(person__user__username="bob").update(team=south)
    by = enter("bob")
    assert reads.list_shortages(by=by) == []
    with pytest.raises(NotFound):
        reads.get_shortage(shortage_id, by=by)


def test_refusals_name_what_to_do(plan_id, alice, tmp_path):
    with pytest.raises(Invalid, match="no cost per hour"):
        open_shortage(plan_id, outside_cost_per_hour=Decimal("NaN"), by=alice, at=AT)
    with pytest.raises(NotFound):
        open_shortage(uuid4(), by=alice, at=AT)
    shortage_id = open_shortage(plan_id, by=alice, at=AT)
    with pytest.raises(Invalid, match="without a reason"):
        propose_reassignment(shortage_id, reason="  ", by=alice, at=AT)
    StaffMove.objects.all().delete()
    with pytest.raises(Conflict, match="No pool can lend"):
        proposed(shortage_id, alice)


def test_nobody_short_nothing_to_open(tmp_path, db, alice):
    calm = two_halls.build(tmp_path, factor=0.5)
    with pytest.raises(Invalid, match="Nobody is short"):
        open_shortage(calm, by=alice, at=AT)


def test_over_json(plan_id, client):
    def call(who, path, body=None):
        headers = {"authorization": f"Bearer {token_of(who)}"}
        if body is None:
            return client.get(f"/api/v1{path}", headers=headers)
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)

    made = call("alice", "/shortages", {"operation": "warehouse"})
    assert made.status_code == 200, made.content
    number = made.json()["shortage_id"]
    assert [card["shortage_id"] for card in call("bob", "/shortages").json()] == [number]
    assert call("bob", f"/shortages/{number}/propose", {"reason": "So."}).status_code == 404
    done = call("alice", f"/shortages/{number}/propose", {"reason": "So."})
    assert done.status_code == 201
    assert call("alice", f"/shortages/{number}").json()["state"] == "proposed"


def test_on_the_page(plan_id, client, alice):
    sign_in(client, "alice")
    assert "No shortage was opened" in client.get("/shortages/").content.decode()
    bad = client.post("/shortages/open/", {"operation": "warehouse", "outside_cost": "-1"})
    assert bad.status_code == 422
    opened = client.post("/shortages/open/", {"operation": "warehouse"}, follow=True)
    page = opened.content.decode()
    for words in ("Who gives way", "South hall", "North hall", "By money", "Propose it"):
        assert words in page
    (shortage,) = ShortageRow.objects.all()
    assert client.post(f"/shortages/{shortage.pk}/propose/", {"reason": ""}).status_code == 422
    done = client.post(f"/shortages/{shortage.pk}/propose/", {"reason": "ACME doubled."}, follow=True)
    assert done.redirect_chain[-1][0].startswith("/proposals/")
    sign_in(client, "bob")
    shown = client.get(f"/shortages/{shortage.pk}/").content.decode()
    assert "Not shown to you" in shown
    assert "Propose it" not in shown
