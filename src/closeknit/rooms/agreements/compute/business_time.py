"""Business time: how many seconds a calendar is open between two instants, and when a number of them has passed.

An instant is open when the wall clock of the zone shows an open minute of a day that is not closed. That is all there
is to daylight saving: an hour that the wall clock shows twice counts twice, one that it skips counts never. Instants
are whole microseconds since 1970 in UTC, so that nothing is rounded.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SAMPLE_HOURS = 6
"""Clocks are looked at this often for a change of their offset; no zone has changed twice within it since 1970."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Hours in force from a local day on: open minutes (from, until before) of each weekday, Monday first."""

    from_on: date
    minutes: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenTime:
    """The open spans of a stretch of time, in order and apart, with the open time before each."""

    from_us: int
    until_us: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]

    def passed(self, since: int, until: int) -> int:
        """Return the open microseconds from `since` until before `until`; both lie within the stretch."""
        return self._until(until) - self._until(since)

    def after(self, since: int, amount: int) -> int | None:
        """Return the first instant by which `amount` open microseconds have passed, or None if not in the stretch.

        Nothing to pass has passed at once, open or closed.
        """
        if amount <= 0:
            return since
        wanted = self._until(since) + amount
        if not self.starts or wanted > self.before[-1] + self.ends[-1] - self.starts[-1]:
            return None
        # The span in which it is reached: at the very end of one, not at the start of the next.
        at = bisect_right(self.before, wanted - 1) - 1
        return self.starts[at] + wanted - self.before[at]

    def _until(self, instant: int) -> int:
        at = bisect_right(self.starts, instant) - 1
        return 0 if at < 0 else self.before[at] + min(instant, self.ends[at]) - self.starts[at]


def to_us(instant: datetime) -> int:
    """Return an instant as microseconds since 1970 in UTC."""
    return (instant - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the instant of microseconds since 1970 in UTC."""
    return EPOCH + timedelta(microseconds=us)


def day_starts(day: date, zone: str) -> int:
    """Return when a local day begins: its first instant, though midnight itself be skipped or come twice."""
    midnight = to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    for start, end, offset in _segments(zone, midnight - 2 * DAY, midnight + 2 * DAY):
        if end + offset > midnight:
            return max(start, midnight - offset)
    raise AssertionError("two days around a midnight hold it")  # pragma: no cover


def local_day(us: int, zone: str) -> date:
    """Return the local day of an instant."""
    return from_us(us).astimezone(ZoneInfo(zone)).date()


def open_time(timetables: Sequence[Timetable], zone: str, from_us: int, until_us: int) -> OpenTime:
    """Return when a calendar is open within a stretch of time: each local day by the timetable in force on it.

    Before the first timetable begins nothing is open.
    """
    versions = sorted(timetables, key=lambda version: version.from_on)
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _spans(versions, zone, from_us, until_us):
        if ends and ends[-1] == start:
            ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
    before = [0]
    for start, end in zip(starts, ends, strict=True):
        before.append(before[-1] + end - start)
    return OpenTime(from_us, until_us, tuple(starts), tuple(ends), tuple(before[:-1]))


def holidays_between(country: str, first_on: date, until_on: date) -> frozenset[date]:
    """Return the public holidays of a country ("DE") or a part of one ("US/MD"); none for ""."""
    if not country:
        return frozenset()
    code, _, part = country.partition("/")
    found = holidays.country_holidays(code, subdiv=part or None, years=range(first_on.year, until_on.year + 1))
    return frozenset(day for day in found if first_on <= day <= until_on)


def knows_holidays(country: str) -> bool:
    """Tell whether anybody knows the public holidays of a country or a part of one."""
    code, _, part = country.partition("/")
    known = holidays.list_supported_countries()
    return code in known and (not part or part in known[code])


def _spans(versions: Sequence[Timetable], zone: str, from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
    begins = [version.from_on.toordinal() - _EPOCH_DAY for version in versions]
    closed = [{day.toordinal() - _EPOCH_DAY for day in version.closed} for version in versions]
    for start, end, offset in _segments(zone, from_us, until_us):
        # Within a segment the wall clock runs evenly, so hours are simply shifted, and cut where it jumps.
        for day in range((start + offset) // DAY, (end + offset - 1) // DAY + 1):
            at = bisect_right(begins, day) - 1
            if at < 0 or day in closed[at]:
                continue
            for opens, closes in versions[at].minutes[(day + 3) % 7]:
                midnight = day * DAY - offset
                low, high = max(start, midnight + opens * 60 * SECOND), min(end, midnight + closes * 60 * SECOND)
                if low < high:
                    yield low, high


def _segments(zone: str, from_us: int, until_us: int) -> Iterator[tuple[int, int, int]]:
    """Yield stretches (start, end, offset) between which the wall clock jumps, in microseconds."""
    if from_us >= until_us:
        return
    jumps = _jumps_between(zone, from_us, until_us)
    for start, end in pairwise((from_us, *jumps, until_us)):
        yield start, end, _offset(ZoneInfo(zone), start // SECOND) * SECOND


def _jumps_between(zone: str, from_us: int, until_us: int) -> Iterable[int]:
    years = range(max(from_us, 0) // (366 * DAY) + 1969, until_us // (365 * DAY) + 1972)
    found = (second * SECOND for year in years for second in _jumps(zone, year))
    return [us for us in found if from_us < us < until_us]


@lru_cache(maxsize=4096)
def _jumps(zone: str, year: int) -> tuple[int, ...]:
    """Return the seconds of a year (UTC) from which on the wall clock has another offset."""
    clock = ZoneInfo(zone)
    first = to_us(datetime(year, 1, 1, tzinfo=UTC)) // SECOND
    last = to_us(datetime(year + 1, 1, 1, tzinfo=UTC)) // SECOND
    return tuple(
        _bisect(clock, low, low + _SAMPLE_HOURS * 3600)
        for low in range(first, last, _SAMPLE_HOURS * 3600)
        if _offset(clock, low) != _offset(clock, low + _SAMPLE_HOURS * 3600)
    )


def _bisect(clock: ZoneInfo, low: int, high: int) -> int:
    before = _offset(clock, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(clock, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(clock: ZoneInfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(clock).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
