"""A roster with the staff that were reassigned: lent out, lent in, or from outside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from closeknit.rooms.capacity.compute.inputs import RosterInput


@dataclass(frozen=True, slots=True)
class MovedStaff:
    """Units of one pool that work for another, until a day (exclusive); `from_pool` "": from outside."""

    from_pool: str
    to_pool: str
    units: int
    from_on: date
    until_on: date


def with_moves(pool: str, roster: Sequence[RosterInput], moves: Iterable[MovedStaff]) -> tuple[RosterInput, ...]:
    """Return a pool's roster with what is lent in and out, at the hours that the pool works anyway.

    Never more are lent out than are there.
    """
    found = list(roster)
    for move in moves:
        if pool == move.to_pool:
            found += _lines(found, move.units, move.from_on, move.until_on)
        elif pool == move.from_pool:
            found += _lines(found, -move.units, move.from_on, move.until_on)
    return tuple(found)


def _lines(roster: Sequence[RosterInput], units: int, first: date, end: date) -> Iterator[RosterInput]:
    ends = {day for line in roster for day in (line.from_on, line.to_on) if day is not None and first < day < end}
    for begin, until in pairwise(sorted({first, end, *ends})):
        active = [x for x in roster if x.from_on <= begin and (x.to_on is None or x.to_on > begin)]
        for weekday in range(7):
            mine = [x for x in active if x.weekday == weekday]
            for starts, stops in pairwise(
                sorted({minute for x in mine for minute in (x.starts_minute, x.ends_minute)})
            ):
                heads = sum(x.headcount for x in mine if x.starts_minute <= starts and x.ends_minute >= stops)
                if heads > 0:
                    yield RosterInput(weekday, starts, stops, float(max(units, -heads)), begin, until)
