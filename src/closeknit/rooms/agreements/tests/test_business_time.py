"""Business time against an oracle that looks at the wall clock second by second."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from closeknit.rooms.agreements.compute.business_time import (
    DAY,
    SECOND,
    Timetable,
    _jumps,
    day_starts,
    from_us,
    holidays_between,
    knows_holidays,
    open_time,
    to_us,
)

ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Athens",
    "Europe/Moscow",
    "Atlantic/Azores",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Havana",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Tehran",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Auckland",
]
YEARS = range(2015, 2022)
AROUND = 2 * 3600
HALF_WEEK = 84 * 3600
# Hours that meet the jumps: over midnight on Saturday to Sunday, small hours, a lunch break, and a whole day.
MINUTES = (
    ((0, 1440),),
    ((9 * 60, 12 * 60), (13 * 60, 17 * 60 + 30)),
    ((30, 150),),
    ((0, 45), (90, 120), (165, 1439)),
    ((8 * 60, 20 * 60),),
    ((150, 151), (23 * 60, 1440)),
    ((0, 61), (119, 200), (1380, 1440)),
)
TIMETABLE = Timetable(date(2000, 1, 1), MINUTES, frozenset())


def jumps() -> list[tuple[str, int]]:
    return [(zone, second) for zone in ZONES for year in YEARS for second in _jumps(zone, year)]


def is_open(second: int, clock: ZoneInfo, timetables=(TIMETABLE,)) -> bool:
    """The oracle: what a person would say who looks at the wall clock."""
    local = datetime.fromtimestamp(second, tz=clock)
    begun = [timetable for timetable in timetables if timetable.from_on <= local.date()]
    if not begun or local.date() in begun[-1].closed:
        return False
    minute = local.hour * 60 + local.minute
    return any(opens <= minute < closes for opens, closes in begun[-1].minutes[local.weekday()])


def by_spans(zone: str, seconds: np.ndarray, timetables=(TIMETABLE,)) -> np.ndarray:
    spans = open_time(timetables, zone, (int(seconds[0]) - DAY // SECOND) * SECOND, (int(seconds[-1]) + 1) * SECOND)
    shown = np.zeros(seconds.size, dtype=bool)
    for start, end in zip(spans.starts, spans.ends, strict=True):
        shown |= (seconds * SECOND >= start) & (seconds * SECOND < end)
    return shown


def wrong_seconds(spans_of, changes: list[tuple[str, int]]) -> int:
    wrong = 0
    for zone, jump in changes:
        seconds = np.arange(jump - AROUND, jump + AROUND)
        clock = ZoneInfo(zone)
        said = np.fromiter((is_open(int(second), clock) for second in seconds), bool, seconds.size)
        wrong += int((said != spans_of(zone, seconds)).sum())
    return wrong


def test_no_second_is_wrong_around_215_changes_of_the_clock_in_21_zones():
    assert len(ZONES) == 21
    assert len(jumps()) >= 215
    assert wrong_seconds(by_spans, jumps()) == 0


def test_red_twin_a_day_of_24_hours_gives_wrong_seconds():
    def naive(zone: str, seconds: np.ndarray) -> np.ndarray:
        # The offset of the stretch's beginning, all through.
        offset = int(datetime.fromtimestamp(int(seconds[0]), tz=ZoneInfo(zone)).utcoffset().total_seconds())
        local = seconds + offset
        minute, weekday = local % 86_400 // 60, (local // 86_400 + 3) % 7
        return np.array(
            [any(a <= m < b for a, b in MINUTES[w]) for m, w in zip(minute, weekday, strict=True)], dtype=bool
        )

    assert wrong_seconds(naive, jumps()[::10]) > 10_000


def test_sums_and_their_inverse_agree_with_counting_minutes_across_the_changes():
    for zone, jump in jumps()[::3]:
        clock = ZoneInfo(zone)
        minutes = np.arange(jump - HALF_WEEK, jump + HALF_WEEK, 60)
        said = np.fromiter((is_open(int(second), clock) for second in minutes), bool, minutes.size)
        count = np.concatenate([[0], np.cumsum(said)])
        spans = open_time([TIMETABLE], zone, int(minutes[0]) * SECOND, (int(minutes[-1]) + 60) * SECOND)
        for first, last in ((0, minutes.size), (1000, 7000), (4321, 5432)):
            start = int(minutes[first]) * SECOND
            assert spans.passed(start, (int(minutes[0]) + 60 * last) * SECOND) == (count[last] - count[first]) * 60 * (
                SECOND
            )
            for wanted in (1, 17, 240, 1200):
                reached = int(np.argmax(count >= count[first] + wanted))
                if reached:
                    due = spans.after(start, wanted * 60 * SECOND)
                    assert due == (int(minutes[0]) + 60 * reached) * SECOND


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize(
    "day", [date(2024, 2, 29), date(2023, 2, 28), date(2024, 12, 31), date(2024, 1, 31), date(2100, 2, 28)]
)
def test_leap_days_and_month_ends_have_no_wrong_second(zone: str, day: date):
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).timestamp())
    versions = (
        Timetable(date(2000, 1, 1), MINUTES, frozenset({day})),
        Timetable(day + timedelta(days=1), tuple(reversed(MINUTES)), frozenset()),
    )
    for middle in (noon - 43_200, noon + 43_200):
        seconds = np.arange(middle - 1800, middle + 1800)
        said = np.fromiter((is_open(int(s), ZoneInfo(zone), versions) for s in seconds), bool, seconds.size)
        assert (said == by_spans(zone, seconds, versions)).all()


def test_a_day_begins_at_its_first_instant_even_where_midnight_is_skipped_or_comes_twice():
    for zone, day in (
        ("America/Sao_Paulo", date(2018, 11, 4)),
        ("America/Havana", date(2020, 11, 1)),
        ("Asia/Beirut", date(2021, 3, 28)),
        ("Pacific/Apia", date(2011, 12, 31)),
        ("Europe/Berlin", date(2026, 3, 29)),
    ):
        first = day_starts(day, zone)
        assert from_us(first).astimezone(ZoneInfo(zone)).date() == day
        assert from_us(first - SECOND).astimezone(ZoneInfo(zone)).date() < day


def test_nothing_is_open_before_the_first_timetable_or_when_none_ever_opens():
    never = Timetable(date(2026, 1, 1), ((),) * 7)
    start = to_us(datetime(2026, 1, 5, tzinfo=UTC))
    assert open_time([never], "UTC", start, start + 90 * DAY).after(start, SECOND) is None
    assert (
        open_time(
            [TIMETABLE], "UTC", to_us(datetime(1999, 1, 1, tzinfo=UTC)), to_us(datetime(1999, 2, 1, tzinfo=UTC))
        ).starts
        == ()
    )


def test_an_end_of_business_is_reached_at_the_end_of_a_span_not_at_the_next_opening():
    friday = datetime(2026, 6, 5, 9, tzinfo=UTC)
    office = Timetable(date(2026, 1, 1), (((540, 1020),),) * 5 + ((), ()))
    spans = open_time([office], "UTC", to_us(friday), to_us(friday) + 30 * DAY)
    assert from_us(spans.after(to_us(friday), 8 * 3600 * SECOND)) == datetime(2026, 6, 5, 17, tzinfo=UTC)
    assert from_us(spans.after(to_us(friday), 8 * 3600 * SECOND + 1)) == datetime(2026, 6, 8, 9, 0, 0, 1, tzinfo=UTC)


def test_spans_never_touch_and_sums_add_up():
    spans = open_time(
        [TIMETABLE], "Europe/Berlin", to_us(datetime(2026, 1, 1, tzinfo=UTC)), to_us(datetime(2027, 1, 1, tzinfo=UTC))
    )
    assert all(end < start for end, start in zip(spans.ends, spans.starts[1:], strict=False))
    whole = spans.passed(spans.from_us, spans.until_us)
    parts = [spans.from_us + i * DAY // 7 for i in range(7 * 365)] + [spans.until_us]
    assert sum(spans.passed(a, b) for a, b in pairwise(parts)) == whole


def test_public_holidays_are_those_of_the_country_or_its_part():
    assert date(2026, 10, 3) in holidays_between("DE", date(2026, 1, 1), date(2026, 12, 31))
    assert date(2026, 1, 6) in holidays_between("DE/BY", date(2026, 1, 1), date(2026, 12, 31))
    assert date(2026, 1, 6) not in holidays_between("DE", date(2026, 1, 1), date(2026, 12, 31))
    assert holidays_between("", date(2026, 1, 1), date(2026, 12, 31)) == frozenset()
    assert [knows_holidays(place) for place in ("DE/BY", "DE/ZZ", "ZZ")] == [True, False, False]
