"""Who is on duty when: over midnight, over changes of the clock, with swaps; and when nobody is."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.rooms.decisions.compute.on_duty import gaps_between, instant_of, lay_out, people_at
from closeknit.rooms.decisions.contracts.escalations import Shift, Span, Swap

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
LONG_AGO = date(2020, 1, 1)


def shift(person: str, weekday: int, starts: str, ends: str, **options) -> Shift:
    dates = {"from_on": LONG_AGO, **options}
    return Shift(UUID(int=weekday), person, weekday, time.fromisoformat(starts), time.fromisoformat(ends), **dates)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_skipped_time_is_the_moment_of_the_change_and_a_doubled_one_its_first():
    assert instant_of(SPRING, time(1, 59), BERLIN) == utc("2026-03-29T00:59")
    assert instant_of(SPRING, time(2, 30), BERLIN) == utc("2026-03-29T01:00")
    assert instant_of(SPRING, time(3, 0), BERLIN) == utc("2026-03-29T01:00")
    assert instant_of(AUTUMN, time(2, 30), BERLIN) == utc("2026-10-25T00:30")
    assert instant_of(AUTUMN, time(3, 0), BERLIN) == utc("2026-10-25T02:00")


@pytest.mark.parametrize(
    ("saturday", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 6), 8)]
)
def test_a_night_shift_is_as_long_as_the_night(saturday, hours):
    night = shift("ann", 5, "22:00", "06:00")
    noon = instant_of(saturday, time(12), BERLIN)
    (span,) = lay_out([night], [], BERLIN, noon, noon + timedelta(days=1))
    assert span.ends_at - span.starts_at == timedelta(hours=hours)
    assert people_at([night], [], BERLIN, instant_of(saturday + timedelta(days=1), time(5, 59), BERLIN)) == ("ann",)
    assert people_at([night], [], BERLIN, instant_of(saturday + timedelta(days=1), time(6), BERLIN)) == ()


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    cuts=st.lists(st.times(), min_size=1, max_size=5, unique=True),
    day=st.dates(date(2024, 1, 1), date(2027, 12, 1)),
)
def test_shifts_that_meet_on_the_clock_meet_in_time(zone, cuts, day):
    """Whatever a zone's clock does: a whole week of adjoining shifts has no gap and no moment with two people."""
    place, cuts = ZoneInfo(zone), sorted(cuts)
    shifts = [
        Shift(UUID(int=0), f"{weekday}-{n}", weekday, start, end, LONG_AGO)
        for weekday in range(7)
        for n, (start, end) in enumerate(zip(cuts, [*cuts[1:], cuts[0]], strict=True))
    ]
    from_at = instant_of(day, time(), place)
    until_at = from_at + timedelta(days=9)
    spans = lay_out(shifts, [], place, from_at, until_at)
    assert gaps_between(spans, from_at, until_at) == []
    assert sum((s.ends_at - s.starts_at for s in spans), timedelta()) == until_at - from_at
    for span in spans[:5]:
        middle = span.starts_at + (span.ends_at - span.starts_at) / 2
        assert people_at(shifts, [], place, middle) == (span.person_key,)


def test_gaps_are_found_at_the_ends_and_between():
    spans = [
        Span("a", utc("2026-03-02T08:00"), utc("2026-03-02T16:00")),
        Span("b", utc("2026-03-02T18:00"), utc("2026-03-02T20:00")),
    ]
    gaps = gaps_between(spans, utc("2026-03-02T06:00"), utc("2026-03-02T22:00"))
    assert [(g.starts_at.hour, g.ends_at.hour) for g in gaps] == [(6, 8), (16, 18), (20, 22)]
    assert gaps_between([], utc("2026-03-02T06:00"), utc("2026-03-02T07:00"))[0].person_key == ""


def test_a_swap_takes_the_place_of_one_or_of_all():
    monday = date(2026, 3, 2)
    both = [shift("ann", 0, "08:00", "16:00"), shift("ben", 0, "08:00", "16:00")]
    ten, noon = (instant_of(monday, time(hour), BERLIN) for hour in (10, 12))
    one = Swap(UUID(int=1), "cat", ten, noon, replaces_key="ann")
    all_of_them = Swap(UUID(int=2), "dan", ten, noon)
    eleven = instant_of(monday, time(11), BERLIN)
    assert people_at(both, [], BERLIN, eleven) == ("ann", "ben")
    assert people_at(both, [one], BERLIN, eleven) == ("ben", "cat")
    assert people_at(both, [all_of_them], BERLIN, eleven) == ("dan",)
    assert people_at(both, [one, all_of_them], BERLIN, eleven) == ("dan",)
    assert people_at(both, [one], BERLIN, noon) == ("ann", "ben")


def test_a_shift_counts_from_its_first_day_until_its_last():
    monday = date(2026, 3, 2)
    only = shift("ann", 0, "22:00", "02:00", from_on=monday, until_on=monday + timedelta(days=7))
    night = [instant_of(monday + timedelta(days=7 * n + 1), time(1), BERLIN) for n in (-1, 0, 1)]
    assert [people_at([only], [], BERLIN, at) for at in night] == [(), ("ann",), ()]
