"""A 4-ary heap of (time, what) in two arrays: the earliest time on top, of equal times the smaller `what`."""

from closeknit.engine.compiled import IntVector, Vector, inlined


@inlined
def _push(at: Vector, what: IntVector, size: int, new_at: float, new_what: int) -> None:
    """Add an entry to the first `size` ones."""
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        up = at[parent]
        if up < new_at or (up == new_at and what[parent] <= new_what):
            break
        at[i] = up
        what[i] = what[parent]
        i = parent
    at[i] = new_at
    what[i] = new_what


@inlined
def _replace_top(at: Vector, what: IntVector, size: int, new_at: float, new_what: int) -> None:
    """Put an entry in place of the top one, among `size`."""
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, size)):
            if at[other] < at[least] or (at[other] == at[least] and what[other] < what[least]):
                least = other
        down = at[least]
        if new_at < down or (new_at == down and new_what <= what[least]):
            break
        at[i] = down
        what[i] = what[least]
        i = least
    at[i] = new_at
    what[i] = new_what
