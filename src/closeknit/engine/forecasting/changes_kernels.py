"""Levels that hold for a while: the best cuts of a series into them (pruned exact search), and what each change is.

A stretch of periods has the sums y of its values and e of what was expected; its own level is y / e. What a level of
its own is worth is its gain: 2 y log(y / e) for values that vary as counts do, y^2 / e for values that vary alike
everywhere.
"""

import math

from closeknit.engine.compiled import Cube, IntCube, IntMatrix, IntVector, Matrix, Vector, kernel
from closeknit.engine.forecasting.spike_kernels import _find_spikes

MOST_EVENTS = 12
STANDS_OUT = 2.25
"""How many times as far as any other stretch of its length a short event must lie: no tail can be known so far out."""
TEMPORARY, PERMANENT, UNKNOWN = 1, 2, 3
EVENT_NUMBERS = 6
"""Level before and after, gain, chance among noise, what was counted at the level before and in the event."""
UNKNOWN_CHANCE = -1.0


@kernel
def find_changes(
    start: int,
    stop: int,
    values: Matrix,
    expected: Matrix,
    additive: IntVector,
    penalty: Vector,
    smallest_log: float,
    settle: int,
    dispersion: Vector,
    is_whole: IntVector,
    known: float,
    of_windows: float,
    most_plain: float,
    most_other: float,
    sum_y: Matrix,
    sum_e: Matrix,
    best: Matrix,
    costs: Matrix,
    last: IntMatrix,
    ahead: IntMatrix,
    level: Matrix,
    counts: IntVector,
    events: IntCube,
    numbers: Cube,
) -> None:
    """Cut each series, write its level per period and its events: [kind, start, stop] and their numbers."""
    for row in range(start, stop):
        n = values.shape[1]
        sum_y[row, 0] = 0.0
        sum_e[row, 0] = 0.0
        for t in range(n):
            sum_y[row, t + 1] = sum_y[row, t] + values[row, t]
            sum_e[row, t + 1] = sum_e[row, t] + expected[row, t]
        _cut(sum_y[row], sum_e[row], additive[row], penalty[row], best[row], costs[row], last[row], ahead[row])
        cuts = _in_order(last[row], ahead[row], n)
        if additive[row] == 0:
            cuts = _join_alike(sum_y[row], sum_e[row], ahead[row], cuts, smallest_log)
        for i in range(cuts - 1):
            a, b = ahead[row, i], ahead[row, i + 1]
            e = sum_e[row, b] - sum_e[row, a]
            for t in range(a, b):
                level[row, t] = (sum_y[row, b] - sum_y[row, a]) / e if e > 0.0 else 0.0
        found = _name_events(
            sum_y[row],
            sum_e[row],
            additive[row],
            penalty[row],
            smallest_log,
            settle,
            ahead[row],
            cuts,
            events[row],
            numbers[row],
        )
        if additive[row] == 1:
            counts[row] = _keep_outstanding(
                values[row], expected[row], level[row], 1, settle, costs[row], events[row], numbers[row], found
            )
            continue
        found = _keep_lasting(level[row], settle, events[row], numbers[row], found)
        short = _find_spikes(
            values[row],
            expected[row],
            level[row],
            settle - 1,
            dispersion[row],
            is_whole[row],
            known,
            smallest_log,
            of_windows,
            most_plain,
            most_other,
            sum_y[row],
            sum_e[row],
            events[row, MOST_EVENTS:, 1:],
            numbers[row, MOST_EVENTS:],
        )
        counts[row] = _merge(values[row], expected[row], level[row], events[row], numbers[row], found, short)


@kernel
def _keep_lasting(level: Vector, settle: int, events: IntMatrix, numbers: Matrix, found: int) -> int:
    """Drop short events and join their periods to the level before: they are judged by themselves."""
    kept = 0
    for i in range(found):
        a, b = events[i, 1], events[i, 2]
        if events[i, 0] == PERMANENT or b - a >= settle:
            for j in range(3):
                events[kept, j] = events[i, j]
            for j in range(EVENT_NUMBERS):
                numbers[kept, j] = numbers[i, j]
            kept += 1
        else:
            for t in range(a, b):
                level[t] = level[a - 1]
    return kept


