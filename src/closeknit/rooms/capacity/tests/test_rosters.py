"""Rosters: people on shifts for the need of the plan in force, by rules that hold; kept, published, asked why."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from tests.cast import enter
from tests.small_company import AT, build, deliver_all

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.actions.propose_roster import propose_roster
from closeknit.rooms.capacity.actions.publish_roster import publish_roster
from closeknit.rooms.capacity.actions.replay_roster import recompute_roster_line, replay_roster
from closeknit.rooms.capacity.actions.start_roster import start_roster
from closeknit.rooms.capacity.contracts.rosters import MOST_WEEK_HOURS, RosterAsked, RosterState
from closeknit.rooms.capacity.models import Plan, Roster, StaffMember
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.actions.report_absence import report_absence
from closeknit.rooms.org.actions.set_setting import set_setting

MONDAY = date(2026, 3, 2)
HEADER = "person,name,user,week_hours,skills,wants,avoids,away\n"
STAFF = HEADER + "".join(
    f"P{n},Person {n},{user},{hours},{skills},{wants},{avoids},{away}\n"
    for n, user, hours, skills, wants, avoids, away in (
        (1, "", 40, "retention", "", "", ""),
        (2, "", 40, "retention", "", "fri", ""),
        (3, "bob", 24, "", "", "", "2026-03-03..2026-03-04"),
        (4, "", 40, "", "mon 08:00", "", ""),
    )
)
ASKED = RosterAsked("pickers")


@pytest.fixture
def company(tmp_path, db, bob):  # Bob is in the staff file.
    return build(tmp_path)


@pytest.fixture
def staffed(company, alice):
    adopt_staff("pickers", STAFF, by=alice, at=AT)
    return company


def made(by, asked=ASKED):
    return reads.get_roster_board(propose_roster(asked, by=by, at=AT), by=by)


def row_of(board, person):
    return next(each for each in board.people if each.person == person)


def test_a_roster_follows_the_plan_in_force_and_keeps_every_rule(staffed, alice):
    board = made(alice)
    card = board.card
    assert (card.plan_id, card.pool, card.first_on, card.weeks, card.state) == (
        staffed.plan_id,
        "pickers",
        MONDAY,
        1,
        RosterState.DRAFT,
    )
    assert [(s.code, s.hours_text, s.role) for s in board.shifts] == [("A", "08:00–16:00", "")]
    assert [p.name for p in board.people] == ["Person 1", "Person 2", "Person 3", "Person 4"]
    assert all(person.hours <= 40 for person in board.people)
    away = row_of(board, "P3")
    assert away.hours <= 24
    assert away.shifts[1:3] == ("", "")
    # The plan needs more people than there are: some shifts stay open, each with a way out.
    plan = Plan.objects.get(pk=staffed.plan_id)
    assert card.need_hours >= plan.need_hours / plan.weeks / 0.9 - 8
    assert card.short_hours == pytest.approx(card.need_hours - card.covered_hours)
    assert sum(gap.hours_short for gap in board.gaps) == pytest.approx(card.short_hours)
    assert all(gap.way_out for gap in board.gaps)
    assert card.gap_points == pytest.approx(card.points - card.bound_points)


def test_the_same_asked_again_stands_and_replays_to_the_same_digest(staffed, alice):
    first = made(alice).card
    again = propose_roster(ASKED, by=alice, at=AT + timedelta(hours=1))
    assert again == first.roster_id
    assert Roster.objects.count() == 1
    replay = replay_roster(first.roster_id, by=alice)
    assert (replay.is_same, replay.stored_digest) == (True, first.result_digest)
    lines = decisions.get_thread(first.thread_id, by=alice)
    assert [line.kind for line in lines] == ["roster.drafted"]
    assert lines[0].evidence["result_digest"] == first.result_digest
    assert "Person" not in lines[0].sentence
    assert recompute_roster_line(lines[0], by=alice).now_digest == first.result_digest


def test_what_a_roster_says_never_changes(staffed, alice):
    roster_id = propose_roster(ASKED, by=alice, at=AT)
    with pytest.raises(Error, match="never changes"), transaction.atomic():
        Roster.objects.filter(pk=roster_id).update(told={})


def test_labour_rules_of_the_place_are_kept(staffed, alice):
    roomy = made(alice)
    assert max(person.hours for person in roomy.people) > 16
    set_setting(MOST_WEEK_HOURS.key, 16, level="site", place="Hall", reason="Law.", by=enter("carol"), at=AT)
    tight = made(alice)
    assert max(person.hours for person in tight.people) <= 16
    assert tight.card.inputs_digest != roomy.card.inputs_digest


def test_an_absence_reported_in_the_house_keeps_a_person_off(staffed, alice, bob):
    free = datetime(2026, 3, 5, 23, 0, tzinfo=UTC)
    report_absence(starts_at=free, ends_at=free + timedelta(hours=1), by=bob, at=AT - timedelta(days=9))
    # Midnight in Berlin is 23:00 in London: the hour is Friday's.
    told = reads.get_roster_why_not(
        made(alice).card.roster_id, person="P3", day_on=date(2026, 3, 6), shift="A", by=alice
    )
    assert (told.can_be_had, told.rules) == (False, ("is away",))


def test_why_not_names_rules_or_a_price(staffed, alice):
    board = made(alice)
    roster_id = board.card.roster_id
    away = reads.get_roster_why_not(roster_id, person="P3", day_on=date(2026, 3, 3), shift="A", by=alice)
    assert away.sentence == "P3 cannot: P3 is away."
    day = next(d for d, code in enumerate(row_of(board, "P1").shifts) if code == "A")
    there = reads.get_roster_why_not(roster_id, person="P1", day_on=MONDAY + timedelta(days=day), shift="A", by=alice)
    assert there.sentence == "P1 works A that day."
    off = reads.get_roster_why_not(roster_id, person="P1", day_on=MONDAY + timedelta(days=day), by=alice)
    assert off.can_be_had
    assert off.points_more is not None
    assert off.points_more >= 0
    for wrong, where in (
        ({"person": "P9", "day_on": MONDAY}, "person"),
        ({"person": "P1", "day_on": MONDAY - timedelta(days=1)}, "day_on"),
        ({"person": "P1", "day_on": MONDAY, "shift": "Z"}, "shift"),
    ):
        with pytest.raises(Invalid) as refusal:
            reads.get_roster_why_not(roster_id, by=alice, **wrong)
        assert refusal.value.where == where


def test_accounts_that_may_leave_become_hours_of_those_who_can_look_after_them(staffed, alice, monkeypatch):
    value_of(monkeypatch, {"ACME": 0.35, "QZX7-1": 0.9, "QZX7-2": 0.01})
    board = made(alice, RosterAsked("pickers", weeks=2))
    # QZX7-1 stays, QZX7-2 has left already.
    assert [(r.account_number, r.minutes_per_week) for r in board.retention] == [("ACME", 60)]
    assert board.retention[0].sentence == "ACME may leave: the chance is 65%, so it gets 60 minutes a week."
    assert [day.retention_needed for day in board.days] == [1, 0, 0, 0, 0, 0, 0] * 2
    turns = {person.person: person.retention_turns for person in board.people}
    # A shift in each week, in turn: never the same person twice while the other has had none.
    assert turns == {"P1": 1, "P2": 1, "P3": 0, "P4": 0}


def test_turns_go_on_from_the_roster_published_before(staffed, alice, monkeypatch):
    value_of(monkeypatch, {"ACME": 0.35})
    first = made(alice)
    had = next(person.person for person in first.people if person.retention_turns)
    publish_roster(first.card.roster_id, reason="Fair.", by=alice, at=AT)
    second = made(alice, RosterAsked("pickers", first_on=MONDAY + timedelta(days=7)))
    assert [p.person for p in second.people if p.retention_turns] == [{"P1": "P2", "P2": "P1"}[had]]


def test_without_anybody_who_has_the_skill_it_is_said(company, alice, monkeypatch):
    adopt_staff("pickers", STAFF.replace("retention", ""), by=alice, at=AT)
    value_of(monkeypatch, {"ACME": 0.35})
    board = made(alice)
    assert board.retention == ()
    assert any("nobody here has the skill retention" in said for said in board.card.assumptions)


def value_of(monkeypatch, chances):
    """Say with which chance accounts stay, instead of fitting models to a year of orders."""
    from types import SimpleNamespace

    from closeknit.rooms.capacity.reads import rosters_made_of

    values = [SimpleNamespace(account_number=number, chance_to_stay=chance) for number, chance in chances.items()]
    monkeypatch.setattr(rosters_made_of.customers, "list_values", lambda **_: values)


def test_publishing_needs_a_reason_and_takes_the_place_of_the_one_before(staffed, alice, frank):
    first, second = made(alice).card, made(alice, RosterAsked("pickers", shifts=("08:00-16:00", "06:00-14:00"))).card
    with pytest.raises(Denied):
        publish_roster(first.roster_id, reason="So.", by=frank, at=AT)
    for reason in ("", " ", "x" * 1001):
        with pytest.raises(Invalid):
            publish_roster(first.roster_id, reason=reason, by=alice, at=AT)
    publish_roster(first.roster_id, reason="It covers most.", by=alice, at=AT)
    with pytest.raises(Conflict, match="published"):
        publish_roster(first.roster_id, reason="Again.", by=alice, at=AT)
    publish_roster(second.roster_id, reason="Two shifts.", by=enter("carol"), at=AT)
    states = {card.roster_id: (card.state, card.reason) for card in reads.list_rosters(by=alice)}
    assert states == {
        first.roster_id: (RosterState.SUPERSEDED, "It covers most."),
        second.roster_id: (RosterState.PUBLISHED, "Two shifts."),
    }
    (line,) = [x for x in decisions.get_thread(second.thread_id, by=alice) if x.kind == "roster.published"]
    assert line.evidence["superseded"] == [str(first.roster_id)]


def test_what_people_go_by_is_changed_by_other_eyes_only(staffed, alice, carol):
    first, second = made(alice).card, made(alice, RosterAsked("pickers", shifts=("08:00-16:00", "06:00-14:00"))).card
    later = made(alice, RosterAsked("pickers", first_on=MONDAY + timedelta(days=7 * first.weeks))).card
    publish_roster(first.roster_id, reason="The first of its days.", by=alice, at=AT)
    with pytest.raises(Conflict, match="you made it yourself") as refusal:
        publish_roster(second.roster_id, reason="Better.", by=alice, at=AT)
    assert "somebody else" in refusal.value.todo
    states = {card.roster_id: card.state for card in reads.list_rosters(by=alice)}
    assert (states[first.roster_id], states[second.roster_id]) == (RosterState.PUBLISHED, RosterState.DRAFT)
    publish_roster(later.roster_id, reason="Other days.", by=alice, at=AT)
    publish_roster(second.roster_id, reason="I looked at it.", by=carol, at=AT)
    states = {card.roster_id: card.state for card in reads.list_rosters(by=alice)}
    assert states[first.roster_id] is RosterState.SUPERSEDED


def test_publishing_is_a_right_of_its_own(staffed, alice):
    card = made(alice).card
    others = alice.permissions - {"rosters.publish"}
    assert {"plan.commit", "plan.run"} <= others
    with pytest.raises(Denied) as refusal:
        publish_roster(card.roster_id, reason="So.", by=alice.within(others), at=AT)
    assert refusal.value.where == "permission rosters.publish"
    assert reads.list_rosters(by=alice)[0].state is RosterState.DRAFT
    publish_roster(card.roster_id, reason="So.", by=alice.within([*others, "rosters.publish"]), at=AT)


def test_a_roster_of_a_plan_no_longer_in_force_is_not_published(staffed, alice):
    card = made(alice).card
    Plan.objects.filter(pk=staffed.plan_id).update(state=Plan.State.SUPERSEDED)
    with pytest.raises(Conflict, match="no longer in force"):
        publish_roster(card.roster_id, reason="So.", by=alice, at=AT)
    with pytest.raises(NotFound, match="No plan"):
        propose_roster(ASKED, by=alice, at=AT)


def test_what_cannot_be_rostered_is_refused_before_anything_is_asked(staffed, alice):
    for asked, where in (
        (RosterAsked("nobody"), "nobody"),
        (RosterAsked("pickers", weeks=5), "weeks"),
        (RosterAsked("pickers", weeks=3), "first_on"),
        (RosterAsked("pickers", first_on=date(2026, 3, 3)), "first_on"),
        (RosterAsked("pickers", first_on=date(2026, 3, 16)), "first_on"),
        (RosterAsked("pickers", shifts=("8-16",)), "shifts"),
        (RosterAsked("pickers", shifts=("08:00-09:00",)), "shifts"),
        (RosterAsked("pickers", shifts=("08:00-24:30",)), "shifts"),
        (RosterAsked("pickers", shifts=tuple(f"0{n}:00-12:00" for n in range(9))), "shifts"),
    ):
        for ask in (propose_roster, start_roster):
            with pytest.raises((Invalid, NotFound)) as refusal:
                ask(asked, by=alice, at=AT)
            assert refusal.value.where == where, asked
    assert Roster.objects.count() == 0


def test_a_pool_without_people_says_where_they_come_from(company, alice):
    with pytest.raises(Invalid, match="Nobody is known to work in Pickers") as refusal:
        propose_roster(ASKED, by=alice, at=AT)
    assert "staff" in refusal.value.todo


def test_a_staff_file_is_taken_whole_or_refused_by_line_and_column(staffed, alice):
    for text, where in (
        ("", "line 1"),
        ("person,name\n", "line 1"),
        (HEADER, "file"),
        ("person,name,week_hours,shoe\nP1,A,40,9\n", "line 1"),
        ("person,name,week_hours\nP1,A\n", "line 2"),
        ("person,name,week_hours\nP1,A,x\n", "line 2, column week_hours"),
        ("person,name,week_hours\nP1,A,169\n", "line 2, column week_hours"),
        ("person,name,week_hours\n,A,40\n", "line 2, column person"),
        ("person,name,week_hours\nP1,A,40\nP1,B,40\n", "person"),
        ("person,name,week_hours,user\nP1,A,40,nobody-here\n", "line 2, column user"),
        ("person,name,week_hours,wants\nP1,A,40,sun\n", "line 2, column wants"),
        ("person,name,week_hours,avoids\nP1,A,40,someday\n", "line 2, column avoids"),
        ("person,name,week_hours,shifts\nP1,A,40,8\n", "line 2, column shifts"),
        ("person,name,week_hours,away\nP1,A,40,2026-03-09..2026-03-02\n", "line 2, column away"),
        ("person,name,week_hours,away\nP1,A,40,9999-12-31\n", "line 2, column away"),
        ("person,name,week_hours\nP1,\0,40\n", "file"),
    ):
        with pytest.raises(Invalid) as refusal:
            adopt_staff("pickers", text, by=alice, at=AT)
        assert refusal.value.where == where, text
    assert StaffMember.objects.filter(is_active=True).count() == 4


def test_who_is_in_the_file_no_more_stays_in_the_rosters_made(staffed, alice):
    board = made(alice)
    assert adopt_staff("pickers", HEADER + "P1,Person 1,,40,,,,\n", by=alice, at=AT) == 1
    assert [card.person for card in reads.list_staff("pickers", by=alice)] == ["P1"]
    again = reads.get_roster_board(board.card.roster_id, by=alice)
    assert [person.name for person in again.people] == [person.name for person in board.people]
    assert replay_roster(board.card.roster_id, by=alice).is_same


def test_rosters_are_for_who_sees_every_account(staffed, alice, bob):
    roster_id = propose_roster(ASKED, by=alice, at=AT)
    assert reads.list_rosters(by=bob) == []
    assert reads.list_staff(by=bob) == []
    with pytest.raises(NotFound):
        reads.get_roster_board(roster_id, by=bob)
    with pytest.raises(NotFound):
        replay_roster(roster_id, by=bob)
    with pytest.raises(Denied):
        propose_roster(ASKED, by=bob, at=AT)
    with pytest.raises(Denied):
        adopt_staff("pickers", STAFF, by=bob, at=AT)


def test_rows_are_out_of_sight_of_the_database_too(staffed, alice, bob):
    from closeknit.kernel.scope import acting_as

    propose_roster(ASKED, by=alice, at=AT)
    with acting_as(bob):
        assert Roster.objects.count() == 0
        assert StaffMember.objects.count() == 0
    with acting_as(alice):
        assert Roster.objects.count() == 1


def test_asked_for_as_a_job_it_is_made_in_its_thread(staffed, alice):
    thread_id = start_roster(ASKED, by=alice, at=AT)
    assert reads.find_roster_of_thread(thread_id, by=alice) is None
    deliver_all()
    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name like '%make_roster_job'")
        ((args,),) = cursor.fetchall()
    assert json.loads(args) == {
        "pool": "pickers",
        "weeks": 1,
        "first_on": "2026-03-02",
        "shifts": "",
        "thread_id": str(thread_id),
        "by": alice.key,
    }
    propose_roster(ASKED, thread_id=thread_id, by=alice, at=AT)
    card = reads.find_roster_of_thread(thread_id, by=alice)
    assert card is not None
    assert card.first_on == MONDAY
    assert [line.kind for line in decisions.get_thread(thread_id, by=alice)] == ["roster.asked", "roster.drafted"]


def test_costs_are_for_who_reads_prices(staffed, alice):
    board = made(alice)
    dear = [gap for gap in board.gaps if gap.person]
    assert all(isinstance(gap.extra_cost, Decimal) for gap in dear)


def test_there_is_no_roster_of_that_id(staffed, alice):
    for ask in (
        lambda: reads.get_roster_board(uuid4(), by=alice),
        lambda: publish_roster(uuid4(), reason="So.", by=alice, at=AT),
        lambda: replay_roster(uuid4(), by=alice),
    ):
        with pytest.raises(NotFound):
            ask()
