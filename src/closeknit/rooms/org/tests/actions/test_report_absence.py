"""Someone is away from one instant until before another; it takes no right away."""

from datetime import UTC, datetime, timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.report_absence import end_absence, report_absence

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def away(by, **values):
    usual = {"starts_at": AT + DAY, "ends_at": AT + 8 * DAY, "reason": "Vacation.", "at": AT}
    return report_absence(**usual | values, by=by)


def test_who_is_away_is_so_from_the_start_until_before_the_end(carol, alice):
    away(carol)
    found = {days: reads.list_absent(at=AT + days * DAY, by=alice) for days in (0, 1, 7, 8)}
    assert found == {0: set(), 1: {carol.key}, 7: {carol.key}, 8: set()}
    assert reads.get_actor(carol.key, at=AT + DAY) == carol


def test_back_early(carol, alice):
    absence = away(carol)
    with pytest.raises(NotFound):
        end_absence(absence, by=alice, at=AT + 2 * DAY)
    end_absence(absence, by=carol, at=AT + 2 * DAY)
    assert reads.list_absent(at=AT + DAY, by=alice) == {carol.key}
    assert reads.list_absent(at=AT + 2 * DAY, by=alice) == set()
    with pytest.raises(Conflict):
        end_absence(absence, by=carol, at=AT + 3 * DAY)


def test_others_are_reported_by_who_manages_people(carol, alice, erin):
    away(erin, person_key=carol.key)
    assert reads.list_absences(by=carol)[0].person_name == "Carol Lead"
    assert reads.list_absences(by=alice) == []
    with pytest.raises(Denied):
        away(alice, person_key=carol.key)
    with pytest.raises(NotFound):
        away(erin, person_key="person:999999")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ends_at": AT + DAY}, "must end after"),
        ({"starts_at": AT - 3 * DAY, "ends_at": AT}, "must end after"),
        ({"ends_at": AT + 400 * DAY}, "a year at most"),
        ({"starts_at": datetime(2026, 3, 1)}, "need a zone"),  # noqa: DTZ001
        ({"reason": "x" * 1001}, "too long"),
    ],
)
def test_what_makes_no_sense_is_refused(carol, values, said):
    with pytest.raises(Invalid, match=said):
        away(carol, **values)
    assert reads.list_absences(by=carol) == []


def test_outsiders_do_not_ask_who_is_away(gina, dave):
    for by in (gina, dave):
        with pytest.raises(Denied):
            reads.list_absent(at=AT, by=by)