@kernel
def _merge(
    values: Vector,
    expected: Vector,
    level: Vector,
    events: IntMatrix,
    numbers: Matrix,
    found: int,
    short: int,
) -> int:
    """Put spikes among the lasting events, in order of time; their periods have their own level from here on."""
    n = values.shape[0]
    for i in range(MOST_EVENTS, MOST_EVENTS + short):
        a, b = events[i, 1], events[i, 2]
        y, e, y0, e0 = 0.0, 0.0, 0.0, 0.0
        before = level[a]
        for t in range(n):
            if a <= t < b:
                y += values[t]
                e += expected[t]
            elif level[t] == before:
                y0 += values[t]
                e0 += expected[t]
        events[i, 0] = TEMPORARY if b < n else UNKNOWN
        numbers[i, 0], numbers[i, 1] = before, y / e
        numbers[i, 3] = numbers[i, 2]
        numbers[i, 4], numbers[i, 5] = y0, y
        numbers[i, 2] = _gain(y, e, 0) + _gain(y0, e0, 0) - _gain(y + y0, e + e0, 0)
    for i in range(MOST_EVENTS, MOST_EVENTS + short):
        for t in range(events[i, 1], events[i, 2]):
            level[t] = numbers[i, 1]
    for i in range(MOST_EVENTS, MOST_EVENTS + short):
        if found == MOST_EVENTS:
            break
        at = found
        while at > 0 and events[at - 1, 1] > events[i, 1]:
            at -= 1
        for j in range(found, at, -1):
            for c in range(3):
                events[j, c] = events[j - 1, c]
            for c in range(EVENT_NUMBERS):
                numbers[j, c] = numbers[j - 1, c]
        for c in range(3):
            events[at, c] = events[i, c]
        for c in range(EVENT_NUMBERS):
            numbers[at, c] = numbers[i, c]
        found += 1
    return found


@kernel
def _keep_outstanding(
    values: Vector,
    expected: Vector,
    level: Vector,
    additive: int,
    settle: int,
    rest: Vector,
    events: IntMatrix,
    numbers: Matrix,
    found: int,
) -> int:
    """Drop short events that other stretches of the series come near to; `events` has room for twice as many."""
    n = values.shape[0]
    rest[0] = 0.0
    for t in range(n):
        rest[t + 1] = rest[t] + _standardised(values[t], expected[t], level[t], additive)
    kept = 0
    for i in range(found):
        a, b = events[i, 1], events[i, 2]
        own = 0.0
        for t in range(a, b):
            own += _standardised(values[t], expected[t], numbers[i, 0], additive)
        if (
            numbers[i, 0] == 0.0
            or b - a >= settle
            or _furthest(rest, events, found, b - a, own) * STANDS_OUT <= abs(own)
        ):
            for j in range(3):
                events[MOST_EVENTS + kept, j] = events[i, j]
            for j in range(EVENT_NUMBERS):
                numbers[MOST_EVENTS + kept, j] = numbers[i, j]
            kept += 1
        else:
            # What is no event is noise, and must be counted as noise.
            for t in range(a, b):
                level[t] = numbers[i, 0]
    for i in range(kept):
        for j in range(3):
            events[i, j] = events[MOST_EVENTS + i, j]
        for j in range(EVENT_NUMBERS):
            numbers[i, j] = numbers[MOST_EVENTS + i, j]
    return kept


@kernel
def _standardised(value: float, expected: float, level: float, additive: int) -> float:
    mean = level * expected
    if additive == 1:
        return value - mean
    return (value - mean) / math.sqrt(mean) if mean > 0.0 else 0.0


@kernel
def _furthest(rest: Vector, events: IntMatrix, found: int, length: int, own: float) -> float:
    """The largest sum on the side of `own` over stretches of this length that touch no event."""
    furthest, t = 0.0, 0
    while t + length < rest.shape[0]:
        free = t
        for i in range(found):
            # A permanent change is the level itself afterwards, and no exception to it.
            if events[i, 0] != PERMANENT and events[i, 1] < t + length and events[i, 2] > t:
                free = max(free, events[i, 2])
        if free > t:
            t = free
            continue
        far = rest[t + length] - rest[t]
        furthest = max(furthest, far if own > 0.0 else -far)
        t += 1
    return furthest


@kernel
def _gain(y: float, e: float, additive: int) -> float:
    if e <= 0.0:
        return 0.0
    if additive == 1:
        return y * y / e
    return 2.0 * y * math.log(y / e) if y > 0.0 else 0.0


@kernel
def _cut(
    sum_y: Vector,
    sum_e: Vector,
    additive: int,
    penalty: float,
    best: Vector,
    costs: Vector,
    last: IntVector,
    open_cuts: IntVector,
) -> None:
    """Least cost of the first t periods, for every t; a start that cannot win any more is dropped (PELT)."""
    best[0] = -penalty
    open_cuts[0] = 0
    count = 1
    for t in range(1, sum_y.shape[0]):
        least, at = math.inf, 0
        for i in range(count):
            s = open_cuts[i]
            costs[i] = best[s] - _gain(sum_y[t] - sum_y[s], sum_e[t] - sum_e[s], additive)
            if costs[i] < least:
                least, at = costs[i], s
        best[t] = least + penalty
        last[t] = at
        kept = 0
        for i in range(count):
            if costs[i] <= best[t]:
                open_cuts[kept] = open_cuts[i]
                kept += 1
        open_cuts[kept] = t
        count = kept + 1


