"""Breaks on rosters: within the shift, where least is missing, past midnight too; none where the rules ask for none."""

from dataclasses import replace
from datetime import date

import pytest
from tests.cast import sign_in
from tests.small_company import AT, build

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.actions.propose_roster import propose_roster
from closeknit.rooms.capacity.actions.replay_roster import replay_roster
from closeknit.rooms.capacity.compute.rosters import (
    LabourRules,
    RosterInputs,
    RosterStaff,
    RosterTold,
    breaks_of,
    make_roster,
)
from closeknit.rooms.capacity.contracts.rosters import BREAK_AFTER_HOURS, RosterAsked, RosterPerson, RosterShift
from closeknit.rooms.org.actions.set_setting import set_setting

MONDAY = date(2026, 3, 2)
DAY = RosterShift("A", 480, 480, "")
NIGHT = RosterShift("B", 1320, 480, "")
SHORT = RosterShift("C", 480, 360, "")


def given(*worked: str, need: dict[int, int], days: int = 7) -> tuple[RosterInputs, RosterTold]:
    """People whose codes are theirs on Monday; `need`: people by half-hour of Monday; a tenth of time is lost."""
    slots = [[0] * 48 for _ in range(days)]
    for slot, people in need.items():
        slots[slot // 48][slot % 48] = people
    staff = [RosterStaff(f"P{n}", (), 2400, (), (), (), ()) for n in range(len(worked))]
    inputs = RosterInputs(
        plan_id="", plan_digest="", pool="phone", pool_name="Phone", unit="agent", first_on=MONDAY, weeks=1,
        shrinkage="1/10", overtime_cost_per_hour="30", currency="EUR", shifts=(DAY, NIGHT, SHORT),
        slot_people=tuple(tuple(row) for row in slots), shift_people=(), retention_people=(0,) * days, retention=(),
        rules=LabourRules(2400, 660, 6, 4, 360), people=tuple(staff), assumptions=(),
    )  # fmt: skip
    people = [
        RosterPerson(person.person, None, (code,) + ("",) * (days - 1), 8.0, 0, 0, 0)
        for person, code in zip(staff, worked, strict=True)
    ]
    return inputs, RosterTold(tuple(people), (), (), (), 0, 0)


def starts(breaks):
    return sorted(each.starts_text for each in breaks)


def test_breaks_are_where_nobody_is_missed():
    # From 10:00 to 14:00 both are needed, but for the half-hours from 11:00 and from 13:00.
    need = dict.fromkeys(range(20, 29), 2) | {22: 1, 26: 1}
    breaks, short = breaks_of(*given("A", "A", need=need))
    assert (starts(breaks), short) == (["11:00", "13:00"], 0.0)


def test_what_a_break_costs_is_said():
    need = dict.fromkeys(range(16, 32), 2)
    breaks, short = breaks_of(*given("A", "A", need=need))
    assert (len(set(starts(breaks))), short) == (2, 1.0), "each half an hour, at different times"


def test_a_short_shift_has_none_and_its_person_stays():
    need = dict.fromkeys(range(20, 28), 2) | {24: 1}
    breaks, short = breaks_of(*given("A", "C", need=need))
    assert [(each.person, each.starts_text) for each in breaks] == [("P0", "12:00")]
    assert short == 0.0


def test_a_night_shift_rests_past_midnight_where_the_next_day_needs_least():
    # Monday 22:00 to Tuesday 06:00: one is needed until 01:30 and from 02:00 on.
    need = dict.fromkeys(range(44, 60), 1) | {51: 0}
    breaks, short = breaks_of(*given("B", need=need))
    (rest,) = breaks
    assert (rest.day_on, rest.starts_text, rest.starts_minute, short) == (MONDAY, "01:30", 1530, 0.0)


def test_no_rule_no_breaks():
    inputs, told = given("A", need={})
    assert breaks_of(replace(inputs, rules=replace(inputs.rules, break_after_minutes=0)), told) == ((), 0.0)


def test_every_shift_made_has_its_break_within_it():
    inputs, _ = given("", "", "", need=dict.fromkeys(range(16, 32), 2))
    told = make_roster(replace(inputs, iterations=20, rounds=5))
    breaks, _ = breaks_of(inputs, told)
    shifts = {shift.code: shift for shift in inputs.shifts}
    worked = [(person.person, code) for person in told.people for code in person.shifts if code in ("A", "B")]
    assert len(breaks) == len(worked) > 0
    for rest in breaks:
        person = next(each for each in told.people if each.person == rest.person)
        shift = shifts[person.shifts[(rest.day_on - MONDAY).days]]
        assert shift.starts_minute + 120 <= rest.starts_minute <= shift.starts_minute + 360


@pytest.mark.django_db
def test_the_board_shows_them_and_a_place_may_do_without(tmp_path, alice, erin, client):
    build(tmp_path)
    adopt_staff("pickers", "person,name,week_hours\nP1,Person One,40\nP2,Person Two,40\n", by=alice, at=AT)
    board = reads.get_roster_board(propose_roster(RosterAsked("pickers"), by=alice, at=AT), by=alice)
    worked = sum(bool(code) for person in board.people for code in person.shifts)
    assert len(board.breaks) == worked > 0
    assert board.breaks_short_hours == 0.0, "work by deadline has no need by the half-hour"
    assert replay_roster(board.card.roster_id, by=alice).is_same
    sign_in(client, "alice")
    page = client.get(f"/rosters/{board.card.roster_id}/").content.decode()
    assert f"break at {board.breaks[0].starts_text}" in page
    set_setting(BREAK_AFTER_HOURS.key, 24, reason="Breaks are agreed on the floor.", by=erin, at=AT)
    without = reads.get_roster_board(propose_roster(RosterAsked("pickers"), by=alice, at=AT), by=alice)
    assert (without.breaks, without.card.roster_id != board.card.roster_id) == ((), True)
