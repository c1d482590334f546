"""On-duty calendars: shifts, swaps and gaps; escalations ask who is on duty."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.cast import enter

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.keep_duty_calendar import end_shift, open_calendar, set_shift, swap_shift
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
DAY = {"starts_local": time(8), "ends_local": time(16), "from_on": date(2026, 1, 1)}


@pytest.fixture
def lead(acme, alice, bob, carol):
    open_calendar("operations", title="Operations", time_zone="Europe/Berlin", by=carol, at=AT)
    return carol


def test_who_is_on_duty_is_asked_and_where_nobody_is_the_role(lead, alice):
    def asked(cause):
        about = {"title": "T", "summary": "", "account_number": "ACME", "thread_id": ids.new_id()}
        found = raise_escalation(path="surge", cause=cause, **about, by=alice, at=AT)
        return reads.get_escalation(found, by=alice).asked

    assert asked("a") == ("Alice Planner",), "nobody is on duty: everybody with the role"
    for weekday in range(7):
        hours = {"starts_local": time(), "ends_local": time(), "from_on": date(2026, 1, 1)}
        set_shift("operations", person="bob", weekday=weekday, **hours, by=lead, at=AT)
    assert asked("b") == ("Bob Seller",)
    card = reads.list_duty_calendars(at=AT, by=alice)[0]
    assert (card.on_duty, card.gaps) == (("Bob Seller",), ())


def test_a_week_shows_spans_gaps_and_shifts(lead, alice):
    shift = set_shift("operations", person="alice", weekday=0, **DAY, by=lead, at=AT)
    week = reads.get_duty_week("operations", week_on=MONDAY + timedelta(days=3), by=alice)
    assert [(s.name, s.day_on, s.starts_local, s.ends_local) for s in week.spans] == [
        ("Alice Planner", MONDAY, "Mon 08:00", "Mon 16:00")
    ]
    assert [(g.starts_local, g.ends_local) for g in week.gaps] == [
        ("Mon 2 Mar 00:00", "Mon 2 Mar 08:00"),
        ("Mon 2 Mar 16:00", "Mon 9 Mar 00:00"),
    ]
    end_shift("operations", shift, until_on=MONDAY, by=lead, at=AT)
    assert reads.get_duty_week("operations", week_on=MONDAY, by=alice).spans == ()
    with pytest.raises(Conflict):
        end_shift("operations", shift, until_on=MONDAY, by=lead, at=AT)


def test_people_give_away_their_own_duty_and_no_other(lead, alice, bob):
    set_shift("operations", person="alice", weekday=0, **DAY, by=lead, at=AT)
    hours = {"starts_at": datetime(2026, 3, 2, 8, tzinfo=UTC), "ends_at": datetime(2026, 3, 2, 10, tzinfo=UTC)}
    with pytest.raises(Denied):
        swap_shift("operations", person="bob", **hours, reason="So.", by=bob, at=AT)
    swap_shift("operations", person="bob", **hours, reason="Dentist.", by=alice, at=AT)
    week = reads.get_duty_week("operations", week_on=MONDAY, by=alice)
    assert [(s.name, s.ends_local, s.is_swap) for s in week.spans] == [
        ("Alice Planner", "Mon 09:00", False),
        ("Bob Seller", "Mon 11:00", True),
        ("Alice Planner", "Mon 16:00", False),
    ]
    lines = reads.list_entries(by=lead, kind="duty-calendar.swapped")
    assert lines[0].evidence["reason"] == "Dentist."


def test_what_cannot_be_is_refused(lead, alice):
    with pytest.raises(Conflict):
        open_calendar("operations", title="Again", time_zone="UTC", by=lead, at=AT)
    for name, zone in (("Night Shift", "UTC"), ("nights", "Mars/Olympus")):
        with pytest.raises(Invalid):
            open_calendar(name, title="Nights", time_zone=zone, by=lead, at=AT)
    with pytest.raises(Denied):
        set_shift("operations", person="alice", weekday=0, **DAY, by=alice, at=AT)
    enter("dave")
    for person in ("dave", "nobody"):
        with pytest.raises(Invalid):
            set_shift("operations", person=person, weekday=0, **DAY, by=lead, at=AT)
    with pytest.raises(NotFound):
        set_shift("nowhere", person="alice", weekday=0, **DAY, by=lead, at=AT)
    with pytest.raises(NotFound):
        reads.get_duty_week("operations", week_on=date.max, by=alice)