@kernel
def _in_order(last: IntVector, cuts: IntVector, n: int) -> int:
    """The cuts from 0 to n, rising; how many."""
    count, t = 1, n
    while t > 0:
        t = last[t]
        count += 1
    t = n
    for i in range(count - 1, -1, -1):
        cuts[i] = t
        t = last[t] if t > 0 else 0
    return count


@kernel
def _join_alike(sum_y: Vector, sum_e: Vector, cuts: IntVector, count: int, smallest_log: float) -> int:
    """Drop cuts between levels that differ too little to matter, the least worth first."""
    while True:
        least, at = math.inf, -1
        for i in range(1, count - 1):
            a, b, c = cuts[i - 1], cuts[i], cuts[i + 1]
            y1, e1, y2, e2 = sum_y[b] - sum_y[a], sum_e[b] - sum_e[a], sum_y[c] - sum_y[b], sum_e[c] - sum_e[b]
            if _apart(y1, e1, y2, e2) < smallest_log:
                loss = _gain(y1, e1, 0) + _gain(y2, e2, 0) - _gain(y1 + y2, e1 + e2, 0)
                if loss < least:
                    least, at = loss, i
        if at < 0:
            return count
        for i in range(at, count - 1):
            cuts[i] = cuts[i + 1]
        count -= 1


@kernel
def _apart(y1: float, e1: float, y2: float, e2: float) -> float:
    """Distance of two levels: the log of their ratio."""
    if e1 <= 0.0 or e2 <= 0.0:
        return 0.0
    if y1 <= 0.0 or y2 <= 0.0:
        return 0.0 if y1 <= 0.0 and y2 <= 0.0 else math.inf
    return abs(math.log(y1 * e2 / (y2 * e1)))


@kernel
def _name_events(
    sum_y: Vector,
    sum_e: Vector,
    additive: int,
    penalty: float,
    smallest_log: float,
    settle: int,
    cuts: IntVector,
    count: int,
    events: IntMatrix,
    numbers: Matrix,
) -> int:
    """Walk through the levels: a departure that ends soon is temporary, one that settles is the new normal."""
    n = sum_y.shape[0] - 1
    found = 0
    normal_y, normal_e = sum_y[cuts[1]], sum_e[cuts[1]]
    departed, highest, lowest = -1, 0.0, 0.0
    for i in range(1, count - 1):
        a, b = cuts[i], cuts[i + 1]
        y, e = sum_y[b] - sum_y[a], sum_e[b] - sum_e[a]
        gain = _gain(y, e, additive) + _gain(normal_y, normal_e, additive) - _gain(y + normal_y, e + normal_e, additive)
        normal = normal_y / normal_e if normal_e > 0.0 else 0.0
        height = y / e if e > 0.0 else normal
        is_normal = gain < penalty or (additive == 0 and _apart(y, e, normal_y, normal_e) < smallest_log)
        if is_normal:
            if departed >= 0:
                found = _write(
                    sum_y, sum_e, additive, TEMPORARY, departed, a, normal_y, normal_e, events, numbers, found
                )
            normal_y += y
            normal_e += e
            departed = -1
            continue
        one_way = departed < 0 or (height > normal and lowest > normal) or (height < normal and highest < normal)
        lasting = b - a >= settle
        if departed < 0:
            departed, highest, lowest = a, height, height
        else:
            if lasting:
                ramp = one_way and (highest <= height if height > normal else lowest >= height)
                if not ramp:
                    found = _write(
                        sum_y, sum_e, additive, TEMPORARY, departed, a, normal_y, normal_e, events, numbers, found
                    )
                    departed = a
            highest, lowest = max(highest, height), min(lowest, height)
        if lasting or (b == n and one_way and n - departed >= settle):
            found = _write(sum_y, sum_e, additive, PERMANENT, departed, b, normal_y, normal_e, events, numbers, found)
            normal_y, normal_e = y, e
            departed = -1
    if departed >= 0:
        found = _write(sum_y, sum_e, additive, UNKNOWN, departed, n, normal_y, normal_e, events, numbers, found)
    return found


@kernel
def _write(
    sum_y: Vector,
    sum_e: Vector,
    additive: int,
    kind: int,
    a: int,
    b: int,
    normal_y: float,
    normal_e: float,
    events: IntMatrix,
    numbers: Matrix,
    found: int,
) -> int:
    """One event; when there is no room left, the latest takes the place of the last."""
    at = min(found, MOST_EVENTS - 1)
    y, e = sum_y[b] - sum_y[a], sum_e[b] - sum_e[a]
    events[at, 0], events[at, 1], events[at, 2] = kind, a, b
    numbers[at, 0] = normal_y / normal_e if normal_e > 0.0 else 0.0
    numbers[at, 1] = y / e if e > 0.0 else 0.0
    numbers[at, 2] = (
        _gain(y, e, additive) + _gain(normal_y, normal_e, additive) - _gain(y + normal_y, e + normal_e, additive)
    )
    numbers[at, 3] = UNKNOWN_CHANCE
    numbers[at, 4], numbers[at, 5] = normal_y, y
    return at + 1
