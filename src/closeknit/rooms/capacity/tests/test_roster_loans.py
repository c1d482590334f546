"""Rosters know of staff moves: who is lent is away at home and at work there, the same people whoever asks."""

from datetime import date, timedelta

import pytest
from tests import two_halls
from tests.cast import enter, sign_in
from tests.small_company import AT, deliver_all

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.actions.open_shortage import open_shortage
from closeknit.rooms.capacity.actions.propose_reassignment import propose_reassignment
from closeknit.rooms.capacity.actions.propose_roster import propose_roster
from closeknit.rooms.capacity.actions.publish_roster import publish_roster
from closeknit.rooms.capacity.actions.replay_roster import replay_roster
from closeknit.rooms.capacity.compute.moves import MovedStaff
from closeknit.rooms.capacity.compute.rosters import roster_bytes, roster_inputs_of
from closeknit.rooms.capacity.compute.rosters.loans import Lendable, who_is_lent
from closeknit.rooms.capacity.contracts.rosters import RosterAsked
from closeknit.rooms.capacity.models import Roster, StaffMove
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal

MONDAY = date(2026, 3, 2)
NORTH = "person,name,week_hours\nN1,North One,40\n"
SOUTH = "person,name,week_hours,skills\nS1,South One,40,retention\nS2,South Two,40,\nS10,South Ten,40,\n"


@pytest.fixture
def shortage_id(tmp_path, db, alice):
    plan_id = two_halls.build(tmp_path)
    adopt_staff("north", NORTH, by=alice, at=AT)
    adopt_staff("south", SOUTH, by=alice, at=AT)
    return open_shortage(plan_id, by=alice, at=AT)


def lend(shortage_id, alice):
    proposal_id = propose_reassignment(shortage_id, reason="ACME doubled.", by=alice, at=AT)
    approve_proposal(proposal_id, reason="Yes.", by=enter("carol"), at=AT)
    deliver_all()


def made(pool, alice):
    return reads.get_roster_board(propose_roster(RosterAsked(pool, first_on=MONDAY), by=alice, at=AT), by=alice)


def shifts_of(board):
    return {person.person: sum(bool(code) for code in person.shifts) for person in board.people}


def test_who_is_lent_works_there_and_not_here(shortage_id, alice):
    before = made("north", alice)
    assert (before.loans, before.loans_changed) == ((), False)
    lend(shortage_id, alice)
    assert reads.get_roster_board(before.card.roster_id, by=alice).loans_changed
    north, south = made("north", alice), made("south", alice)
    assert north.loans == south.loans
    (loan,) = north.loans
    assert (loan.person, loan.name, loan.from_pool, loan.to_pool) == ("S2", "South Two", "south", "north")
    assert shifts_of(before)["N1"] > 0
    assert shifts_of(north)["S2 of south"] > 0, "lent in"
    assert next(p for p in north.people if p.person == "S2 of south").name == "South Two"
    assert shifts_of(south)["S2"] == 0, "lent out"
    assert north.card.short_hours < before.card.short_hours
    assert replay_roster(north.card.roster_id, by=alice).is_same
    publish_roster(north.card.roster_id, reason="With who is lent.", by=alice, at=AT)


def test_people_from_outside_are_numbered_and_work_any_shift(shortage_id, alice):
    StaffMove.objects.update(from_pool="", units=2, in_force_at=AT)
    board = made("north", alice)
    assert [loan.person for loan in board.loans] == ["outside 1", "outside 2"]
    assert sum(hours for person, hours in shifts_of(board).items() if person.startswith("outside")) > 0
    assert made("south", alice).loans == ()


def test_the_board_says_who_is_lent(shortage_id, alice, client):
    lend(shortage_id, alice)
    board = made("north", alice)
    sign_in(client, "alice")
    page = client.get(f"/rosters/{board.card.roster_id}/").content.decode()
    assert "Who is lent" in page
    assert "South Two" in page
    StaffMove.objects.all().delete()
    assert "since it was made" in client.get(f"/rosters/{board.card.roster_id}/").content.decode()


def test_rosters_without_loans_are_made_of_the_same_bytes_as_ever(shortage_id, alice):
    row = Roster.objects.get(pk=made("north", alice).card.roster_id)
    assert b'"loans"' not in bytes(row.inputs)
    assert roster_bytes(roster_inputs_of(bytes(row.inputs))) == bytes(row.inputs)


def move(units, weeks=1, first=MONDAY, to="north"):
    return MovedStaff("south", to, units, first, first + timedelta(days=7 * weeks))


def test_the_same_people_are_named_whoever_asks():
    on_monday = ((MONDAY, MONDAY),)
    people = [Lendable("P10", False, ()), Lendable("P2", False, on_monday), Lendable("P1", True, ())]
    assert [loan.person for loan in who_is_lent(people, [move(2)])] == ["P10", "P2"]
    both = who_is_lent(people, [move(1, to="west"), move(1), move(1, first=MONDAY + timedelta(days=7))])
    assert [(loan.to_pool, loan.person) for loan in both] == [("north", "P10"), ("west", "P2"), ("north", "P2")]
    assert len(who_is_lent(people, [move(5)])) == 3, "no more than there are"
