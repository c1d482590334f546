"""A calendar of coming times: days of equal length around a ring, and on each a list in order of time.

Entries are nodes with a time (`until`) and a number (`whose`, which settles ties); a day is 1 / `per_minute` minutes.
With about one entry a day, adding one and finding the next cost the same however many there are. `today` is counted
from the start and never after the day of the earliest entry. Source: Brown (1988), Communications of the ACM 31.
"""

import math

from closeknit.engine.compiled import IntVector, Vector, inlined

NONE = -1
INDEX = 0x7FFF_FFFF
"""Tells the compiler that what it is `and`ed with is no index from the end: those take longer to resolve."""


@inlined
def _add(
    node: int, at: float, what: int, day: int, until: Vector, whose: IntVector, following: IntVector, first: IntVector
) -> None:
    """Put a node into the list of the day."""
    node &= INDEX
    until[node] = at
    whose[node] = what
    before = NONE
    after = first[day]
    while after != NONE and (until[after & INDEX] < at or (until[after & INDEX] == at and whose[after & INDEX] < what)):
        before = after
        after = following[after & INDEX]
    following[node] = after
    if before == NONE:
        first[day] = node
    else:
        following[before & INDEX] = node


@inlined
def _day_of_earliest(today: int, per_minute: float, until: Vector, first: IntVector) -> int:
    """The day of the earliest entry, of which there is one."""
    mask = (first.size - 1) & INDEX
    for day in range(today, today + first.size):
        node = first[day & mask]
        if node != NONE and int(until[node & INDEX] * per_minute) <= day:
            return day
    # A year without entries: look at the first of every day instead.
    earliest = math.inf
    for day in range(first.size):
        if first[day] != NONE:
            earliest = min(earliest, until[first[day]])
    return int(earliest * per_minute)
